"""A text that is no SPARQL: what was found where, what could stand there, and what probably went wrong."""

import re
from typing import Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from . import mistakes, sparql12
from .errors import Place, QueryError
from .source import Source
from .sparql12 import NEW, Version

_WORDS: Final = {
    "VAR": "a variable",
    "IRIREF": "an IRI",
    "PNAME_LN": "an IRI",
    "PNAME_NS": "an IRI",
    "STRING": "a string",
    "STRING_LONG": "a string",
    "INTEGER": "a number",
    "DECIMAL": "a number",
    "DOUBLE": "a number",
    "BLANK_NODE_LABEL": "a blank node",
    "ANON": "a blank node",
    "LANGTAG": "a language tag",
    "LANG_DIR_12": "a language tag",
    "NIL": "`()`",
    "A": "`a`",
    "DOT": "a dot",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "FUNCTION_0": "a function",
    "FUNCTION_1": "a function",
    "FUNCTION_2": "a function",
    "FUNCTION_LIST": "a function",
    "FUNCTION_1_12": "a function",
    "FUNCTION_3_12": "a function",
    "AGGREGATE": "an aggregate",
    "SELECT": "SELECT",
    "ASK": "ASK",
    "CONSTRUCT": "CONSTRUCT",
    "DESCRIBE": "DESCRIBE",
    "PREFIX": "PREFIX",
    "INSERT": "INSERT",
    "DELETE": "DELETE",
    "$END": "the end",
}
"""Terminals in readable words, in the order of the list in a message; signs and keywords come behind them."""

_UNNAMED: Final = frozenset({"SERVICE", "LOAD"})
"""What the guard refuses is not offered."""

_BEGINS_TRIPLE: Final = frozenset({"VAR", "IRIREF", "PNAME_LN", "PNAME_NS", "BLANK_NODE_LABEL", "ANON", "LSQB"})
_LONGEST_LIST: Final = 12
_LONGEST_WORD: Final = 40
_FUNCTION_WORDS: Final = frozenset({"BNODE", "BOUND", "IF", "REGEX", "SUBSTR", "REPLACE", "COUNT", "GROUP_CONCAT"})
_CLOSED_STRING: Final = {
    quote: re.compile(rf"{quote}(?:[^\\{quote}\n\r]|\\.)*{quote}", re.DOTALL) for quote in ('"', "'")
}
_BAD_ESCAPE: Final = re.compile(r"""(?:[^\\]|\\[tbnrf\\"'])*?(\\(?![tbnrf\\"']).?)""", re.DOTALL)
_BARE: Final = "A variable begins with `?`, a name has a prefix (`prefix:name`), a string stands in quotes."
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<<": ">>", "<<(": ")>>", "{|": "|}"}


def syntax_error(source: Source, error: UnexpectedInput, parser: Lark, version: Version) -> QueryError:
    """The parser's error for people."""
    if not isinstance(error, UnexpectedToken):
        return _character_error(source, error)
    token = error.token
    if refusal := _new_form(source, error, version):
        return refusal
    if token.type == "$END":
        return _end_error(source, error, parser, version)
    position = token.start_pos or 0
    accepted = _accepted(error, version)
    if token.type == "STRING" and _is_long_opening(source.text, position):
        return _open_string(source, position - 2, token.value[0] * 3)
    hint = _guess(source, error, accepted, parser)
    if not hint and token.value == "<" and "IRIREF" in accepted:
        hint = "Close it with `>`; an IRI holds no space, quote or brace."
        return QueryError("This IRI never ends.", hint=hint, place=source.place(position))
    expected = _readable(accepted, parser)
    hints = [hint, f"Expected here: {', '.join(expected)}." if expected else ""]
    message = f"The query cannot be read here: found {_shown(token)}."
    return QueryError(message, hint=" ".join(filter(None, hints)), place=source.place(position))


def empty(source: Source) -> QueryError:
    """The error for a text without any operation."""
    hint = "Write a SELECT, ASK, CONSTRUCT or DESCRIBE query; README.md has a first one."
    return QueryError("The query is empty.", hint=hint, place=Place(1, 1, source.place(0).excerpt))


def _accepted(error: UnexpectedToken, version: Version) -> set[str]:
    """The terminals that really could stand there; the table of the state alone names too many."""
    parser = error.interactive_parser
    accepted = set(parser.accepts()) if parser else set(error.expected)  # type: ignore[no-untyped-call]
    return {name for name in accepted if version != "1.1" or not name.endswith(NEW)}


def _guess(source: Source, error: UnexpectedToken, accepted: set[str], parser: Lark) -> str:
    """The mistake that was probably made, or ""."""
    token, around = error.token, mistakes.around(source.text, error.token.start_pos or 0, accepted)
    if token.type == "WORD" and len(token) < _LONGEST_WORD:
        known = _meant_variable(source.text, token, accepted) or mistakes.word(token)
        return known or _near_keyword(token, accepted, parser) or around or _near_keyword(token, None, parser) or _BARE
    if around:
        return around
    if token.type in _BEGINS_TRIPLE and "DOT" in accepted and error.interactive_parser:
        trial = error.interactive_parser.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
        trial.feed_token(Token("DOT", "."))
        if token.type in trial.accepts():
            return "A dot seems to be missing before it, to end the triple."
    if token.value in _CLOSING.values() and (opened := _opened(error)):
        place = source.place(opened.start_pos or 0)
        return f"The last bracket still open is the `{opened}` in line {place.line}, column {place.column}."
    return ""


