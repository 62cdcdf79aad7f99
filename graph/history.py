"""The versions of the graph: who made which, when, and the graph as it was then.

A commit lists the quads that really went and came, so what lies between two versions is their sum, and a store is
taken back by making that sum the other way round.
"""

from pathlib import Path

from . import journal
from .errors import NoSuchVersionError, UnsupportedError
from .store import Store
from .union import Change, Net, apply


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
