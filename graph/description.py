"""Everything that an endpoint says of itself, made from the live data: as a service, as a data set, as a DCAT record.

The record follows DCAT 3 (https://www.w3.org/TR/vocab-dcat-3/). Nobody is named as publisher, as none is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from . import names
from .partitions import measure
from .service_description import TYPE, Endpoint, service_description
from .statements import about, links, ordered
from .void import RIGHTS, TITLE, void

DCAT: Final = "http://www.w3.org/ns/dcat#"
DESCRIPTION: Final = (
    "A knowledge graph of ITU Sectors, study groups and their study Questions, the WSIS action lines, the Sustainable"
    " Development Goals with targets and indicators, and the alignments between them."
)
KEYWORDS: Final = ("ITU", "WSIS", "SDG")
_PROTOCOL: Final = "https://www.w3.org/TR/sparql11-protocol/"
_TURTLE: Final = "http://www.iana.org/assignments/media-types/text/turtle"


@dataclass(frozen=True, slots=True)
class Description:
    """What a server sends for a bare GET of the endpoint, and for `/.well-known/void`.

    The first also holds the second: editors that find no partitions by a query look for them there.
    """

    service: list[ox.Triple]
    void: list[ox.Triple]


def describe(database: ox.Store, endpoint: Endpoint, version: int) -> Description:
    """The descriptions of a version of the data, from the store that is read."""
    statistics = measure(database)
    data = ordered([*void(statistics, endpoint), *catalogue_record(endpoint, version)])
    graphs = {iri: graph.size.triples for iri, graph in statistics.graphs.items()}
    service = service_description(endpoint, statistics.size.triples, graphs)
    return Description(ordered([*service, *data]), data)


def catalogue_record(endpoint: Endpoint, version: int) -> list[ox.Triple]:
    """The data set, its distributions and the query service, for catalogues of data sets."""
    by_query, whole = endpoint.void + "#by-query", endpoint.void + "#whole"
    return ordered(
        [
            *_dataset(endpoint, version),
            *about(endpoint.dataset, *links(DCAT + "distribution", (by_query, whole))),
            *about(
                by_query,
                (TYPE, ox.NamedNode(DCAT + "Distribution")),
                (DCAT + "accessURL", ox.NamedNode(endpoint.sparql)),
                (DCAT + "accessService", ox.NamedNode(endpoint.service)),
            ),
            *about(
                whole,
                (TYPE, ox.NamedNode(DCAT + "Distribution")),
                (DCAT + "accessURL", ox.NamedNode(endpoint.dump)),
                (DCAT + "downloadURL", ox.NamedNode(endpoint.dump)),
                (DCAT + "mediaType", ox.NamedNode(_TURTLE)),
            ),
            *_service(endpoint),
        ]
    )


def _dataset(endpoint: Endpoint, version: int) -> Iterator[ox.Triple]:
    yield from about(
        endpoint.dataset,
        (TYPE, ox.NamedNode(DCAT + "Dataset")),
        (names.DCTERMS + "title", ox.Literal(TITLE, language="en")),
        (names.DCTERMS + "description", ox.Literal(DESCRIPTION, language="en")),
        (DCAT + "version", ox.Literal(str(version))),
        (DCAT + "landingPage", ox.NamedNode(endpoint.base_url)),
        *((DCAT + "keyword", ox.Literal(word, language="en")) for word in KEYWORDS),
    )
    yield from about(
        endpoint.void + "#rights",
        (TYPE, ox.NamedNode(names.DCTERMS + "RightsStatement")),
        (names.PREFIXES["rdfs"] + "label", ox.Literal(RIGHTS, language="en")),
    )


def _service(endpoint: Endpoint) -> Iterator[ox.Triple]:
    return about(
        endpoint.service,
        (TYPE, ox.NamedNode(DCAT + "DataService")),
        (names.DCTERMS + "title", ox.Literal("SPARQL endpoint: " + TITLE, language="en")),
        (DCAT + "endpointURL", ox.NamedNode(endpoint.sparql)),
        *links(DCAT + "endpointDescription", (endpoint.sparql, endpoint.base_url + "openapi.json")),
        (DCAT + "servesDataset", ox.NamedNode(endpoint.dataset)),
        (names.DCTERMS + "conformsTo", ox.NamedNode(_PROTOCOL)),
    )