def _meant_variable(text: str, word: str, accepted: set[str]) -> str:
    """The variable of this name, where one could stand here and the query has it."""
    known = "VAR" in accepted and re.search(rf"[?$]{word}\b", text)
    return f"Did you mean the variable ?{word}?" if known else ""


def _near_keyword(word: str, accepted: set[str] | None, parser: Lark) -> str:
    """The keyword that a word nearly is, among those that could stand there, or among all of them."""
    keywords: list[str] = []
    for terminal in parser.terminals:
        pattern = terminal.pattern.value.upper()
        words = re.findall(r"[A-Z][A-Z0-9_]+", pattern) if terminal.name != "A" else []
        offered = terminal.name in accepted if accepted is not None else not terminal.name.endswith(NEW)
        if "|".join(words) == pattern and offered:
            keywords.extend(words)
    near = mistakes.nearest(word, keywords)
    if near == word.upper():
        return f"Brackets stand behind {near}."
    return f"Did you mean {near}?" if near else ""


def _readable(accepted: set[str], parser: Lark) -> list[str]:
    """The terminals in words, most telling first, cut where the list helps no more."""
    offered = accepted - _UNNAMED - ({"$END"} if "SELECT" in accepted else set())
    words = list(dict.fromkeys(word for name, word in _WORDS.items() if name in offered))
    patterns = {terminal.name: terminal.pattern for terminal in parser.terminals if terminal.name in offered}
    rest = [patterns[name] for name in sorted(patterns.keys() - _WORDS.keys() - _FUNCTION_WORDS)]
    values = [pattern.value for pattern in rest if isinstance(pattern, PatternStr)]
    words += [value.upper() for value in values if value[0].isalpha()]
    words += [f"`{value}`" for value in values if not value[0].isalpha()]
    return words if len(words) <= _LONGEST_LIST else [*words[:_LONGEST_LIST], "…"]


def _end_error(source: Source, error: UnexpectedToken, parser: Lark, version: Version) -> QueryError:
    """The text ends too early: name the bracket that is still open."""
    place = source.place(len(source.text.rstrip()))
    if opened := _opened(error):
        start = source.place(opened.start_pos or 0)
        message = f"The query ends, but the `{opened}` in line {start.line}, column {start.column} is not closed."
        return QueryError(message, hint=f"Close it with `{_CLOSING[opened]}`.", place=place)
    expected = _readable(_accepted(error, version), parser)
    return QueryError("The query ends too early.", hint=f"Expected here: {', '.join(expected)}.", place=place)


def _opened(error: UnexpectedToken) -> Token | None:
    """The innermost open bracket: what is closed has become part of a tree on the parser's stack."""
    return next((item for item in reversed(_stack(error)) if isinstance(item, Token) and item in _CLOSING), None)


def _new_form(source: Source, error: UnexpectedToken, version: Version) -> QueryError | None:
    """The error where a form of SPARQL 1.2 stands before the place and is not read here, or at it and cannot begin."""
    read = [tree for item in _stack(error) for tree in (item.iter_subtrees() if isinstance(item, Tree) else [])]
    parts = [*_stack(error), *(part for tree in read for part in tree.children)]
    new = [part for part in parts if isinstance(part, Token) and part.type.endswith(NEW)]
    if new and version == "1.1":
        first = min(new, key=lambda token: token.start_pos or 0)
        return sparql12.refusal(source, f"`{first}` belongs to SPARQL 1.2.", first.start_pos or 0)
    position = error.token.start_pos or 0
    if error.token.type != "$END" and source.text.startswith("<<", position):
        return sparql12.misplaced(source, position, version)
    return None


def _stack(error: UnexpectedToken) -> list[Token | Tree[Token]]:
    """What was read: a token where its rule is not ended yet, else the tree."""
    return error.interactive_parser.parser_state.value_stack if error.interactive_parser else []


def _character_error(source: Source, error: UnexpectedInput) -> QueryError:
    text, position = source.text, error.pos_in_stream or 0
    character = text[position]
    if character not in _CLOSED_STRING:
        shown = character if character.isprintable() else f"U+{ord(character):04X}"
        hint = mistakes.around(text, position) or "An IRI in angle brackets may hold it, or a text in quotes."
        return QueryError(f"`{shown}` has no meaning here.", hint=hint, place=source.place(position))
    if _is_long_opening(text, position):
        return _open_string(source, position - 2, character * 3)
    if (closed := _CLOSED_STRING[character].match(text, position)) and (bad := _BAD_ESCAPE.match(closed.group())):
        message = f"`{bad[1]}` is no escape in a string."
        hint = "A backslash itself is written twice; the escapes are \\t \\b \\n \\r \\f \\\" \\' \\\\."
        return QueryError(message, hint=hint, place=source.place(position + bad.start(1)))
    return _open_string(source, position, character)


def _is_long_opening(text: str, position: int) -> bool:
    """Whether an empty string right before this quote is in truth the beginning of three quotes."""
    return position > 1 and text[position - 2 : position] == text[position] * 2


def _open_string(source: Source, position: int, quote: str) -> QueryError:
    hint = f"Close it with {quote}"
    hint += "." if len(quote) > 1 else f" on the same line, or begin and end it with {quote * 3}."
    return QueryError("This string never ends.", hint=hint, place=source.place(position))


def _shown(token: Token) -> str:
    value = str(token)
    return f"`{value if len(value) <= _LONGEST_WORD else value[: _LONGEST_WORD - 1] + '…'}`"
