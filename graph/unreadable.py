"""A text that is no SPARQL: what was found where, what could stand there, and what probably went wrong."""

import re
from difflib import get_close_matches
from typing import Final

from lark import Lark, Token
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from .errors import Place, QueryError
from .source import Source

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
    "AGGREGATE": "an aggregate",
    "SELECT": "SELECT",
    "ASK": "ASK",
    "CONSTRUCT": "CONSTRUCT",
    "DESCRIBE": "DESCRIBE",
    "PREFIX": "PREFIX",
    "$END": "the end",
}
"""Terminals in readable words, in the order of the list in a message; signs and keywords come behind them."""

_BEGINS_TRIPLE: Final = frozenset({"VAR", "IRIREF", "PNAME_LN", "PNAME_NS", "BLANK_NODE_LABEL", "ANON", "LSQB"})
_LONGEST_LIST: Final = 12
_LONGEST_WORD: Final = 40
_FUNCTION_WORDS: Final = frozenset({"BNODE", "BOUND", "IF", "REGEX", "SUBSTR", "REPLACE", "COUNT", "GROUP_CONCAT"})
_CLOSED_STRING: Final = {
    quote: re.compile(rf"{quote}(?:[^\\{quote}\n\r]|\\.)*{quote}", re.DOTALL) for quote in ('"', "'")
}
_BAD_ESCAPE: Final = re.compile(r"""(?:[^\\]|\\[tbnrf\\"'])*?(\\(?![tbnrf\\"']).?)""", re.DOTALL)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_EXPLAINED_CHARACTERS: Final = {
    "&": "AND is written &&.",
    "|": "OR is written ||.",
    "\\": "Only certain signs may follow a backslash in a name; write the IRI in full, in angle brackets.",
    "\N{LEFT DOUBLE QUOTATION MARK}": "Strings stand in straight quotes.",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "Strings stand in straight quotes.",
    "\N{RIGHT SINGLE QUOTATION MARK}": "Strings stand in straight quotes.",
}


def syntax_error(source: Source, error: UnexpectedInput, parser: Lark) -> QueryError:
    """The parser's error for people."""
    if not isinstance(error, UnexpectedToken):
        return _character_error(source, error)
    token = error.token
    if token.type == "$END":
        return _end_error(source, error, parser)
    position = token.start_pos or 0
    accepted = _accepted(error)
    if source.text.startswith("<<", position):
        hint = "Only SPARQL 1.1 is read here; use the properties of a statement's node."
        return QueryError("`<<` begins a triple term of SPARQL 1.2.", hint=hint, place=source.place(position))
    if token.type == "STRING" and _is_long_opening(source.text, position):
        return _open_string(source, position - 2, token.value[0] * 3)
    if token.value == "<" and "IRIREF" in accepted:
        hint = "Close it with `>`; an IRI holds no space, quote or brace."
        return QueryError("This IRI never ends.", hint=hint, place=source.place(position))
    hint = _guess(source, error, accepted, parser)
    expected = _readable(accepted, parser)
    hints = [hint, f"Expected here: {', '.join(expected)}." if expected else ""]
    message = f"The query cannot be read here: found {_shown(token)}."
    return QueryError(message, hint=" ".join(filter(None, hints)), place=source.place(position))


def empty(source: Source) -> QueryError:
    """The error for a text without any operation."""
    hint = "Write a SELECT, ASK, CONSTRUCT or DESCRIBE query; README.md has a first one."
    return QueryError("The query is empty.", hint=hint, place=Place(1, 1, source.place(0).excerpt))


def _accepted(error: UnexpectedToken) -> set[str]:
    """The terminals that really could stand there; the table of the state alone names too many."""
    parser = error.interactive_parser
    return set(parser.accepts()) if parser else set(error.expected)  # type: ignore[no-untyped-call]


def _guess(source: Source, error: UnexpectedToken, accepted: set[str], parser: Lark) -> str:
    """The mistake that was probably made, or ""."""
    token, text = error.token, source.text
    if token.type == "WORD" and len(token) < _LONGEST_WORD:
        return _near_keyword(token.value, accepted, parser)
    if token.value == "=" and text[(token.start_pos or 0) - 1] == "=":
        return "Equality is written with one =."
    if token.type in _BEGINS_TRIPLE and "DOT" in accepted and error.interactive_parser:
        trial = error.interactive_parser.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
        trial.feed_token(Token("DOT", "."))
        if token.type in trial.accepts():
            return "A dot seems to be missing before it, to end the triple."
    if token.value in _CLOSING.values() and (opened := _opened(error)):
        place = source.place(opened.start_pos or 0)
        return f"The last bracket still open is the `{opened}` in line {place.line}, column {place.column}."
    return ""


def _near_keyword(word: str, accepted: set[str], parser: Lark) -> str:
    """The keyword that a word nearly is, first among those that could stand there."""
    fitting: list[str] = []
    others: list[str] = []
    for terminal in parser.terminals:
        words = re.findall(r"[A-Z][A-Z0-9_]+", terminal.pattern.value.upper()) if terminal.name != "A" else []
        if "|".join(words) == terminal.pattern.value.upper():
            (fitting if terminal.name in accepted else others).extend(words)
    for candidates in (fitting, others):
        if near := get_close_matches(word.upper(), candidates, n=1, cutoff=0.7):
            return f"Did you mean {near[0]}?"
    return "A variable begins with `?`, a name has a prefix (`prefix:name`), a string stands in quotes."


def _readable(accepted: set[str], parser: Lark) -> list[str]:
    """The terminals in words, most telling first, cut where the list helps no more."""
    words = list(dict.fromkeys(word for name, word in _WORDS.items() if name in accepted))
    patterns = {terminal.name: terminal.pattern for terminal in parser.terminals if terminal.name in accepted}
    rest = [patterns[name] for name in sorted(patterns.keys() - _WORDS.keys() - _FUNCTION_WORDS)]
    values = [pattern.value for pattern in rest if isinstance(pattern, PatternStr)]
    words += [value.upper() for value in values if value[0].isalpha()]
    words += [f"`{value}`" for value in values if not value[0].isalpha()]
    return words if len(words) <= _LONGEST_LIST else [*words[:_LONGEST_LIST], "…"]


def _end_error(source: Source, error: UnexpectedToken, parser: Lark) -> QueryError:
    """The text ends too early: name the bracket that is still open."""
    place = source.place(len(source.text.rstrip()))
    if opened := _opened(error):
        start = source.place(opened.start_pos or 0)
        message = f"The query ends, but the `{opened}` in line {start.line}, column {start.column} is not closed."
        return QueryError(message, hint=f"Close it with `{_CLOSING[opened]}`.", place=place)
    expected = _readable(_accepted(error), parser)
    return QueryError("The query ends too early.", hint=f"Expected here: {', '.join(expected)}.", place=place)


def _opened(error: UnexpectedToken) -> Token | None:
    """The innermost open bracket: what is closed has become part of a tree on the parser's stack."""
    stack = error.interactive_parser.parser_state.value_stack if error.interactive_parser else []
    return next((item for item in reversed(stack) if isinstance(item, Token) and item in _CLOSING), None)


def _character_error(source: Source, error: UnexpectedInput) -> QueryError:
    text, position = source.text, error.pos_in_stream or 0
    character = text[position]
    if character not in _CLOSED_STRING:
        hint = _EXPLAINED_CHARACTERS.get(
            character, "Names with such characters are written as an IRI in angle brackets."
        )
        return QueryError(f"`{character}` has no meaning here.", hint=hint, place=source.place(position))
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
