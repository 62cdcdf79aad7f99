"""RDF files of members: statements by the guarded reader, and where the text makes each, worked out once asked.

The engine's parsers give no places. `turtle_places.py`, `jsonld_places.py` and `xml_places.py` find them in the text,
in the order of the engine's statements; where they and the engine do not agree there is no place, never a wrong one.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from .. import rdf12, rdfbody
from ..errors import GraphError
from ..finding import SEVERITIES, Finding, SourcePlace
from ..phrases import Phrases
from . import jsonld_places, turtle_places, xml_places
from .fault import fault
from .source import File, IntakeError, Source, Subject, Term
from .text_places import Spot, Text

MAX_PLACED: Final = 500_000
"""Statements of a file whose places are looked for; each takes 20 to 45 µs and 1 KB, at the first question."""

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_SHOWN: Final = 200


def read(file: File, format_: ox.RdfFormat, base: str | None = None, *, say: Phrases) -> Source:
    """The file's statements as one graph; the names of its graphs are not kept, and a finding says so."""
    try:
        quads = rdfbody.read(file.content, format_.media_type, base, named_graphs=True)
        _refuse_new_terms(quads)
    except GraphError as error:
        raise IntakeError(file.name, error) from None
    graphs = [quad.graph_name for quad in quads if not isinstance(quad.graph_name, ox.DefaultGraph)]
    findings = [_named_graph(file.name, graphs[0], say)] if graphs else []
    return _RdfSource(file, format_, base, [quad.triple for quad in quads], findings)


class _RdfSource:
    """A `Source`. Nothing is known of places until the first question, which looks for all of them."""

    def __init__(
        self,
        file: File,
        format_: ox.RdfFormat,
        base: str | None,
        triples: Sequence[ox.Triple],
        findings: Sequence[Finding],
    ) -> None:
        self.name = file.name
        self.kind = format_.name
        self.triples = triples
        self.findings = findings
        self.counts: Mapping[str, int] = {}
        self._content = file.content
        self._format = format_
        self._base = base

    def statement(self, subject: Subject, predicate: ox.NamedNode, object_: Term) -> SourcePlace | None:
        """Where its object is written first."""
        return self._place(self._index.statements.get(ox.Triple(subject, predicate, object_)))

    def field(self, subject: Subject, path: str) -> SourcePlace | None:
        """Where the property is written in the first statement on this path."""
        return self._place(self._index.fields.get((subject, path)))

    def subject(self, subject: Subject) -> SourcePlace | None:
        """Where it is first the subject of a statement, else where it is first the object of one."""
        return self._place(self._index.subjects.get(subject, self._index.mentions.get(subject)))

    def _place(self, offset: int | None) -> SourcePlace | None:
        return None if offset is None else self._text.place(offset)

    @cached_property
    def _text(self) -> Text:
        return Text(self.name, _decoded(self._content))

    @cached_property
    def _index(self) -> "_Index":
        return _Index(self.triples, _spots(_decoded(self._content), self.triples, self._format, self._base))


class _Index:
    """Offsets by what is asked for: of a subject the first in the text, of others those of the first statement."""

    def __init__(self, triples: Sequence[ox.Triple], spots: Sequence[Spot | None]) -> None:
        self.statements: dict[ox.Triple, int] = {}
        self.fields: dict[tuple[object, str], int] = {}
        self.subjects: dict[object, int] = {}
        self.mentions: dict[object, int] = {}
        for triple, spot in zip(triples, spots, strict=True):
            if spot is not None:
                self._add(triple, spot)

    def _add(self, triple: ox.Triple, spot: Spot) -> None:
        subject, predicate, object_ = triple
        self.statements.setdefault(triple, spot.object)
        self.subjects[subject] = min(spot.subject, self.subjects.get(subject, spot.subject))
        self.fields.setdefault((subject, predicate.value), spot.predicate)
        if not isinstance(object_, ox.Literal):
            self.mentions[object_] = min(spot.object, self.mentions.get(object_, spot.object))
            self.fields.setdefault((object_, f"^{predicate.value}"), spot.predicate)


def _spots(text: str, triples: Sequence[ox.Triple], format_: ox.RdfFormat, base: str | None) -> Sequence[Spot | None]:
    if len(triples) > MAX_PLACED:
        return [None] * len(triples)
    if format_ == ox.RdfFormat.JSON_LD:
        return jsonld_places.locate(text, triples, base)
    if format_ == ox.RdfFormat.RDF_XML:
        return xml_places.locate(text, triples, base)
    return turtle_places.locate(text, triples)


def _decoded(content: bytes) -> str:
    """The text that `rdfbody` read: without byte order mark, which moves no column, and UTF-16 only with one."""
    return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")


def _refuse_new_terms(quads: Sequence[ox.Quad]) -> None:
    if (new := rdf12.first_new(quads)) is not None:
        hint = "Files are RDF 1.1: name the inner statement with a node of its own, and leave out directions."
        raise rdfbody.BodyError(f"This needs RDF 1.2: {str(new)[:_LONGEST_SHOWN]}", hint=hint)


def _named_graph(file: str, graph: object, say: Phrases) -> Finding:
    return fault("named-graph", SourcePlace(file, 1, 1), say, value=str(graph), severity=SEVERITIES[2])
