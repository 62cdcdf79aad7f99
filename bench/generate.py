"""A graph of our own classes, of any size and with errors of every kind: copies of the examples of the shapes.

Each copy of a class is the valid records of `tests/data/shapes/<Class>/pass.ttl`, or one of the `fail-*.ttl` beside
it, in turn, so that each property shape is broken. What an example describes gets an address of its own in each
copy, except where a shape names it.
"""

import random
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

import pyoxigraph as ox
from itu_align.graph import schema
from itu_align.graph.names import ID

EXAMPLES = Path(__file__).parents[1] / "tests" / "data" / "shapes"
SEED = 2026
_DOCUMENT = EXAMPLES / "Document"
FAULTY = 0.5
"""Of the copies of a class this share is broken in one thing."""


def graph(size: int, seed: int = SEED) -> Iterator[ox.Triple]:
    """The ontology, then copies of the examples until there are `size` triples; the last copy is whole."""
    chance = random.Random(seed)  # noqa: S311
    shared = dict.fromkeys(schema.ontology_triples())
    yield from shared
    written = len(shared)
    for number in count():
        if written >= size:
            return
        example = dict.fromkeys(triple for triples in _examples(chance) for triple in triples)
        copy = {_renamed(triple, f"-{number}"): triple for triple in example}
        new = [triple for triple in copy if triple not in shared]
        shared |= {triple: None for triple in new if copy[triple] == triple}
        written += len(new)
        yield from new


def record(number: int) -> list[ox.Triple]:
    """A document as a member could send it, about a dozen triples; every second one has a fault, each time another."""
    valid, faulty = _read(_DOCUMENT / "pass.ttl"), sorted(_DOCUMENT.glob("fail-*.ttl"))
    example = _read(faulty[number // 2 % len(faulty)])
    (subject,) = {triple.subject for triple in set(valid) ^ set(example)}
    chosen = example if number % 2 else valid
    address = ox.NamedNode(f"{subject.value}-sent-{number}")
    copies = (_renamed(triple, "-0") for triple in chosen if triple.subject == subject)
    return [ox.Triple(address, triple.predicate, triple.object) for triple in copies]


def _examples(chance: random.Random) -> Iterator[list[ox.Triple]]:
    for valid, faulty in _EXAMPLES:
        yield next(faulty) if chance.random() < FAULTY else valid


def _renamed(triple: ox.Triple, ending: str) -> ox.Triple:
    """The triple with the addresses of the described things extended."""
    subject, value = triple.subject, triple.object
    if subject in _DESCRIBED:
        subject = ox.NamedNode(subject.value + ending)
    if value in _DESCRIBED:
        value = ox.NamedNode(value.value + ending)
    return ox.Triple(subject, triple.predicate, value)


def _read(file: Path) -> list[ox.Triple]:
    return schema.parse_turtle(file.read_text("utf-8"), file.name)


_SHAPES = {term for triple in schema.shapes_triples() for term in triple}
_EXAMPLES = [
    (_read(folder / "pass.ttl"), cycle([_read(file) for file in sorted(folder.glob("fail-*.ttl"))]))
    for folder in sorted(EXAMPLES.iterdir())
]
_DESCRIBED = {
    triple.subject for valid, _ in _EXAMPLES for triple in valid if triple.subject.value.startswith(ID)
} - _SHAPES
