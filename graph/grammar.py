"""SPARQL texts read into trees, by the grammar in sparql.lark (https://www.w3.org/TR/sparql11-query/#sparqlGrammar).

LALR(1) needs no recursion, so that no nesting can overflow it. Making the parser from the grammar takes most of a
second, so its tables are shipped in `sparql.tables`; where they belong to another grammar or version of Lark, or are
missing, they are made anew. `make docs` writes them.
"""

import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, TypeVar

import lark
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from . import limits, rules
from .errors import GraphError, QueryError
from .lexer import SparqlLexer, TooMuchError
from .source import Source
from .sparql12 import Version
from .unreadable import syntax_error

_Error = TypeVar("_Error", bound=GraphError)

TABLES: Final = "sparql.tables"

_SMALL: Final = 20_000
"""Texts up to this length are kept with their trees; a large tree weighs a hundred times its text."""

_ENGINE_POSITION = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_SENTENCE = re.compile(r"\b[A-Z]\w* [a-z][^,]*\w|\bThe SELECT [^,]*\w")


@dataclass(frozen=True, slots=True)
class Query:
    """A query or an update that keeps to the rules. The tree is shared between callers: do not change it."""

    source: Source
    tree: Tree[Token]

    @property
    def body(self) -> Tree[Token]:
        """What stands behind the prologue."""
        body = self.tree.children[1]
        assert isinstance(body, Tree)  # noqa: S101 - the rule `start` has two parts, both trees
        return body

    @property
    def kind(self) -> str:
        """The name of its rule: select_query, construct_query, describe_query, ask_query or update."""
        body = self.body
        first = body.children[0] if body.data == "query" else body
        return first.data if isinstance(first, Tree) else ""


def parse(text: str, *, version: Version = "1.1") -> Query:
    """The tree of a query or an update; raises QueryError with the place where it is not SPARQL of that version."""
    return _parse_and_keep(text, version) if len(text) <= _SMALL else _parse(text, version)


def explain(text: str, error: SyntaxError, *, version: Version = "1.1") -> QueryError:
    """Why the engine refused a text: by the grammar, else (for instance an IRI that is none) in its own words."""
    try:
        parse(text, version=version)
    except QueryError as explanation:
        return explanation
    match = _ENGINE_POSITION.match(str(error))
    if match is None:
        return QueryError(f"The engine cannot read this: {error}.", hint="Compare with the example queries.")
    place = Source(text).engine_place(int(match[1]), int(match[2]))
    sentences = _SENTENCE.findall(match[3])
    message = f"{sentences[0]}." if sentences else "The engine cannot read the query here."
    return QueryError(message, hint="Look at what ends at this place: the grammar allows it.", place=place)


def explain_file(text: str, error: SyntaxError, file: str, what: str, kind: type[_Error]) -> _Error:
    """The same for a text of our own, as an error of that kind which names the file; `what` it is, in a word."""
    explained = explain(text, error)
    at = f", line {explained.place.line}, column {explained.place.column}" if explained.place else ""
    hint = explained.hint
    if explained.place and explained.place.excerpt:
        hint += f" Mend the {what} there: {explained.place.excerpt.strip()}"
    return kind(f"{file}{at}: {explained}", hint=hint, place=explained.place)


def tables() -> bytes:
    """What `sparql.tables` should hold: a line that says of which grammar and Lark, then Lark's own tables."""
    content = io.BytesIO()
    _build().save(content)
    return _stamp() + zlib.compress(content.getvalue(), 9)


def _parse(text: str, version: Version) -> Query:
    source = Source(text)
    limits.check_size(source)
    tree = _tree(source, version)
    limits.check_chains(source, tree)
    rules.check(source, tree, version)
    return Query(source, tree)


def _tree(source: Source, version: Version) -> Tree[Token]:
    if place := source.impossible_escape():
        raise QueryError("This escape is no character.", hint="Write the character itself, without \\u.", place=place)
    try:
        return _parser().parse(source.text)
    except TooMuchError as error:
        hint = "Split the query, or write the same with fewer brackets and values."
        raise QueryError(str(error), hint=hint, place=source.place(error.position)) from None
    except UnexpectedInput as error:
        raise syntax_error(source, error, _parser(), version) from None


_parse_and_keep = lru_cache(maxsize=256)(_parse)


@cache
def _parser() -> Lark:
    shipped = files("itu_align.graph") / TABLES
    content = shipped.read_bytes() if shipped.is_file() else b""
    stamp = _stamp()
    if not content.startswith(stamp):
        return _build()
    return Lark.load(io.BytesIO(zlib.decompress(content[len(stamp) :])))


def _build() -> Lark:
    return Lark(_grammar(), parser="lalr", lexer=SparqlLexer, keep_all_tokens=True, propagate_positions=True)


def _stamp() -> bytes:
    return f"{hashlib.sha256(_grammar().encode()).hexdigest()} lark {lark.__version__}\n".encode()


def _grammar() -> str:
    return (files("itu_align.graph") / "sparql.lark").read_text("utf-8")
