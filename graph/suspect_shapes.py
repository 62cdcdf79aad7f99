"""A shapes graph read into shapes with their paths, parameters and targets (https://www.w3.org/TR/shacl/#shapes)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import pyoxigraph as ox

from .names import PREFIXES, RDF
from .suspect_paths import Alternative, Path, Predicate, Repeat, Sequence, Term, inverse

SH: Final = PREFIXES["sh"]
TYPE = ox.NamedNode(RDF + "type")
SUBCLASS_OF = ox.NamedNode(PREFIXES["rdfs"] + "subClassOf")

KIND = Predicate(TYPE)
BEYOND_CORE: Final = ("sparql", "js", "expression")
"""Constraints of other languages than SHACL Core: SPARQL and readers know nothing about them."""

_FIRST, _REST, _NIL = (ox.NamedNode(RDF + name) for name in ("first", "rest", "nil"))
_CLASS = ox.NamedNode(PREFIXES["rdfs"] + "Class")
_CLASSES = {_CLASS, ox.NamedNode(PREFIXES["owl"] + "Class")}
_TARGETS: Final = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_NESTED: Final = ("property", "node", "not", "qualifiedValueShape")
_LISTED: Final = ("and", "or", "xone")
_REPEATS: Final = {"zeroOrMorePath": (True, True), "oneOrMorePath": (False, True), "zeroOrOnePath": (True, False)}

Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class Target:
    """One target declaration; `kind` is the SHACL property that makes it."""

    kind: str
    value: Term

    @property
    def path(self) -> Predicate:
        """The property of sh:targetSubjectsOf and sh:targetObjectsOf."""
        return Predicate(ox.NamedNode(self.value.value))


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A shape with the values of its SHACL properties, each by the local name.

    `path` is None for a node shape. Where `opaque`, pySHACL reads the path otherwise than the specification does.
    """

    node: Node
    path: Path | None
    parameters: dict[str, list[Term]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    opaque: bool = False

    @property
    def deactivated(self) -> bool:
        """Whether the shape is switched off: every node conforms to it."""
        return any(isinstance(value, ox.Literal) and value.value in ("true", "1") for value in self.get("deactivated"))

    def get(self, name: str) -> list[Term]:
        """The values of a parameter."""
        return self.parameters.get(name, [])


class ShapesGraph:
    """The shapes by their nodes, and the RDF lists that their parameters point to."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._statements: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        for triple in triples:
            if not isinstance(triple.subject, ox.Triple) and not isinstance(triple.object, ox.Triple):
                self._statements[triple.subject][triple.predicate.value].append(triple.object)
        self.shapes: dict[Term, Shape] = {node: self._shape(node) for node in sorted(self._nodes(), key=str)}

    def items(self, head: Term) -> list[Term]:
        """The members of an RDF list; a list that leads back into itself ends there."""
        found: list[Term] = []
        seen: set[Term] = set()
        while head != _NIL and head not in seen and head in self._statements:
            seen.add(head)
            found += self._statements[head][_FIRST.value][:1]
            head = next(iter(self._statements[head][_REST.value]), _NIL)
        return found

    def siblings(self, shape: Shape) -> list[Term]:
        """The sibling shapes (https://www.w3.org/TR/shacl/#dfn-sibling-shapes), where they must be disjoint."""
        if not any(value.value in ("true", "1") for value in shape.get("qualifiedValueShapesDisjoint")):
            return []
        parents = [parent for parent in self.shapes.values() if shape.node in parent.get("property")]
        members = {self.shapes[node] for parent in parents for node in parent.get("property")}
        found = {node for member in members for node in member.get("qualifiedValueShape")}
        return sorted(found - set(shape.get("qualifiedValueShape")), key=str)

    def _nodes(self) -> set[Node]:
        """What is a shape: by its type, its target, or as the value of a parameter that expects shapes."""
        found: set[Term] = set()
        for subject, statements in list(self._statements.items()):
            kinds = {value.value for value in statements.get(TYPE.value, []) if isinstance(value, ox.NamedNode)}
            if kinds & {SH + "NodeShape", SH + "PropertyShape"} or any(
                SH + name in statements for name in (*_TARGETS, "property", "node")
            ):
                found.add(subject)
            found.update(chain.from_iterable(statements.get(SH + name, []) for name in _NESTED))
            for name in _LISTED:
                found.update(chain.from_iterable(map(self.items, statements.get(SH + name, []))))
        return {node for node in found if not isinstance(node, ox.Literal)}

    def _shape(self, node: Node) -> Shape:
        statements = self._statements.get(node, {})
        parameters = {name.removeprefix(SH): values for name, values in statements.items() if name.startswith(SH)}
        heads = parameters.get("path", [])
        path = self._path(heads[0]) if heads else None
        opaque = path is not None and self._has_inverted_sequence(heads[0])
        return Shape(node, path, parameters, tuple(self._targets(node, statements)), opaque)

    def _targets(self, node: Node, statements: dict[str, list[Term]]) -> Iterator[Target]:
        for kind in _TARGETS:
            yield from (Target(kind, value) for value in statements.get(SH + kind, []))
        if set(statements.get(TYPE.value, [])) & self._metaclasses():
            yield Target("targetClass", node)

    def _metaclasses(self) -> set[Term]:
        """The classes of classes, for implicit targets (https://www.w3.org/TR/shacl/#implicit-targetClass)."""
        return _CLASSES | {
            subject
            for subject, statements in self._statements.items()
            if _CLASS in statements.get(SUBCLASS_OF.value, [])
        }

    def _path(self, head: Term) -> Path:
        if isinstance(head, ox.NamedNode):
            return Predicate(head)
        statements = self._statements.get(head, {})
        if _FIRST.value in statements:
            return Sequence(tuple(map(self._path, self.items(head))))
        for value in statements.get(SH + "inversePath", []):
            return inverse(self._path(value))
        for value in statements.get(SH + "alternativePath", []):
            return Alternative(tuple(map(self._path, self.items(value))))
        for name, (optional, many) in _REPEATS.items():
            for value in statements.get(SH + name, []):
                return Repeat(self._path(value), optional, many)
        return Sequence()

    def _has_inverted_sequence(self, head: Term, *, inverted: bool = False) -> bool:
        """Whether a sequence stands inside an inverse: pySHACL 0.40.1 then keeps the order of its parts."""
        statements = self._statements.get(head, {})
        if _FIRST.value in statements:
            return inverted or any(map(self._has_inverted_sequence, self.items(head)))
        parts = [part for name in (*_REPEATS, "inversePath") for part in statements.get(SH + name, [])]
        parts += [part for value in statements.get(SH + "alternativePath", []) for part in self.items(value)]
        inverted = inverted or SH + "inversePath" in statements
        return any(self._has_inverted_sequence(part, inverted=inverted) for part in parts)
