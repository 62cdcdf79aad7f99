"""Where RDF/XML makes its statements: by hand for each form of property, and on generated documents.

The engine is handed one tag after the other, so what these tests pin is which part of the tag a statement stands at.
"""

import re
from collections.abc import Callable

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph.intake import xml_places

BASE = "http://e/"
HEAD = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://e/" xmlns:e="http://e/">'
WORD = re.compile(r"\"[^\"]*\"|'[^']*'|<?/?[^\s<>=/]+")
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def triples(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.RDF_XML, base_iri=BASE)]


def located(body: str) -> list[str]:
    """For each statement the words at its three places: a quoted value, a tag's beginning or plain text."""
    text = f"{HEAD}{body}</rdf:RDF>"
    found = xml_places.locate(text, triples(text), BASE)
    return [" ".join(WORD.findall(text, start)[0] for start in spot) if spot else "-" for spot in found]


def test_type_of_a_node_stands_at_its_tag_and_text_behind_the_tag_of_its_property() -> None:
    assert located('<T rdf:about="a"><p>x</p>\n<q>y</q></T>') == ["<T <T <T", "<T <p x", "<T <q y"]


def test_property_attributes_stand_at_their_names_and_values() -> None:
    body = '<rdf:Description rdf:about="a" e:p="1" rdf:type="http://t/" e:q = \'2\'/>'
    assert sorted(located(body)) == [
        '<rdf:Description e:p "1"',
        "<rdf:Description e:q '2'",
        '<rdf:Description rdf:type "http://t/"',
    ]


def test_reference_stands_at_the_value_of_its_attribute() -> None:
    body = '<T rdf:about="a"><p rdf:resource="r"/><q rdf:nodeID="n"></q></T>'
    assert located(body)[1:] == ['<T <p "r"', '<T <q "n"']


def test_node_in_a_property_stands_at_its_tag() -> None:
    body = '<T rdf:about="a"><p>\n <U rdf:about="b"><q>x</q></U></p></T>'
    assert located(body) == ["<T <T <T", "<U <U <U", "<U <q x", "<T <p <U"]


def test_property_that_is_a_node_as_well_stands_at_its_own_tag() -> None:
    body = '<T rdf:about="a"><p rdf:parseType="Resource"><q>x</q></p><r e:k="1"/></T>'
    assert located(body)[1:] == ["<T <p <p", "<p <q x", '<r e:k "1"', "<T <r <r"]


def test_xml_literal_stands_behind_the_tag_of_its_property() -> None:
    assert located('<T rdf:about="a"><p rdf:parseType="Literal"><q>x</q><b/></p><q>y</q></T>')[1:] == [
        "<T <p <q",
        "<T <q y",
    ]


def test_cells_of_a_collection_stand_at_their_items() -> None:
    body = '<T rdf:about="a"><p rdf:parseType="Collection"><U rdf:about="1"/><V rdf:about="2"/></p></T>'
    assert located(body)[3:] == ["<T <p <U", "<U <U <V", "<U <U <U", "<V <V </p", "<V <V <V"]


def test_collection_without_items_stands_behind_its_tag() -> None:
    assert located('<T rdf:about="a"><p rdf:parseType="Collection"></p></T>')[1:] == ["<T <p </p"]


def test_members_of_a_container_and_statements_about_statements_stand_at_their_property() -> None:
    body = '<T rdf:about="a"><rdf:li>1</rdf:li><rdf:li>2</rdf:li><p rdf:ID="s">3</p></T>'
    assert located(body)[1:] == ["<T <rdf:li 1", "<T <rdf:li 2", "<T <p 3", *["<p <p <p"] * 4]


def test_empty_elements_stand_at_their_tags() -> None:
    assert located('<T rdf:about="a"><p/><q></q></T>')[1:] == ["<T <p <p", "<T <q </q"]


def test_comments_instructions_and_cdata_are_passed_over() -> None:
    body = '<!-- <T> --><T rdf:about="a"><?x <p>?><!-- <p> --><p><![CDATA[<q>]]></p></T>'
    assert located(body) == ["<T <T <T", "<T <p <![CDATA["]


