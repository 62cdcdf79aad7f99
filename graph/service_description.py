"""The SPARQL endpoint described in its own terms (https://www.w3.org/TR/sparql11-service-description/)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from . import names
from .statements import Pair, about, fragment, links, ordered
from .union import DefaultGraph

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
VOID: Final = names.PREFIXES["void"]
TYPE: Final = names.RDF + "type"

_FORMATS: Final = "http://www.w3.org/ns/formats/"
_TABLES: Final = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
_GRAPHS: Final = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD")
GRAPH_FORMATS: Final = tuple(_FORMATS + name for name in _GRAPHS)
"""The formats of graphs, read and written, under the addresses that https://www.w3.org/ns/formats/ gives them."""
RESULT_FORMATS: Final = tuple(_FORMATS + name for name in (*_TABLES, *_GRAPHS))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a server offers, as far as its descriptions say so; `base_url` is its public root and ends in `/`."""

    base_url: str
    policy: DefaultGraph = DefaultGraph.UNION
    updates: bool = False
    federation: bool = False

    @property
    def sparql(self) -> str:
        """Where queries are asked."""
        return self.base_url + "sparql"

    @property
    def service(self) -> str:
        """The query service, which is not the same thing as its address."""
        return self.sparql + "#service"

    @property
    def void(self) -> str:
        """Where the data set is described."""
        return self.base_url + ".well-known/void"

    @property
    def dataset(self) -> str:
        """The data set: the triples of the default graph."""
        return self.void + "#dataset"

    @property
    def dump(self) -> str:
        """The whole data set as one file, by the graph store protocol."""
        return self.base_url + "graph-store?default"

    def graph(self, name: str) -> str:
        """The triples of a named graph, which are not the same thing as its name."""
        return f"{self.void}#{fragment('graph', name)}"

    def named_graph(self, name: str) -> str:
        """The pair of a name and a graph that the dataset holds."""
        return f"{self.sparql}#{fragment('graph', name)}"


def service_description(endpoint: Endpoint, default: int, graphs: Mapping[str, int]) -> list[ox.Triple]:
    """The services of an endpoint and its dataset: triples of the default graph, and of each named one by its IRI."""
    return ordered(
        [
            *about(endpoint.service, *_query_service(endpoint)),
            *_update_service(endpoint),
            *_dataset(endpoint, default, graphs),
        ]
    )


def _query_service(endpoint: Endpoint) -> Iterator[Pair]:
    yield TYPE, ox.NamedNode(SD + "Service")
    yield SD + "endpoint", ox.NamedNode(endpoint.sparql)
    yield SD + "supportedLanguage", ox.NamedNode(SD + "SPARQL11Query")
    yield from links(SD + "resultFormat", RESULT_FORMATS)
    yield from links(SD + "feature", _features(endpoint))
    yield SD + "defaultDataset", ox.NamedNode(endpoint.sparql + "#dataset")


def _features(endpoint: Endpoint) -> Iterator[str]:
    """Empty graphs are not kept, so `sd:EmptyGraphs` is none of them."""
    if endpoint.policy is DefaultGraph.UNION:
        yield SD + "UnionDefaultGraph"
    if endpoint.federation:
        yield SD + "BasicFederatedQuery"


def _update_service(endpoint: Endpoint) -> Iterator[ox.Triple]:
    """Updates have an address of their own, so they are a service of their own; formats are those of a graph store."""
    if endpoint.updates:
        yield from about(
            endpoint.base_url + "update#service",
            (TYPE, ox.NamedNode(SD + "Service")),
            (SD + "endpoint", ox.NamedNode(endpoint.base_url + "update")),
            (SD + "supportedLanguage", ox.NamedNode(SD + "SPARQL11Update")),
            *links(SD + "inputFormat", GRAPH_FORMATS),
            *links(SD + "feature", _features(endpoint)),
            (SD + "defaultDataset", ox.NamedNode(endpoint.sparql + "#dataset")),
        )


def _dataset(endpoint: Endpoint, default: int, graphs: Mapping[str, int]) -> Iterator[ox.Triple]:
    dataset = endpoint.sparql + "#dataset"
    yield from about(
        dataset,
        (TYPE, ox.NamedNode(SD + "Dataset")),
        (SD + "defaultGraph", ox.NamedNode(endpoint.dataset)),
    )
    yield from about(endpoint.dataset, *_graph(default))
    for name, triples in graphs.items():
        yield from about(dataset, (SD + "namedGraph", ox.NamedNode(endpoint.named_graph(name))))
        yield from about(
            endpoint.named_graph(name),
            (TYPE, ox.NamedNode(SD + "NamedGraph")),
            (SD + "name", ox.NamedNode(name)),
            (SD + "graph", ox.NamedNode(endpoint.graph(name))),
        )
        yield from about(endpoint.graph(name), *_graph(triples))


def _graph(triples: int) -> Iterator[Pair]:
    yield TYPE, ox.NamedNode(SD + "Graph")
    yield TYPE, ox.NamedNode(VOID + "Dataset")
    yield VOID + "triples", ox.Literal(triples)
