"""Long answers as their bytes: taken out of the chunks, and read by a parser of each format."""

import csv
import io
import json
import socket
from collections.abc import Callable
from xml.parsers import expat

import pyoxigraph as ox


def read_to_end(sock: socket.socket) -> bytes:
    """All bytes until the server closes the connection; raises TimeoutError where it leaves the client waiting."""
    sock.settimeout(5)
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def dechunked(answer: bytes) -> tuple[bytes, bytes]:
    """The content of a chunked answer, and what stands behind its last chunk (RFC 9112, section 7.1)."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    stream, pieces = io.BytesIO(rest), []
    while size := int(stream.readline(), 16):
        pieces.append(stream.read(size))
        assert stream.readline() == b"\r\n"
    return b"".join(pieces), stream.read()


def read_xml(content: bytes) -> None:
    expat.ParserCreate().Parse(content, True)  # noqa: FBT003 - takes no keyword


def read_csv(content: bytes) -> None:
    list(csv.reader(io.StringIO(content.decode()), strict=True))


def read_tsv(content: bytes) -> None:
    list(ox.parse_query_results(content, format=ox.QueryResultsFormat.TSV))  # type: ignore[arg-type]


def read_turtle(content: bytes) -> None:
    list(ox.parse(content, format=ox.RdfFormat.TURTLE))


def read_n_triples(content: bytes) -> None:
    list(ox.parse(content, format=ox.RdfFormat.N_TRIPLES))


COST = "SHA512(SHA512(SHA512(SHA512(CONCAT(?b, ?d, ?f)))))"
ENDLESS = f"?a <urn:value> ?b . ?c <urn:value> ?d . ?e <urn:value> ?f FILTER(STRLEN({COST}) = 128)"
"""A thousand million rows that come one by one, not so fast that the answer becomes too large before the deadline."""

PAIRS = f"SELECT * {{ {ENDLESS} }}"
TRIPLES = f"CONSTRUCT {{ ?a ?c ?f }} {{ {ENDLESS} }}"
FORMATS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "application/sparql-results+json": (PAIRS, json.loads),
    "application/sparql-results+xml": (PAIRS, read_xml),
    "text/csv": (PAIRS, read_csv),
    "text/tab-separated-values": (PAIRS, read_tsv),
    "text/turtle": (TRIPLES, read_turtle),
    "application/n-triples": (TRIPLES, read_n_triples),
    "application/rdf+xml": (TRIPLES, read_xml),
    "application/ld+json": (TRIPLES, json.loads),
}
FAULTS = (ValueError, SyntaxError, csv.Error, expat.ExpatError)
