"""What lies between two versions: quads for a machine (`patch_lines`), things and what is said of them for people."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from . import history, journal, names, patch, union
from .journal import Header
from .labels import Labels, Node
from .report.excerpt import clipped, visible
from .store import Store, load
from .union import Change

Pair = tuple[Node, Node]
"""A thing, and the action line, goal or target that it is aligned with."""

MOST_LISTED: Final = 20
"""Things of a graph, statements of a thing and alignments that are said in words, unless all are asked for."""

_ALIGNS_WITH: Final = ox.NamedNode(names.ALIGN + "alignsWith")
_TYPE: Final = ox.NamedNode(names.RDF + "type")
_SUBCLASS: Final = ox.NamedNode(names.PREFIXES["rdfs"] + "subClassOf")
_OURS: Final = (names.ALIGN, names.PREFIXES["sdgo"])


@dataclass(frozen=True, slots=True)
class Thing:
    """What changes of one thing in one graph; `status` is that of the thing in all graphs: new, gone or changed."""

    node: Node
    status: str
    inserted: Sequence[ox.Quad]
    deleted: Sequence[ox.Quad]


@dataclass(frozen=True, slots=True)
class Difference:
    """What it takes to come from one version to the other. Version 0 is the empty graph, before the first."""

    start: Header
    end: Header
    change: Change
    graphs: Mapping[str, Sequence[Thing]]
    gained: Sequence[Pair]
    lost: Sequence[Pair]
    labels: Mapping[Node, str]
    kinds: Mapping[Node, str]


def log(data: Path, limit: int) -> Iterator[tuple[Header, int, int]]:
    """The newest versions, the newest first, and how many quads came and went with each."""
    for version in history.versions(data, journal.head(data) or 0, limit):
        change = journal.read(data, version.version)
        yield version, len(change.inserted), len(change.deleted)


def between(data: Path, start: int, end: int) -> Difference:
    """The difference of two versions of a data folder, in either direction; raises NoSuchVersionError."""
    _check(data, start, end)
    policy = journal.policy(data)
    store = Store(load(data, end, policy), end, policy)
    return difference(store, history.net(data, start, end), header(data, start), header(data, end))


def _check(data: Path, *versions: int) -> None:
    newest = journal.head(data) or 0
    for version in filter(None, versions):
        history.check(version, newest)


def header(data: Path, version: int) -> Header:
    """Who made a version, when, and by what; of version 0 nobody knows."""
    return journal.read_header(data, version) if version else Header(0, "", "", "")


def difference(store: Store, change: Change, start: Header, end: Header) -> Difference:
    """The difference that a change made; the store holds what it led to, and on return what was before it."""
    after = _State(store.database, change)
    union.apply(store.database, change.reversed(), store.policy)
    before = _State(store.database, change)
    return Difference(
        start=start,
        end=end,
        change=change,
        graphs=_by_graph(change, before.present, after.present),
        gained=sorted(after.aligned - before.aligned, key=str),
        lost=sorted(before.aligned - after.aligned, key=str),
        labels=_either(after.labels, before.labels),
        kinds=_either(after.kinds, before.kinds),
    )


class _State:
    """What there is before or after a change, of the things that it speaks of."""

    def __init__(self, database: ox.Store, change: Change) -> None:
        quads = [*change.deleted, *change.inserted]
        subjects: set[Node] = {quad.subject for quad in quads}
        others = {term for quad in quads for term in (quad.predicate, quad.object) if isinstance(term, ox.NamedNode)}
        label = Labels(database)
        self.present = {node for node in subjects if any(database.quads_for_pattern(node, None, None, None))}
        self.labels = {node: label(node) for node in subjects | others}
        self.kinds = {node: _kind(database, node, label) for node in subjects | others}
        self.aligned = {pair for quad in quads if (pair := _pair(quad)) and _is_aligned(database, pair)}


def _pair(quad: ox.Quad) -> Pair | None:
    if quad.predicate != _ALIGNS_WITH or isinstance(quad.object, ox.Literal):
        return None
    return quad.subject, quad.object


def _is_aligned(database: ox.Store, pair: Pair) -> bool:
    """Whether it is published that they are; a default graph that is no union is."""
    found = database.quads_for_pattern(pair[0], _ALIGNS_WITH, pair[1], None)
    return any(isinstance(quad.graph_name, ox.DefaultGraph) or union.is_published(quad.graph_name) for quad in found)


def _kind(database: ox.Store, node: Node, label: Labels) -> str:
    """What a thing is, in one word or two: its narrowest class, and of several one of ours."""
    types = {quad.object for quad in database.quads_for_pattern(node, _TYPE, None, None)}
    named = {each for each in types if isinstance(each, ox.NamedNode) and label(each)}
    above = (quad for each in named for quad in database.quads_for_pattern(each, _SUBCLASS, None, None))
    wider = {quad.object for quad in above if quad.object != quad.subject}
    ranked = sorted(named - wider or named, key=lambda each: (not each.value.startswith(_OURS), each.value))
    return label(ranked[0]) if ranked else ""


def _either(first: Mapping[Node, str], second: Mapping[Node, str]) -> dict[Node, str]:
    return {node: text or second[node] for node, text in first.items()}


def _by_graph(change: Change, before: set[Node], after: set[Node]) -> dict[str, list[Thing]]:
    """The things that change, by graph and in order of their names."""
    quads: dict[str, dict[Node, tuple[list[ox.Quad], list[ox.Quad]]]] = defaultdict(
        lambda: defaultdict(lambda: ([], []))
    )
    for index, changed in enumerate((change.inserted, change.deleted)):
        for quad in sorted(changed, key=str):
            quads[_name(quad.graph_name)][quad.subject][index].append(quad)

    def status(node: Node) -> str:
        return "new" if node not in before else "gone" if node not in after else "changed"

    return {
        graph: [Thing(node, status(node), *quads[graph][node]) for node in sorted(quads[graph], key=str)]
        for graph in sorted(quads)
    }


def _name(graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> str:
    return "" if isinstance(graph, ox.DefaultGraph) else str(graph) if isinstance(graph, ox.BlankNode) else graph.value


# In words


def words(found: Difference, *, everything: bool = False) -> Iterator[str]:
    """The difference as lines to read. Long lists and texts are cut unless everything is asked for."""
    return map(visible, _Words(found, everything=everything).lines())


class _Words:
    """A difference in words."""

    def __init__(self, found: Difference, *, everything: bool) -> None:
        self._found = found
        self._everything = everything

    def lines(self) -> Iterator[str]:
        found = self._found
        yield f"From {_side(found.start)} to {_side(found.end)}:"
        amount = _amount(len(found.change.inserted), len(found.change.deleted))
        yield f"{amount}, in {_count(len(found.graphs), 'graph')}."
        yield from self._alignments("gained", "is now aligned with", found.gained)
        yield from self._alignments("lost", "is no longer aligned with", found.lost)
        for graph, things in found.graphs.items():
            yield ""
            yield f"Graph {graph.removeprefix(names.GRAPH) or '(default)'}: {_amount(*_sizes(things))}."
            yield from self._cut([self._thing(each) for each in things], "things")

    def _alignments(self, how: str, verb: str, pairs: Sequence[Pair]) -> Iterator[str]:
        if pairs:
            yield ""
            yield f"Alignments {how}: {len(pairs):,}."
            sentences = [f"  {self._named(subject)} {verb} {self._named(object_)}." for subject, object_ in pairs]
            yield from self._cut([[each] for each in sentences], "")

    def _thing(self, thing: Thing) -> Iterator[str]:
        statements = len(thing.inserted) + len(thing.deleted)
        if thing.status == "changed":
            yield f"  {self._named(thing.node)}:"
            yield from self._cut([[f"    {line}"] for line in self._changes(thing)], "changes", "    ")
        else:
            yield f"  {self._named(thing.node)}: {thing.status}, {_count(statements, 'statement')}"

    def _changes(self, thing: Thing) -> Iterator[str]:
        """What changes of a thing, by property; one value in the place of one other is a change of it."""
        values: dict[tuple[ox.NamedNode, str], tuple[list[ox.Quad], list[ox.Quad]]] = defaultdict(lambda: ([], []))
        for index, quads in enumerate((thing.deleted, thing.inserted)):
            for quad in quads:
                values[quad.predicate, getattr(quad.object, "language", None) or ""][index].append(quad)
        for (predicate, language), (deleted, inserted) in sorted(values.items(), key=str):
            name = self._found.labels[predicate] or names.shorten(predicate.value)
            name += f" ({language})" if language not in {"", "en"} else ""
            if len(deleted) == len(inserted) == 1:
                yield f"{name} changed from {' to '.join(self._two(deleted[0].object, inserted[0].object))}"
            else:
                yield from (f"{name}: no longer {self._value(quad.object)}" for quad in deleted)
                yield from (f"{name}: now {self._value(quad.object)}" for quad in inserted)

    def _named(self, node: Node) -> str:
        """A thing with what it is and what it is called."""
        kind, label = self._found.kinds.get(node, ""), self._found.labels.get(node, "")
        return " ".join(filter(None, (kind[:1].upper() + kind[1:], label and f'"{self._short(label)}"', str(node))))

    def _two(self, old: object, new: object) -> tuple[str, str]:
        """Two values; where they read alike, as terms with their datatypes."""
        read = self._value(old), self._value(new)
        return read if read[0] != read[1] else (str(old), str(new))

    def _value(self, term: object) -> str:
        if isinstance(term, ox.Literal):
            return f'"{self._short(term.value)}"'
        if isinstance(term, ox.NamedNode) and (label := self._found.labels.get(term)):
            return f'"{self._short(label)}" {term}'
        return str(term)

    def _short(self, text: str) -> str:
        return text if self._everything else clipped(text)

    def _cut(self, items: Sequence[Iterable[str]], what: str, indent: str = "  ") -> Iterator[str]:
        """The lines of the first items, and how many there are beside them."""
        shown = items if self._everything else items[:MOST_LISTED]
        for lines in shown:
            yield from lines
        if len(items) > len(shown):
            more = f"{len(items) - len(shown):,} more {what}".strip()
            yield f"{indent}… and {more} (--all shows them)"


def _side(header: Header) -> str:
    if not header.version:
        return "the empty graph"
    about = filter(None, (header.created[:19], header.agent, header.operation))
    return f"version {header.version} ({', '.join(about)})"


def _sizes(things: Sequence[Thing]) -> tuple[int, int]:
    """Statements that come and that go."""
    return sum(len(each.inserted) for each in things), sum(len(each.deleted) for each in things)


def _amount(inserted: int, deleted: int) -> str:
    return f"{_count(inserted, 'statement')} came, {deleted:,} went"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# For machines


def patch_lines(data: Path, start: int, end: int) -> Iterator[bytes]:
    """What it takes to come from one version to the other, as RDF Patch; raises NoSuchVersionError."""
    _check(data, start, end)
    yield patch.header_lines({"version": str(end), "previous": str(start)})
    yield from patch.body_lines(history.net(data, start, end))
    yield patch.FOOTER


def as_json(found: Difference) -> dict[str, Any]:
    """The difference as plain values, nothing cut; terms are written as in N-Triples.

    `from` and `to`: `version`, `created`, `agent`, `operation` (empty for version 0). `inserted`, `deleted`: numbers.
    `alignments`: `gained` and `lost`, each a list of `subject`, `object` and `words`, the labels of both.
    `graphs`: `graph` (IRI, empty for the default graph), `inserted` and `deleted` (numbers), `things`: `thing`, `kind`,
    `label`, `status` (new, gone, changed), `inserted` and `deleted`, each a list of `predicate` and `object`.
    """
    change = found.change
    return {
        "from": asdict(found.start),
        "to": asdict(found.end),
        "inserted": len(change.inserted),
        "deleted": len(change.deleted),
        "alignments": {
            how: [
                {
                    "subject": str(pair[0]),
                    "object": str(pair[1]),
                    "words": [found.labels.get(node, "") for node in pair],
                }
                for pair in pairs
            ]
            for how, pairs in (("gained", found.gained), ("lost", found.lost))
        },
        "graphs": [_graph_json(found, graph, things) for graph, things in found.graphs.items()],
    }


def _graph_json(found: Difference, graph: str, things: Sequence[Thing]) -> dict[str, Any]:
    inserted, deleted = _sizes(things)
    return {
        "graph": graph,
        "inserted": inserted,
        "deleted": deleted,
        "things": [
            {
                "thing": str(each.node),
                "kind": found.kinds[each.node],
                "label": found.labels[each.node],
                "status": each.status,
                "inserted": _statements(each.inserted),
                "deleted": _statements(each.deleted),
            }
            for each in things
        ],
    }


def _statements(quads: Iterable[ox.Quad]) -> list[dict[str, str]]:
    return [{"predicate": str(quad.predicate), "object": str(quad.object)} for quad in quads]
