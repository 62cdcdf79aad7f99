"""What every reader of a member's file gives: the statements, and where the file makes each of them.

Places are looked up only for findings, so a reader keeps what it needs to find them and works it out when asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyoxigraph as ox

from ..errors import GraphError
from ..finding import Finding, SourcePlace

Subject = ox.NamedNode | ox.BlankNode
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent: its name, which is only shown, its bytes, and its media type where one was given."""

    name: str
    content: bytes
    media_type: str = ""


class Source(Protocol):
    """A file that was read. Blank nodes are those of `triples`, unique to this reading."""

    @property
    def name(self) -> str:
        """The file's name as it was sent; of a member of an archive or workbook the whole file's."""
        ...

    @property
    def kind(self) -> str:
        """What it was read as, in a word for people: "Turtle", "CSV", "Excel workbook"."""
        ...

    @property
    def triples(self) -> Sequence[ox.Triple]:
        """The statements, in the order of the file."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong with the file itself where the rest of it could still be read, as a formula in a cell."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there really are of a shape (by its IRI), where not all are listed."""
        ...

    def statement(self, subject: Subject, predicate: ox.NamedNode, object_: Term) -> SourcePlace | None:
        """Where the object of this statement is written; None where the file does not make it."""
        ...

    def field(self, subject: Subject, path: str) -> SourcePlace | None:
        """Where the subject has, or in a table should have, values of this path (an IRI, or ^IRI).

        The first statement of it, in a table the cell even where it is blank; None where there is no such place.
        """
        ...

    def subject(self, subject: Subject) -> SourcePlace | None:
        """Where the subject is first described, else first mentioned; None where the file does not name it."""
        ...


class IntakeError(GraphError):
    """A file cannot be read at all, so nothing of it was checked."""

    def __init__(self, file: str, error: GraphError) -> None:
        super().__init__(f"{file}: {error}", hint=error.hint, place=error.place)
