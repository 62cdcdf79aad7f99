"""Where JSON-LD makes its statements: by hand for each form of key and value, and on generated documents.

The engine's own streaming reader says when it makes a statement, so what these tests pin is which value that is.
"""

import json
from collections.abc import Callable

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph.intake import jsonld_places
from itu_align.graph.intake.json_places import read

BASE = "http://e/"
VOCABULARY = '"@context":{"@vocab":"http://e/"}'


def triples(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.JSON_LD, base_iri=BASE)]


def located(members: str, context: str = "") -> list[str]:
    """For each statement the text at its three places, up to the end of the string or number, or one bracket."""
    text = f'{{"@context":{{"@vocab":"http://e/"{"," if context else ""}{context}}},{members}}}'
    return [" ".join(_token(text, start) for start in spot) if spot else "-" for spot in _spots(text)]


def _spots(text: str) -> list[tuple[int, int, int] | None]:
    return list(jsonld_places.locate(text, triples(text), BASE))


def _token(text: str, start: int) -> str:
    if text[start] in "{[":
        return text[start : start + 4]
    value, length = json.JSONDecoder().raw_decode(text[start:])
    assert isinstance(value, str | int | float)
    return text[start : start + length]


def test_values_of_all_kinds_stand_where_they_are_written() -> None:
    assert located('"@id":"s","p":[1,"x",true,-2.5e1],"q":"y"') == [
        '"s" "p" 1',
        '"s" "p" "x"',
        '"s" "p" true',
        '"s" "p" -2.5e1',
        '"s" "q" "y"',
    ]


def test_identifier_types_and_context_behind_the_properties_count_as_before_them() -> None:
    text = '{"p":1,"@type":["A","B"],"@id":"s","q":2,"@context":{"@vocab":"http://e/"}}'
    found = [" ".join(_token(text, start) for start in spot) if spot else "-" for spot in _spots(text)]
    assert found == ['"s" "@type" "A"', '"s" "@type" "B"', '"s" "p" 1', '"s" "q" 2']


def test_node_with_identifier_is_named_by_it_and_stands_as_value_at_its_brace() -> None:
    assert located('"@id":"s","p":{"q":1,"@id":"o"},"r":{"@id":"alone"}') == [
        '"s" "p" {"q"',
        '"o" "q" 1',
        '"s" "r" {"@i',
    ]


def test_node_without_identifier_stands_at_its_brace() -> None:
    assert located('"@id":"s","p":[{"q":{"r":1},"k":2},{}]') == [
        '"s" "p" {"q"',
        '{"q" "q" {"r"',
        '{"r" "r" 1',
        '{"q" "k" 2',
        '"s" "p" {}]}',
    ]


def test_graph_and_included_hold_nodes_of_their_own() -> None:
    assert located('"@graph":[{"@id":"a","p":1},{"p":2}]') == ['"a" "p" 1', '{"p" "p" 2']
    assert located('"@id":"s","@included":[{"@id":"a","p":1}],"q":2') == ['"a" "p" 1', '"s" "q" 2']


def test_array_of_documents_has_places_in_each() -> None:
    text = f'[{{{VOCABULARY},"@id":"a","p":1}},{{"@id":"b","http://e/q":[2,3]}}]'
    found = [" ".join(_token(text, start) for start in spot) if spot else "-" for spot in _spots(text)]
    assert found == ['"a" "p" 1', '"b" "http://e/q" 2', '"b" "http://e/q" 3']


def test_other_names_of_keywords_are_known_for_them() -> None:
    context = '"id":"@id","type":{"@id":"@type"},"value":"@value","kind":"type"'
    assert located('"p":{"value":"x"},"kind":"A","id":"s"', context) == ['"s" "kind" "A"', '"s" "p" {"va']


def test_statements_of_reverse_properties_stand_at_the_other_node() -> None:
    context = '"r":{"@reverse":"http://e/r"},"i":{"@reverse":"http://e/i","@type":"@id"}'
    members = '"@id":"s","r":[{"p":4,"@id":"z"},{"q":5}],"@reverse":{"k":{"@id":"f"}},"i":"g"'
    assert located(members, context) == [
        '"z" "r" {"p"',
        '"z" "p" 4',
        '{"q" "r" {"q"',
        '{"q" "q" 5',
        '"f" "k" {"@i',
        '"g" "i" "g"',
    ]


