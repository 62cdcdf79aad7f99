"""What plain pySHACL finds, to hold ours against: over all triples, with all shapes, in one call."""

import warnings
from collections.abc import Iterable

import pyoxigraph as ox
import pyshacl
from itu_align.graph.suspect_view import View, to_graph, to_term
from itu_align.graph.validation import Shapes
from pyshacl.errors import ReportableRuntimeError
from rdflib import SH, Graph, URIRef
from rdflib.term import Node

Found = tuple[str, str, str, str | None, str, str]
"""Shape, focus node, path, value, component and severity of a result."""


class NotComparableError(Exception):
    """pySHACL gave up, as where blank nodes should have an order."""


def store(triples: Iterable[ox.Triple]) -> ox.Store:
    database = ox.Store()
    database.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return database


def plain(database: ox.Store, shapes: Shapes) -> set[Found]:
    """The triples are those of the store, which writes "01"^^xsd:integer as "1"."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = to_graph(quad.triple for quad in database.quads_for_pattern(None, None, None, ox.DefaultGraph()))
        try:
            _, report, text = pyshacl.validate(data, shacl_graph=shapes.graph + Graph(), inplace=True)
        except ReportableRuntimeError as error:
            raise NotComparableError from error
    assert isinstance(report, Graph), text
    return {_found(report, result) for result in report.objects(None, SH.result)}


def ours(database: ox.Store, shapes: Shapes, changed: Iterable[ox.Quad] | None = None) -> set[Found]:
    """What pySHACL says of the suspects, each result for itself."""
    view = View(database)
    graph = Graph(store=view, bind_namespaces="none")
    found = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for suspects in shapes.plan.suspects(database, changed):
            unit, focus = suspects.check.unit, [view.node(node) for node in suspects.nodes]
            for result in shapes.judge.results(view.node(unit.shape.node), graph, focus, whole=unit.whole):
                value = None if result.value is None else str(to_term(result.value))
                severity = str(result.severity)
                key = (
                    str(result.shape),
                    str(to_term(result.focus)),
                    _path(result.path),
                    value,
                    str(result.component),
                    severity,
                )
                found.add(key)
    return found


def _found(report: Graph, result: Node) -> Found:
    get = {name: report.value(result, SH[name]) for name in ("focusNode", "value")}
    shape, path = report.value(result, SH.sourceShape), report.value(result, SH.resultPath)
    component, severity = report.value(result, SH.sourceConstraintComponent), report.value(result, SH.resultSeverity)
    value = get["value"]
    assert get["focusNode"] is not None
    focus = str(to_term(get["focusNode"]))
    return str(shape), focus, _path(path), None if value is None else str(to_term(value)), str(component), str(severity)


def _path(path: Node | None) -> str:
    """A path that is more than an IRI is that of the shape."""
    return "" if path is None else str(path) if isinstance(path, URIRef) else "path"
