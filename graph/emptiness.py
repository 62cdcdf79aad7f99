"""Why a query has no result: which part of it takes the last solution away, and what exists in its place.

Each part of the pattern is left out in turn, on the tree, and the rest is asked for one solution. What matches nothing
even alone is found first; where no single part is enough, the pattern is built up again until it fails. The engine
cannot stop a question, so all of this happens in a thread, for which nobody waits longer than the given time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLongError
from dataclasses import dataclass, replace
from textwrap import shorten
from threading import Thread
from typing import Final

import pyoxigraph as ox
from lark import Tree

from . import hints
from .culprits import Search, nothing
from .dataset import Dataset
from .errors import QueryError
from .findings import Change, Context, Example, Reason
from .grammar import Query
from .parts import NO_EDITS, Edits, Kind, Part, Triple, child_of, start
from .probe import MOST, Frame, Probe, TimeIsUpError
from .reasons import reason
from .rules import Node, walk

_MOST_CULPRITS: Final = 5
_SOME: Final = "The pattern before it has solutions."
_COUNTS_NOTHING: Final = "The result is one row, but it counts no solutions. "
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to write where. It was tried out: it mends this part (other faulty parts were left out meanwhile)."""

    written: str
    line: int
    column: int | None
    instead: str


@dataclass(frozen=True, slots=True)
class Culprit:
    """A part of the query without which there would be solutions, or which has none itself."""

    text: str
    kind: str
    line: int | None
    column: int | None
    effect: str
    reason: str
    replacement: Replacement | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query has no result. It is not complete where the time ended first; then the engine still works."""

    empty: bool
    """False where there is a result after all. A row that counts nothing is none here."""
    message: str
    culprits: tuple[Culprit, ...]
    complete: bool


def explain(
    database: ox.Store, query: Query, chosen: Dataset, *, seconds: float, vocabulary: hints.Vocabulary | None = None
) -> Explanation:
    """Why the query has no result over the chosen graphs; the classes and properties in use may be given.

    Raises QueryError for an update. Where the explanation is not complete, end the process: a question runs on in it.
    """
    if query.kind == "update":
        raise QueryError("An update has no result to explain.", hint="Ask with SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if any(node.data == "service_graph_pattern" for node in walk(query.tree)):
        message = "A query with SERVICE cannot be explained: the other endpoint would be asked again and again."
        return Explanation(empty=True, message=message, culprits=(), complete=True)
    search = _Search(Probe(database, query, chosen, vocabulary, deadline=time.monotonic() + seconds))
    complete = _within(seconds, search.run)
    return search.explanation(complete=complete)


def _within(seconds: float, work: Callable[[], None]) -> bool:
    """Do the work, but wait no longer than this; whether it was done."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            done.set_exception(error)
        else:
            done.set_result(None)

    Thread(target=run, name="explain", daemon=True).start()
    try:
        done.result(timeout=seconds)
    except (WaitedTooLongError, TimeIsUpError):
        return False
    return True