def test_lists_stand_at_their_bracket_and_cells_at_their_items() -> None:
    assert located('"@id":"s","p":{"@list":[1,{"@id":"o","q":2}]},"e":{"@list":[]}') == [
        '"s" "p" {"@l',
        '{"@l {"@l 1',
        '{"@l {"@l {"@i',
        '{"@i {"@i {"@i',
        '"o" "q" 2',
        '{"@i {"@i {"@i',
        '"s" "e" {"@l',
    ]


def test_term_that_is_a_list_by_its_context_is_one() -> None:
    context = '"l":{"@id":"http://e/l","@container":"@list"}'
    assert located('"@id":"s","l":["a","b"]', context) == [
        '"s" "l" ["a"',
        '["a" ["a" "a"',
        '["a" ["a" "b"',
        '"b" "b" "b"',
        '"b" "b" "b"',
    ]


def test_sets_value_objects_and_nests_stand_for_what_is_in_them() -> None:
    members = '"@id":"s","p":{"@set":[1,2]},"q":{"@value":"x","@language":"en"},"@nest":{"k":3}'
    assert located(members) == ['"s" "p" 1', '"s" "p" 2', '"s" "q" {"@v', '"s" "k" 3']


def test_language_and_index_maps_stand_for_their_values() -> None:
    context = (
        '"l":{"@id":"http://e/l","@container":"@language"},"x":{"@id":"http://e/x","@container":["@index","@set"]}'
    )
    assert located('"@id":"s","l":{"en":["a","b"],"@none":"c"},"x":{"type":[1,{"@id":"o"}]}', context) == [
        '"s" "l" "a"',
        '"s" "l" "b"',
        '"s" "l" "c"',
        '"s" "x" 1',
        '"s" "x" {"@i',
    ]


def test_contexts_of_terms_and_types_are_the_engines_business() -> None:
    context = '"t":{"@id":"http://e/t","@context":{"n":"http://e/name","id":"@id"}},"T":{"@id":"http://e/T","@context":{"m":"http://e/m"}}'
    assert located('"@id":"s","t":{"n":1,"id":"o"},"k":{"m":2,"@type":"T"}', context) == [
        '"s" "t" {"n"',
        '"o" "n" 1',
        '"s" "k" {"m"',
        '{"m" "@type" "T"',
        '{"m" "m" 2',
    ]


def test_json_literal_is_one_value() -> None:
    context = '"j":{"@id":"http://e/j","@type":"@json"}'
    assert located('"@id":"s","j":{"@id":5,"b":[{"@list":0}]},"q":1', context) == ['"s" "j" {"@i', '"s" "q" 1']
    odd = '{"@context":{"a":{"@container":[{}],"@id":5},"b":' + "1" * 5000 + "}}"
    assert located(f'"@id":"s","j":{odd}', context) == ['"s" "j" {"@c']
    assert located('"j":{"b":{}},"q":1', context) == ['{"@c "j" {"b"', '{"@c "q" 1']


def test_keys_that_are_identifiers_or_types_of_nodes_stand_for_them() -> None:
    context = '"i":{"@id":"http://e/i","@container":"@id"},"t":{"@id":"http://e/t","@container":"@type"}'
    assert located('"i":{"o":{"p":1}},"q":2', context) == ['{"@c "i" {"p"', '{"p" "p" 1', '{"@c "q" 2']
    assert located('"t":{"T":{"p":1}},"q":2', context) == [
        '{"@c "t" {"p"',
        *['{"p" {"p" {"p"'] * 2,
        '{"@c "q" 2',
    ]


def test_strings_with_escapes_brackets_and_characters_beyond_the_bmp_are_passed_over() -> None:
    assert located('"@id":"s","p\\u0021":"\\"]}, \U0001f600","q":[ 1 , 2 ]') == [
        '"s" "p\\u0021" "\\"]}, \U0001f600"',
        '"s" "q" 1',
        '"s" "q" 2',
    ]


def test_graph_without_a_name_has_places_inside_and_around() -> None:
    assert located('"@graph":[{"@graph":[{"@id":"a","p":1}],"q":2}]') == ['{"@g "q" 2', '"a" "p" 1']


def test_document_with_an_identifier_in_a_nest_has_nameless_nodes_at_their_braces() -> None:
    assert located('"@nest":{"@id":"s"},"p":1,"q":{"r":2}') == ['{"@c "p" 1', '{"@c "q" {"r"', '{"r" {"r" {"r"']


def test_type_that_the_engine_leaves_out_leaves_the_others_at_their_key() -> None:
    assert located('"@id":"s","@type":["N","A"]', '"N":null') == ['"s" "@type" ["N"']


