"""The W3C's update evaluation tests: the change that `update` finds, applied to the data before, gives those after.

The two tests of LOAD must be refused. The suites expect nothing of graphs that are empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import changes, union
from itu_align.graph.errors import QueryError
from itu_align.graph.union import DefaultGraph
from w3c import NEEDS_SUITE, SUITE

SUITES = [
    "add",
    "basic-update",
    "clear",
    "copy",
    "delete",
    "delete-data",
    "delete-insert",
    "delete-where",
    "drop",
    "move",
    "update-silent",
]
REFUSED = {"update-silent/load-silent", "update-silent/load-into-silent"}

_MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_UPDATE = "http://www.w3.org/2009/sparql/tests/test-update#"
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@dataclass(frozen=True)
class Case:
    """A request, and the files that the default graph and the named graphs hold before and after it."""

    name: str
    request: Path
    before: dict[str, Path]
    after: dict[str, Path]

    def __str__(self) -> str:
        return self.name


def cases() -> list[Case]:
    return [case for suite in SUITES for case in _cases(SUITE / suite / "manifest.ttl")] if SUITE.is_dir() else []


def _cases(path: Path) -> Iterator[Case]:
    manifest = ox.Store()
    manifest.load(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri())

    def objects(subject: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, name: str) -> list[ox.NamedNode]:
        assert isinstance(subject, ox.NamedNode | ox.BlankNode)
        quads = manifest.quads_for_pattern(subject, ox.NamedNode(name), None)
        return [quad.object for quad in quads]  # type: ignore[misc]

    def graphs(state: ox.NamedNode) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for file in objects(state, _UPDATE + "data"):
            files[""] = _path(path, file)
        for graph in objects(state, _UPDATE + "graphData"):
            (label,) = objects(graph, _LABEL.value)
            (file,) = objects(graph, _UPDATE + "graph")
            files[label.value] = _path(path, file)
        return files

    for quad in manifest.quads_for_pattern(None, _TYPE, ox.NamedNode(_MANIFEST + "UpdateEvaluationTest")):
        (action,) = objects(quad.subject, _MANIFEST + "action")
        (result,) = objects(quad.subject, _MANIFEST + "result")
        (request,) = objects(action, _UPDATE + "request")
        name = f"{path.parent.name}/{quad.subject.value.rpartition('#')[2]}"  # type: ignore[union-attr]
        yield Case(name, _path(path, request), graphs(action), graphs(result))


def _path(manifest: Path, file: ox.NamedNode) -> Path:
    return manifest.parent / file.value.rpartition("/")[2]


def load(graphs: dict[str, Path]) -> ox.Store:
    store = ox.Store()
    for name, path in graphs.items():
        graph = ox.NamedNode(name) if name else ox.DefaultGraph()
        store.load(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri(), to_graph=graph)
    return store


def canonical(store: ox.Store) -> ox.Dataset:
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


CASES = cases()
pytestmark = NEEDS_SUITE


def test_the_suites_are_whole() -> None:
    assert len(CASES) >= 94
    assert {case.name for case in CASES} >= REFUSED


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in REFUSED], ids=str)
def test_the_change_leads_to_the_result_of_the_suite(case: Case) -> None:
    store = load(case.before)
    change = changes.update(store, case.request.read_text("utf-8"), DefaultGraph.OWN)
    union.apply(store, change, DefaultGraph.OWN)
    assert canonical(store) == canonical(load(case.after))


@pytest.mark.parametrize("case", [case for case in CASES if case.name in REFUSED], ids=str)
def test_load_is_refused(case: Case) -> None:
    with pytest.raises(QueryError, match="LOAD is not allowed"):
        changes.update(load(case.before), case.request.read_text("utf-8"), DefaultGraph.OWN)
