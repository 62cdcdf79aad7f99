"""What a release says of itself, in Turtle: DCAT 3 for catalogues, VoID for its numbers, SPDX for its hashes.

(https://www.w3.org/TR/vocab-dcat-3/, https://www.w3.org/TR/void/.) The addresses in it are relative: it describes the
files beside which it lies, wherever that is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from . import names
from .description import DCAT, DESCRIPTION, KEYWORDS
from .journal import Header
from .partitions import Statistics, measure
from .service_description import TYPE, VOID, Endpoint
from .statements import Pair, about, links, ordered
from .void import RIGHTS, void

FILE: Final = "dcat.ttl"

_HERE: Final = "release://here/"
"""Stands for the folder while the statements are made; no other address has that scheme, so none becomes relative."""

_SPDX: Final = "http://spdx.org/rdf/terms#"
_MEDIA_TYPES: Final = "http://www.iana.org/assignments/media-types/"
_FORMATS: Final = tuple("http://www.w3.org/ns/formats/" + name for name in ("N-Quads", "TriG"))
_OF_A_SERVER: Final = frozenset(VOID + name for name in ("sparqlEndpoint", "dataDump", "feature"))


@dataclass(frozen=True, slots=True)
class File:
    """A file of the release."""

    name: str
    media_type: str
    size: int
    sha256: str


class _Folder(Endpoint):
    """The folder in the place of a server."""

    @property
    def void(self) -> str:
        """Where the data set is described."""
        return self.base_url + FILE


_FOLDER: Final = _Folder(_HERE)
_RIGHTS: Final = _FOLDER.void + "#rights"
_CANONICAL_SUM: Final = _FOLDER.void + "#canonical-sha256"
_DATASET: Final = ox.NamedNode(_FOLDER.dataset)
_LICENCE: Final = ox.NamedNode(names.DCTERMS + "license")


def turtle(quads: Iterable[ox.Quad], header: Header, files: Sequence[File], sha256: str) -> bytes:
    """The record of a release that has these statements and files; `sha256` is that of its canonical N-Quads."""
    statistics = measure(_read(quads))
    counted = [each for each in void(statistics, _FOLDER) if each.predicate.value not in _OF_A_SERVER]
    licences = [each.object for each in counted if each.subject == _DATASET and each.predicate == _LICENCE]
    terms: list[Pair] = [(_LICENCE.value, each) for each in licences if isinstance(each, ox.NamedNode)]
    terms.append((names.DCTERMS + "rights", ox.NamedNode(_RIGHTS)))
    triples = [*counted, *_dataset(header, files, statistics), *_canonical_form(sha256)]
    for file in files:
        triples += _distribution(file, terms)
    prefixes = {**names.PREFIXES, "dcat": DCAT, "spdx": _SPDX}
    written = (
        ox.serialize(ordered(triples), format=ox.RdfFormat.TURTLE, prefixes=prefixes, base_iri=_FOLDER.void) or b""
    )
    return written.removeprefix(f"@base <{_FOLDER.void}> .\n".encode())


def _read(quads: Iterable[ox.Quad]) -> ox.Store:
    """A store whose default graph is the union of all that is released."""
    database = ox.Store()
    for quad in quads:
        database.extend((quad, ox.Quad(*quad.triple)))
    return database


def _dataset(header: Header, files: Iterable[File], statistics: Statistics) -> Iterator[ox.Triple]:
    paths = [_HERE + file.name for file in files]
    yield from about(
        _FOLDER.dataset,
        (TYPE, ox.NamedNode(DCAT + "Dataset")),
        (names.DCTERMS + "description", ox.Literal(DESCRIPTION, language="en")),
        (names.DCTERMS + "issued", ox.Literal(header.created, datatype=ox.NamedNode(names.XSD + "dateTime"))),
        (DCAT + "version", ox.Literal(str(header.version))),
        *((DCAT + "keyword", ox.Literal(word, language="en")) for word in KEYWORDS),
        *links(DCAT + "distribution", paths),
        *links(VOID + "dataDump", paths),
        *links(VOID + "feature", _FORMATS),
        *links(VOID + "subset", map(_FOLDER.graph, statistics.graphs)),
        (_SPDX + "checksum", ox.NamedNode(_CANONICAL_SUM)),
    )
    yield from about(
        _RIGHTS,
        (TYPE, ox.NamedNode(names.DCTERMS + "RightsStatement")),
        (names.PREFIXES["rdfs"] + "label", ox.Literal(RIGHTS, language="en")),
    )


def _canonical_form(sha256: str) -> Iterator[ox.Triple]:
    """The hash of the dataset, which does not depend on how it is written."""
    text = "SHA-256 of the canonical N-Quads (RDFC-1.0) of the dataset"
    yield from about(_CANONICAL_SUM, (names.PREFIXES["rdfs"] + "label", ox.Literal(text, language="en")))
    yield from about(_CANONICAL_SUM, (names.DCTERMS + "conformsTo", ox.NamedNode("https://www.w3.org/TR/rdf-canon/")))
    yield from _checksum(_CANONICAL_SUM, sha256)


def _distribution(file: File, terms: Iterable[Pair]) -> Iterator[ox.Triple]:
    path, checksum = _HERE + file.name, f"{_FOLDER.void}#sha256-{file.name}"
    yield from about(
        path,
        (TYPE, ox.NamedNode(DCAT + "Distribution")),
        (names.DCTERMS + "title", ox.Literal(file.name)),
        (DCAT + "accessURL", ox.NamedNode(path)),
        (DCAT + "downloadURL", ox.NamedNode(path)),
        (DCAT + "mediaType", ox.NamedNode(_MEDIA_TYPES + file.media_type)),
        (DCAT + "compressFormat", ox.NamedNode(_MEDIA_TYPES + "application/gzip")),
        (DCAT + "byteSize", ox.Literal(str(file.size), datatype=ox.NamedNode(names.XSD + "nonNegativeInteger"))),
        (_SPDX + "checksum", ox.NamedNode(checksum)),
        *terms,
    )
    yield from _checksum(checksum, file.sha256)


def _checksum(node: str, sha256: str) -> Iterator[ox.Triple]:
    return about(
        node,
        (TYPE, ox.NamedNode(_SPDX + "Checksum")),
        (_SPDX + "algorithm", ox.NamedNode(_SPDX + "checksumAlgorithm_sha256")),
        (_SPDX + "checksumValue", ox.Literal(sha256, datatype=ox.NamedNode(names.XSD + "hexBinary"))),
    )
