"""Stage 4: the graph against the shapes; what SHACL reports becomes a sorted list of findings.

SPARQL finds the suspects (`suspects.py`), pySHACL judges them (`suspect_verdicts.py`). Warnings and Infos are kept as
findings, but do not make a graph invalid. A shape's `sh:name`, `sh:group`, `sh:order` and `sh:message` are read from
the shapes graph and its translations, since a SHACL report carries none of the first three.
"""

import heapq
import logging
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache

import pyoxigraph as ox
from rdflib import RDFS, SH, Graph, Literal, URIRef
from rdflib.term import Node

from . import labels
from .finding import SEVERITIES, Finding, Report
from .names import shorten
from .nearest import Nearest
from .schema import language_triples, shapes_triples
from .suspect_paths import Predicate, Term, first_steps, walk, words
from .suspect_scan import number_of_findings
from .suspect_verdicts import Judge, Result
from .suspect_view import View, to_graph, to_term
from .suspects import Plan, Suspects

_LABELS = [Predicate(each) for each in labels.PROPERTIES]
_LOGGERS = ("pyshacl.shapes_graph", "rdflib.term")
_SH = str(SH)
_LAST = 1_000_000.0
_PORTION = 500
"""So many suspects are judged at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """A shapes graph as written, its texts in all languages, the queries made from it, and what judges by it."""

    graph: Graph
    texts: Graph
    plan: Plan
    judge: Judge


def load_shapes(triples: Iterable[ox.Triple], translations: Iterable[ox.Triple] = ()) -> Shapes:
    """The shapes, ready to validate any number of graphs. Raises OntologyError where one is malformed."""
    triples = list(triples)
    with _quiet():
        graph, copy = to_graph(triples), to_graph(triples)
        return Shapes(graph, graph + to_graph(translations), Plan(triples), Judge(copy))


@cache
def shipped_shapes() -> Shapes:
    """The shapes of the shapes folder. Raises OntologyError with file, line and column where one is no Turtle."""
    return load_shapes(shapes_triples(), language_triples())


def validate(triples: Iterable[ox.Triple], shapes: Shapes | None = None, language: str = "en") -> Report:
    """What the shapes find in the triples, however much it is; see `check`."""
    database = ox.Store()
    database.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return check(database, shapes, language=language, most=len(database) + 1)


def check(
    database: ox.Store,
    shapes: Shapes | None = None,
    *,
    language: str = "en",
    changed: Iterable[ox.Quad] | None = None,
    most: int = 1000,
) -> Report:
    """What the shapes (the shipped ones by default) find in the default graph.

    Nothing is inferred here: a shape for a class meets the members of its subclasses only where the graph holds the
    ontology's `rdfs:subClassOf` or the derived types. With the quads that were `changed`, which the database holds
    or no longer holds, only focus nodes are looked at of which the shape reads one of these triples.

    At most `most` findings are listed for a shape, those of the first focus nodes in order; `counts` then has their
    true number. SPARQL counts them where it is as exact as pySHACL, else pySHACL judges the rest as well, which takes
    its time.
    """
    shapes = shapes or shipped_shapes()
    with _quiet():
        session = _Session(database, shapes, language, most)
        for suspects in shapes.plan.suspects(database, changed):
            session.judge(suspects)
        return session.report()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the words of the libraries: an ill-typed literal is our finding, not a message on the terminal."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


@dataclass(slots=True)
class _Found:
    """The results of one shape, and how many findings there are in truth."""

    results: list[Result] = field(default_factory=list)
    count: int = 0


class _Session:
    """One check: what was found so far, shape by shape."""

    def __init__(self, database: ox.Store, shapes: Shapes, language: str, most: int) -> None:
        self._database, self._shapes, self._language, self._most = database, shapes, language, most
        self._view = View(database)
        self._graph = Graph(store=self._view, bind_namespaces="none")
        self._found: dict[Node, _Found] = defaultdict(_Found)
        self._notes: list[str] = []

    def judge(self, suspects: Suspects) -> None:
        """Keep what pySHACL finds at the first suspects, and count the rest."""
        check, nodes, most = suspects.check, suspects.nodes, self._most
        if check.left_to_pyshacl:
            self._notes.append(f"pySHACL looked at all focus nodes of {check.unit.shape.node}.")
        if len(nodes) > most and check.countable:
            self._add(suspects, heapq.nsmallest(most, nodes, key=str))
            self._found[self._view.node(check.unit.shape.node)].count = number_of_findings(self._database, check)
        else:
            self._add(suspects, sorted(nodes, key=str))

    def _add(self, suspects: Suspects, nodes: Sequence[Term]) -> None:
        shape, whole = self._view.node(suspects.check.unit.shape.node), suspects.check.unit.whole
        for start in range(0, len(nodes), _PORTION):
            focus = [self._view.node(node) for node in nodes[start : start + _PORTION]]
            for result in _once(self._shapes.judge.results(shape, self._graph, focus, whole=whole)):
                found = self._found[result.shape]
                found.count += 1
                if len(found.results) < self._most:
                    found.results.append(result)

    def report(self) -> Report:
        """The findings in order."""
        texts = _texts(self._shapes, self._language)
        nearest = Nearest(self._database, self._shapes.plan.graph)
        called = cache(self._label)
        found = [(texts.of(shape), result) for shape, found in self._found.items() for result in found.results]
        findings = [(said, self._finding(result, said, called, nearest)) for said, result in found]
        findings.sort(key=lambda pair: _order(*pair))
        counts = {str(shape): found.count for shape, found in self._found.items() if found.count > len(found.results)}
        return Report(tuple(finding for _, finding in findings), counts, tuple(self._notes))

    def _finding(self, result: Result, said: "_Words", called: Callable[[Term], str], nearest: Nearest) -> Finding:
        focus = self._view.term(result.focus)
        value = None if result.value is None else self._view.term(result.value)
        if result.path is None and value == focus:
            value = None
        steps = (str(result.path),) if isinstance(result.path, URIRef) else said.steps
        return Finding(
            severity=str(result.severity).removeprefix(_SH),
            shape=str(result.shape),
            field=said.field,
            group=said.group,
            order=said.order,
            subject=focus.value,
            subject_label=called(focus),
            path=str(result.path) if isinstance(result.path, URIRef) else said.path,
            value=None if value is None else value.value,
            message=said.message or result.generic_message(self._graph),
            component=str(result.component),
            focus=str(focus),
            term=None if value is None else str(value),
            paths=steps,
            nearest=nearest.to(said.node, value) if isinstance(value, ox.NamedNode | ox.Literal) else (),
        )

    def _label(self, term: Term) -> str:
        """What a thing is called: its best label, else the end of its address."""
        for predicate in _LABELS:
            values = walk(self._database, predicate, term)
            texts = [(value.language, value.value) for value in values if isinstance(value, ox.Literal)]
            if text := _best(texts, self._language):
                return text
        return term.value.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class _Words:
    """What the shapes graph says about one shape."""

    node: Term
    field: str
    group: str
    place: float
    order: float
    message: str
    path: str | None
    steps: tuple[str, ...]


class _Texts:
    """The texts of shapes in a language."""

    def __init__(self, shapes: Shapes, language: str) -> None:
        self._shapes, self._language = shapes, language
        self.of = cache(self._of)

    def _of(self, shape: Node) -> _Words:
        graph, node = self._shapes.graph, to_term(shape)
        path = self._shapes.plan.graph.shapes[node].path
        group, order = graph.value(shape, SH.group), graph.value(shape, SH.order)
        return _Words(
            node=node,
            field=self._text(shape, SH.name) or shorten(str(shape)),
            group="" if group is None else self._text(group, RDFS.label),
            place=_number(None if group is None else graph.value(group, SH.order)),
            order=_number(order),
            message=self._text(shape, SH.message),
            path=None if path is None else words(path),
            steps=() if path is None else tuple(dict.fromkeys(map(words, first_steps(path)))),
        )

    def _text(self, subject: Node, predicate: URIRef) -> str:
        texts = self._shapes.texts.objects(subject, predicate)
        return _best([(text.language, str(text)) for text in texts if isinstance(text, Literal)], self._language)


def _order(said: _Words, finding: Finding) -> tuple[object, ...]:
    """The place of a finding among others: as in a form, then by what it is about."""
    severity = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    about = (finding.subject, finding.path or "", finding.value or "", finding.term or "", finding.shape)
    return severity, said.place, said.order, *about


@lru_cache(maxsize=8)
def _texts(shapes: Shapes, language: str) -> _Texts:
    return _Texts(shapes, language)


def _number(node: Node | None) -> float:
    return _LAST if node is None else float(str(node))


def _best(texts: Iterable[tuple[str | None, str]], language: str) -> str:
    """The text in the language, else in English, else the first in order; empty where there is none."""
    texts = sorted(texts, key=lambda text: (text[0] or "", text[1]))
    for wanted in (language, "en"):
        for tag, text in texts:
            if tag == wanted:
                return text
    return texts[0][1] if texts else ""


def _once(results: Iterable[Result]) -> Iterable[Result]:
    """One result for each finding: a value that breaks two constraints of one shape gets one message."""
    found: dict[tuple[Node | None, ...], Result] = {}
    for result in sorted(results, key=lambda result: str(result.component)):
        found.setdefault((result.shape, result.focus, result.path, result.value), result)
    return found.values()