class _Search:
    """What was found so far."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._culprits: list[Culprit] = []
        self._empty = True
        self._message = ""
        self._preface = ""
        self._noted: list[Culprit] = []

    def explanation(self, *, complete: bool) -> Explanation:
        """The culprits found by now, the most telling first."""
        noted = {} if complete else {(culprit.line, culprit.column): culprit for culprit in self._noted}
        noted |= {(culprit.line, culprit.column): culprit for culprit in self._culprits}
        culprits = sorted(noted.values(), key=_telling)
        message = self._message or self._preface + _summary(culprits, complete=complete)
        return Explanation(empty=self._empty, message=message, culprits=tuple(culprits), complete=complete)

    def run(self) -> None:
        """Look at the query as a whole, then at its pattern, then at what is done with the pattern's solutions."""
        operation = self._probe.query.body.children[0]
        assert isinstance(operation, Tree)  # noqa: S101 - a query is a tree
        frame = _frame(self._probe, operation)
        if frame is not None and not self._probe.holds(frame):
            self._preface = _COUNTS_NOTHING if _is_total(operation) else ""
            self._pattern(frame)
        elif self._probe.result():
            self._empty, self._message = False, "The query has a result."
        elif frame is not None:
            self._solutions(operation, frame)
        else:
            self._describe(operation)

    def _pattern(self, frame: Frame) -> None:
        """Why the pattern has no solution."""
        if self._probe.chosen and self._probe.everywhere().holds(frame):
            return self._chosen(frame)
        values = child_of(self._probe.query.body, "values_clause")
        if frame.values and values is not None and self._probe.holds(frame := replace(frame, values="")):
            context = Context(self._probe, frame, NO_EDITS)
            return self._part(Part(Kind.VALUES, values), context, "Without it there are solutions.")
        search = Search(self._probe, frame)
        for part in search.lonely:
            self._note(part, Context(self._probe, frame, NO_EDITS), nothing(part))
        for found in search.run():
            self._part(found.part, Context(self._probe, found.frame, found.edits), found.effect)
            if len(self._culprits) == _MOST_CULPRITS or any(map(_is_certain, self._culprits)):
                break
        return None

    def _part(self, part: Part, context: Context, effect: str) -> None:
        """Note a part, then find out why it leaves nothing."""
        self._note(part, context, effect)
        found = reason(context, part)
        # What does not exist, and was named with one property, is not named again with another.
        if not any(other.reason == found.sentence and not other.examples for other in self._culprits):
            self._add(part.start, part.kind, _text(context, part), effect, found)

    def _note(self, part: Part, context: Context, effect: str) -> None:
        """Keep a part in case that its reason takes longer than the time that is left."""
        self._noted.append(self._culprit(part.start, part.kind, _text(context, part), effect, Reason("")))

    def _solutions(self, operation: Node, frame: Frame) -> None:
        """The pattern has solutions, but what is done with them leaves none."""
        modifier = child_of(operation, "solution_modifier") or operation
        limits, having = child_of(modifier, "limit_offset_clauses"), child_of(modifier, "having_clause")
        if limits is not None and self._probe.result(Edits({id(limits): ""})):
            self._limits(operation, limits)
        elif having is not None and self._probe.result(Edits({id(having): ""})):
            self._having(operation, having, frame)
        elif operation.data == "construct_query":
            template = next(child for child in operation.children if isinstance(child, Tree))
            sentence = "Its triples have a variable without a value, or a text as the subject, in each solution."
            self._add(start(template), "CONSTRUCT", self._probe.writer.slice(template), _SOME, Reason(sentence))
        else:
            self._message = "The pattern has solutions; what is done with them afterwards leaves none."

    def _limits(self, operation: Node, limits: Node) -> None:
        text = self._probe.writer.slice(limits)
        sentence = "It lets no row through."
        if operation.data == "select_query":
            number = self._probe.count_results(Edits({id(limits): ""}))
            sentence = f"Without it there are {number:,}{' or more' if number == MOST else ''} rows."
        self._add(start(limits), "LIMIT", text, _SOME, Reason(sentence))

    def _having(self, operation: Node, having: Node, frame: Frame) -> None:
        """No group fulfils the condition; these are their values."""
        clause = child_of(child_of(operation, "solution_modifier") or operation, "group_clause")
        group = self._probe.writer.slice(clause) if clause is not None else ""
        context = Context(self._probe, frame, NO_EDITS)
        names = [self._probe.writer.slice(aggregate) for aggregate in having.find_data("aggregate")]
        found = [context.examples(name, self._probe.groups(frame, name, group)) for name in names]
        result = Reason("No group fulfils it.", tuple(example for examples in found for example in examples))
        self._add(start(having), "HAVING", self._probe.writer.slice(having), _SOME, result)

    def _chosen(self, frame: Frame) -> None:
        """The pattern holds in the store, but not in the chosen graphs."""
        probe = self._probe
        iris = [*probe.chosen.default, *probe.chosen.named]
        missing = next((iri for iri in iris if not probe.store.contains_named_graph(ox.NamedNode(iri))), "")
        near = hints.nearest_term(probe.store, missing, "graph") if missing else ""
        sentence = "The chosen graphs do not hold this pattern."
        if missing:
            sentence = f"There is no graph <{missing}>.{f' Did you mean <{near}>?' if near else ''}"
        context = Context(probe.everywhere(), replace(frame, graph="?why_graph"), NO_EDITS)
        nodes = {probe.prologue.iri(node): node for node in self._from_clauses()}
        change = Change(nodes[missing], f"<{near}>") if near and missing in nodes else None
        found = Reason(sentence, context.examples("GRAPH", context.values("?why_graph")), change)
        position = min(map(start, nodes.values()), default=None)
        self._add(position, "FROM", " ".join(f"<{iri}>" for iri in iris), "Over all graphs there are solutions.", found)

    def _from_clauses(self) -> Iterator[Node]:
        """The IRIs behind FROM, where the request did not choose other graphs."""
        if not self._probe.requested:
            for clause in self._probe.query.tree.find_data("dataset_clause"):
                yield from clause.find_data("iri")

    def _describe(self, operation: Node) -> None:
        """Things to describe of which nothing is said."""
        for node in (child for child in operation.children if isinstance(child, Tree) and child.data == "iri"):
            near = hints.nearest_term(self._probe.view.store, self._probe.prologue.iri(node), "thing")
            text = self._probe.prologue.write(ox.NamedNode(near)) if near else ""
            sentence = f"No statement is about it.{f' Did you mean {text}?' if near else ''}"
            found = Reason(sentence, change=Change(node, text) if near else None)
            self._add(start(node), "DESCRIBE", self._probe.writer.slice(node), "There is nothing to describe.", found)

    def _add(self, position: int | None, kind: str, text: str, effect: str, found: Reason) -> None:
        self._culprits.append(self._culprit(position, kind, text, effect, found))

    def _culprit(self, position: int | None, kind: str, text: str, effect: str, found: Reason) -> Culprit:
        place = None if position is None else self._probe.query.source.place(position)
        line, column = (place.line, place.column) if place else (None, None)
        replacement = self._replacement(found.change) if found.change else None
        return Culprit(
            shorten(text, _LONGEST, placeholder=" …"),
            kind,
            line,
            column,
            effect,
            found.sentence,
            replacement,
            found.examples,
        )

    def _replacement(self, change: Change) -> Replacement:
        place = self._probe.query.source.place(start(change.piece))
        return Replacement(self._probe.writer.slice(change.piece), place.line, place.column, change.text)