def test_document_that_was_read_otherwise_has_no_spots() -> None:
    text = f'{{{VOCABULARY},"@id":"s","p":1}}'
    others = triples(text.replace("1}", "2}"))
    assert list(jsonld_places.locate(text, others, BASE)) == [None]


def test_json_reader_gives_each_value_its_key_and_place() -> None:
    root = read(' { "a" : [ 1 , "\\"" ] , "b\\n" : { } }')
    array, empty = root.values
    assert (root.start, array.key, array.key_start, array.start, array.end) == (1, "a", 3, 9, 21)
    assert [(item.start, item.end) for item in array.values] == [(11, 12), (15, 19)]
    assert (empty.key, empty.key_start, empty.start, empty.values) == ("b\n", 24, 32, [])


class Writer:
    """Builds documents whose values are all different numbers, so that none can be taken for another."""

    CONTEXT = (
        '"@context":{"@vocab":"http://e/","id":"@id","type":"@type","r":{"@reverse":"http://e/r"},'
        '"l":{"@id":"http://e/l","@container":"@list"},"x":{"@id":"http://e/x","@container":"@index"}}'
    )

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._count = 0

    def document(self) -> str:
        nodes = ",".join(self._node(3) for _ in range(1 + self._choose(3)))
        parts = [self.CONTEXT, f'"@graph":[{nodes}]']
        return "{" + ",\n".join(parts if self._choose(2) else reversed(parts)) + "}"

    def _number(self) -> str:
        self._count += 1
        return str(1000 + self._count)

    def _node(self, depth: int) -> str:
        members = [self._member(depth) for _ in range(self._choose(4))]
        if self._choose(2):
            members.insert(self._choose(len(members) + 1), f'"{("@id", "id")[self._choose(2)]}" : "n{self._number()}"')
        if self._choose(2):
            types = ",".join(f'"T{self._number()}"' for _ in range(1 + self._choose(2)))
            members.insert(self._choose(len(members) + 1), f'"{("@type", "type")[self._choose(2)]}":[{types}]')
        return "{" + ", ".join(members) + "}"

    def _member(self, depth: int) -> str:
        kind = self._choose(6)
        key = f"p{self._number()}"
        if kind == 0 and depth:
            return f'"r": [{self._node(depth - 1)}, {self._node(depth - 1)}]'
        if kind == 1:
            return f'"{key}":{{"@list":[{self._values(depth)}]}}'
        if kind == 2:
            return f'"{key}":{{"@value":"{self._number()}","@language":"en"}}'
        if kind == 3:
            return f'"{key}":{{"@set":[{self._values(depth)}]}}'
        if kind == 4 and depth:
            return f'"@reverse":{{"{key}":{self._node(depth - 1)}}}'
        return f'"{key}":[{self._values(depth)}]'

    def _values(self, depth: int) -> str:
        values = [self._node(depth - 1) if depth and self._choose(3) == 0 else self._number() for _ in range(3)]
        return " , ".join(values)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_generated_document_has_each_literal_type_and_key_where_it_is_written(data: st.DataObject) -> None:
    text = Writer(lambda count: data.draw(st.integers(0, count - 1))).document()
    read_ = triples(text)
    for triple, spot in zip(read_, jsonld_places.locate(text, read_, BASE), strict=True):
        assert spot
        key = triple.predicate.value.removeprefix(BASE)
        if key.startswith("p"):
            assert text.startswith(f'"{key}"', spot.predicate)
        if isinstance(triple.object, ox.Literal):
            assert triple.object.value in text[spot.object :][:24].partition("}")[0]
        elif not isinstance(triple.object, ox.Triple) and triple.object.value.startswith(f"{BASE}T"):
            assert text.startswith(f'"{triple.object.value.removeprefix(BASE)}"', spot.object)
        if isinstance(triple.subject, ox.NamedNode) and not isinstance(triple.object, ox.BlankNode):
            assert text.startswith(f'"{triple.subject.value.removeprefix(BASE)}"', spot.subject)


@pytest.mark.parametrize("depth", [1, 90])
def test_deep_nesting_is_followed_without_recursion(depth: int) -> None:
    text = f'{{{VOCABULARY},"@id":"s","p":' + '{"p":' * depth + "7" + "}" * depth + "}"
    spots = _spots(text)
    assert len(spots) == depth + 1
    assert spots[-1]
    assert text[spots[-1][2]] == "7"
