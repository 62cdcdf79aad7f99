"""`kill -9` at random moments while a submission is accepted or undone: the graph is as before or as after."""

import contextlib
import http.client
import json
import os
import random
import signal
import threading
from pathlib import Path

from base import ALIGNMENT, write_base
from conftest import NEEDS_PROC, PATIENCE, until
from itu_align.graph import journal, names, tokens
from itu_align.graph.canonical import dataset_hash
from itu_align.graph.store import Store
from itu_align.graph.submissions import register
from itu_align.graph.submissions.record import State
from itu_align.graph.union import is_published
from running import Endpoint, announced_port, children, started

SEED = 5
MOMENTS = 100
LAST_SECONDS = 1.2
"""The latest moment after a decision was asked for; one takes about half a second on this graph."""

VICTIMS = ("worker", "worker", "loader", "server")


class Server:
    """A server that is started again when it was killed."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._errors = (data.parent / "stderr").open("ab")
        self.start()

    def start(self) -> None:
        process = started(self._data, self._errors.fileno(), "--requests", "0", "--workers", "2")
        self.endpoint = Endpoint(announced_port(process), process)

    def ask(self, path: str, token: str, body: bytes, media_type: str = "application/json") -> tuple[int, object]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type, "Accept": "application/json"}
        answer = self.endpoint.ask(path, "POST", body, headers)
        return answer.status, json.loads(answer.body)

    def kill(self, victim: str, chance: random.Random) -> None:
        if victim == "server":
            self.stop()
            self.start()
        else:
            with contextlib.suppress(StopIteration, ProcessLookupError):
                loader = self.endpoint.loader
                pids = children(loader) if victim == "worker" else [loader]
                if pids:
                    os.kill(chance.choice(pids), signal.SIGKILL)

    def stop(self) -> None:
        self.endpoint.process.kill()
        self.endpoint.process.communicate(timeout=PATIENCE)

    def close(self) -> None:
        self.stop()
        self._errors.close()


@NEEDS_PROC
def test_kills_at_100_random_moments_of_acceptance_leave_the_graph_before_or_after(tmp_path: Path) -> None:
    data = write_base(tmp_path / "data")
    member = tokens.create(data, ["submit"], names.graph("member/brs"))[1]
    reviewer = tokens.create(data, ["review"])[1]
    server = Server(data)
    try:
        identifier = proposed(server, member)
        before = stored(data, identifier)[1]
        assert server.ask(f"/submissions/{identifier}/accept", reviewer, b"{}")[0] == 200
        last, after = stored(data, identifier)
        outcomes = []
        for moment in range(MOMENTS):
            last, found = one_moment(server, data, identifier, last, reviewer, random.Random(SEED + moment))
            outcomes.append((last, found))
    finally:
        server.close()
    expected = {State.ACCEPTED: after, State.UNDONE: before}
    assert [found == expected[state] for state, found in outcomes] == [True] * MOMENTS
    assert {state for state, _ in outcomes} == {State.ACCEPTED, State.UNDONE}


def one_moment(
    server: Server, data: Path, identifier: str, last: State, reviewer: str, chance: random.Random
) -> tuple[State, str]:
    """Ask for the step that is next, kill somewhere in it, and look at what is on the disk."""
    action = "undo" if last is State.ACCEPTED else "accept"
    head = journal.head(data)
    answers: list[int] = []
    asking = threading.Thread(target=decide, args=(server, identifier, action, reviewer, answers))
    asking.start()
    threading.Event().wait(chance.uniform(0, LAST_SECONDS))
    server.kill(chance.choice(VICTIMS), chance)
    asking.join(PATIENCE)
    assert not asking.is_alive()
    if 200 in answers:
        assert journal.head(data) == (head or 0) + 1
    until(lambda: answering(server))
    return stored(data, identifier)


def decide(server: Server, identifier: str, action: str, reviewer: str, answers: list[int]) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        answers.append(server.ask(f"/submissions/{identifier}/{action}", reviewer, b'{"reason": "again"}')[0])


def answering(server: Server) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return server.endpoint.query("ASK {}").status == 200
    return False


def proposed(server: Server, member: str) -> str:
    status, found = server.ask("/submissions?name=data.ttl", member, ALIGNMENT.encode(), "text/turtle")
    assert status == 201, found
    assert isinstance(found, dict)
    identifier: str = found["submission"]["id"]
    assert server.ask(f"/submissions/{identifier}/propose", member, b"{}")[0] == 200
    return identifier


def stored(data: Path, identifier: str) -> tuple[State, str]:
    """The state of the submission on the disk, and the hash of what is published."""
    store = Store.open(data)
    published = dataset_hash(quad for quad in store.recorded() if is_published(quad.graph_name))
    return register.read(store.database, identifier).state, published
