"""The dataset that a query is asked of (https://www.w3.org/TR/sparql11-query/#rdfDataset).

Several default graphs make one by RDF merge: a triple that stands in two of them is there once (section 13.2).
The engine would give it twice, so the merge is made here, in memory, where a request needs it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from . import rules
from .errors import QueryError
from .grammar import Query
from .prologue import Prologue

_WITHOUT_CLAUSES: Final = frozenset({"construct_template", "select_clause", "where_clause", "solution_modifier"})


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs chosen by a request, by IRI; both empty where it chose none."""

    default: Sequence[str] = ()
    named: Sequence[str] = ()
    base: str = ""
    """What relative IRIs of the text are resolved against, where it declares no BASE: the address of the endpoint."""

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


def from_clauses(query: Query, base: str = "") -> Dataset:
    """The graphs that the FROM and FROM NAMED clauses of a query name, as absolute IRIs."""
    default: list[str] = []
    named: list[str] = []
    prologue = Prologue(base)
    for node in rules.walk(query.tree, _WITHOUT_CLAUSES):
        prologue.declare(node)
        if node.data == "dataset_clause":
            graphs = named if len(node.children) == len(("FROM", "NAMED", "iri")) else default
            graphs.append(prologue.iri(next(node.find_data("iri"))))
    return Dataset(tuple(default), tuple(named))


def answer(
    database: ox.Store, query: Query, text: str, requested: Dataset
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """What the engine answers over the requested graphs, else those of the query, else the store's own dataset.

    `text` is what the engine gets: that of the query, or a rewriting of it.

    The request's dataset replaces that of the query as a whole (SPARQL 1.1 Protocol, section 2.1.4).
    """
    chosen, base = requested or from_clauses(query, requested.base), requested.base or None
    if len(chosen.default) > 1:
        merged = merge(database, chosen)
        return merged.query(
            text, base_iri=base, default_graph=ox.DefaultGraph(), named_graphs=[*names_of(chosen.named)]
        )
    if requested:
        return database.query(
            text,
            base_iri=base,
            default_graph=[*names_of(requested.default)],
            named_graphs=[*names_of(requested.named)],
        )
    return database.query(text, base_iri=base)


def merge(database: ox.Store, dataset: Dataset) -> ox.Store:
    """A store in memory with the union of the default graphs, and with the named ones as they are."""
    merged = ox.Store()
    for name in names_of(dataset.default):
        quads = database.quads_for_pattern(None, None, None, name)
        merged.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    for name in names_of(dataset.named):
        merged.extend(database.quads_for_pattern(None, None, None, name))
    return merged


def names_of(iris: Iterable[str]) -> list[ox.NamedNode]:
    """Graph names from IRIs; raises QueryError where one is none."""
    names: list[ox.NamedNode] = []
    for iri in iris:
        try:
            names.append(ox.NamedNode(iri))
        except ValueError as error:
            hint = "Give an absolute IRI."
            raise QueryError(f"{iri!r} is not the IRI of a graph: {error}.", hint=hint) from None
    return names
