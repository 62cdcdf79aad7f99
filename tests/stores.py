"""Stores in memory as they are read: published graphs, and their union as the default graph."""

from collections.abc import Iterable, Mapping

import pyoxigraph as ox
from itu_align.graph.names import graph
from itu_align.graph.union import DefaultGraph, with_union
from rdf import turtle


def published(graphs: Mapping[str, Iterable[ox.Triple]]) -> ox.Store:
    """A store with these graphs, by name."""
    store = ox.Store()
    for name, triples in graphs.items():
        quads = (ox.Quad(*triple, ox.NamedNode(graph(name))) for triple in triples)
        store.extend(with_union(quads, DefaultGraph.UNION))
    return store


def written(**graphs: str) -> ox.Store:
    """A store with graphs that are written in Turtle, by name."""
    return published({name: turtle(text) for name, text in graphs.items()})
