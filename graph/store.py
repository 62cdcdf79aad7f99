"""Stage 4b: the graph of a data folder as a store that can be asked, made from the newest snapshot and the commits.

`snapshots/<version>.nq.gz` holds a version whole, so that not every commit since the first must be read again. A
graph larger than memory is asked from `disk/<version>/`, an Oxigraph folder that is made once and then only read.
"""

import contextlib
import gzip
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from . import journal, patch
from .errors import StoreError
from .names import graph
from .union import Change, DefaultGraph, apply, is_published, recorded, with_union

_SNAPSHOTS: Final = "snapshots"
_DISK: Final = "disk"
_ENDING: Final = ".nq.gz"
_KEPT: Final = 2
"""The newest snapshot and the one before it, which somebody may be reading."""

_MOST_REMOVED: Final = 5_000
"""Quads that commits may remove before the store is made anew; each leaves a third of a KiB behind."""

_UNION: Final = "INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"


class Store:
    """One version of the graph; its default graph is the union of the published graphs."""

    def __init__(
        self, database: ox.Store, version: int, policy: DefaultGraph = DefaultGraph.UNION, *, on_disk: bool = False
    ) -> None:
        self.database = database
        self.on_disk = on_disk
        self.version = version
        self.policy = policy
        self._removed = 0

    @classmethod
    def open(cls, data: Path) -> "Store":
        """The newest version of a data folder; raises StoreError where there is none or it cannot be read."""
        version = journal.head(data)
        if version is None:
            hint = "Run 'itu-align build' first, or name another folder with --data."
            raise StoreError(f"{data} holds no graph yet.", hint=hint)
        if (data / _DISK / str(version)).is_dir():
            return cls.open_on_disk(data, version)
        return cls.open_in_memory(data, version)

    @classmethod
    def open_on_disk(cls, data: Path, version: int) -> "Store":
        """A version whose Oxigraph folder was made (`disk_folder`)."""
        return cls(_opened(data / _DISK / str(version)), version, journal.policy(data), on_disk=True)

    @classmethod
    def open_in_memory(cls, data: Path, version: int) -> "Store":
        """A version of a data folder, held in memory."""
        policy = journal.policy(data)
        return cls(load(data, version, policy), version, policy)

    def advance(self, data: Path, version: int) -> None:
        """Make the commits up to this version in a store held in memory."""
        while self.version < version:
            change = journal.read(data, self.version + 1)
            apply(self.database, change, self.policy)
            self.version += 1
            self._removed += len(change.deleted)
        if self._removed > _MOST_REMOVED and self._removed > len(self.database) // 4:
            self._renew()

    def _renew(self) -> None:
        """Copy the quads into a new store: the engine keeps the memory of those that were removed."""
        fresh = ox.Store()
        fresh.bulk_extend(self.database)
        self.database, self._removed = fresh, 0

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

    def recorded(self) -> Iterator[ox.Quad]:
        """The quads of all graphs, without the copies that make the union."""
        return recorded(self.database, self.policy)

    def _select(self, query: str) -> Iterator[ox.QuerySolution]:
        return iter(cast("ox.QuerySolutions", self.database.query(query)))


def load(data: Path, version: int, policy: DefaultGraph) -> ox.Store:
    """A version in memory: the newest snapshot that is not younger, and the commits behind it."""
    database = ox.Store()
    start = max((number for number in _numbers(data / _SNAPSHOTS) if number <= version), default=0)
    if start:
        _read_snapshot(_snapshot(data, start), database)
        _add_union(database, policy)
    for number in range(start + 1, version + 1):
        apply(database, journal.read(data, number), policy)
    return database


def write_snapshot(data: Path, store: Store) -> None:
    """Keep this version whole; older ones go. Raises StoreError where it cannot be written, which loses nothing."""
    with journal.translated(data):
        (data / _SNAPSHOTS).mkdir(exist_ok=True)
        with journal.whole(_snapshot(data, store.version)) as file, gzip.open(file, "wb", compresslevel=3) as packed:
            ox.serialize(store.recorded(), cast("IO[bytes]", packed), format=ox.RdfFormat.N_QUADS)
        for number in _numbers(data / _SNAPSHOTS)[:-_KEPT]:
            _snapshot(data, number).unlink(missing_ok=True)


