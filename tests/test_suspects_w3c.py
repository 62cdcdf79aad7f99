"""The core tests of the W3C SHACL suite (https://w3c.github.io/data-shapes/data-shapes-test-suite/): the results are
those of plain pySHACL, for each test.

They lie beside the repository in `shared/w3c/shacl`, or where ITU_ALIGN_SHARED says.
"""

import os
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph.validation import check, load_shapes
from plain_shacl import ours, plain, store

SHARED = Path(os.environ.get("ITU_ALIGN_SHARED") or Path(__file__).parents[2] / "shared")
SUITE = SHARED / "w3c" / "shacl" / "core"
TESTS = sorted(file for file in SUITE.glob("*/*-*.ttl"))
SHT = "http://www.w3.org/ns/shacl-test#"

pytestmark = pytest.mark.skipif(not TESTS, reason=f"needs the W3C SHACL suite in {SUITE}")


def named(file: Path, role: str) -> Path:
    """The file that the test names as its data or shapes."""
    quads = ox.parse(path=file, format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())
    (name,) = {quad.object.value for quad in quads if quad.predicate.value == SHT + role}
    return file.parent / Path(name).name


def read(file: Path) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE, base_iri=file.as_uri())]


CASES = [
    file
    for file in TESTS
    if (SHT + "dataGraph") in file.read_text("utf-8") or "sht:dataGraph" in file.read_text("utf-8")
]


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_results_are_those_of_plain_pyshacl(file: Path) -> None:
    shapes = load_shapes(read(named(file, "shapesGraph")))
    database = store(read(named(file, "dataGraph")))
    expected = plain(database, shapes)
    assert ours(database, shapes) == expected
    listed = {(f.shape, f.focus, f.term) for f in check(database, shapes).findings}
    assert len(listed) == len({(shape, focus, value) for shape, focus, _, value, *_ in expected})
