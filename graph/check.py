"""Is the stored graph what it should be? The checks behind `itu-align check`, each with its outcome in words."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from . import query
from .consistency import check_consistency
from .names import shorten
from .store import Store
from .validation import Finding, validate

Outcome = Literal["good", "hint", "warning", "finding", "skipped"]

_OUTCOMES: Final[dict[str, Outcome]] = {"Violation": "finding", "Warning": "warning", "Info": "hint"}
_BOTH_WAYS: Final = {
    "in the default graph only": "?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } }",
    "in a named graph only": "GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?s ?p ?o }",
}


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
    checks = {"counts": _counts, "union": _union, "shapes": _shapes, "ontology": _ontology}
    for done, (name, check) in enumerate(checks.items()):
        report(name, done, len(checks))
        results += check(store)
    return results


def _counts(store: Store) -> Iterator[Result]:
    """Every triple of every graph is read, so a damaged file shows."""
    counts = store.counts()
    detail = f"version {store.version}: {len(store):,} triples, {len(counts)} graphs"
    yield Result("opens", "good" if counts else "finding", detail)


def _union(store: Store) -> Iterator[Result]:
    """The default graph is stored, not computed: it must equal the union of the named graphs."""
    for where, pattern in _BOTH_WAYS.items():
        _, rows = query.run(store, f"SELECT ?s ?p ?o WHERE {{ {pattern} }}").rows()
        yield Result(f"triples {where}", "finding" if rows else "good", f"{len(rows):,}")


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
