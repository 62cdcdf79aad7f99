"""SHACL property paths (https://www.w3.org/TR/shacl/#property-paths): as a value, in SPARQL, and walked by hand.

A look-up in the store costs about a microsecond where a SPARQL query costs fifty or more, so what a change can
have affected is found by walking.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

DEFAULT = ox.DefaultGraph()


@dataclass(frozen=True, slots=True)
class Predicate:
    """One step along a property, or against it."""

    iri: ox.NamedNode
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path after the other; without parts it stays where it is."""

    parts: tuple["Path", ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any of the paths."""

    parts: tuple["Path", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The path again and again (`many`) or once, or, where it is `optional`, not at all."""

    path: "Path"
    optional: bool
    many: bool


Path: TypeAlias = Predicate | Sequence | Alternative | Repeat

HERE = Sequence()


@dataclass(frozen=True, slots=True)
class Step:
    """One property that a path reads: how one gets to the node where it is read, and on to the end."""

    before: Path
    predicate: ox.NamedNode
    inverse: bool
    after: Path


def sparql(path: Path) -> str:
    """The path as SPARQL writes it (https://www.w3.org/TR/sparql11-query/#propertypaths)."""
    match path:
        case Predicate(iri, inverse):
            return f"{'^' if inverse else ''}{iri}"
        case Sequence(parts):
            return f"({'/'.join(map(sparql, parts))})"
        case Alternative(parts):
            return f"({'|'.join(map(sparql, parts))})"
        case Repeat(inner, optional, many):
            return f"({sparql(inner)}){('*' if optional else '+') if many else '?'}"


def words(path: Path) -> str:
    """The path for people: as in SPARQL, without the angle brackets and the outermost brackets."""
    text = sparql(path).replace("<", "").replace(">", "")
    return text[1:-1] if isinstance(path, Sequence | Alternative) else text


def inverse(path: Path) -> Path:
    """The path from its end to its start."""
    match path:
        case Predicate(iri, backwards):
            return Predicate(iri, not backwards)
        case Sequence(parts):
            return Sequence(tuple(map(inverse, reversed(parts))))
        case Alternative(parts):
            return Alternative(tuple(map(inverse, parts)))
        case Repeat(inner, optional, many):
            return Repeat(inverse(inner), optional, many)


def join(*paths: Path) -> Path:
    """One path after the other, without empty or nested sequences."""
    parts = tuple(part for path in paths for part in (path.parts if isinstance(path, Sequence) else (path,)))
    return parts[0] if len(parts) == 1 else Sequence(parts)


def first_steps(path: Path) -> Iterator[Predicate]:
    """The steps with which the path can begin."""
    match path:
        case Predicate():
            yield path
        case Sequence(parts):
            if parts:
                yield from first_steps(parts[0])
        case Alternative(parts):
            for part in parts:
                yield from first_steps(part)
        case Repeat(inner):
            yield from first_steps(inner)


def steps(path: Path, before: Path = HERE, after: Path = HERE) -> Iterator[Step]:
    """Every property that is read on the path."""
    match path:
        case Predicate(iri, backwards):
            yield Step(before, iri, backwards, after)
        case Sequence(parts):
            for place, part in enumerate(parts):
                yield from steps(part, join(before, *parts[:place]), join(*parts[place + 1 :], after))
        case Alternative(parts):
            for part in parts:
                yield from steps(part, before, after)
        case Repeat(inner, _, many):
            again: Path = Repeat(inner, optional=True, many=True) if many else HERE
            yield from steps(inner, join(before, again), join(again, after))


def walk(database: ox.Store, path: Path, node: Term) -> set[Term]:
    """The nodes to which the path leads in the default graph."""
    match path:
        case Predicate(iri, backwards):
            return _neighbours(database, iri, node, backwards=backwards)
        case Sequence(parts):
            nodes = {node}
            for part in parts:
                nodes = {end for start in nodes for end in walk(database, part, start)}
            return nodes
        case Alternative(parts):
            return {end for part in parts for end in walk(database, part, node)}
        case Repeat(inner, optional, many):
            reached = _closure(database, inner, node) if many else walk(database, inner, node)
            return reached | {node} if optional else reached


def _neighbours(database: ox.Store, iri: ox.NamedNode, node: Term, *, backwards: bool) -> set[Term]:
    """RDF 1.2 triple terms are no neighbours: SHACL has no place for them."""
    if backwards:
        subjects = (quad.subject for quad in database.quads_for_pattern(None, iri, node, DEFAULT))
        return {subject for subject in subjects if not isinstance(subject, ox.Triple)}
    if isinstance(node, ox.Literal):
        return set()
    objects = (quad.object for quad in database.quads_for_pattern(node, iri, None, DEFAULT))
    return {value for value in objects if not isinstance(value, ox.Triple)}


def _closure(database: ox.Store, path: Path, node: Term) -> set[Term]:
    """Where one gets in one round or more."""
    reached: set[Term] = set()
    waiting = walk(database, path, node)
    while waiting:
        reached |= waiting
        waiting = {end for start in waiting for end in walk(database, path, start)} - reached
    return reached
