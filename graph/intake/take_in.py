"""All files of a submission, each by the reader for its kind: the way in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyoxigraph as ox

from ..finding import Finding
from ..phrases import DEFAULT, Phrases, phrases
from . import files, rdf, records
from .files import Recognised
from .source import File, Source


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was read: a workbook has a source for each of its sheets, any other file has one."""

    file: File
    kind: str
    sources: Sequence[Source]
    findings: Sequence[Finding]

    @property
    def triples(self) -> Iterator[ox.Triple]:
        """Its statements in their order."""
        return (triple for source in self.sources for triple in source.triples)


def take_in(sent: Sequence[File], context: ox.Store, language: str = DEFAULT) -> list[Taken]:
    """What each file says, with findings in the language; raises IntakeError where one cannot be read.

    Tables of one submission can refer to each other and to things of the context, the published graph.
    """
    say = phrases(language)
    recognised = [files.recognise(file, say) for file in sent]
    sheets = {index: files.read_tables(each, say) for index, each in enumerate(recognised) if _is_table(each)}
    tables = iter(records.read([sheet for each in sheets.values() for sheet in each], context, say))
    taken = []
    for index, (file, each) in enumerate(zip(sent, recognised, strict=True)):
        sources = [next(tables) for _ in sheets[index]] if index in sheets else [_read_rdf(file, each, say)]
        found = [finding for source in sources for finding in source.findings]
        if index not in sheets:
            found = [*each.findings, *found]
        taken.append(Taken(file, sources[0].kind if sources else str(each.kind), sources, found))
    return taken


def _is_table(file: Recognised) -> bool:
    return not isinstance(file.kind, ox.RdfFormat)


def _read_rdf(file: File, recognised: Recognised, say: Phrases) -> Source:
    assert isinstance(recognised.kind, ox.RdfFormat)  # noqa: S101 - the caller has looked
    return rdf.read(replace(file, content=recognised.content), recognised.kind, say=say)
