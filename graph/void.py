"""The data set described by the VoID vocabulary, from the numbers of the live data (https://www.w3.org/TR/void/).

Partitions are those of sib-swiss' void-generator, from which query editors complete: the properties of a class, and
for each the classes of the objects (`void:classPartition`) and the datatypes (`void-ext:datatypePartition`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from . import names
from .partitions import Class, ClassProperty, Graph, Links, Size, Statistics
from .service_description import GRAPH_FORMATS, TYPE, VOID, Endpoint
from .statements import Pair, about, fragment, links, ordered
from .union import DefaultGraph, is_published

VOID_EXT: Final = "http://ldf.fi/void-ext#"
TITLE: Final = "ITU study Questions, WSIS action lines, SDGs and the alignments between them"
CC0: Final = "http://creativecommons.org/publicdomain/zero/1.0/"
RIGHTS: Final = (
    "Facts: a compilation under CC0 1.0, which gives no right to the texts that it quotes from the addresses named"
    " beside them. Ontology: CC BY 4.0."
)
"""The terms of graph/facts/README.md and README.md, in short."""

_DATASET: Final = VOID + "Dataset"
_PRIMARY_TOPIC: Final = names.PREFIXES["foaf"] + "primaryTopic"
_EXAMPLES: Final = 5
_NAMESPACE: Final = re.compile(r".*[#/]")


def void(statistics: Statistics, endpoint: Endpoint) -> list[ox.Triple]:
    """The data set of an endpoint, its partitions, its named graphs, and its links to the data sets of others."""
    triples = [
        *about(
            endpoint.void,
            (TYPE, ox.NamedNode(VOID + "DatasetDescription")),
            (_PRIMARY_TOPIC, ox.NamedNode(endpoint.dataset)),
        ),
        *about(endpoint.dataset, *_dataset(statistics, endpoint), *_vocabularies(statistics)),
        *_properties(statistics.properties, endpoint.dataset, endpoint),
        *_linksets(statistics, endpoint),
    ]
    for iri, found in statistics.classes.items():
        triples += _class(iri, found, endpoint)
    for iri, graph in statistics.graphs.items():
        triples += _graph(iri, graph, endpoint)
    return ordered(triples)


def _dataset(statistics: Statistics, endpoint: Endpoint) -> Iterator[Pair]:
    yield TYPE, ox.NamedNode(_DATASET)
    yield names.DCTERMS + "title", ox.Literal(TITLE, language="en")
    yield names.DCTERMS + "rights", ox.NamedNode(endpoint.void + "#rights")
    subsets = [graph for iri, graph in statistics.graphs.items() if _is_subset(iri, endpoint)]
    yield from links(names.DCTERMS + "license", {iri for graph in subsets for iri in _licences(graph)})
    yield VOID + "sparqlEndpoint", ox.NamedNode(endpoint.sparql)
    yield VOID + "dataDump", ox.NamedNode(endpoint.dump)
    yield from links(VOID + "feature", GRAPH_FORMATS)
    yield VOID + "uriSpace", ox.Literal(names.ID)
    yield from _size(statistics.size)
    yield VOID + "entities", ox.Literal(statistics.entities)
    yield VOID + "properties", ox.Literal(len(statistics.properties))
    yield VOID + "classes", ox.Literal(statistics.distinct_classes)
    yield from links(VOID + "exampleResource", _examples(statistics.classes))


def _vocabularies(statistics: Statistics) -> Iterator[Pair]:
    """The namespaces of all classes and properties in use."""
    terms = {*statistics.properties, *statistics.classes}
    return links(VOID + "vocabulary", {match[0] for term in terms if (match := _NAMESPACE.match(term))})


def _examples(classes: Mapping[str, Class]) -> list[str]:
    """One thing of ours of each of the largest classes of ours."""
    ours = [(-each.entities, each.first) for iri, each in classes.items() if iri.startswith(names.ALIGN)]
    return [first for _, first in sorted(ours) if first.startswith(names.ID)][:_EXAMPLES]


def _size(size: Size) -> Iterator[Pair]:
    yield VOID + "triples", ox.Literal(size.triples)
    yield VOID + "distinctSubjects", ox.Literal(size.subjects)
    yield VOID + "distinctObjects", ox.Literal(size.objects)


def _class(iri: str, found: Class, endpoint: Endpoint) -> Iterator[ox.Triple]:
    node = _part(endpoint, iri)
    yield from about(endpoint.dataset, (VOID + "classPartition", ox.NamedNode(node)))
    yield from about(
        node,
        (TYPE, ox.NamedNode(_DATASET)),
        (VOID + "class", ox.NamedNode(iri)),
        (VOID + "entities", ox.Literal(found.entities)),
    )
    yield from _properties({name: each.size for name, each in found.properties.items()}, node, endpoint, iri)
    for name, each in found.properties.items():
        yield from _objects(each, (iri, name), endpoint)


def _properties(sizes: Mapping[str, Size], whole: str, endpoint: Endpoint, *path: str) -> Iterator[ox.Triple]:
    """The property partitions of a data set, which is itself the partition with this path."""
    for iri, size in sizes.items():
        node = _part(endpoint, *path, iri) if path else f"{endpoint.void}#{fragment('property', iri)}"
        yield from about(whole, (VOID + "propertyPartition", ox.NamedNode(node)))
        yield from about(node, (TYPE, ox.NamedNode(_DATASET)), (VOID + "property", ox.NamedNode(iri)), *_size(size))


def _objects(found: ClassProperty, path: tuple[str, str], endpoint: Endpoint) -> Iterator[ox.Triple]:
    kinds = (
        (VOID + "classPartition", VOID + "class", found.classes),
        (VOID_EXT + "datatypePartition", VOID_EXT + "datatype", found.datatypes),
    )
    for partition, property_, counts in kinds:
        for iri, triples in counts.items():
            node = _part(endpoint, *path, iri)
            yield from about(_part(endpoint, *path), (partition, ox.NamedNode(node)))
            yield from about(node, (property_, ox.NamedNode(iri)), (VOID + "triples", ox.Literal(triples)))


def _graph(iri: str, found: Graph, endpoint: Endpoint) -> Iterator[ox.Triple]:
    """A named graph, which is a subset of the data set where it is part of the default graph."""
    node = endpoint.graph(iri)
    if _is_subset(iri, endpoint):
        yield from about(endpoint.dataset, (VOID + "subset", ox.NamedNode(node)))
    yield from about(
        node,
        (TYPE, ox.NamedNode(_DATASET)),
        *_size(found.size),
        (VOID + "properties", ox.Literal(found.properties)),
        (VOID + "classes", ox.Literal(found.classes)),
        *links(names.DCTERMS + "license", _licences(found)),
    )
    if found.title is not None:
        yield from about(node, (names.DCTERMS + "title", ox.Literal(found.title, language="en")))
        yield from about(node, (names.DCTERMS + "rights", ox.NamedNode(endpoint.void + "#rights")))


def _is_subset(graph: str, endpoint: Endpoint) -> bool:
    return endpoint.policy is DefaultGraph.UNION and is_published(ox.NamedNode(graph))


def _licences(graph: Graph) -> list[str]:
    """Of facts read from a table, which has a title: CC0. Else what an ontology in the graph says of itself."""
    return [CC0] if graph.title is not None else list(graph.licences)


def _linksets(statistics: Statistics, endpoint: Endpoint) -> Iterator[ox.Triple]:
    yield from statistics.targets
    for link in statistics.links:
        yield from _linkset(link, endpoint)


def _linkset(link: Links, endpoint: Endpoint) -> Iterator[ox.Triple]:
    node = f"{endpoint.void}#{fragment('links', link.target, link.predicate)}"
    yield from about(endpoint.dataset, (VOID + "subset", ox.NamedNode(node)))
    yield from about(
        node,
        (TYPE, ox.NamedNode(VOID + "Linkset")),
        *links(VOID + "target", (endpoint.dataset, link.target)),
        (VOID + "subjectsTarget", ox.NamedNode(endpoint.dataset)),
        (VOID + "objectsTarget", ox.NamedNode(link.target)),
        (VOID + "linkPredicate", ox.NamedNode(link.predicate)),
        (VOID + "triples", ox.Literal(link.triples)),
    )


def _part(endpoint: Endpoint, *path: str) -> str:
    """The partition of a class, of a property in it, and of a class or datatype of the objects of that."""
    return f"{endpoint.void}#{fragment('class', *path)}"
