"""Findings about triples get the place in the member's files where each triple is written, or should be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, cast

import pyoxigraph as ox

from ..finding import Finding, SourcePlace
from .source import Source, Subject, Term

_BACKWARDS: Final = "^"


def placed(findings: Sequence[Finding], sources: Sequence[Source]) -> tuple[Finding, ...]:
    """The findings, each with its place where one of the files has one.

    The value itself comes first; where it is missing, or was there before, the place of the field; then that of the
    subject's record.
    """
    return tuple(
        finding if finding.place else replace(finding, place=next(_places(finding, sources), None))
        for finding in findings
    )


def _places(finding: Finding, sources: Sequence[Source]) -> Iterator[SourcePlace]:
    focus = _term(finding.focus) if finding.focus else None
    value = _term(finding.term) if finding.term else None
    if not isinstance(focus, ox.NamedNode | ox.BlankNode):
        return
    for source in sources:
        yield from _of_statement(source, focus, finding.paths, value)
    for source in sources:
        yield from (place for path in finding.paths if (place := source.field(focus, path)))
    for source in sources:
        if place := source.subject(focus):
            yield place


def _of_statement(source: Source, focus: Subject, paths: Sequence[str], value: Term | None) -> Iterator[SourcePlace]:
    if value is None:
        return
    for path in paths:
        predicate = ox.NamedNode(path.removeprefix(_BACKWARDS))
        if not path.startswith(_BACKWARDS):
            place = source.statement(focus, predicate, value)
        elif isinstance(value, ox.NamedNode | ox.BlankNode):
            place = source.statement(value, predicate, focus)
        else:
            continue
        if place:
            yield place


def _term(text: str) -> Term:
    """A term from its N-Triples form; blank nodes keep their labels."""
    (quad,) = ox.parse(f"<urn:s> <urn:p> {text} .", format=ox.RdfFormat.N_TRIPLES)
    return cast("Term", quad.object)
