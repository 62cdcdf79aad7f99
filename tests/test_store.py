"""The record: commits that are there whole or not at all, and the graph that they make."""

import fcntl
import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import journal
from itu_align.graph.errors import StoreError
from itu_align.graph.journal import commit_file, head
from itu_align.graph.store import Store, disk_folder
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
    assert head(tmp_path) == 2


def test_every_commit_is_kept_and_two_snapshots(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_version(tmp_path, {"g": [triple(name)]})
    assert sorted(p.name for p in (tmp_path / "commits").iterdir()) == [f"00000000{n}.rdfp.gz" for n in (1, 2, 3)]
    assert sorted(p.name for p in (tmp_path / "snapshots").iterdir()) == [f"00000000{n}.nq.gz" for n in (2, 3)]


def test_a_commit_says_what_went_and_what_came(tmp_path: Path) -> None:
    """RDF Patch, as https://afs.github.io/rdf-patch/ has it; the times are those of the clock."""
    write_version(tmp_path, {"g": [triple("a"), triple("b")]})
    write_version(tmp_path, {"g": [triple("b"), triple("c")]})
    lines = gzip.decompress(commit_file(tmp_path, 2).read_bytes()).decode().splitlines()
    graph = "<https://w3id.org/itu-align/graph/g>"
    assert lines[0] == 'H version "2" .'
    assert lines[2:5] == ['H agent "itu-align build" .', 'H operation "build" .', 'H previous "1" .']
    assert lines[5:] == [
        "TX .",
        f'D <urn:a> <urn:p> "a" {graph} .',
        f'A <urn:c> <urn:p> "c" {graph} .',
        "TC .",
    ]
    assert journal.read_header(tmp_path, 2).agent == "itu-align build"


def test_the_same_graphs_again_make_no_commit(tmp_path: Path) -> None:
    blank = ox.Triple(ox.BlankNode("b"), ox.NamedNode("urn:p"), ox.Literal("x"))
    for _ in range(2):
        assert write_version(tmp_path, {"g": [blank, triple("a")]}) == 1


def test_graphs_that_are_not_written_stay(tmp_path: Path) -> None:
    write_version(tmp_path, {"one": [triple("a")]})
    write_version(tmp_path, {"two": [triple("b")]})
    assert subjects(Store.open(tmp_path)) == ["urn:a", "urn:b"]


def test_suggestions_are_no_part_of_the_default_graph(tmp_path: Path) -> None:
    """Also when the graph is read again from its snapshot."""
    write_version(tmp_path, {"one": [triple("a")], "suggested": [triple("s")]})
    for _ in range(2):
        assert subjects(Store.open(tmp_path)) == ["urn:a"]
        assert subjects(Store.open(tmp_path), "suggested") == ["urn:s"]
        shutil.rmtree(tmp_path / "snapshots", ignore_errors=True)


def test_a_disk_folder_holds_the_same_as_the_memory(tmp_path: Path) -> None:
    """The first is made in bulk, the second from the first and the commits since."""
    for names_ in (("a", "b"), ("b", "c"), ("c", "d")):
        version = write_version(tmp_path, {"g": [triple(name) for name in names_], "h": [triple("b")]})
        policy = journal.policy(tmp_path)
        in_memory = set(Store.open_in_memory(tmp_path, version).database)
        folder = disk_folder(tmp_path, version, policy)
        assert set(ox.Store.read_only(str(folder))) == in_memory
    assert sorted(p.name for p in (tmp_path / "disk").iterdir()) == ["2", "3"]


def test_a_failure_in_the_middle_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the commit is to be synced."""
    write_version(tmp_path, {"g": [triple("old")]})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(StoreError, match=r"cannot be written: .*No space left") as caught:
            write_version(tmp_path, {"g": [triple("new")]})
    assert "What was served before is still served" in caught.value.hint
    assert sorted(p.name for p in (tmp_path / "commits").iterdir()) == ["000000001.rdfp.gz"]
    assert subjects(Store.open(tmp_path)) == ["urn:old"]
    assert write_version(tmp_path, {"g": [triple("new")]}) == 2


def test_one_writer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.05)
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="Somebody else has been writing"):
            write_version(tmp_path, {"g": [triple("a")]})


def test_nothing_built_yet_says_what_to_do(tmp_path: Path) -> None:
    assert head(tmp_path) is None
    with pytest.raises(StoreError, match="holds no graph yet") as caught:
        Store.open(tmp_path)
    assert "itu-align build" in caught.value.hint


@pytest.mark.parametrize("damage", [b"", b"no gzip", gzip.compress(b"TX .\nA <urn:a>"), gzip.compress(b"TX .\n")])
def test_a_damaged_commit_is_named(tmp_path: Path, damage: bytes) -> None:
    write_version(tmp_path, {"g": [triple("a")]})
    commit_file(tmp_path, 2).write_bytes(damage)
    with pytest.raises(StoreError, match=r"000000002\.rdfp\.gz cannot be read") as caught:
        Store.open(tmp_path)
    assert "backup" in caught.value.hint


def test_a_damaged_snapshot_is_named_and_can_be_done_without(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": [triple("a")]})
    snapshot = tmp_path / "snapshots" / "000000001.nq.gz"
    snapshot.write_bytes(snapshot.read_bytes()[:-9])
    with pytest.raises(StoreError, match=r"000000001\.nq\.gz cannot be read") as caught:
        Store.open(tmp_path)
    assert "Remove that file" in caught.value.hint
    snapshot.unlink()
    assert subjects(Store.open(tmp_path)) == ["urn:a"]


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": [triple("a")]})
    (tmp_path / "dataset.json").write_text('{"format": 2, "default_graph": "union"}')
    with pytest.raises(StoreError, match=r"dataset\.json cannot be read"):
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


def test_a_store_that_lost_many_quads_is_made_anew_and_holds_the_same(tmp_path: Path) -> None:
    """The engine keeps the memory of removed quads, so after some thousands the rest is copied."""
    write_version(tmp_path, {"g": [triple("a")]})
    store = Store.open_in_memory(tmp_path, 1)
    for many in ([triple(str(n)) for n in range(6000)], [triple("a")]):
        write_version(tmp_path, {"g": many})
    before = store.database
    store.advance(tmp_path, 3)
    assert store.database is not before
    assert set(store.database) == set(Store.open_in_memory(tmp_path, 3).database)
    assert subjects(store) == ["urn:a"]
