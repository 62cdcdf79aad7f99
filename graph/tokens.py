"""The tokens of a SPARQL text with their places (https://www.w3.org/TR/sparql11-query/#sparqlGrammar, terminals).

Enough to tell a keyword from the same word inside a string, an IRI or a comment, so that SERVICE can be refused
and an undeclared prefix named. It is no parser: the engine decides what is a query.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .errors import Place, QueryError
from .names import PREFIXES

MAX_DEPTH: Final = 100
"""Nesting of brackets. The engine's parser recurses: some two thousand open braces end the whole process."""

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_TOKEN = re.compile(
    r"""
      (?P<comment> \#[^\n\r]* )
    | (?P<iri>     <[^<>"{}|^`\\\x00-\x20]*> )
    | (?P<string>  \"{3}(?:[^\\"]|\\.|"{1,2}(?!"))*\"{3} | '{3}(?:[^\\']|\\.|'{1,2}(?!'))*'{3}
                 | "(?:[^\\"\n\r]|\\.)*" | '(?:[^\\'\n\r]|\\.)*' )
    | (?P<pname>   (?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:[\w:.-]|%[0-9A-Fa-f]{2}|\\.)* )
    | (?P<word>    [?$@]?\w[\w-]* )
    | (?P<other>   \\. | \S )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, its kind (a group of the pattern) and where it begins in the text."""

    kind: str
    text: str
    start: int


def decode_escapes(text: str) -> str:
    r"""The text with `\uXXXX` decoded, which comes before everything else (section 19.2): SER\u0056ICE is a keyword."""
    return _ESCAPE.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), text)


def tokens(text: str) -> Iterator[Token]:
    """The tokens in order, comments left out; characters that begin no token come singly as `other`."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "comment":
            yield Token(match.lastgroup, match.group(), match.start())


def check(text: str) -> None:
    """Refuse what must not reach the engine: calls to other servers, and nesting that would end the process."""
    decoded, depth = decode_escapes(text), 0
    for token in tokens(decoded):
        if token.kind == "word" and token.text.upper() == "SERVICE":
            hint = "Ask the other endpoint yourself and join the answers."
            message = "SERVICE is not allowed: this endpoint calls no other server."
            raise QueryError(message, hint=hint, place=place_at(decoded, token.start))
        if token.kind == "other":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth > MAX_DEPTH:
                hint = "Split the query, or write the same with fewer brackets."
                message = f"Brackets are nested deeper than {MAX_DEPTH}."
                raise QueryError(message, hint=hint, place=place_at(decoded, token.start))


def unfinished(text: str) -> QueryError | None:
    """The error for an empty text or a string without its end, which the engine reports far from its cause."""
    found = list(tokens(text))
    if not found:
        hint = "Write a SELECT, ASK, CONSTRUCT or DESCRIBE query; README.md has a first one."
        return QueryError("The query is empty.", hint=hint, place=Place(1, 1, line_of(text, 1)))
    for token in found:
        if token.kind == "other" and token.text in "\"'":
            hint = f"Close it with {token.text} on the same line, or begin and end it with {token.text * 3}."
            return QueryError("This string never ends.", hint=hint, place=place_at(text, token.start))
    return None


def undeclared_prefix(text: str) -> QueryError | None:
    """The error for the first prefix that is used without a declaration, None where all are declared."""
    declared: set[str] = set()
    before = ""
    for token in tokens(text):
        if token.kind == "pname":
            prefix = token.text.partition(":")[0]
            if before == "PREFIX":
                declared.add(prefix)
            elif prefix not in declared:
                return _undeclared(prefix, place_at(text, token.start))
        before = token.text.upper() if token.kind == "word" else ""
    return None


def place_at(text: str, start: int) -> Place:
    """Line, column and the whole line of a position in a text."""
    lines = text[:start].splitlines() or [""]
    line = len(lines) + (text[:start].endswith("\n"))
    column = 1 if line > len(lines) else len(lines[-1]) + 1
    return Place(line, column, line_of(text, line))


def line_of(text: str, line: int) -> str:
    """The text of a line, by its number from 1; "" behind the end."""
    lines = text.splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _undeclared(prefix: str, place: Place) -> QueryError:
    known = PREFIXES.get(prefix)
    declaration = f"PREFIX {prefix}: <{known}>" if known else f"PREFIX {prefix}: <…>"
    others = "" if known else f" This endpoint's own prefixes: {', '.join(PREFIXES)}."
    hint = f"Add this line at the top: {declaration}.{others}"
    return QueryError(f"The prefix {prefix}: is not declared.", hint=hint, place=place)
