"""Namespaces, and the minting of addresses: the only place where an IRI of ours is spelled.

docs/model.md, section "Addresses", is the contract: a key is an identifier with `/` written as `.` and every
other run of characters outside letters, digits, `.`, `_`, `~` and `-` written as one `-`.
"""

import re
from collections.abc import Mapping
from typing import Final

BASE: Final = "https://w3id.org/itu-align/"
ALIGN: Final = BASE + "ontology#"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
FUNCTION: Final = BASE + "function#"
SHAPE: Final = BASE + "shapes#"
OWN_GRAPH: Final = GRAPH + "default"
"""Holds what is written to the default graph where that is the union of the others."""

PROV: Final = "http://www.w3.org/ns/prov#"
DCTERMS: Final = "http://purl.org/dc/terms/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

PREFIXES: Final[Mapping[str, str]] = {
    "align": ALIGN,
    "dcterms": DCTERMS,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": PROV,
    "rdf": RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "sdg": "http://metadata.un.org/sdg/",
    "sdgo": "http://metadata.un.org/sdg/ontology#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sh": "http://www.w3.org/ns/shacl#",
    "shape": SHAPE,
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "skosxl": "http://www.w3.org/2008/05/skos-xl#",
    "sssom": "https://w3id.org/sssom/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": XSD,
}
"""The prefixes that the endpoint knows: it prints with them and suggests them; a query still declares its own."""

_OUTSIDE_KEY = re.compile(r"[^\w.~-]+")
_DASHES = re.compile(r"-{2,}")


def key(identifier: str) -> str:
    """The path segment that stands for an identifier; two identifiers can share one (the build refuses that)."""
    return _DASHES.sub("-", _OUTSIDE_KEY.sub("-", identifier.replace("/", "."))).strip("-")


def mint(kind: str, identifier: str) -> str:
    """The IRI of a thing of ours, for instance `…/id/question/ITU-D-Q17.2-2002`."""
    return f"{ID}{kind}/{key(identifier)}"


def graph(name: str) -> str:
    """The IRI of a named graph, for instance `…/graph/itu_questions`."""
    return GRAPH + name


def shorten(iri: str) -> str:
    """The IRI as a prefixed name where one of our prefixes fits, else in angle brackets."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and re.fullmatch(r"[\w.-]*\w", local := iri[len(namespace) :]):
            return f"{prefix}:{local}"
    return f"<{iri}>"
