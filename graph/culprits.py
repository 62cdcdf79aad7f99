"""Which parts of a pattern take its last solution away, each with the rest in which that shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from .parts import Edits, Kind, Part, drop, encloses, end, exists_group, inner_groups, orphans, parts_of, start
from .probe import MOST, Frame, Probe
from .rules import walk

_NEVER_ALONE: Final = frozenset({Kind.MINUS, Kind.BIND, Kind.GRAPH})
_LATE: Final = frozenset({Kind.MINUS, Kind.CONDITION})
_PRIORITY: Final = (Kind.CONDITION, Kind.GRAPH)
"""Kinds that say more than the triples which depend on them."""


@dataclass(frozen=True, slots=True)
class Found:
    """A part, the frame and the edits in which it can be looked at, and what it does there."""

    part: Part
    frame: Frame
    edits: Edits
    effect: str


class Search:
    """The parts that empty one pattern, found one after the other."""

    def __init__(self, probe: Probe, frame: Frame) -> None:
        self._probe = probe
        self._frame = frame
        self._parts = parts_of(frame.group)

    @cached_property
    def lonely(self) -> list[Part]:
        """The parts that match nothing even alone, or the GRAPH around them where that is why."""
        lonely: list[Part] = []
        for part in filter(self._matches_nothing, self._parts):
            if not any(encloses(other, part) for other in lonely):
                lonely.append(self._missing_graph(part) or part)
        return lonely

    def run(self) -> Iterator[Found]:
        """First the parts that match nothing even alone, then those without which the pattern would hold.

        Where no single part is enough, those at which it fails when it is built up in the order of the text.
        """
        lonely = self.lonely
        left_out = [*lonely, *(orphan for part in lonely for orphan in self._orphans(part))]
        enough = bool(lonely) and self._probe.holds(self._frame, drop(left_out))
        for part in lonely:
            others = [other for other in (left_out if enough else self._parts) if other is not part]
            yield from self._alone(part, [other for other in others if not self._related(part, other)])
        if not enough:
            yield from self._together([part for part in self._parts if part not in left_out], drop(left_out))

    def _matches_nothing(self, part: Part) -> bool:
        """Whether a part has no solution even alone, but for the GRAPH and the brackets around it."""
        if part.kind is Kind.CONDITION:
            group = exists_group(part.node)
            return group is not None and not self._probe.holds(Frame(group, self._graph_around(part)))
        if part.kind in _NEVER_ALONE:
            return False
        others = [other for other in self._parts if other is not part and not encloses(other, part)]
        return not self._probe.holds(self._frame, drop(others))

    def _missing_graph(self, part: Part) -> Part | None:
        """The GRAPH around a part, if the part matches something outside of it."""
        for graph in self._graphs_around(part):
            if self._probe.holds(self._frame, drop([*self._others(part), graph])):
                return graph
        return None

    def _alone(self, part: Part, left_out: Sequence[Part]) -> Iterator[Found]:
        """What is wrong with a part that matches nothing: something within it, or it itself."""
        frames = [Frame(group, self._graph_around(part)) for group in inner_groups(part)]
        inner = [
            found for frame in frames if not self._probe.holds(frame) for found in Search(self._probe, frame).run()
        ]
        dear = [other for other in self._parts if other is not part and _is_dear(other)]
        yield from inner or [Found(part, self._frame, drop([*left_out, *dear]), nothing(part))]

    def _together(self, rest: Sequence[Part], base: Edits) -> Iterator[Found]:
        """Parts that match something, but not with the others."""
        found: list[Part] = []
        for part in sorted(rest, key=_priority):
            graphs = (other for other in found if other.kind is Kind.GRAPH)
            if any(encloses(part, other) for other in found) or any(encloses(graph, part) for graph in graphs):
                continue
            orphaned = [orphan for orphan in self._orphans(part) if orphan in rest]
            edits = base | drop([part, *orphaned])
            if not any(orphan in found for orphan in orphaned) and self._probe.holds(self._frame, edits):
                found.append(part)
                effect = f"Without it: {self._solutions(edits)}."
                yield Found(part, self._frame, base | drop(orphaned), effect)
        if not found:
            yield from self._built_up(rest, base)

    def _built_up(self, rest: Sequence[Part], base: Edits) -> Iterator[Found]:
        """Take one part more each time; one at which the pattern fails is named and left out again."""
        graphs = [part for part in rest if part.kind is Kind.GRAPH]
        kept: list[Part] = []
        for part in sorted((part for part in rest if part not in graphs), key=lambda each: each.kind in _LATE):
            edits = base | drop(other for other in rest if other not in [*kept, *graphs, part])
            if self._probe.holds(self._frame, edits):
                kept.append(part)
            else:
                number = self._solutions(edits | drop([part]))
                effect = f"The {len(kept)} parts taken before it have {number} together; with it there are none."
                yield Found(part, self._frame, edits, effect)

    def _solutions(self, edits: Edits) -> str:
        number = self._probe.count(self._frame, edits)
        return f"{number:,}{' or more' if number == MOST else ''} solution{'' if number == 1 else 's'}"

    def _orphans(self, part: Part) -> list[Part]:
        return orphans(self._frame.group, part, self._parts)

    def _others(self, part: Part) -> list[Part]:
        return [other for other in self._parts if other is not part and not encloses(other, part)]

    def _related(self, part: Part, other: Part) -> bool:
        return encloses(other, part) or encloses(part, other)

    def _graphs_around(self, part: Part) -> list[Part]:
        return [other for other in self._parts if other.kind is Kind.GRAPH and encloses(other, part)]

    def _graph_around(self, part: Part) -> str:
        """The name of the innermost GRAPH around a part, as it is written, or that around the whole frame."""
        for graph in reversed(self._graphs_around(part)):
            return self._probe.writer.slice(graph.tree.children[1])
        return self._frame.graph


def nothing(part: Part) -> str:
    """What a part does that matches nothing even alone."""
    return "Nothing in that graph matches." if part.kind is Kind.GRAPH else "Nothing matches it, even alone."


def _is_dear(part: Part) -> bool:
    """Whether it is asked anew for each solution, which can be minutes where a pattern is looser than it was meant."""
    kinds = {"exists_func", "not_exists_func"}
    return part.kind is Kind.CONDITION and any(node.data in kinds for node in walk(part.tree))


def _priority(part: Part) -> tuple[int, int]:
    """Conditions first, then short parts before those around them."""
    rank = _PRIORITY.index(part.kind) if part.kind in _PRIORITY else len(_PRIORITY)
    return rank, end(part.node) - start(part.node)