def test_document_that_is_one_node_has_places() -> None:
    text = f'<?xml version="1.0"?>\n<e:T xmlns:e="http://e/" xmlns:rdf="{RDF}" rdf:about="a"><e:p>é</e:p></e:T>'
    spots = xml_places.locate(text, triples(text), BASE)
    node = text.index("<e:T")
    assert spots == [(node, node, node), (node, text.index("<e:p"), text.index("é"))]


def test_characters_of_several_bytes_count_once() -> None:
    assert located('<T rdf:about="é\U0001f600"><p>é\U0001f600</p><q>x</q></T>') == [
        "<T <T <T",
        "<T <p é\U0001f600",
        "<T <q x",
    ]


def test_document_that_was_read_otherwise_has_no_spots() -> None:
    text = f'{HEAD}<T rdf:about="a"/></rdf:RDF>'
    assert xml_places.locate(text, triples(text.replace('"a"', '"b"')), BASE) == [None]


@pytest.mark.parametrize("text", ["", "<a", "<a/><b/>", '<xml:a xmlns:xml="http://e/"/>'])
def test_text_that_is_no_xml_has_no_spots(text: str) -> None:
    others = triples(f'{HEAD}<T rdf:about="a"/></rdf:RDF>')
    assert xml_places.locate(text, others, BASE) == [None]


class Writer:
    """Builds documents whose texts are all different numbers, so that none can be taken for another."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._count = 0

    def node(self, depth: int) -> str:
        name = f"T{self._number()}"
        about = ("", f' rdf:about="n{self._number()}"', f' rdf:nodeID="n{self._number()}"')[self._choose(3)]
        properties = "".join(self._property(depth) for _ in range(self._choose(3)))
        return f"<{name}{about}{self._attributes()}>{properties}</{name}>"

    def _number(self) -> str:
        self._count += 1
        return str(1000 + self._count)

    def _attributes(self) -> str:
        return "".join(f' e:a{self._number()}="{self._count + 1000}"' for _ in range(self._choose(3)))

    def _property(self, depth: int) -> str:
        name = f"p{self._number()}"
        kind = self._choose(6)
        if kind == 0:
            return f"<{name}{self._attributes()}/>\n"
        if kind == 1 and depth:
            inner = "".join(self._property(depth - 1) for _ in range(self._choose(3)))
            return f'<{name} rdf:parseType="Resource">{inner}</{name}>'
        if kind == 2 and depth:
            inner = "\n".join(self.node(depth - 1) for _ in range(self._choose(3)))
            return f'<{name} rdf:parseType="Collection">{inner}</{name}>'
        if kind == 3 and depth:
            return f"<{name}> {self.node(depth - 1)}<!-- é --></{name}>"
        if kind == 4:
            return f'<{name} rdf:parseType="Literal">{self._number()}<p/></{name}>'
        return f"<{name} >{self._number()}</{name}\n>"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_generated_document_has_each_text_type_and_property_where_it_is_written(data: st.DataObject) -> None:
    writer = Writer(lambda count: data.draw(st.integers(0, count - 1)))
    text = HEAD + "".join(writer.node(2) for _ in range(2)) + "</rdf:RDF>"
    read = triples(text)
    for triple, spot in zip(read, xml_places.locate(text, read, BASE), strict=True):
        assert spot
        name = triple.predicate.value.removeprefix(BASE)
        if name[0] in "pa":
            assert text.startswith((f"<{name}", f"e:{name}"), spot.predicate)
        if isinstance(triple.object, ox.Literal) and triple.object.value:
            assert text[spot.object :].lstrip("\"'").startswith(triple.object.value[:5])
        elif triple.predicate.value == f"{RDF}type" and isinstance(triple.object, ox.NamedNode):
            assert text.startswith(f"<{triple.object.value.removeprefix(BASE)}", spot.object)
        if isinstance(triple.subject, ox.NamedNode):
            tag = text[spot.subject :].partition(">")[0]
            assert f'"{triple.subject.value.removeprefix(BASE)}"' in tag
