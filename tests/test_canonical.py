"""RDFC-1.0: the examples of the specification, pyoxigraph as a second implementation, and datasets that attack it."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph.canonical import CanonicalizationError, canonical_nquads, dataset_hash

P = ox.NamedNode("urn:p")

# https://www.w3.org/TR/rdf-canon/#ex-ca-unique-hashes and #ex-ca-shared-hashes, with the results given there
UNIQUE = (
    """<http://example.com/#p> <http://example.com/#q> _:e0 .
<http://example.com/#p> <http://example.com/#r> _:e1 .
_:e0 <http://example.com/#s> <http://example.com/#u> .
_:e1 <http://example.com/#t> <http://example.com/#u> .
""",
    """<http://example.com/#p> <http://example.com/#q> _:c14n0 .
<http://example.com/#p> <http://example.com/#r> _:c14n1 .
_:c14n0 <http://example.com/#s> <http://example.com/#u> .
_:c14n1 <http://example.com/#t> <http://example.com/#u> .
""",
)
SHARED = (
    """<http://example.com/#p> <http://example.com/#q> _:e0 .
<http://example.com/#p> <http://example.com/#q> _:e1 .
_:e0 <http://example.com/#p> _:e2 .
_:e1 <http://example.com/#p> _:e3 .
_:e2 <http://example.com/#r> _:e3 .
""",
    """<http://example.com/#p> <http://example.com/#q> _:c14n2 .
