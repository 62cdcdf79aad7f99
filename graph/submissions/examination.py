"""What a member's files say and what is wrong with it, against the graph that they would become part of.

The store is this process's own: on return it holds the published graph as it would be.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import pyoxigraph as ox

from .. import fields, schema, union, validation
from ..finding import SEVERITIES, Finding, Report
from ..intake.placing import placed
from ..intake.source import File
from ..intake.table_layouts import layouts
from ..intake.take_in import Taken, take_in
from ..report.formats import Checked, CheckedFile
from ..store import Store
from ..union import Change, DefaultGraph
from .merging import Making, merged
from .record import Mode

_NOTHING: Final = Change()
_MOST_KNOWN: Final = 10_000
"""Findings of a shape that were there before; as many as are listed of those afterwards, and room for more."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The statements of the files, and what was found."""

    triples: Sequence[ox.Triple]
    checked: Checked


def examine(  # noqa: PLR0913 - what is sent, and how it is to be taken
    store: Store, files: Sequence[File], *, target: str, mode: Mode, language: str, goes: Change = _NOTHING
) -> Examined:
    """Read the files and check them; `goes` is what leaves the graph first, as a submission that is replaced.

    Raises IntakeError where a file cannot be read.
    """
    making = Making(store.database)
    making.make(goes)
    taken = take_in(files, store.database, language)
    triples = list(dict.fromkeys(triple for each in taken for triple in each.triples))
    making.make(merged(store.database, triples, ox.NamedNode(target), mode))
    report = new_findings(store.database, making.so_far(), language)
    report = replace(report, findings=_all_findings(report, taken), counts=_all_counts(report, taken))
    described = tuple(map(_described, taken))
    return Examined(triples, Checked(report, described, language, shapes_version(), store.version))


def new_findings(database: ox.Store, change: Change, language: str = "en") -> Report:
    """What is wrong after a change, which has been made in the store, and was not before it."""
    touched = [*change.deleted, *change.inserted]
    after = validation.check(database, language=language, changed=touched)
    if not after.findings:
        return after
    union.apply(database, change.reversed(), DefaultGraph.UNION)
    known = validation.check(database, language=language, changed=touched, most=_MOST_KNOWN)
    before = {_key(each) for each in known.findings}
    union.apply(database, change, DefaultGraph.UNION)
    return replace(after, findings=tuple(each for each in after.findings if _key(each) not in before))


def warm() -> None:
    """Make what every check needs, so that a process that is forked from this one has it."""
    validation.shipped_shapes()
    fields.shipped()
    layouts()
    shapes_version()


@cache
def shapes_version() -> str:
    """Which shapes these are: the first digits of the SHA-256 of their triples."""
    lines = "\n".join(str(triple) for triple in schema.shapes_triples())
    return hashlib.sha256(lines.encode()).hexdigest()[:12]


def _key(found: Finding) -> tuple[str, str, str, str | None]:
    return found.shape, found.component, found.focus, found.term


def _all_findings(report: Report, taken: Sequence[Taken]) -> tuple[Finding, ...]:
    """Those of the files themselves first, the gravest before the others; each once.

    A value that breaks two constraints of one shape gets one message, since that is all a person reads of it.
    """
    found = [finding for each in taken for finding in each.findings]
    found += placed(report.findings, [source for each in taken for source in each.sources])
    once = {(each.shape, each.focus, each.term, each.message, each.place): each for each in found}
    return tuple(sorted(once.values(), key=lambda finding: SEVERITIES.index(finding.severity)))


def _all_counts(report: Report, taken: Sequence[Taken]) -> dict[str, int]:
    """True numbers where not all findings are listed; several files may have more than are listed of one rule."""
    counts = Counter(report.counts)
    for each in taken:
        for source in each.sources:
            counts.update(source.counts)
    return dict(counts)


def _described(taken: Taken) -> CheckedFile:
    content = taken.file.content
    digest = hashlib.sha256(content).hexdigest()
    return CheckedFile(taken.file.name, taken.kind, digest, len(content), len(set(taken.triples)))
