"""The W3C's SPARQL 1.1 test suites, read by their manifests (https://www.w3.org/2009/sparql/docs/tests/).

They lie beside the repository in `shared/w3c/sparql11`, or where ITU_ALIGN_SHARED says.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

SHARED = Path(os.environ.get("ITU_ALIGN_SHARED") or Path(__file__).parents[3] / "shared")
SUITE = SHARED / "w3c" / "sparql11"
NEEDS_SUITE = pytest.mark.skipif(not SUITE.is_dir(), reason=f"the W3C test suites are not in {SUITE}")

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_ACTION = ox.NamedNode("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#action")
_QUERIES = [
    ox.NamedNode("http://www.w3.org/2001/sw/DataAccess/tests/test-query#query"),
    ox.NamedNode("http://www.w3.org/2009/sparql/tests/test-update#request"),
]


@dataclass(frozen=True)
class SyntaxCase:
    """A query or an update of the suites, and whether it is SPARQL 1.1."""

    path: Path
    valid: bool

    @property
    def text(self) -> str:
        return self.path.read_bytes().decode()

    @property
    def is_update(self) -> bool:
        return self.path.suffix == ".ru"

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


def syntax_cases() -> list[SyntaxCase]:
    """The texts of the syntax tests as they are judged, and those of all other tests, which are valid."""
    manifests = sorted(SUITE.glob("*/manifest.ttl"))
    return sorted({case for manifest in manifests for case in _cases(manifest)}, key=str)


def _cases(manifest: Path) -> Iterator[SyntaxCase]:
    store = ox.Store()
    store.load(path=str(manifest), format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
    for quad in store.quads_for_pattern(None, _ACTION, None):
        types = [str(found.object) for found in store.quads_for_pattern(quad.subject, _TYPE, None)]
        texts = [found.object for name in _QUERIES for found in store.quads_for_pattern(quad.object, name, None)]
        for text in texts or [quad.object]:
            path = manifest.parent / str(getattr(text, "value", "")).rpartition("/")[2]
            if path.suffix in {".rq", ".ru"}:
                yield SyntaxCase(path, not any("Negative" in name for name in types))