<http://example.com/#p> <http://example.com/#q> _:c14n3 .
_:c14n0 <http://example.com/#r> _:c14n1 .
_:c14n2 <http://example.com/#p> _:c14n1 .
_:c14n3 <http://example.com/#p> _:c14n0 .
""",
)

# The edges of "poison - evil" in the W3C suite (test075 of https://w3c.github.io/rdf-canon/tests/)
EVIL = (
    *("0 1", "0 2", "0 3", "1 0", "1 4", "1 5", "2 0", "2 4", "2 5", "3 0", "3 4", "3 5", "4 1", "4 2", "4 3"),
    *("5 1", "5 2", "5 3", "6 7", "6 8", "6 9", "7 10", "7 11", "7 6", "8 10", "8 6", "8 9", "9 11", "9 6", "9 8"),
    *("10 11", "10 7", "10 8", "11 10", "11 7", "11 9"),
)


def parsed(text: str) -> list[ox.Quad]:
    return list(ox.parse(text, format=ox.RdfFormat.N_QUADS))


def edges(pairs: Iterable[tuple[object, object]]) -> list[ox.Quad]:
    """Blank nodes by name, one property between them."""
    return [ox.Quad(ox.BlankNode(f"n{start}"), P, ox.BlankNode(f"n{end}")) for start, end in pairs]


def by_pyoxigraph(quads: Iterable[ox.Quad]) -> list[bytes]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(f"{quad} .\n".encode() for quad in dataset)


def relabelled(quads: Iterable[ox.Quad], seed: int) -> list[ox.Quad]:
    """The same dataset with other names for blank nodes, in another order."""
    chance = random.Random(seed)
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def new(term: object) -> object:
        if not isinstance(term, ox.BlankNode):
            return term
        return names.setdefault(term, ox.BlankNode(f"r{chance.getrandbits(60):x}"))

    changed = [ox.Quad(new(q.subject), q.predicate, new(q.object), new(q.graph_name)) for q in quads]  # type: ignore[arg-type]
    chance.shuffle(changed)
    return changed


# What the specification says


@pytest.mark.parametrize(("given_", "expected"), [UNIQUE, SHARED], ids=["unique hashes", "shared hashes"])
def test_the_examples_of_the_specification_give_its_results(given_: str, expected: str) -> None:
    assert b"".join(canonical_nquads(parsed(given_))).decode() == expected
    assert dataset_hash(parsed(given_)) == hashlib.sha256(expected.encode()).hexdigest()


def test_the_empty_dataset_has_the_hash_of_nothing() -> None:
    assert dataset_hash([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_lines_are_in_order_of_code_points_and_characters_are_escaped_as_the_specification_says() -> None:
    """U+FF5E comes before U+1F303, although not in UTF-16."""
    values = ["\U0001f303", "\uff5e", "\x00\x07\x08\t\n\x0b\x0c\r\x1f\x7f", '"\\', "\u0085é"]
    expected = [
        r'<urn:s> <urn:p> "\"\\" .',
        r'<urn:s> <urn:p> "\u0000\u0007\b\t\n\u000B\f\r\u001F\u007F" .',
        '<urn:s> <urn:p> "\u0085é" .',
        '<urn:s> <urn:p> "\uff5e" .',
        '<urn:s> <urn:p> "\U0001f303" .',
    ]
    quads = [ox.Quad(ox.NamedNode("urn:s"), P, ox.Literal(value)) for value in values]
    assert canonical_nquads(quads) == [f"{line}\n".encode() for line in expected]


def test_a_statement_that_is_given_twice_stands_there_once() -> None:
    quads = parsed('_:a <urn:p> "x" .\n<urn:s> <urn:p> "y" .\n')
    assert canonical_nquads(quads * 2) == [b'<urn:s> <urn:p> "y" .\n', b'_:c14n0 <urn:p> "x" .\n']


# Isomorphism

NODES = st.sampled_from([ox.BlankNode(f"n{number}") for number in range(6)])
SUBJECTS = NODES | st.just(ox.NamedNode("urn:s"))
OBJECTS = NODES | st.sampled_from([ox.NamedNode("urn:s"), ox.Literal("x"), ox.Literal("_:n0")])
GRAPHS = st.sampled_from([ox.DefaultGraph(), ox.NamedNode("urn:g"), ox.BlankNode("n0"), ox.BlankNode("g")])


@st.composite
def datasets(draw: st.DrawFn) -> list[ox.Quad]:
    """One graph each: RDFC-1.0 does not tell apart what stands in different graphs."""
    graph = draw(GRAPHS)
    predicates = st.sampled_from([P, ox.NamedNode("urn:q")])
    triples = draw(st.lists(st.tuples(SUBJECTS, predicates, OBJECTS), max_size=12))
    return [ox.Quad(*triple, graph) for triple in triples]


@settings(deadline=None, max_examples=300)
@given(quads=datasets(), seed=st.integers(0, 1000))
def test_any_dataset_has_the_form_that_pyoxigraph_finds_however_it_is_labelled(quads: list[ox.Quad], seed: int) -> None:
    expected = by_pyoxigraph(quads)
    assert canonical_nquads(quads) == expected
    assert canonical_nquads(relabelled(quads, seed)) == expected


def test_nodes_that_only_their_neighbours_tell_apart_make_different_hashes() -> None:
    """Each node of two circles of three looks like each node of one of six."""
    three = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]
    six = [(number, (number + 1) % 6) for number in range(6)]
    assert dataset_hash(edges(three)) != dataset_hash(edges(six))
    assert dataset_hash(edges(three)) == dataset_hash(relabelled(edges(three), 1))


@pytest.mark.parametrize("graph", ["", "<urn:g> ", "_:g "])
def test_the_graph_counts(graph: str) -> None:
    lines = {name: dataset_hash(parsed(f'_:a <urn:p> "x" {name}.\n')) for name in ("", "<urn:g> ", "_:g ")}
    assert [name for name, digest in lines.items() if digest == lines[graph]] == [graph]


# What would take too long


def test_a_hard_graph_that_can_be_solved_is() -> None:
    quads = edges(tuple(edge.split()) for edge in EVIL)  # type: ignore[misc]
    assert canonical_nquads(quads) == by_pyoxigraph(quads)
    assert dataset_hash(relabelled(quads, 7)) == dataset_hash(quads)


def test_a_long_list_is_no_trouble() -> None:
    """Its cells differ in what they hold."""
    cells = [ox.BlankNode(f"c{number}") for number in range(3_000)]
    quads = [ox.Quad(cell, ox.NamedNode("urn:first"), ox.Literal(number)) for number, cell in enumerate(cells)]
    quads += [ox.Quad(cell, ox.NamedNode("urn:rest"), after) for cell, after in pairwise(cells)]
    assert canonical_nquads(quads) == by_pyoxigraph(quads)


CLIQUE = [(start, end) for start in range(10) for end in range(10) if start != end]
CHAIN = [(number, number + 1) for number in range(5_000)]
STARS = [(star, f"{star}-{leaf}") for star in range(2) for leaf in range(12)]


@pytest.mark.parametrize("pairs", [CLIQUE, CHAIN, STARS], ids=["clique of 10 (W3C test074)", "chain", "equal stars"])
def test_a_graph_that_would_take_too_long_is_refused(pairs: Sequence[tuple[object, object]]) -> None:
    with pytest.raises(CanonicalizationError, match=r"too long: _:n\S+ <urn:p> _:n\S+\.$") as caught:
        canonical_nquads(edges(pairs))
    assert "IRIs" in caught.value.hint


def test_a_blank_node_in_a_triple_term_is_refused_and_an_iri_is_not() -> None:
    graph = "VERSION '1.2'\n<urn:s> <urn:p> <<( {} <urn:p> <urn:o> )>> ."
    assert canonical_nquads(ox.parse(graph.format("<urn:a>"), format=ox.RdfFormat.TRIG))
    with pytest.raises(CanonicalizationError, match="triple terms"):
        canonical_nquads(ox.parse(graph.format("_:a"), format=ox.RdfFormat.TRIG))
