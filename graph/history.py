"""The versions of the graph: who made which, when, and the graph as it was then.

A commit lists the quads that really went and came, so what lies between two versions is their sum, and a store is
taken back by making that sum the other way round.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from . import journal
from .errors import NoSuchVersionError, UnsupportedError
from .journal import Header
from .store import Store
from .union import Change, DefaultGraph, Net, apply, is_published


def net(data: Path, start: int, end: int) -> Change:
    """What it takes to come from version `start` to version `end`, which may be the older one; 0 is the empty graph."""
    if end < start:
        return net(data, end, start).reversed()
    found = Net()
    for version in range(start + 1, end + 1):
        found.add(journal.read(data, version))
    return found.change()


def taken_back(store: Store, data: Path, version: int) -> None:
    """Take a store that is this process's own back to an older version.

    Raises NoSuchVersionError, and UnsupportedError where the store is on disk; it is then as it was.
    """
    check(version, store.version)
    if version == store.version:
        return
    if store.on_disk:
        message = f"This server reads from disk, where there is only the newest version, {store.version}."
        hint = "Leave out 'version', or ask a server that holds the graph in memory (--readers memory)."
        raise UnsupportedError(message, hint=hint)
    apply(store.database, net(data, store.version, version), store.policy)
    store.version = version


def check(version: int, newest: int) -> None:
    """Raise NoSuchVersionError where there is no such version."""
    if not 1 <= version <= newest:
        hint = f"Versions go from 1 to {newest}."
        raise NoSuchVersionError(f"There is no version {version}; the newest is {newest}.", hint=hint)


def as_json(data: Path, version: int, most: int | None = None) -> dict[str, Any]:
    """What a version changed, terms as in N-Triples; of the statements `most` of each kind, and how many there are."""
    header, change = journal.read_header(data, version), journal.read(data, version)
    return {
        **asdict(header),
        "total": {"deleted": len(change.deleted), "inserted": len(change.inserted)},
        "deleted": [_terms(quad) for quad in change.deleted[:most]],
        "inserted": [_terms(quad) for quad in change.inserted[:most]],
    }


def versions(data: Path, newest: int, most: int) -> list[Header]:
    """So many versions with number, time, agent and operation, from this one on backwards."""
    return [journal.read_header(data, version) for version in range(newest, max(newest - most, 0), -1)]


def mementos(data: Path, newest: int, iri: str, policy: DefaultGraph) -> list[Header]:
    """The versions that changed what is published of a thing (statements with it as subject or object), oldest first.

    Each commit is read line by line; only the lines that hold the address are parsed.
    """
    found = (_mention(data, version, f"<{iri}>", policy) for version in range(1, newest + 1))
    return [header for header in found if header is not None]


def _mention(data: Path, version: int, term: str, policy: DefaultGraph) -> Header | None:
    written = term.encode()
    with journal.opened(data, version) as (header, lines):
        for line in lines:
            if written in line and _is_about(line[2:], term, policy):
                return header
    return None


def _is_about(line: bytes, term: str, policy: DefaultGraph) -> bool:
    """Whether a quad stands where things are looked up, and has this one as subject or object."""
    quad = next(iter(ox.parse(line, format=ox.RdfFormat.N_QUADS)))
    graph = quad.graph_name
    published = is_published(graph) if policy is DefaultGraph.UNION else isinstance(graph, ox.DefaultGraph)
    return published and term in (str(quad.subject), str(quad.object))


def _terms(quad: ox.Quad) -> dict[str, str]:
    parts = {"subject": quad.subject, "predicate": quad.predicate, "object": quad.object, "graph": quad.graph_name}
    return {name: str(term) for name, term in parts.items()}
