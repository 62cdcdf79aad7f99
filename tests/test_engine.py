"""The engine with real processes: limits, deaths, commits. Values are worked out by hand from small graphs."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import NEEDS_PROC, TRIPLE_B, until, write_small
from itu_align.graph import errors, journal
from itu_align.graph.engine import Engine
from itu_align.graph.names import XSD
from itu_align.graph.settings import Settings
from itu_align.graph.store import Store
from itu_align.graph.wire import Message
from rdf import write_version

pytestmark = NEEDS_PROC

FOREVER = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o . ?p ?q ?r }"
HUGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?c ?f ?i ?l"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def job(text: str, formats: str = "csv") -> Message:
    wanted = {"table": formats, "boolean": "json", "graph": "nt"}
    return {"job": "query", "text": text, "default_graphs": [], "named_graphs": [], "formats": wanted}


def ask(engine: Engine, text: str, **how: object) -> str:
    with engine.ask(job(text), **how) as reply:  # type: ignore[arg-type]
        return reply.read().decode().replace("\r\n", " ").strip()


def asking_forever(engine: Engine) -> tuple[list[BaseException], threading.Thread]:
    """A thread that asks what has no end within a minute, and what it will catch."""
    caught: list[BaseException] = []

    def patient() -> None:
        try:
            ask(engine, FOREVER, seconds=60.0)
        except errors.GraphError as error:
            caught.append(error)

    thread = threading.Thread(target=patient)
    thread.start()
    return caught, thread


def insert(text: str) -> Message:
    return {"job": "update", "text": f"INSERT DATA {{ {text} }}", "default_graphs": [], "named_graphs": []}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred triples: the sixth power of a hundred takes longer than anybody waits."""
    folder = tmp_path_factory.mktemp("crowd")
    p = ox.NamedNode("urn:p")
    write_version(
        folder, {"g": [ox.Triple(ox.NamedNode(f"urn:{n}"), p, ox.Literal("x" * 100 + str(n))) for n in range(100)]}
    )
    return folder


@pytest.fixture(scope="module")
def bounded(crowd: Path) -> Iterator[Engine]:
    engine = Engine(Settings(crowd, workers=2, long=2, seconds=1.0, patience=5, memory=64 << 20, answer=1 << 20))
    yield engine
    engine.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def make(data: Path, **settings: object) -> Engine:
        engines.append(Engine(Settings(data, **settings)))  # type: ignore[arg-type]
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def test_a_query_past_its_deadline_is_stopped_and_the_next_is_answered(bounded: Engine) -> None:
    with pytest.raises(errors.TimedOutError, match="after 1 seconds"):
        ask(bounded, FOREVER)
    assert ask(bounded, COUNT) == "n 100"


def test_a_query_may_ask_for_less_time_and_not_for_more_than_is_allowed(
    crowd: Path, start: Callable[..., Engine]
) -> None:
    engine = start(crowd, most_seconds=0.5)
    for seconds in (0.2, 1000.0):
        begun = time.monotonic()
        with pytest.raises(errors.TimedOutError, match=f"after {min(seconds, 0.5):g} seconds"):
            ask(engine, FOREVER, seconds=seconds)
        assert time.monotonic() - begun < 10


def test_a_query_beyond_its_memory_is_stopped_as_such(bounded: Engine) -> None:
    with pytest.raises(errors.OutOfMemoryError):
        ask(bounded, HUGE, seconds=60.0)
    assert ask(bounded, COUNT) == "n 100"


def test_an_answer_beyond_its_size_breaks_off(bounded: Engine) -> None:
    with (
        bounded.ask(job("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")) as reply,
        pytest.raises(errors.AnswerTooLargeError, match="1,048,576"),
    ):
        reply.read()


def test_errors_of_the_worker_keep_their_class_place_and_hint(bounded: Engine) -> None:
    with pytest.raises(errors.QueryError, match="not closed") as caught:
        ask(bounded, "ASK {")
    assert caught.value.place == errors.Place(1, 6, "ASK {")
    assert caught.value.hint


def test_a_killed_worker_is_one_error_to_its_asker(bounded: Engine) -> None:
    caught, thread = asking_forever(bounded)
    until(lambda: any(each.pid for each in bounded.running()))
    os.kill(bounded.running()[0].pid, signal.SIGKILL)
    thread.join(timeout=30)
    assert [type(error) for error in caught] == [errors.CrashedError]
    assert ask(bounded, COUNT) == "n 100"