def _frame(probe: Probe, operation: Node) -> Frame | None:
    """The pattern of an operation; None for a DESCRIBE without one."""
    values = child_of(probe.query.body, "values_clause")
    text = probe.writer.slice(values) if values is not None and not values.meta.empty else ""
    for child in operation.children:
        if isinstance(child, Tree) and child.data in {"where_clause", "construct_where"}:
            return Frame(child_of(child, "group_graph_pattern") or child, "", text)
    return None


def _is_total(operation: Node) -> bool:
    """Whether a SELECT counts all solutions together, so that it has one row even where there are none."""
    modifier = child_of(operation, "solution_modifier")
    is_grouped = modifier is not None and child_of(modifier, "group_clause") is not None
    outside = frozenset({"where_clause"})
    return not is_grouped and any(node.data == "aggregate" for node in walk(operation, outside))


def _text(context: Context, part: Part) -> str:
    """What a part reads, in one line; of a triple all three terms."""
    text = context.text(part.node)
    if isinstance(part, Triple):
        in_brackets = isinstance(part.subject, Tree) and part.subject.data not in {"var", "iri"}
        text = f"{'[…]' if in_brackets else context.text(part.subject)} {context.text(part.verb)} {text}"
    elif part.kind is Kind.CONDITION:
        text = f"FILTER{text}" if text.startswith("(") else f"FILTER({text})"
    return text


def _is_certain(culprit: Culprit) -> bool:
    """Whether nothing better is to be found: a condition that another value would fulfil."""
    return culprit.kind == Kind.CONDITION and culprit.replacement is not None


def _telling(culprit: Culprit) -> tuple[bool, bool, int, int]:
    """What can be mended first, then what is no mere triple, then in the order of the text."""
    return culprit.replacement is None, culprit.kind == Kind.TRIPLE, culprit.line or 0, culprit.column or 0


def _summary(culprits: Sequence[Culprit], *, complete: bool) -> str:
    """The culprits in one sentence."""
    if not culprits:
        return "No part was found that empties the result." if complete else "The time ended before anything was found."
    first = culprits[0]
    where = f" (line {first.line}, column {first.column})" if first.line else ""
    others = len(culprits) - 1
    more = f" {others} other part{'s' if others > 1 else ''} may be the reason as well." if others else ""
    return f"{first.text}{where} leaves nothing. {first.reason or first.effect}{more}"
