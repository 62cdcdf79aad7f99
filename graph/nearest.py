"""What the sender may have meant: known things whose address is like that of one that the graph does not describe."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from .names import DCTERMS, key
from .suspect_paths import DEFAULT, Predicate, Term, walk
from .suspect_shapes import KIND, Shape, ShapesGraph
from .suspect_units import Hierarchy

_MOST_CANDIDATES: Final = 2_000
"""Of a larger class only so many are compared: 3 ms to gather them."""

_MOST_VALUES: Final = 200
"""For more unknown addresses in one check nothing is suggested."""

_SUGGESTIONS: Final = 3
_SHORT_LIST: Final = 20
_LEAST_LIKENESS: Final = 60.0
_LEAST_OF_TEXT: Final = 50.0
"""A short code has few characters to be alike in: 9.zz is meant for 9.a."""

_IDENTIFIER: Final = Predicate(ox.NamedNode(DCTERMS + "identifier"))


class Nearest:
    """Suggestions for one check; what a shape expects is gathered once."""

    def __init__(self, database: ox.Store, shapes: ShapesGraph) -> None:
        self._database, self._shapes = database, shapes
        self._hierarchy: Hierarchy | None = None
        self._candidates: dict[tuple[Term, ...], list[str]] = {}
        self._known: dict[tuple[Term, ox.NamedNode | ox.Literal], tuple[str, ...]] = {}

    def to(self, shape: Term, value: ox.NamedNode | ox.Literal) -> tuple[str, ...]:
        """The addresses most like the value among what the shape expects; none where the graph describes the value.

        A text, as a cell of a table that names nothing known, is compared where the shape expects things.
        """
        if isinstance(value, ox.NamedNode) and self._is_described(value):
            return ()
        if (shape, value) not in self._known:
            if len(self._known) >= _MOST_VALUES:
                return ()
            self._known[shape, value] = self._search(self._shapes.shapes[shape], value)
        return self._known[shape, value]

    def _search(self, shape: Shape, value: ox.NamedNode | ox.Literal) -> tuple[str, ...]:
        """By the address first, which is quick, then by the ends and the identifiers of the few best."""
        expected = tuple(dict.fromkeys(_expected(self._shapes, shape, ())))
        if isinstance(value, ox.Literal) and not expected:
            return ()
        candidates = self._gathered(shape, expected)
        if isinstance(value, ox.Literal):
            text, least = key(value.value), _LEAST_OF_TEXT
            best = process.extract(text, {iri: _end(iri) for iri in candidates}, scorer=fuzz.ratio, limit=_SHORT_LIST)
            iris = [iri for *_, iri in best]
        else:
            text, least = _end(value.value), _LEAST_LIKENESS
            iris = [iri for iri, *_ in process.extract(value.value, candidates, scorer=fuzz.ratio, limit=_SHORT_LIST)]
        likeness = {iri: self._likeness(text, iri) for iri in iris}
        likely = (iri for iri in likeness if likeness[iri] >= least)
        return tuple(sorted(likely, key=lambda iri: (-likeness[iri], iri))[:_SUGGESTIONS])

    def _gathered(self, shape: Shape, expected: tuple[ox.NamedNode, ...]) -> list[str]:
        """What can be meant, gathered once for all values of which the same is expected."""
        group = expected or (shape.node,)
        if group not in self._candidates:
            iris = islice(self._iris(shape, expected), _MOST_CANDIDATES)
            self._candidates[group] = list(dict.fromkeys(iri.value for iri in iris))
        return self._candidates[group]

    def _likeness(self, text: str, iri: str) -> float:
        """How like a text is to the end of the address, or to an identifier of it."""
        names = [_end(iri), *(name.value for name in walk(self._database, _IDENTIFIER, ox.NamedNode(iri)))]
        return max(fuzz.ratio(text.casefold(), name.casefold()) for name in names)

    def _iris(self, shape: Shape, expected: tuple[ox.NamedNode, ...]) -> Iterator[ox.NamedNode]:
        """What is expected, and its instances; where nothing is, what other things have in this field."""
        self._hierarchy = self._hierarchy or Hierarchy(self._database)
        for term in expected:
            for member in self._hierarchy.members(term):
                quads = self._database.quads_for_pattern(None, KIND.iri, member, DEFAULT)
                yield from (quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode))
            if self._is_described(term):
                yield term
        if not expected and isinstance(shape.path, Predicate) and not shape.path.inverse:
            quads = self._database.quads_for_pattern(None, shape.path.iri, None, DEFAULT)
            for quad in islice(quads, _MOST_CANDIDATES):
                if isinstance(quad.object, ox.NamedNode) and self._is_described(quad.object):
                    yield quad.object

    def _is_described(self, iri: ox.NamedNode) -> bool:
        return next(self._database.quads_for_pattern(iri, None, None, DEFAULT), None) is not None


def _expected(shapes: ShapesGraph, shape: Shape, trail: tuple[Shape, ...]) -> Iterator[ox.NamedNode]:
    """The classes that the shape asks for, and the values that it lists, inside of its own shapes too."""
    if shape in trail:
        return
    listed = [item for head in shape.get("in") for item in shapes.items(head)]
    yield from (
        term for term in [*shape.get("class"), *listed, *shape.get("hasValue")] if isinstance(term, ox.NamedNode)
    )
    nested = [node for name in ("node", "qualifiedValueShape") for node in shape.get(name)]
    nested += [node for name in ("and", "or", "xone") for head in shape.get(name) for node in shapes.items(head)]
    for node in nested:
        if node in shapes.shapes and shapes.shapes[node].path is None:
            yield from _expected(shapes, shapes.shapes[node], (*trail, shape))


def _end(iri: str) -> str:
    """The address without what many have in common: what follows the last slash or number sign."""
    return iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]
