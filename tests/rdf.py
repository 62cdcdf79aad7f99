"""RDF written in a test, with every prefix of ours and `ex:` declared."""

import pyoxigraph as ox
from itu_align.graph import schema
from itu_align.graph.names import PREFIXES

HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
HEADER += "@prefix ex: <http://example.org/> .\n"


def turtle(text: str) -> set[ox.Triple]:
    """The triples of a piece of Turtle."""
    return set(schema.parse_turtle(HEADER + text, "test.ttl"))
