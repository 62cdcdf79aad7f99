"""Fixtures for all tests: the graph of the shipped facts, built once, and the doors to it.

`small` is a graph of three triples for tests whose expected values are worked out by hand.
"""

import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph import schema
from itu_align.graph.build import make_graphs
from itu_align.graph.store import Store
from itu_align.server.app import close, create_app
from itu_align.server.settings import Budgets
from rdf import write_version

SCRIPT = Path(sys.executable).parent / "itu-align"
PATIENCE = 60.0
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")

TRIPLE_A = ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal("x", language="en"))
TRIPLE_B = ox.Triple(ox.NamedNode("urn:b"), ox.NamedNode("urn:p"), ox.Literal("y"))
TRIPLE_C = ox.Triple(ox.NamedNode("http://example.org/c"), ox.NamedNode("urn:q"), ox.Literal("<b>&"))


@dataclass
class Server:
    """A running `itu-align serve`: its first line, its root address and its process."""

    line: str
    url: str
    process: "subprocess.Popen[str]"

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as response:
            return response.read().decode()


@dataclass(frozen=True)
class BuiltData:
    """A data folder that the installed script has built from the shipped facts, and what it printed."""

    folder: Path
    output: str
    errors: str


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltData:
    folder = tmp_path_factory.mktemp("graph") / "data"
    command = [SCRIPT, "build", "--data", folder]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 0, result.stderr
    return BuiltData(folder, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def data(built: BuiltData) -> Path:
    return built.folder


@pytest.fixture(scope="session")
def store(data: Path) -> Store:
    return Store.open(data)


@pytest.fixture(scope="session")
def ontology() -> set[ox.Triple]:
    return set(schema.ontology_triples())


@pytest.fixture(scope="session")
def shipped() -> dict[str, list[ox.Triple]]:
    """The published graphs of the shipped facts by name, before they are stored."""
    return make_graphs(files("itu_align.graph") / "facts", lambda *_: None)


@pytest.fixture(scope="session")
def app(data: Path) -> Iterator[Flask]:
    with running_app(data) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def write_small(folder: Path) -> Path:
    """Graph `one` holds all three triples, graph `two` only B."""
    write_version(folder, {"one": [TRIPLE_A, TRIPLE_B, TRIPLE_C], "two": [TRIPLE_B]})
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_small(tmp_path / "small")


@pytest.fixture(scope="session")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Over a small graph that no test changes."""
    with running_app(write_small(tmp_path_factory.mktemp("small") / "data")) as app:
        yield app


@pytest.fixture
def small_client(small_app: Flask) -> FlaskClient:
    return small_app.test_client()


@pytest.fixture
def make_app() -> Iterator[Callable[..., Flask]]:
    """Makes applications over data folders that the test changes; their processes end with it."""
    with ExitStack() as stack:
        yield lambda data, **config: stack.enter_context(running_app(data, **config))


@contextmanager
def running_app(data: Path, **config: object) -> Iterator[Flask]:
    """An application over a data folder; its processes end with the block. Clients may ask without limit."""
    unlimited = Budgets(0, 0, concurrent=0)
    app = create_app({"DATA": data, "TESTING": True, "BUDGETS": unlimited, **config})
    try:
        yield app
    finally:
        close(app)


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Server]]:
    """Starts the installed script on a free port; whatever still runs at the end is killed by its pid."""
    processes: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> Server:
        command = [str(SCRIPT), "serve", "--port", "0", "--data", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        assert process.stdout is not None
        line = process.stdout.readline()
        watchdog.cancel()
        match = re.search(r"(http://\S+)/sparql$", line.strip())
        assert match, line or (process.stderr and process.stderr.read())
        return Server(line.strip(), match[1], process)

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=PATIENCE)


def until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