def test_a_cancelled_query_says_so_and_another_with_its_worker_is_not_hit(bounded: Engine) -> None:
    caught, thread = asking_forever(bounded)
    until(lambda: any(each.pid for each in bounded.running()))
    running = bounded.running()[0]
    until(lambda: bounded.cancel(running.id))
    thread.join(timeout=30)
    assert [type(error) for error in caught] == [errors.CancelledError]
    assert not bounded.cancel(running.id)
    assert bounded.running() == []


def test_a_query_whose_asker_is_gone_is_stopped(bounded: Engine) -> None:
    with pytest.raises(errors.AskerGoneError):
        ask(bounded, FOREVER, seconds=60.0, gone=lambda: True)
    until(lambda: bounded.state()["workers"]["long"] + bounded.state()["workers"]["busy"] == 0)


def test_a_closed_reply_stops_its_query(bounded: Engine) -> None:
    with bounded.ask(job("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"), seconds=60.0):
        pass  # only the header is read
    until(lambda: bounded.state()["workers"]["long"] + bounded.state()["workers"]["busy"] == 0)


def test_long_queries_leave_the_workers_to_short_ones_and_of_too_many_the_longest_ends(bounded: Engine) -> None:
    """Two may run for long; the third costs that one its worker which has used most. Short ones are always answered."""
    asked = []
    for number in range(3):
        asked.append(asking_forever(bounded))
        expected = min(number + 1, 2)
        until(lambda expected=expected: bounded.state()["workers"]["long"] >= expected)  # type: ignore[misc]
        assert ask(bounded, COUNT) == "n 100"
    until(lambda: any(caught for caught, _ in asked))
    assert [type(caught[0]) for caught, _ in asked if caught] == [errors.BusyError]
    for running in bounded.running():
        bounded.cancel(running.id)
    for _, thread in asked:
        thread.join(timeout=30)


@pytest.mark.parametrize("readers", ["memory", "disk"])
def test_a_write_is_a_commit_that_readers_see(small: Path, start: Callable[..., Engine], readers: str) -> None:
    """Three triples in the union; B stands in both graphs, so taking it from one leaves it in the union."""
    engine = start(small, readers=readers)
    assert ask(engine, COUNT) == "n 3"
    written = engine.write(insert("GRAPH <urn:g> { <urn:n> <urn:p> 1, 2 }"), agent="me", operation="update")
    assert (written.before, written.version, written.inserted, written.deleted) == (1, 2, 2, 0)
    assert written.graphs == ["<urn:g>"]
    assert ask(engine, COUNT) == "n 5"
    two = "https://w3id.org/itu-align/graph/two"
    delete = {**insert(""), "text": f"DELETE WHERE {{ GRAPH <{two}> {{ ?s ?p ?o }} }}"}
    assert engine.write(delete, agent="me", operation="update").deleted == 1
    assert ask(engine, COUNT) == "n 5"
    assert engine.version == journal.head(small) == 3
    assert journal.read_header(small, 3).agent == "me"
    assert len(Store.open_in_memory(small, 3)) == 5


def test_a_write_that_changes_nothing_is_no_commit(small: Path, start: Callable[..., Engine]) -> None:
    engine = start(small)
    one = "https://w3id.org/itu-align/graph/one"
    again = f"GRAPH <{one}> {{ {TRIPLE_B} }}"
    written = engine.write(insert(again), agent="me", operation="update")
    assert (written.before, written.version, journal.head(small)) == (1, 1, 1)


def test_a_write_to_the_default_graph_is_recorded_in_a_graph_of_its_own(
    small: Path, start: Callable[..., Engine]
) -> None:
    engine = start(small)
    written = engine.write(insert("<urn:n> <urn:p> 1"), agent="me", operation="update")
    assert written.graphs == ["<https://w3id.org/itu-align/graph/default>"]
    assert ask(engine, "SELECT ?g { GRAPH ?g { <urn:n> ?p ?o } }") == "g https://w3id.org/itu-align/graph/default"


