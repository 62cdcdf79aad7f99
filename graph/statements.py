"""Triples about one thing after another, for descriptions that the program itself writes."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import pyoxigraph as ox

from . import names

Pair = tuple[str, ox.NamedNode | ox.Literal]
"""A property's IRI and its value."""


def about(subject: str, *pairs: Pair) -> Iterator[ox.Triple]:
    """The statements about a thing, by its IRI."""
    node = ox.NamedNode(subject)
    for predicate, value in pairs:
        yield ox.Triple(node, ox.NamedNode(predicate), value)


def links(predicate: str, iris: Iterable[str]) -> Iterator[Pair]:
    """One property with several things as values."""
    return ((predicate, ox.NamedNode(iri)) for iri in iris)


def ordered(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Without repetition, in the order of their N-Triples: the same statements always give the same list."""
    return sorted(set(triples), key=str)


def fragment(kind: str, *iris: str) -> str:
    """A fragment that stands for IRIs: `!` joins their short forms and occurs in none of them.

    Things and graphs of ours are written without their namespace, terms as prefixed names, all else in brackets.
    """
    return "!".join([kind, *(quote(_short(iri), safe=":/") for iri in iris)])


def _short(iri: str) -> str:
    for namespace in (names.GRAPH, names.ID):
        if iri.startswith(namespace):
            return iri.removeprefix(namespace)
    return names.shorten(iri)
