"""Data folders whose versions were made at times that a test chooses."""

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox
from itu_align.graph import journal, patch
from itu_align.graph.journal import Header
from itu_align.graph.names import graph
from itu_align.graph.union import Change, DefaultGraph
from rdf import turtle

Graphs = Mapping[str, str]
"""The graphs of a version: Turtle by the name of the graph."""


class History:
    """A data folder that gets one version after the other."""

    def __init__(self, data: Path, policy: DefaultGraph = DefaultGraph.UNION) -> None:
        self.data = data
        self._quads: set[ox.Quad] = set()
        self._version = 0
        journal.create(data, policy)

    def add(self, created: str, graphs: Graphs, *, agent: str = "tester", operation: str = "test") -> int:
        """A version that holds these graphs and no others."""
        named = {
            ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph(name)))
            for name in graphs
            for t in turtle(graphs[name])
        }
        return self.commit(created, named, agent=agent, operation=operation)

    def commit(self, created: str, quads: set[ox.Quad], *, agent: str = "tester", operation: str = "test") -> int:
        """A version that holds these quads and no others."""
        change = Change(sorted(self._quads - quads, key=str), sorted(quads - self._quads, key=str))
        self._quads, self._version = quads, self._version + 1
        header = Header(self._version, created, agent, operation)
        journal.append(self.data, header, patch.body_lines(change))
        return self._version


A = "<https://w3id.org/itu-align/id/thing/A>"
B = "<https://w3id.org/itu-align/id/thing/B>"
C = "<https://w3id.org/itu-align/id/thing/C>"


def of_thing_a(data: Path) -> Path:
    """Six versions. What is said of A comes in 1, changes in 3, is gone in 4 and comes again in 5.

    Version 2 speaks of A where nothing is published, in a literal, and as a property; version 6 of something else.
    """
    first = {"one": f'{A} rdfs:label "first"@en . {B} dcterms:relation {A} .'}
    beside = {
        "submission/x": f'{A} rdfs:label "only submitted"@en .',
        "two": f'{C} rdfs:comment "see {A}" ; {A} "x" .',
    }
    history = History(data)
    history.add("2026-01-01T10:00:00.250+00:00", first)
    history.add("2026-01-02T10:00:00.500+00:00", {**first, **beside})
    history.add(
        "2026-01-03T10:00:00.999+00:00", {**beside, "one": f'{A} rdfs:label "second"@en . {B} dcterms:relation {A} .'}
    )
    history.add("2026-01-04T10:00:00.000+00:00", beside)
    history.add("2026-01-05T10:00:00.001+00:00", {**first, **beside})
    history.add("2026-01-06T10:00:00.001+00:00", {**first, **beside, "three": f'{C} rdfs:label "C"@en .'})
    return data