def test_a_refused_write_changes_nothing(small: Path, start: Callable[..., Engine]) -> None:
    engine = start(small)

    def refuse(graphs: object) -> None:
        raise errors.GraphError(f"not {graphs}")

    with pytest.raises(errors.GraphError, match="not"):
        engine.write(insert("<urn:n> <urn:p> 1"), agent="me", operation="update", allow=refuse)
    assert (journal.head(small), ask(engine, COUNT)) == (1, "n 3")


def test_a_write_that_is_stopped_leaves_no_commit(crowd: Path, start: Callable[..., Engine]) -> None:
    engine = start(crowd)
    endless = {
        **insert(""),
        "text": "INSERT { ?a ?b ?r } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?r ?s ?t }",
    }
    with pytest.raises(errors.InterruptionError):
        engine.write(endless, agent="me", operation="update", seconds=1.0)
    assert journal.head(crowd) == 1
    assert list((crowd / "commits").glob(".*")) == []


@pytest.mark.parametrize("killed", ["loader", "worker"])
def test_readers_go_on_when_a_process_was_killed(small: Path, start: Callable[..., Engine], killed: str) -> None:
    engine = start(small)
    assert engine._process is not None
    loader = engine._process.pid
    children = Path(f"/proc/{loader}/task/{loader}/children").read_text().split()
    os.kill(loader if killed == "loader" else int(children[0]), signal.SIGKILL)
    for _ in range(10):
        assert ask(engine, COUNT) == "n 3"
    engine.write(insert("<urn:n> <urn:p> 1"), agent="me", operation="update")
    assert ask(engine, COUNT) == "n 4"


def test_the_processes_end_with_the_engine(tmp_path: Path) -> None:
    engine = Engine(Settings(write_small(tmp_path / "data")))
    assert engine._process is not None
    loader = engine._process.pid
    workers = Path(f"/proc/{loader}/task/{loader}/children").read_text().split()
    engine.close()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (loader, *workers)))


def test_a_snapshot_is_kept_after_many_commits(
    small: Path, start: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """256 commits later the graph is there whole, so a start need not read them all."""
    engine = start(small, workers=1)
    for number in range(256):
        engine.write(insert(f"<urn:n> <urn:p> {number}"), agent="me", operation="update")
    until((small / "snapshots" / "000000257.nq.gz").exists)
    monkeypatch.setattr(journal, "read", lambda *_: pytest.fail("a commit was read"))
    assert len(Store.open_in_memory(small, 257)) == 3 + 256


def test_with_readers_on_disk_several_operations_in_one_request_are_refused(
    small: Path, start: Callable[..., Engine]
) -> None:
    engine = start(small, readers="disk")
    several = {**insert(""), "text": "INSERT DATA { <urn:n> <urn:p> 1 } ;\nDELETE WHERE { ?s ?p 1 }"}
    with pytest.raises(errors.QueryError, match="one operation only") as caught:
        engine.write(several, agent="me", operation="update")
    assert caught.value.place is not None
    assert (caught.value.place.line, journal.head(small)) == (2, 1)


def test_a_sort_that_the_engine_gives_up_is_no_want_of_memory(tmp_path: Path, start: Callable[..., Engine]) -> None:
    """pyoxigraph 0.5.13 ends its process when it sorts many literals of different kinds."""
    chance, year = random.Random(1), ox.NamedNode(XSD + "gYear")
    kinds: tuple[Callable[[int], ox.Literal], ...] = (
        lambda value: ox.Literal(str(value)),
        ox.Literal,
        lambda value: ox.Literal(str(1000 + value % 1000), datatype=year),
        lambda value: ox.Literal(f"t{value}", language="en"),
    )
    literals = [chance.choice(kinds)(chance.randrange(1_000_000)) for _ in range(5000)]
    triples = [ox.Triple(ox.NamedNode(f"urn:{n}"), ox.NamedNode("urn:p"), each) for n, each in enumerate(literals)]
    write_version(tmp_path / "data", {"mixed": triples})
    engine = start(tmp_path / "data")
    with pytest.raises(errors.CrashedError, match="cannot work this out") as caught:
        ask(engine, "SELECT ?o { ?s ?p ?o FILTER(ISLITERAL(?o)) } ORDER BY ?o")
    assert "STR(" in caught.value.hint
    assert ask(engine, COUNT).startswith("n ")
