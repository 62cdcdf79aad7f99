"""RDF written in a test, with every prefix of ours and `ex:` declared; versions of a store in one step."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph as ox
from itu_align.graph import schema
from itu_align.graph.names import PREFIXES
from itu_align.graph.store import write_graphs

HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
HEADER += "@prefix ex: <http://example.org/> .\n"


def turtle(text: str) -> set[ox.Triple]:
    """The triples of a piece of Turtle."""
    return set(schema.parse_turtle(HEADER + text, "test.ttl"))


def write_version(data: Path, graphs: Mapping[str, Iterable[ox.Triple]]) -> int:
    """Commit these graphs; the number of the version."""
    return write_graphs(data, graphs)
