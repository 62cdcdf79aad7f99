"""The record: versions beside each other, switched to at once, never half there."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph.errors import StoreError
from itu_align.graph.store import Store, current_version
from rdf import write_version

NOBODY = 65534


def triple(name: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(f"urn:{name}"), ox.NamedNode("urn:p"), ox.Literal(name))


def subjects(store: Store, graph: str = "") -> list[str]:
    pattern = "{ ?s ?p ?o }" if not graph else f"{{ GRAPH <https://w3id.org/itu-align/graph/{graph}> {{ ?s ?p ?o }} }}"
    return [row["s"].value for row in store.database.query(f"SELECT ?s WHERE {pattern} ORDER BY ?s")]  # type: ignore[union-attr,index]


def test_default_graph_is_the_union_without_duplicates(tmp_path: Path) -> None:
    write_version(tmp_path, {"one": [triple("a"), triple("b")], "two": [triple("b")]})
    store = Store.open(tmp_path)
    assert subjects(store) == ["urn:a", "urn:b"]
    assert subjects(store, "two") == ["urn:b"]
    assert store.counts() == {
        "https://w3id.org/itu-align/graph/one": 2,
        "https://w3id.org/itu-align/graph/two": 1,
    }
    assert len(store) == 2


def test_an_open_store_keeps_its_version_while_a_new_one_is_served(tmp_path: Path) -> None:
    assert write_version(tmp_path, {"g": [triple("old")]}) == 1
    old = Store.open(tmp_path)
    assert write_version(tmp_path, {"g": [triple("new")]}) == 2
    assert subjects(old) == ["urn:old"]
    assert subjects(Store.open(tmp_path)) == ["urn:new"]
    assert current_version(tmp_path) == 2


def test_only_the_version_before_is_kept(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_version(tmp_path, {"g": [triple(name)]})
    assert sorted(p.name for p in (tmp_path / "versions").iterdir()) == ["2", "3"]


def test_a_failure_in_the_middle_leaves_the_old_version(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": [triple("old")]})

    def breaks() -> Iterator[ox.Triple]:
        yield triple("new")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"cannot be written: .*No space left") as caught:
        write_version(tmp_path, {"g": breaks()})
    assert "The version before is still served" in caught.value.hint
    assert not list((tmp_path / "versions").glob("unfinished-*"))
    assert subjects(Store.open(tmp_path)) == ["urn:old"]
    assert write_version(tmp_path, {"g": [triple("new")]}) == 2
    assert not list((tmp_path / "versions").glob("unfinished-*"))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="Another build is writing"):
            write_version(tmp_path, {"g": [triple("a")]})


def test_nothing_built_yet_says_what_to_do(tmp_path: Path) -> None:
    assert current_version(tmp_path) is None
    with pytest.raises(StoreError, match="holds no graph yet") as caught:
        Store.open(tmp_path)
    assert "itu-align build" in caught.value.hint


def test_a_broken_pointer_or_folder_is_named(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": [triple("a")]})
    (tmp_path / "current").write_text("two")
    with pytest.raises(StoreError, match="current cannot be read"):
        Store.open(tmp_path)
    (tmp_path / "current").write_text("7")
    with pytest.raises(StoreError, match="versions/7 cannot be read"):
        Store.open(tmp_path)


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder in which this process may not write: root becomes nobody meanwhile, as no right binds root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


def test_a_folder_without_the_right_to_write(foreign: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be written: .*Permission denied"):
        write_version(foreign, {"g": [triple("a")]})
