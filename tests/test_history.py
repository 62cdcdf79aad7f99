"""The versions of the graph: what lies between two, a store taken back, and which versions changed a thing."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph import history, journal
from itu_align.graph.errors import NoSuchVersionError, StoreError, UnsupportedError
from itu_align.graph.store import Store, disk_folder, load
from itu_align.graph.union import DefaultGraph
from versions import A, History, of_thing_a

TIME = "2026-01-01T10:00:00.000+00:00"

P = ox.NamedNode("urn:p")
GRAPHS = (
    ox.NamedNode("https://w3id.org/itu-align/graph/one"),
    ox.NamedNode("https://w3id.org/itu-align/graph/two"),
    ox.NamedNode("https://w3id.org/itu-align/graph/submission/x"),
)
QUADS = [
    ox.Quad(s, P, o, g)
    for s in (ox.NamedNode("urn:s"), ox.BlankNode("b"))
    for o in (P, ox.Literal("o"))
    for g in GRAPHS
]


def quad(subject: str, graph: ox.NamedNode = GRAPHS[0]) -> ox.Quad:
    return ox.Quad(ox.NamedNode(subject), P, P, graph)


@given(st.lists(st.sets(st.sampled_from(QUADS)), min_size=2, max_size=5), st.sampled_from(DefaultGraph))
@settings(max_examples=60, deadline=None)
def test_a_store_taken_back_is_the_one_that_was(states: list[set[ox.Quad]], policy: DefaultGraph) -> None:
    """Its default graph too, which is stored; what the commits make forwards is the reference."""
    with TemporaryDirectory() as folder:
        made = History(Path(folder), policy)
        for state in states:
            made.commit(TIME, state)
        newest = len(states)
        for version in range(1, newest + 1):
            store = Store.open(Path(folder))
            history.taken_back(store, Path(folder), version)
            before = load(Path(folder), version, policy)
            assert set(store.database) == set(before)
            assert set(store.database.named_graphs()) == set(before.named_graphs())
            assert store.version == version
            assert set(store.recorded()) == states[version - 1]


def test_what_lies_between_two_versions_is_what_stays_of_it(tmp_path: Path) -> None:
    """The quad `gone` goes and comes again, so nothing of it is left; backwards it is the reverse."""
    made = History(tmp_path)
    stays, gone, new, last = (quad(f"urn:{name}") for name in ("stays", "gone", "new", "last"))
    for quads in ({stays, gone}, {stays}, {gone, new, last}):
        made.commit(TIME, quads)
    forwards, backwards = history.net(tmp_path, 1, 3), history.net(tmp_path, 3, 1)
    assert (set(forwards.deleted), set(forwards.inserted)) == ({stays}, {new, last})
    assert (set(backwards.deleted), set(backwards.inserted)) == ({new, last}, {stays})
    assert set(history.net(tmp_path, 0, 1).inserted) == {stays, gone}
    assert not history.net(tmp_path, 2, 2)


@pytest.mark.parametrize("version", [-1, 0, 3, 10**17])
def test_a_version_that_never_was_is_refused_and_the_store_stays(tmp_path: Path, version: int) -> None:
    made = History(tmp_path)
    made.commit(TIME, {quad("urn:a")})
    made.commit(TIME, {quad("urn:b")})
    store = Store.open(tmp_path)
    with pytest.raises(NoSuchVersionError, match=rf"^There is no version {version}; the newest is 2\.$"):
        history.taken_back(store, tmp_path, version)
    assert (store.version, set(store.recorded())) == (2, {quad("urn:b")})


def test_a_store_on_disk_stays_and_says_what_to_do(tmp_path: Path) -> None:
    made = History(tmp_path)
    made.commit(TIME, {quad("urn:a")})
    made.commit(TIME, {quad("urn:b")})
    disk_folder(tmp_path, 2, DefaultGraph.UNION)
    store = Store.open_on_disk(tmp_path, 2)
    with pytest.raises(UnsupportedError) as caught:
        history.taken_back(store, tmp_path, 1)
    assert "--readers memory" in caught.value.hint
    history.taken_back(store, tmp_path, 2)
    assert (store.version, set(store.recorded())) == (2, {quad("urn:b")})


def test_behind_a_damaged_commit_the_store_is_as_it_was(tmp_path: Path) -> None:
    made = History(tmp_path)
    for name in "abc":
        made.commit(TIME, {quad(f"urn:{name}")})
    store = Store.open(tmp_path)
    journal.commit_file(tmp_path, 2).write_bytes(b"")
    with pytest.raises(StoreError, match="000000002"):
        history.taken_back(store, tmp_path, 1)
    assert (store.version, set(store.recorded())) == (3, {quad("urn:c")})


def test_versions_are_listed_from_one_on_backwards(tmp_path: Path) -> None:
    made = History(tmp_path)
    for name in "abcd":
        made.commit(
            f"2026-01-0{ord(name) - 96}T10:00:00.000+00:00", {quad(f"urn:{name}")}, agent=name, operation=f"op {name}"
        )
    found = [(each.version, each.created[:10], each.agent, each.operation) for each in history.versions(tmp_path, 3, 2)]
    assert found == [(3, "2026-01-03", "c", "op c"), (2, "2026-01-02", "b", "op b")]
    assert [each.version for each in history.versions(tmp_path, 4, 100)] == [4, 3, 2, 1]
    assert history.versions(tmp_path, 0, 100) == []


def test_a_change_as_json_is_cut_and_says_how_much_there_is(tmp_path: Path) -> None:
    made = History(tmp_path)
    made.commit(TIME, {quad("urn:a")})
    made.commit("2026-02-01T10:00:00.000+00:00", {quad("urn:b"), quad("urn:c")}, agent="me", operation="PUT")
    p, graph = "<urn:p>", "<https://w3id.org/itu-align/graph/one>"
    assert history.as_json(tmp_path, 2, 1) == {
        "version": 2,
        "created": "2026-02-01T10:00:00.000+00:00",
        "agent": "me",
        "operation": "PUT",
        "total": {"deleted": 1, "inserted": 2},
        "deleted": [{"subject": "<urn:a>", "predicate": p, "object": p, "graph": graph}],
        "inserted": [{"subject": "<urn:b>", "predicate": p, "object": p, "graph": graph}],
    }
    assert len(history.as_json(tmp_path, 2)["inserted"]) == 2


def test_a_thing_is_changed_by_published_statements_with_it_as_subject_or_object(tmp_path: Path) -> None:
    """Not by what is only submitted, nor by its address in a literal or as a property."""
    of_thing_a(tmp_path)
    found = history.mementos(tmp_path, 6, A.strip("<>"), DefaultGraph.UNION)
    assert [each.version for each in found] == [1, 3, 4, 5]
    assert found[1].created == "2026-01-03T10:00:00.999+00:00"
    assert [each.version for each in history.mementos(tmp_path, 3, A.strip("<>"), DefaultGraph.UNION)] == [1, 3]


def test_where_the_default_graph_is_one_of_its_own_only_that_counts(tmp_path: Path) -> None:
    made = History(tmp_path, DefaultGraph.OWN)
    made.commit(TIME, {quad("urn:a")})
    made.commit(TIME, {quad("urn:a"), ox.Quad(P, P, ox.NamedNode("urn:a"))})
    assert [each.version for each in history.mementos(tmp_path, 2, "urn:a", DefaultGraph.OWN)] == [2]


@pytest.mark.parametrize("iri", ["", "no iri", 'a"b', "urn:nowhere", "> <urn:p> <"])
def test_of_what_is_no_thing_there_are_no_versions(tmp_path: Path, iri: str) -> None:
    of_thing_a(tmp_path)
    assert history.mementos(tmp_path, 6, iri, DefaultGraph.UNION) == []
