"""`kill -9` at random moments during writes: what was acknowledged is there whole, and nothing is half there."""

import contextlib
import http.client
import json
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
from conftest import NEEDS_PROC, PATIENCE, until
from itu_align.graph import tokens
from itu_align.graph.store import Store
from rdf import write_version
from running import Endpoint, announced_port, children, started

SEED = 3
KILLS = {"server": 15, "loader": 35, "worker": 150}
TRIPLES = 8
"""Of each write, over two graphs."""

LAST_SECONDS = 0.15
"""The latest moment after a write was acknowledged; one takes some 20 ms."""


class Writer:
    """Writes one thing after the other, each once, and remembers which were acknowledged.

    Each write also moves a counter from whatever it was to its own number, so that order can be checked too.
    """

    def __init__(self, secret: str) -> None:
        self.port = 0
        self.asked = 0
        self.acknowledged: set[int] = set()
        self.refused: Counter[int] = Counter()
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/sparql-update"}
        self.up = threading.Event()
        """Whether a server is there; without one nothing is asked."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        self._thread.start()

    def wait_for_success(self) -> None:
        """Until one more write is acknowledged."""
        before = len(self.acknowledged)
        until(lambda: len(self.acknowledged) > before)

    def end(self) -> None:
        self._ended.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _work(self) -> None:
        while not self._ended.is_set():
            if not self.up.wait(0.1):
                continue
            self.asked += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._write(self.asked)

    def _write(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", "/update", update(number), self._headers)
            answer = connection.getresponse()
            done = json.loads(answer.read())
        if answer.status == 200:
            assert done["version"] == done["from"] + 1
            self.acknowledged.add(number)
        else:
            self.refused[answer.status] += 1


def update(number: int) -> str:
    """One request of three operations: half of the triples, the other half, the counter."""
    lines = [f"<urn:{number}> <urn:p{n}> {number} ." for n in range(TRIPLES)]
    return (
        f"INSERT DATA {{ GRAPH <urn:g> {{ {' '.join(lines[::2])} }} }} ;"
        f"INSERT DATA {{ GRAPH <urn:h> {{ {' '.join(lines[1::2])} }} }} ;"
        "DELETE { GRAPH <urn:c> { <urn:c> <urn:at> ?n } }"
        f" INSERT {{ GRAPH <urn:c> {{ <urn:c> <urn:at> {number} }} }}"
        " WHERE { OPTIONAL { GRAPH <urn:c> { <urn:c> <urn:at> ?n } } }"
    )


class Running:
    """The server, started again on another port when it was killed."""

    def __init__(self, data: Path, writer: Writer) -> None:
        self._data = data
        self._writer = writer
        self._errors = (data.parent / "stderr").open("ab")
        self.start()

    def start(self) -> None:
        process = started(self._data, self._errors.fileno(), "--requests", "0", "--workers", "2")
        self.endpoint = Endpoint(announced_port(process), process)
        self._writer.port = self.endpoint.port
        self._writer.up.set()

    def kill_server(self) -> None:
        """It, and not those below it, which must end by themselves."""
        self.stop()
        self.start()

    def kill_below(self, victim: str, chance: random.Random) -> None:
        """The loader or one of its workers, as soon as there is one."""
        until(lambda: self._killed(victim, chance))

    def _killed(self, victim: str, chance: random.Random) -> bool:
        with contextlib.suppress(StopIteration, ProcessLookupError):
            pid = self.endpoint.loader
            pids = children(pid) if victim == "worker" else [pid]
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
                return True
        return False

    def stop(self) -> None:
        """Its stdout ends when the last process that has it is gone, so this waits for those below it too."""
        self.endpoint.process.kill()
        self._writer.up.clear()
        self.endpoint.process.communicate(timeout=10)

    def close(self) -> None:
        self.stop()
        self._errors.close()


@NEEDS_PROC
def test_kills_at_200_random_moments_lose_no_acknowledged_write_and_halve_none(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_version(data, {"urn:begin": [ox.Triple(*[ox.NamedNode("urn:begin")] * 3)]})
    writer = Writer(tokens.create(data, ["admin"])[1])
    server = Running(data, writer)
    writer.start()
    try:
        attack(server, writer)
    finally:
        writer.end()
        server.close()
    print(f"{writer.asked} asked, {len(writer.acknowledged)} acknowledged, refused: {dict(writer.refused)}")
    assert set(writer.refused) <= {503}
    check(data, writer)


def attack(server: Running, writer: Writer) -> None:
    """Kill at a random moment, each time after a write has succeeded since the last time."""
    chance = random.Random(SEED)
    victims = [victim for victim, times in KILLS.items() for _ in range(times)]
    chance.shuffle(victims)
    for victim in victims:
        writer.wait_for_success()
        threading.Event().wait(chance.uniform(0, LAST_SECONDS))
        if victim == "server":
            server.kill_server()
        else:
            server.kill_below(victim, chance)


def check(data: Path, writer: Writer) -> None:
    """Open what is on the disk, and count."""
    found: Counter[int] = Counter()
    last = []
    for quad in Store.open(data).recorded():
        assert isinstance(quad.object, ox.Literal | ox.NamedNode)
        if quad.subject == ox.NamedNode("urn:c"):
            last.append(int(quad.object.value))
        elif isinstance(quad.object, ox.Literal):
            found[int(quad.object.value)] += 1
    assert set(found.values()) == {TRIPLES}
    assert writer.acknowledged <= found.keys()
    assert found.keys() <= set(range(1, writer.asked + 1))
    assert last == [max(found)]
