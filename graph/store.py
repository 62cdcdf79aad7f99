"""Stage 4: the record, an Oxigraph folder on disk, written as a whole and switched to at once.

A data folder holds `versions/<number>/`, one Oxigraph database each, `current`, a file with the number that is
served, and `lock`. A build writes a new version beside the old one and replaces `current` last: a build that is
killed, fails or finds the disk full leaves the old graph as it was.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pyoxigraph as ox

from .errors import StoreError
from .names import graph

_CURRENT = "current"
_VERSIONS = "versions"
_UNFINISHED = "unfinished-"
_KEPT = 2
"""The current version and the one before it, which a running server may still read."""


class Store:
    """One version of the graph, opened for reading; its default graph is the union of the published graphs."""

    def __init__(self, database: ox.Store, version: int) -> None:
        self.database = database
        self.version = version

    @classmethod
    def open(cls, data: Path) -> "Store":
        """The current version of a data folder; raises StoreError where there is none or it cannot be read."""
        version = current_version(data)
        if version is None:
            hint = "Run 'itu-align build' first, or name another folder with --data."
            raise StoreError(f"{data} holds no graph yet.", hint=hint)
        folder = data / _VERSIONS / str(version)
        try:
            return cls(ox.Store.read_only(str(folder)), version)
        except OSError as error:
            hint = "Run 'itu-align build' to make a new version from the facts."
            raise StoreError(f"The graph in {folder} cannot be read: {error}.", hint=hint) from error

    def counts(self) -> dict[str, int]:
        """Triples of each named graph by its IRI, in order."""
        query = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
        return {row["g"].value: int(row["n"].value) for row in self._select(query)}

    def __len__(self) -> int:
        """Triples of the default graph."""
        return int(next(self._select("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"))["n"].value)

    def triples(self) -> list[ox.Triple]:
        """The triples of the default graph."""
        return [quad.triple for quad in self.database.quads_for_pattern(None, None, None, ox.DefaultGraph())]

    def _select(self, query: str) -> Iterator[ox.QuerySolution]:
        return iter(cast("ox.QuerySolutions", self.database.query(query)))


def current_version(data: Path) -> int | None:
    """The number of the version that is served, None where nothing was built yet."""
    try:
        return int((data / _CURRENT).read_text("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        hint = f"The file {data / _CURRENT} should hold the number of a folder in {data / _VERSIONS}."
        raise StoreError(f"{data / _CURRENT} cannot be read: {error}.", hint=hint) from error


@contextmanager
def writing(data: Path) -> Generator["Writer"]:
    """Hold the data folder for one writer, from before the work begins, so that it fails early.

    Raises StoreError where another build holds it, or where it cannot be written.
    """
    with _held(data):
        yield Writer(data)


class Writer:
    """Writes versions into a data folder that `writing` holds."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def write(self, graphs: Mapping[str, Iterable[ox.Triple]]) -> int:
        """Write a version with these published graphs, by name, and switch to it; its number is returned.

        The union of the graphs is stored a second time as the default graph: asked for a union, the engine gives
        a triple that stands in two graphs twice, which makes counts wrong (docs/decisions.md, 3).
        """
        with _translated(self._data):
            number = _next_number(self._data)
            folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._data / _VERSIONS))
            try:
                folder.chmod(0o755)  # mkdtemp lets only the owner in; a server may run as another user
                _fill(folder, graphs)
                folder.rename(folder.with_name(str(number)))
                _switch(self._data, number)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)  # or a full disk would stay full
                raise
            _remove_old(self._data, number)
            return number


def _fill(folder: Path, graphs: Mapping[str, Iterable[ox.Triple]]) -> None:
    """A database with the graphs; its files are closed on return."""
    database = ox.Store(str(folder))
    database.bulk_extend(_quads(graphs))
    database.flush()


def _quads(graphs: Mapping[str, Iterable[ox.Triple]]) -> Iterator[ox.Quad]:
    for name, triples in graphs.items():
        graph_name = ox.NamedNode(graph(name))
        for triple in triples:
            yield ox.Quad(triple.subject, triple.predicate, triple.object, graph_name)
            yield ox.Quad(triple.subject, triple.predicate, triple.object)


@contextmanager
def _held(data: Path) -> Generator[None]:
    """One writer at a time."""
    with _translated(data):
        (data / _VERSIONS).mkdir(parents=True, exist_ok=True)
        lock = (data / "lock").open("a")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "Wait until the other build has ended, or stop it."
            raise StoreError(f"Another build is writing to {data}.", hint=hint) from None
        with _translated(data):
            for unfinished in (data / _VERSIONS).glob(f"{_UNFINISHED}*"):
                shutil.rmtree(unfinished)
        yield


@contextmanager
def _translated(data: Path) -> Generator[None]:
    """What the file system refuses becomes a StoreError."""
    try:
        yield
    except OSError as error:
        hint = "Check the folder's rights and the free space (df), or name another folder with --data."
        kept = " The version before is still served." if (data / _CURRENT).is_file() else ""
        raise StoreError(f"{data} cannot be written: {error}.", hint=hint + kept) from error


def _next_number(data: Path) -> int:
    return max((int(p.name) for p in (data / _VERSIONS).iterdir() if p.name.isdigit()), default=0) + 1


def _switch(data: Path, number: int) -> None:
    """Point `current` at the version: the name is replaced in one step, after the content is on the disk."""
    new = data / f"{_CURRENT}.new"
    with new.open("w", encoding="ascii") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    new.replace(data / _CURRENT)
    folder = os.open(data, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_old(data: Path, number: int) -> None:
    for folder in (data / _VERSIONS).iterdir():
        if folder.name.isdigit() and int(folder.name) <= number - _KEPT:
            shutil.rmtree(folder)
