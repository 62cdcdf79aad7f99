"""What the published graph becomes when a submission is taken in, or taken back: exact changes, nothing is written."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox

from .. import journal, names, union
from ..names import shorten
from ..reasoning import close
from ..union import Change, DefaultGraph, Net
from .record import ConflictError, Mode

_DERIVED = ox.NamedNode(names.graph("derived"))
_NOT_REASONED_OVER = (_DERIVED, ox.NamedNode(names.graph("examples")))
_MOST_SHOWN = 5


def merged(database: ox.Store, triples: Iterable[ox.Triple], target: ox.NamedNode, mode: Mode) -> Change:
    """What it changes in the target graph to take these statements in."""
    wanted = {ox.Quad(triple.subject, triple.predicate, triple.object, target): None for triple in triples}
    coming = [quad for quad in wanted if quad not in database]
    if mode is Mode.ADD:
        return Change([], coming)
    subjects = dict.fromkeys(quad.subject for quad in wanted)
    present = (quad for subject in subjects for quad in database.quads_for_pattern(subject, None, None, target))
    return Change([quad for quad in present if quad not in wanted], coming)


def taken_back(database: ox.Store, data: Path, version: int, target: str) -> Change:
    """What it changes to undo, in the target graph, what a version did there.

    Raises ConflictError where somebody has changed the same statements since: what would come back is then not what
    was there.
    """
    done = journal.read(data, version)
    gone = [quad for quad in done.inserted if quad.graph_name.value == target]  # type: ignore[union-attr]
    back = [quad for quad in done.deleted if quad.graph_name.value == target]  # type: ignore[union-attr]
    changed = [quad for quad in gone if quad not in database] + [quad for quad in back if quad in database]
    if changed:
        message = f"What version {version} did was changed since: {_shown(changed)}."
        hint = "Undo the later submission first, or send a correction."
        raise ConflictError(message, hint=hint)
    return Change(gone, back)


def derived_change(database: ox.Store) -> Change:
    """What it changes in the graph `derived` to hold exactly what follows from all other published graphs.

    The rules run in the default graph itself, without what they should not see: a copy would need as much memory again.
    """
    hidden = Change(
        [quad for graph in _NOT_REASONED_OVER for quad in database.quads_for_pattern(None, None, None, graph)]
    )
    union.apply(database, hidden, DefaultGraph.UNION)
    conclusions = close(database)
    for triple in conclusions:
        database.remove(ox.Quad(triple.subject, triple.predicate, triple.object))
    union.apply(database, hidden.reversed(), DefaultGraph.UNION)
    wanted = {ox.Quad(t.subject, t.predicate, t.object, _DERIVED) for t in conclusions}
    present = {quad for quad in hidden.deleted if quad.graph_name == _DERIVED}
    return Change(sorted(present - wanted, key=str), sorted(wanted - present, key=str))


def changed_since(data: Path, seen: int, now: int, subjects: set[str]) -> Change:
    """What the versions behind `seen`, up to `now`, changed in published statements about these subjects."""
    net = Net()
    for version in range(seen + 1, now + 1):
        change = journal.read(data, version)
        net.add(Change(_about(change.deleted, subjects), _about(change.inserted, subjects)))
    return net.change()


class Making:
    """Changes that are made one behind the other in a store that is this process's own, and all of them together."""

    def __init__(self, database: ox.Store) -> None:
        self.database = database
        self._net = Net()

    def make(self, change: Change) -> None:
        """Make the next change."""
        union.apply(self.database, change, DefaultGraph.UNION)
        self._net.add(change)

    def so_far(self) -> Change:
        """All changes together."""
        return self._net.change()


def in_words(change: Change) -> str:
    """The first few statements of a change, for a message."""
    parts = [f"gone: {_shown(change.deleted)}"] if change.deleted else []
    parts += [f"new: {_shown(change.inserted)}"] if change.inserted else []
    return "; ".join(parts)


def _about(quads: Iterable[ox.Quad], subjects: set[str]) -> list[ox.Quad]:
    return [quad for quad in quads if str(quad.subject) in subjects and union.is_published(quad.graph_name)]


def _shown(quads: Sequence[ox.Quad]) -> str:
    shown = [_statement(quad) for quad in quads[:_MOST_SHOWN]]
    rest = len(quads) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _statement(quad: ox.Quad) -> str:
    """A statement as Turtle would write it, long texts cut."""
    parts = (_term(quad.subject), _term(quad.predicate), _term(quad.object))
    return " ".join(part if len(part) <= 80 else part[:77] + "…" for part in parts)


def _term(term: object) -> str:
    return shorten(term.value) if isinstance(term, ox.NamedNode) else str(term)
