"""What accepting a submission would change, before anybody decides: statements, alignments, answers, findings.

Nothing is written. The store is this process's own and is changed on the way.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import pyoxigraph as ox

from .. import finding, grammar, names, rewrite, schema, union
from ..labels import Labels
from ..union import Change
from . import examination, life, register
from .life import Work
from .record import Submission

MOST_LISTED: Final = 500
"""Statements, alignments and rows that are listed of each kind; of the others only the number is given."""

_ALIGNS_WITH: Final = ox.NamedNode(names.ALIGN + "alignsWith")


@dataclass(frozen=True, slots=True)
class Listed:
    """Some things, and how many there are."""

    total: int
    first: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A competency question whose answer changes: rows that come and go, each as text by column."""

    name: str
    question: str
    columns: Sequence[str]
    gained: Listed
    lost: Listed


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change. `unchecked` are questions that there was no time to ask."""

    version: int
    inserted: Listed
    deleted: Listed
    derived_inserted: int
    derived_deleted: int
    gained: Listed
    lost: Listed
    questions: Sequence[Answer]
    unchecked: Sequence[str]
    report: Mapping[str, Any]
    shapes_version: str


def preview(work: Work, identifier: str, *, seconds: float, language: str = "en") -> Preview:
    """What it would change to accept a submission now; `seconds` bounds the time for the questions."""
    until = time.monotonic() + seconds
    submission = register.read(work.database, identifier)
    before = _Answers(work.database)
    for name in before.names:
        before.ask(name, until)
    change = life.take_in(work, submission).so_far()
    after = _Answers(work.database)
    report = examination.new_findings(work.database, change, language)
    questions = [answer for name in before.known if (answer := _compared(name, before, after, until)) is not None]
    labels = _Words(work.database)
    stated, derived = _split(change, submission)
    return Preview(
        version=work.store.version,
        inserted=_statements(stated.inserted, labels),
        deleted=_statements(stated.deleted, labels),
        derived_inserted=len(derived.inserted),
        derived_deleted=len(derived.deleted),
        gained=_alignments(change.inserted, change.deleted, work.database, labels),
        lost=_alignments(change.deleted, change.inserted, work.database, labels),
        questions=questions,
        unchecked=[name for name in before.names if name not in after.known],
        report=finding.to_json(report),
        shapes_version=examination.shapes_version(),
    )


def as_json(found: Preview) -> dict[str, Any]:
    """The preview as plain values."""
    return asdict(found)


class _Answers:
    """The answers to the competency questions, as multisets of rows."""

    def __init__(self, database: ox.Store) -> None:
        self._database = database
        self._texts = schema.questions()
        self.names = list(self._texts)
        self.known: dict[str, tuple[list[str], list[tuple[str, ...]]]] = {}

    def ask(self, name: str, until: float) -> bool:
        """Answer a question if there is time for it."""
        if time.monotonic() > until:
            return False
        text = rewrite.rewrite(grammar.parse(self._texts[name])).text
        rows = cast("ox.QuerySolutions", self._database.query(text))
        columns = [variable.value for variable in rows.variables]
        self.known[name] = columns, [tuple(_cell(row[column]) for column in columns) for row in rows]
        return True

    def question(self, name: str) -> str:
        """A question in words: line 1 of its file."""
        return self._texts[name].partition("\n")[0].removeprefix("#").strip()


def _compared(name: str, before: _Answers, after: _Answers, until: float) -> Answer | None:
    if not after.ask(name, until):
        return None
    columns, rows = after.known[name]
    old = before.known[name][1]
    gained, lost = _rows_without(rows, old), _rows_without(old, rows)
    if not gained and not lost:
        return None
    return Answer(name, after.question(name), columns, _listed(gained), _listed(lost))


def _rows_without(rows: Iterable[tuple[str, ...]], others: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    known = set(others)
    return [row for row in rows if row not in known]


def _split(change: Change, submission: Submission) -> tuple[Change, Change]:
    """What is said in the target graph, and what follows."""

    def of(quads: Sequence[ox.Quad], *, stated: bool) -> list[ox.Quad]:
        return [quad for quad in quads if (quad.graph_name.value == submission.target) is stated]  # type: ignore[union-attr]

    return tuple(  # type: ignore[return-value]
        Change(of(change.deleted, stated=stated), of(change.inserted, stated=stated)) for stated in (True, False)
    )


class _Words:
    """Terms as people read them: a thing by its label or the end of its address, a literal by its characters."""

    def __init__(self, database: ox.Store) -> None:
        self._labels = Labels(database, ox.DefaultGraph())

    def __call__(self, term: object) -> str:
        """The term in words."""
        if not isinstance(term, ox.NamedNode):
            return str(getattr(term, "value", term))
        return self._labels(term) or names.shorten(term.value).removeprefix(f"<{names.ID}").strip("<>")


def _statements(quads: Sequence[ox.Quad], labels: Callable[[object], str]) -> Listed:
    """Statements as N-Triples terms, with what people call them."""
    shown = [
        {
            "subject": str(quad.subject),
            "predicate": str(quad.predicate),
            "object": str(quad.object),
            "words": [labels(quad.subject), labels(quad.predicate), labels(quad.object)],
        }
        for quad in sorted(quads, key=str)[:MOST_LISTED]
    ]
    return Listed(len(quads), shown)


def _alignments(
    quads: Sequence[ox.Quad], others: Sequence[ox.Quad], database: ox.Store, labels: Callable[[object], str]
) -> Listed:
    """The pairs that come or go: a thing, and the action line, goal or target that it is aligned with.

    A pair that only moves between graphs, or that another graph states as well, neither comes nor goes.
    """
    changed = {quad.triple for quad in others if _is_alignment(quad)}
    here = set(quads)
    pairs = {
        (quad.subject, quad.object)
        for quad in quads
        if _is_alignment(quad) and quad.triple not in changed and not _is_stated_elsewhere(quad, here, database)
    }
    shown = [
        {"subject": str(subject), "object": str(target), "words": [labels(subject), labels(target)]}
        for subject, target in sorted(pairs, key=str)[:MOST_LISTED]
    ]
    return Listed(len(pairs), shown)


def _is_alignment(quad: ox.Quad) -> bool:
    return quad.predicate == _ALIGNS_WITH and union.is_published(quad.graph_name)


def _is_stated_elsewhere(quad: ox.Quad, here: set[ox.Quad], database: ox.Store) -> bool:
    same = database.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return any(union.is_published(each.graph_name) and each not in here for each in same)


def _listed(rows: list[tuple[str, ...]]) -> Listed:
    return Listed(len(rows), sorted(rows)[:MOST_LISTED])


def _cell(term: object) -> str:
    return "" if term is None else str(getattr(term, "value", term))
