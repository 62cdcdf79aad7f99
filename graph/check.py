"""Is the stored graph what it should be? The checks behind `itu-align check`, each with its outcome in words."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pyoxigraph as ox

from . import journal
from .consistency import check_consistency
from .names import shorten
from .store import Store
from .union import apply
from .validation import validate

if TYPE_CHECKING:
    from .finding import Finding

Outcome = Literal["good", "hint", "warning", "finding", "skipped"]

_OUTCOMES: Final[dict[str, Outcome]] = {"Violation": "finding", "Warning": "warning", "Info": "hint"}


@dataclass(frozen=True, slots=True)
class Result:
    """A check, what came of it, and the figures or the first finding."""

    name: str
    outcome: Outcome
    detail: str


def run(data: Path, report: Callable[[str, int, int], None]) -> list[Result]:
    """All checks in order; raises StoreError where the graph cannot even be opened."""
    store = Store.open(data)
    results: list[Result] = []
    checks: dict[str, Callable[[Store], Iterator[Result]]] = {
        "counts": _counts,
        "history": partial(_history, data=data),
        "shapes": _shapes,
        "ontology": _ontology,
    }
    for done, (name, check) in enumerate(checks.items()):
        report(name, done, len(checks))
        results += check(store)
    return results


def _counts(store: Store) -> Iterator[Result]:
    """Every triple of every graph is read, so a damaged file shows."""
    counts = store.counts()
    detail = f"version {store.version}: {len(store):,} triples, {len(counts)} graphs"
    yield Result("opens", "good" if counts else "finding", detail)


def _history(store: Store, data: Path) -> Iterator[Result]:
    """Every commit is read from the first on: together they must make what the newest snapshot says."""
    replayed = ox.Store()
    for version in range(1, store.version + 1):
        apply(replayed, journal.read(data, version), store.policy)
    differing = len(set(replayed) ^ set(store.database))
    yield Result("commits make the graph", "finding" if differing else "good", f"{differing:,} quads differ")


def _shapes(store: Store) -> Iterator[Result]:
    """One line for each shape that found something, with its first finding."""
    findings = validate(store.triples()).findings
    if not findings:
        yield Result("shapes", "good", "no finding")
    counts = Counter(finding.shape for finding in findings)
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.shape, finding)
    for shape, finding in first.items():
        detail = f"{counts[shape]} times; first: {finding.text()}"
        yield Result(shorten(shape), _OUTCOMES[finding.severity], detail)


def _ontology(store: Store) -> Iterator[Result]:
    """OWL 2 DL consistency; skipped, and said so, where there is no Java for the reasoner."""
    report = check_consistency(store.triples())
    good = report.consistent and not report.unsatisfiable
    outcome: Outcome = "skipped" if report.consistent is None else "good" if good else "finding"
    yield Result("ontology", outcome, "; ".join([report.detail, *report.causes]))
