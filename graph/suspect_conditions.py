"""Shapes as SPARQL expressions: whether a node may fail the shape, and whether it may conform to it.

Where SPARQL cannot tell what pySHACL will say, both are true. So the negation of a doubt stays a doubt, and a fault
inside sh:not or sh:qualifiedMaxCount is not missed either. No expression raises an error: an error in a FILTER
would drop the node. Only single patterns stand in an EXISTS, since Oxigraph joins several of them anew for each
row (docs/decisions.md, 15).
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import count
from typing import Final, TypeAlias

import pyoxigraph as ox

from . import suspect_literals as literals
from .names import PREFIXES
from .suspect_logic import (
    GOOD,
    UNKNOWN,
    Condition,
    both,
    conforms_where,
    either,
    every,
    fails_where,
    negation,
    one_of,
    opposite,
)
from .suspect_paths import Predicate, Term, sparql
from .suspect_shapes import BEYOND_CORE, SH, TYPE, Shape, ShapesGraph

_LARGEST_COUNT: Final = 4
"""More than so many values are not counted in SPARQL: each one more is a loop in a loop."""

_KINDS: Final = {
    "IRI": "isIRI({0})",
    "BlankNode": "isBlank({0})",
    "Literal": "isLiteral({0})",
    "BlankNodeOrIRI": "(isBlank({0}) || isIRI({0}))",
    "BlankNodeOrLiteral": "(isBlank({0}) || isLiteral({0}))",
    "IRIOrLiteral": "(isIRI({0}) || isLiteral({0}))",
}
_LITERAL: Final = ox.NamedNode(PREFIXES["rdfs"] + "Literal")
_RESOURCE: Final = ox.NamedNode(PREFIXES["rdfs"] + "Resource")


_OfValue: TypeAlias = Callable[[Shape, Term, str, str], Condition]
"""Makes what a parameter of a shape asks of a value node; the last two are the variables of focus and value node."""

_OfFocus: TypeAlias = Callable[[Shape, Term, str, str | None], Condition]
"""Makes what a parameter asks of all value nodes; the last is a variable that holds one of them, or None."""


class Conditions:
    """Makes the expressions of a shapes graph over one class hierarchy.

    `members` gives for a class itself and the classes below it.
    """

    def __init__(self, graph: ShapesGraph, members: Callable[[Term], Sequence[Term]]) -> None:
        self._graph = graph
        self._members = members
        self._numbers = count()
        self._trail: list[Term] = []
        self._of_value: dict[str, _OfValue] = {
            "class": self._class,
            "datatype": self._datatype,
            "nodeKind": self._node_kind,
            "minInclusive": partial(self._range, lower=True, inclusive=True),
            "minExclusive": partial(self._range, lower=True, inclusive=False),
            "maxInclusive": partial(self._range, lower=False, inclusive=True),
            "maxExclusive": partial(self._range, lower=False, inclusive=False),
            "minLength": self._min_length,
            "maxLength": self._max_length,
            "pattern": self._pattern,
            "languageIn": self._language_in,
            "in": self._in,
            "not": self._not,
            "node": self._node,
            "and": self._and,
            "or": self._or,
            "xone": self._xone,
            "disjoint": self._disjoint,
            "equals": self._equals,
            "lessThan": self._less_than,
            "lessThanOrEquals": self._less_than_or_equals,
            "closed": self._closed,
        }
        self._of_focus: dict[str, _OfFocus] = {
            "minCount": self._min_count,
            "maxCount": self._max_count,
            "hasValue": self._has_value,
            "equals": self._equals_back,
            "uniqueLang": self._unique_lang,
            "qualifiedValueShape": self._qualified,
        }

    def shape(self, node: Term, variable: str) -> Condition:
        """Whether the node conforms to the shape; of a shape inside of itself nothing is known."""
        shape = self._graph.shapes.get(node)
        if shape is None or shape.opaque or node in self._trail:
            return UNKNOWN
        if shape.deactivated:
            return GOOD
        self._trail.append(node)
        try:
            value = variable if shape.path is None else self._fresh()
            nested = [self.shape(member, value) for member in shape.get("property")]
            each = every([self.of_value(shape, variable, value), *nested])
            return every([self._of_each(shape, variable, value, each), self.of_focus(shape, variable)])
        finally:
            self._trail.pop()

    def of_value(self, shape: Shape, focus: str, value: str) -> Condition:
        """What the shape asks of each value node, sh:property aside."""
        return every(
            make(shape, parameter, focus, value)
            for name, make in self._of_value.items()
            for parameter in shape.get(name)
        )

    def of_focus(self, shape: Shape, focus: str, some: str | None = None) -> Condition:
        """What the shape asks of the value nodes together; `some` is a variable that holds one where there is any."""
        if any(shape.get(name) for name in BEYOND_CORE):
            return UNKNOWN
        return every(
            make(shape, parameter, focus, some)
            for name, make in self._of_focus.items()
            for parameter in shape.get(name)
        )

    def _of_each(self, shape: Shape, focus: str, value: str, each: Condition) -> Condition:
        """Whether each value node conforms."""
        if shape.path is None:
            return each
        fails = self._exists(shape, focus, value, each.fails)
        return Condition(fails, negation(self._exists(shape, focus, value, negation(each.conforms))))

    def _fresh(self) -> str:
        return f"?n{next(self._numbers)}"

    @staticmethod
    def _exists(shape: Shape, focus: str, value: str, expression: str) -> str:
        """Whether the expression is true of a value node."""
        if expression == "false":
            return "false"
        if shape.path is None:
            return expression
        return _exists(f"{focus} {sparql(shape.path)} {value}", expression)

    def _at_least(self, shape: Shape, focus: str, number: int, test: Callable[[str], str], *seen: str) -> str:
        """Whether so many value nodes, and others than those seen, pass the test."""
        value = self._fresh()
        tests = [test(value), *(f"!(sameTerm({value}, {other}))" for other in seen)]
        if number > 1:
            tests.append(self._at_least(shape, focus, number - 1, test, *seen, value))
        return self._exists(shape, focus, value, both(*tests))

    # What is asked of each value node

    def _class(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        kind = self._fresh()
        members = self._members(parameter)
        named = [str(member) for member in members if isinstance(member, ox.NamedNode)]
        of_named = _exists(f"{value} {TYPE} {kind}", one_of(kind, named))
        if len(named) == len(members):
            return conforms_where(of_named)
        return Condition(negation(of_named), either([of_named, _exists(f"{value} {TYPE} {kind}", f"isBlank({kind})")]))

    def _datatype(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        if not isinstance(parameter, ox.NamedNode):
            return UNKNOWN
        if parameter == _LITERAL:
            return conforms_where(f"isLiteral({value})")
        typed = literals.has_datatype(value, parameter)
        well_formed = literals.is_well_formed(value, parameter)
        if well_formed is None:
            return conforms_where(typed)
        return Condition(negation(both(typed, well_formed)), typed)

    def _node_kind(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        expression = _KINDS.get(parameter.value.removeprefix(SH))
        return conforms_where(expression.format(value)) if expression else UNKNOWN

    @staticmethod
    def _range(_shape: Shape, bound: Term, _focus: str, value: str, *, lower: bool, inclusive: bool) -> Condition:
        """sh:minInclusive and its like: what is no literal fails."""
        if not isinstance(bound, ox.Literal):
            return UNKNOWN
        within = literals.surely_within(value, bound, lower=lower, inclusive=inclusive)
        beyond = literals.surely_within(value, bound, lower=not lower, inclusive=not inclusive)
        return Condition(negation(within), both(f"isLiteral({value})", negation(beyond)))

    def _min_length(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        length = int(parameter.value)
        return conforms_where(both(_has_text(value), f"(STRLEN(STR({value})) >= {length})")) if length else GOOD

    def _max_length(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        return conforms_where(both(_has_text(value), f"(STRLEN(STR({value})) <= {int(parameter.value)})"))

    def _pattern(self, shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        if shape.get("flags") or not literals.is_safe(parameter.value):
            return UNKNOWN
        found = both(_has_text(value), literals.matches(value, parameter.value))
        if "$" not in parameter.value:
            return conforms_where(found)
        broken = f'CONTAINS(STR({value}), "\\n")'  # Python's $ also matches before a line end at the very end
        return Condition(
            negation(found), both(_has_text(value), either([literals.matches(value, parameter.value), broken]))
        )

    def _language_in(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        tags = [item.value.lower() for item in self._graph.items(parameter) if isinstance(item, ox.Literal)]
        tagged = both(f"isLiteral({value})", f'(LANG({value}) != "")')
        if "*" in tags:
            return conforms_where(tagged)
        allowed = [str(ox.Literal(tag)) for tag in tags]
        tests = (one_of(f"LANG({value})", allowed), one_of(f'STRBEFORE(LANG({value}), "-")', allowed))
        return conforms_where(both(tagged, either(tests)))

    def _in(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        members = [item for item in self._graph.items(parameter) if _is_as_stored(item)]
        return conforms_where(either(f"sameTerm({value}, {member})" for member in members))

    def _not(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        return opposite(self.shape(parameter, value))

    def _node(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        return self.shape(parameter, value)

    def _and(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        return every(self.shape(member, value) for member in self._graph.items(parameter))

    def _or(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        return opposite(every(opposite(self.shape(member, value)) for member in self._graph.items(parameter)))

    def _xone(self, _shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        members = [self.shape(member, value) for member in self._graph.items(parameter)]
        if not all(member.exact for member in members):
            return UNKNOWN
        return conforms_where("(" + " + ".join(f"IF({m.conforms}, 1, 0)" for m in members) + " = 1)")

    def _disjoint(self, _shape: Shape, parameter: Term, focus: str, value: str) -> Condition:
        return fails_where(_exists(f"{focus} {parameter} {value}"))

    def _equals(self, _shape: Shape, parameter: Term, focus: str, value: str) -> Condition:
        return conforms_where(_exists(f"{focus} {parameter} {value}"))

    def _less_than(self, _shape: Shape, parameter: Term, focus: str, value: str, sign: str = "<") -> Condition:
        other = self._fresh()
        in_order = literals.surely_ordered(value, sign, other)
        return Condition(_exists(f"{focus} {parameter} {other}", negation(in_order)), "true")

    def _less_than_or_equals(self, shape: Shape, parameter: Term, focus: str, value: str) -> Condition:
        return self._less_than(shape, parameter, focus, value, "<=")

    def _closed(self, shape: Shape, parameter: Term, _focus: str, value: str) -> Condition:
        if parameter.value not in ("true", "1"):
            return GOOD
        allowed = {item for head in shape.get("ignoredProperties") for item in self._graph.items(head)}
        paths = (self._graph.shapes[member].path for member in shape.get("property") if member in self._graph.shapes)
        allowed |= {path.iri for path in paths if isinstance(path, Predicate) and not path.inverse}
        named = sorted(str(item) for item in allowed if isinstance(item, ox.NamedNode))
        predicate, other = self._fresh(), self._fresh()
        resource = both(f"sameTerm({predicate}, {TYPE})", f"sameTerm({other}, {_RESOURCE})")
        return fails_where(
            _exists(f"{value} {predicate} {other}", both(negation(one_of(predicate, named)), negation(resource)))
        )

    # What is asked of the value nodes together

    def _min_count(self, shape: Shape, parameter: Term, focus: str, some: str | None) -> Condition:
        number = int(parameter.value)
        if number > _LARGEST_COUNT:
            return UNKNOWN
        return conforms_where(self._count(shape, focus, number, some)) if number else GOOD

    def _max_count(self, shape: Shape, parameter: Term, focus: str, some: str | None) -> Condition:
        number = int(parameter.value)
        more = fails_where(self._count(shape, focus, min(number + 1, _LARGEST_COUNT), some))
        return more if number < _LARGEST_COUNT else Condition(more.fails, "true")

    def _count(self, shape: Shape, focus: str, number: int, some: str | None) -> str:
        """Whether there are at least so many value nodes."""
        if some is None:
            return self._at_least(shape, focus, number, lambda _: "true")
        return self._at_least(shape, focus, number - 1, lambda _: "true", some) if number > 1 else f"BOUND({some})"

    def _has_value(self, shape: Shape, parameter: Term, focus: str, _some: str | None) -> Condition:
        if not _is_as_stored(parameter):
            return UNKNOWN
        if shape.path is None:
            return conforms_where(f"sameTerm({focus}, {parameter})")
        return conforms_where(_exists(f"{focus} {sparql(shape.path)} {parameter}"))

    def _equals_back(self, shape: Shape, parameter: Term, focus: str, _some: str | None) -> Condition:
        other = self._fresh()
        among = f"sameTerm({focus}, {other})"
        if shape.path is not None:
            among = _exists(f"{focus} {sparql(shape.path)} {other}")
        return fails_where(_exists(f"{focus} {parameter} {other}", negation(among)))

    def _unique_lang(self, shape: Shape, parameter: Term, focus: str, some: str | None) -> Condition:
        if parameter.value not in ("true", "1"):
            return GOOD
        value, other = some or self._fresh(), self._fresh()
        same = both(f"isLiteral({other})", f"(LANG({other}) = LANG({value}))", f"!(sameTerm({other}, {value}))")
        twice = both(f"isLiteral({value})", f'(LANG({value}) != "")', self._exists(shape, focus, other, same))
        return fails_where(twice if some else self._exists(shape, focus, value, twice))

    def _qualified(self, shape: Shape, parameter: Term, focus: str, _some: str | None) -> Condition:
        if shape.path is None:
            return GOOD
        siblings = self._graph.siblings(shape)

        def counted(value: str) -> Condition:
            return every([self.shape(parameter, value), *(opposite(self.shape(node, value)) for node in siblings)])

        least = every(
            self._qualified_least(shape, focus, int(n.value), counted) for n in shape.get("qualifiedMinCount")
        )
        most = every(self._qualified_most(shape, focus, int(n.value), counted) for n in shape.get("qualifiedMaxCount"))
        return every([least, most])

    def _qualified_least(self, shape: Shape, focus: str, number: int, counted: Callable[[str], Condition]) -> Condition:
        if number > _LARGEST_COUNT:
            return UNKNOWN
        if number == 0:
            return GOOD
        surely = self._at_least(shape, focus, number, lambda value: negation(counted(value).fails))
        return Condition(negation(surely), self._at_least(shape, focus, number, lambda value: counted(value).conforms))

    def _qualified_most(self, shape: Shape, focus: str, number: int, counted: Callable[[str], Condition]) -> Condition:
        more = min(number + 1, _LARGEST_COUNT)
        return Condition(self._at_least(shape, focus, more, lambda value: counted(value).conforms), "true")


def _exists(pattern: str, expression: str = "true") -> str:
    if expression == "false":
        return "false"
    return f"EXISTS {{ {pattern} }}" if expression == "true" else f"EXISTS {{ {pattern} FILTER({expression}) }}"


def _has_text(value: str) -> str:
    return f"(isIRI({value}) || isLiteral({value}))"


@cache
def _is_as_stored(term: Term) -> bool:
    """Whether Oxigraph keeps the term as it is written: it makes "01"^^xsd:integer to "1", pySHACL tells them apart."""
    if isinstance(term, ox.BlankNode):
        return False
    store = ox.Store()
    subject = ox.NamedNode("urn:s")
    store.add(ox.Quad(subject, subject, term))
    return bool(next(iter(store)).object == term)
