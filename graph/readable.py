"""An answer made readable for people, on a page or in a terminal."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from .names import shorten
from .query import Answer, Kind, Term

PAGE: Final = "page"
"""The name of a format that is none: an answer made readable, for a page of HTML."""

PAGE_LIMIT: Final = 1000
"""Rows or lines on a page. The page says when there are more and links to the whole."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A term as text, and its address where following it is safe (http and https only)."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Readable:
    """An answer for a page: the parts that its kind has, and how much there is in all."""

    kind: Kind
    formats: Sequence[str]
    variables: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    text: str = ""
    total: int = 1

    @property
    def shown(self) -> int:
        """How much of the total the page holds."""
        return min(self.total, PAGE_LIMIT)


def readable(answer: Answer) -> Readable:
    """The answer, cut to what fits on a page."""
    what, formats = answer.kind, [each.name for each in answer.formats]
    if what == "boolean":
        return Readable(what, formats, text="true" if boolean(answer) else "false")
    if what == "graph":
        lines = graph_text(answer).splitlines()
        return Readable(what, formats, text="\n".join(lines[:PAGE_LIMIT]), total=len(lines))
    variables, rows = answer.rows()
    cells = [[cell(term) for term in row] for row in rows[:PAGE_LIMIT]]
    return Readable(what, formats, variables, cells, total=len(rows))


def to_json(shown: Readable) -> bytes:
    """For the way from the process that computed it to the one that makes the page; `from_json` reads it."""
    return json.dumps(asdict(shown)).encode()


def from_json(content: bytes) -> Readable:
    """What `to_json` wrote."""
    members = json.loads(content)
    members["rows"] = [[Cell(**each) for each in row] for row in members["rows"]]
    return Readable(**members)


def boolean(answer: Answer) -> bool:
    """The answer to an ASK."""
    json_format = next(each for each in answer.formats if each.name == "json")
    return bool(json.loads(answer.serialise(json_format))["boolean"])


def graph_text(answer: Answer) -> str:
    """The triples in the best format for reading."""
    return answer.serialise(answer.formats[0]).decode("utf-8")


def cell(term: Term | None) -> Cell:
    """A term for reading: prefixed names, literals without their quotes; an unbound variable is empty."""
    if term is None:
        return Cell("")
    written, value = str(term), getattr(term, "value", None)
    if not isinstance(value, str) or written.startswith("_:"):
        return Cell(written)
    if written.startswith("<"):
        return Cell(shorten(value), value if value.startswith(("http://", "https://")) else None)
    language = getattr(term, "language", None)
    return Cell(f"{value} @{language}" if language else value)
