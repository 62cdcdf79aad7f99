"""The tokens of SPARQL for the parser, after the terminals of sparql.lark (https://www.w3.org/TR/sparql11-query/#rTerminal).

Lark's own lexers try some two hundred keywords one by one at every word; here a word is matched once and looked up,
so that an unknown word comes out whole and can be named in an error. `<` depends on the context, as in every
SPARQL engine: `?a<?b&&?c>?d` holds an IRI by longest match, and two comparisons to whoever wrote it. So do the signs
and words that are new in SPARQL 1.2: where the parser cannot take them, they are what SPARQL 1.1 reads there.
"""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Final

from lark import Token
from lark.common import LexerConf
from lark.exceptions import UnexpectedCharacters
from lark.lexer import Lexer, LexerState, PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from .sparql12 import NEW

MAX_DEPTH: Final = 100
"""Nesting of brackets; the engine ends at some 1,600 (docs/decisions.md)."""

MAX_TOKENS: Final = 50_000
"""Words, names, values and signs; so many take a second or two to read, in which nothing else runs."""

_NESTING: Final[Mapping[str, int]] = {
    **dict.fromkeys(["(", "[", "{", "<<", "<<(", "{|"], 1),
    **dict.fromkeys([")", "]", "}", ">>", ")>>", "|}"], -1),
}
_WORD_SET = re.compile(r"[A-Z][A-Z0-9_|]*")
_IGNORED = r"(?P<IGNORED>[ \t\r\n]+|\#[^\n\r]*)"
_WORD = r"(?P<WORD>[A-Za-z][A-Za-z0-9_]*)"
_GOES_ON = re.compile(r"(?:[ \t\r\n]|\#[^\n\r]*+)*+[(\"'0-9]")
"""What stands behind each new word: the bracket of a function, or the string of VERSION (or a number, by mistake)."""


class TooMuchError(Exception):
    """A text is too deep or too long; found while lexing, before a tree is made of it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class SparqlLexer(Lexer):
    """Made by Lark from the terminals that the rules use."""

    __future_interface__ = 2

    def __init__(self, lexer_conf: LexerConf) -> None:
        patterns: list[TerminalDef] = []
        self.keywords: dict[str, str] = {}
        self.signs: dict[str, str] = {}
        for terminal in lexer_conf.terminals:
            value = terminal.pattern.value
            if terminal.name != "A" and _WORD_SET.fullmatch(value.upper()):
                self.keywords |= dict.fromkeys(value.upper().split("|"), terminal.name)
            elif isinstance(terminal.pattern, PatternStr) and terminal.name != "A":
                self.signs[value] = terminal.name
            elif terminal.name != "A":
                patterns.append(terminal)
        self._less = self.signs["<"]
        self._match = re.compile("|".join([_IGNORED, *_ordered(patterns), _WORD, _sign(self.signs)])).match

    def lex(self, lexer_state: LexerState, parser_state: ParserState[int]) -> Iterator[Token]:
        """The tokens in order. The parser reads them one by one, so its state is that before the next token."""
        text = lexer_state.text.text
        position, end, depth, count = 0, len(text), 0, 0
        while position < end:
            match = self._match(text, position)
            if match is None:
                raise _unexpected(text, position)
            kind, value = match.lastgroup or "", match.group()
            if kind != "IGNORED":
                kind, value = self._token(kind, match, parser_state)
                if not kind:
                    raise _unexpected(text, position)
                depth += _NESTING.get(value, 0)
                count += 1
                if depth > MAX_DEPTH or count > MAX_TOKENS:
                    raise TooMuchError(_too_much(depth), position)
                lexer_state.last_token = Token(kind, value, position, None, None, None, None, position + len(value))
                yield lexer_state.last_token
            position += len(value)

    def _token(self, kind: str, match: re.Match[str], parser_state: ParserState[int]) -> tuple[str, str]:
        """Terminal and text of what one of the patterns matched; no terminal where the sign has no meaning."""
        value = match.group()
        if kind == "SIGN":
            kind = self.signs[value]
            return self._new_sign(value, parser_state) if kind.endswith(NEW) else (kind, value)
        if kind == "WORD":
            kind, head = self._keyword(value)
            new = kind.endswith(NEW)
            goes_on = not new or (head == value and _GOES_ON.match(match.string, match.end()))
            return (kind, head) if goes_on and (not new or _fits(parser_state, kind)) else ("WORD", value)
        if kind == "IRIREF" and self._less in _table(parser_state) and not _fits(parser_state, kind):
            sign = "<=" if value.startswith("<=") else "<"
            return self.signs[sign], sign
        return kind, value

    def _new_sign(self, value: str, parser_state: ParserState[int]) -> tuple[str, str]:
        """The longest sign at its start that SPARQL 1.1 knows or that the parser would take."""
        for length in range(len(value), 0, -1):
            kind = self.signs.get(value[:length], "")
            if kind and (not kind.endswith(NEW) or _fits(parser_state, kind)):
                return kind, value[:length]
        return "", value

    def _keyword(self, word: str) -> tuple[str, str]:
        """The keyword at the start of a word, for `LIMIT10` is two tokens; else the whole as an unknown word."""
        if word == "a":
            return "A", word
        head = word if word.upper() in self.keywords else word.rstrip("0123456789")
        return (self.keywords[head.upper()], head) if head.upper() in self.keywords else ("WORD", word)


def _too_much(depth: int) -> str:
    if depth > MAX_DEPTH:
        return f"Brackets are nested deeper than {MAX_DEPTH}."
    return f"The query has more than {MAX_TOKENS:,} words and signs."


def _table(parser_state: ParserState[int]) -> Container[str]:
    """The terminals that the table of the current state names."""
    return parser_state.parse_conf.states[parser_state.position]


def _fits(parser_state: ParserState[int], kind: str) -> bool:
    """Whether the parser would take such a token next, tried on its states alone.

    The table of a state may name a token for the sake of another context; only the reductions before it tell.
    """
    states, stack = parser_state.parse_conf.states, parser_state.state_stack
    kept, added = len(stack), list[int]()
    while True:
        action, argument = states[added[-1] if added else stack[kept - 1]].get(kind, (None, None))
        if argument is None or action is Shift:
            return argument is not None
        for _ in argument.expansion:
            if added:
                added.pop()
            else:
                kept -= 1
        added.append(states[added[-1] if added else stack[kept - 1]][argument.origin.name][1])


def _ordered(terminals: list[TerminalDef]) -> list[str]:
    """The patterns, each as a group of its name, so that the first match is the longest."""
    terminals = sorted(terminals, key=lambda terminal: (-terminal.priority, terminal.name))
    return [f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})" for terminal in terminals]


def _sign(signs: dict[str, str]) -> str:
    return f"(?P<SIGN>{'|'.join(re.escape(sign) for sign in sorted(signs, key=len, reverse=True))})"


def _unexpected(text: str, position: int) -> UnexpectedCharacters:
    """Lark's error; it must not see the whole text, which it would cut and copy for a message of its own."""
    error = UnexpectedCharacters(text[position : position + 1], 0, 0, 0, allowed=set())  # type: ignore[no-untyped-call]
    error.pos_in_stream = position  # type: ignore[assignment]
    return error