def write_graphs(data: Path, graphs: Mapping[str, Iterable[ox.Triple]], agent: str = "itu-align build") -> int:
    """Make these the graphs of the record, by name, in one commit; graphs of other names stay as they are.

    The number of the new version is returned, or of the old one where nothing differs.
    """
    journal.create(data, DefaultGraph.UNION)
    with journal.writing(data) as head:
        policy = journal.policy(data)
        store = Store(load(data, head, policy), head, policy)
        change = _replaced(store.database, graphs)
        if change or not head:
            header = journal.new_header(head + 1, agent, "build")
            journal.append(data, header, patch.body_lines(change))
            apply(store.database, change, policy)
            store.version += 1
        with contextlib.suppress(StoreError):  # the commit is made: only a later start takes longer
            write_snapshot(data, store)
    return store.version


def disk_folder(data: Path, version: int, policy: DefaultGraph) -> Path:
    """The Oxigraph folder of a version, made from the one before it where there is none yet."""
    folder = data / _DISK / str(version)
    if folder.is_dir():
        return folder
    with journal.translated(data):
        folder.parent.mkdir(exist_ok=True)
        unfinished = folder.with_name(f".{version}.{os.getpid()}")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            _fill(unfinished, data, version, policy)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        for number in _numbers(data / _DISK)[:-_KEPT]:
            shutil.rmtree(data / _DISK / str(number), ignore_errors=True)
    return folder


def _fill(folder: Path, data: Path, version: int, policy: DefaultGraph) -> None:
    """Hard links to the folder before it and the commits since; the first time, the snapshot in bulk."""
    start = max((number for number in _numbers(data / _DISK) if number < version), default=0)
    if start:
        ox.Store.read_only(str(data / _DISK / str(start))).backup(str(folder))
        database = ox.Store(str(folder))
    else:
        database = ox.Store(str(folder))
        start = max((number for number in _numbers(data / _SNAPSHOTS) if number <= version), default=0)
        if start:
            with gzip.open(_snapshot(data, start)) as file:
                database.bulk_extend(with_union(_quads(file), policy))
    for number in range(start + 1, version + 1):
        apply(database, journal.read(data, number), policy)
    database.flush()


def _opened(folder: Path) -> ox.Store:
    try:
        return ox.Store.read_only(str(folder))
    except OSError as error:
        hint = "Remove that folder: it is made again from the commits."
        raise StoreError(f"The graph in {folder} cannot be read: {error}.", hint=hint) from error


def _replaced(database: ox.Store, graphs: Mapping[str, Iterable[ox.Triple]]) -> Change:
    """What it takes to make these the contents of the named graphs."""
    change = Change()
    for name, triples in graphs.items():
        graph_name = ox.NamedNode(graph(name))
        wanted = {ox.Quad(t.subject, t.predicate, t.object, graph_name) for t in triples}
        present = set(database.quads_for_pattern(None, None, None, graph_name))
        change.deleted.extend(sorted(present - wanted, key=str))
        change.inserted.extend(sorted(wanted - present, key=str))
    return change


def _read_snapshot(path: Path, database: ox.Store) -> None:
    try:
        with gzip.open(path) as file:
            database.bulk_extend(_quads(file))
    except (OSError, EOFError, SyntaxError) as error:
        hint = "Remove that file: the graph is then made from the commits."
        raise StoreError(f"The snapshot {path} cannot be read: {error}.", hint=hint) from error


def _quads(file: gzip.GzipFile) -> Iterator[ox.Quad]:
    """Parsed, not loaded: `Store.load` gives blank nodes new names, and a later commit could not delete them."""
    return ox.parse(cast("IO[bytes]", file), format=ox.RdfFormat.N_QUADS)


def _add_union(database: ox.Store, policy: DefaultGraph) -> None:
    """The copies in the default graph; by the engine itself where no graph is left out, which is ten times quicker."""
    if policy is DefaultGraph.OWN:
        return
    if all(map(is_published, database.named_graphs())):
        database.update(_UNION)
    else:
        database.extend(list(with_union(database, policy)))


def _snapshot(data: Path, version: int) -> Path:
    return data / _SNAPSHOTS / f"{version:09d}{_ENDING}"


def _numbers(folder: Path) -> list[int]:
    """The versions that a folder holds, oldest first."""
    if not folder.is_dir():
        return []
    stems = (path.name.removesuffix(_ENDING) for path in folder.iterdir())
    return sorted(int(stem) for stem in stems if stem.isdigit())
