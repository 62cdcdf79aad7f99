"""The token pass over Turtle and its kin: in the engine's order, and at the right characters.

The order is pinned by hand for each shape of statement, then compared with the engine on the repository's own files
and on generated ones, whose right places the generator knows because it wrote them.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph.intake import turtle_places
from itu_align.graph.intake.text_places import Spot

ROOT = Path(__file__).parent.parent
BASE = "http://example.org/"
SHARED = Path(os.environ.get("ITU_ALIGN_SHARED") or ROOT.parent / "shared")
NEEDS_SUITES = pytest.mark.skipif(not (SHARED / "w3c").is_dir(), reason=f"the W3C test suites are not in {SHARED}")
FORMATS = {".ttl": ox.RdfFormat.TURTLE, ".trig": ox.RdfFormat.TRIG, ".nt": ox.RdfFormat.N_TRIPLES}
SHIPPED = sorted(path for folder in ("ontology", "shapes", "tests/data") for path in (ROOT / folder).rglob("*.ttl"))


def triples(text: str, format_: ox.RdfFormat = ox.RdfFormat.TURTLE) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=format_, base_iri=BASE)]


def located(text: str, format_: ox.RdfFormat = ox.RdfFormat.TURTLE) -> list[str]:
    """Each statement as `subject predicate object`, by the first characters that stand at its three places."""
    found = turtle_places.locate(text, triples(text, format_))
    return [" ".join(text[start:].split(maxsplit=1)[0] for start in spot) if spot else "-" for spot in found]


def test_statements_with_semicolons_and_commas_come_as_written() -> None:
    assert located('<a> <p> <b> , <c> ; <q> "x" , 5 ; a <T> ; .') == [
        "<a> <p> <b>",
        "<a> <p> <c>",
        '<a> <q> "x"',
        "<a> <q> 5",
        "<a> a <T>",
    ]


def test_statements_about_a_node_in_brackets_come_before_the_one_that_mentions_it() -> None:
    text = "<a> <p> [ <q> <b> ; <r> [ <s> 5 ] ] , <c> ."
    assert located(text) == ["[ <q> <b>", "[ <s> 5", "[ <r> [", "<a> <p> [", "<a> <p> <c>"]


def test_string_at_the_end_of_brackets_comes_after_the_statement_that_mentions_the_node() -> None:
    assert located('<a> <p> [ <q> "x" ] .') == ["<a> <p> [", '[ <q> "x"']


def test_list_comes_with_its_first_item_and_its_cells_stand_at_the_items() -> None:
    assert located("<a> <p> ( 1 [ <k> 2 ] ( ) ) .") == [
        "( ( 1",
        "<a> <p> (",
        "( ( [",
        "[ <k> 2",
        "[ [ [",
        "[ [ (",
        "( ( (",
        "( ( )",
    ]


def test_strings_in_a_list_come_with_the_token_behind_them() -> None:
    assert located('( "x" "y" ) <p> <o> .') == ['( ( "y"', '( ( "x"', '"y" "y" )', '"y" "y" "y"', "( <p> <o>"]


def test_strings_with_language_or_datatype_in_a_list_come_with_that() -> None:
    assert located('( "x"@en "y"^^<dt> ) <p> <o> .') == [
        '( ( "x"@en',
        '( ( "y"^^<dt>',
        '"y"^^<dt> "y"^^<dt> "y"^^<dt>',
        '"y"^^<dt> "y"^^<dt> )',
        "( <p> <o>",
    ]


def test_list_in_a_list_as_subject_is_an_item_of_it() -> None:
    assert located("( ( 1 ) 2 ) <p> ( ) .") == ["( ( 1", "( ( (", "( ( )", "2 2 2", "( ( 2", "2 2 )", "( <p> ("]


def test_brackets_as_subject_are_where_their_statements_begin() -> None:
    assert located("[ <q> 1 ] <p> [ ] . [ <r> 2 ] . [ ] <s> 3 .") == ["[ <q> 1", "[ <p> [", "[ <r> 2", "[ <s> 3"]


def test_directives_of_both_kinds_state_nothing() -> None:
    text = "@prefix p: <u:> . PREFIX q: <v:> @base <http://b/> . BASE <http://c/> p:a q:b <d> ."
    assert located(text) == ["p:a q:b <d>"]


def test_signs_in_comments_strings_and_iris_mean_nothing() -> None:
    text = '<a#%5B(> <p> """x" . [\n\\" """ , \'\'\'it\'s ( # \'\'\' , "#\\"" , \'[\' ; # " \' ( [\r <q> 1 . # end ['
    objects = [line.split(" ", 2)[2][:3] for line in located(text)]
    assert objects == ['"""', "'''", '"#\\', "'['", "1"]


def test_names_with_dots_escapes_and_other_letters_are_whole() -> None:
    text = "PREFIX é: <u:> é:a.b é:x\\~y.z é:%20 . é:a é: _:b.c.<d> é:1:2 true.<e> é:f 1.e0,-.5,+3 ."
    assert located(text) == [
        "é:a.b é:x\\~y.z é:%20",
        "é:a é: _:b.c.<d>",
        "<d> é:1:2 true.<e>",
        "<e> é:f 1.e0,-.5,+3",
        "<e> é:f -.5,+3",
        "<e> é:f +3",
    ]


def test_graphs_of_trig_are_no_subjects() -> None:
    text = 'GRAPH <g> { <a> <p> "x" } <h> { <b> <p> 1 . <c> <p> 2 } { [ ] <p> 3 } [ ] { <d> <p> 4 . } <e> <p> 5 .'
    statements = ['<a> <p> "x"', "<b> <p> 1", "<c> <p> 2", "[ <p> 3", "<d> <p> 4", "<e> <p> 5"]
    assert located(text, ox.RdfFormat.TRIG) == statements


def test_graph_at_the_end_of_n_quads_is_no_object() -> None:
    text = '<u:a> <u:p> "x"@en <u:g> .\n_:b <u:q> <u:c> _:g . # <u:d>\n<u:e> <u:q> "1"^^<u:dt> .'
    statements = ['<u:a> <u:p> "x"@en', "_:b <u:q> <u:c>", '<u:e> <u:q> "1"^^<u:dt>']
    assert located(text, ox.RdfFormat.N_QUADS) == statements


def test_statement_that_the_tokens_cannot_stand_for_has_no_spot() -> None:
    text = "<a> <p> <b> . <a> <q> 5 ."
    others = triples("<a> <p> <c> . <a> <q> 5 .")
    assert turtle_places.locate(text, others) == [None, Spot(14, 18, 22)]


@pytest.mark.parametrize("other", ["<a> <p> 5 .", "<a> <p> [ ] .", "<a> a <b> .", "_:a <p> <b> .", "<a> <p> () ."])
def test_term_of_another_kind_than_the_token_has_no_spot(other: str) -> None:
    assert turtle_places.locate("<a> <p> <b> .", triples(other)) == [None]


def test_tokens_of_more_statements_than_were_read_have_no_spots() -> None:
    assert turtle_places.locate("<a> <p> <b> , <c> .", triples("<a> <p> <b> .")) == [None]


@pytest.mark.parametrize("text", ["] ) } <a>", "<a> <p> ( ] ) .", "<a> <p> %", "~", '"', "^^ @en", ""])
def test_text_that_is_no_turtle_ends_without_an_error(text: str) -> None:
    assert turtle_places.locate(text, triples("<a> <p> <b> .")) == [None]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_shipped_file_agrees_with_the_engine_in_each_statement(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    read = triples(text)
    assert read
    assert None not in turtle_places.locate(text, read)


@NEEDS_SUITES
def test_files_of_the_w3c_suites_agree_with_the_engine_in_each_statement() -> None:
    agreed, differing = 0, []
    for path in sorted((SHARED / "w3c").rglob("*")):
        if path.suffix not in FORMATS:
            continue
        text = path.read_text(encoding="utf-8")
        try:
            read = triples(text, FORMATS[path.suffix])
        except SyntaxError:  # some are wrong on purpose
            continue
        agreed += len(read)
        if None in turtle_places.locate(text, read):
            differing.append(path)
    assert differing == []
    assert agreed


class Writer:
    """Writes Turtle by a plan of numbers, and notes where it wrote the terms of each statement."""

    IRIS = ("<a>", "<http://x/y#z>", "p:a.b", "p:", "p:x\\~y", "p:%20", "é:é")
    VALUES = ('"x"', '"x"@en', "'y'^^p:dt", '"""a"b\n"""@en-GB', "''", "'''z'''^^<dt>", "1", "-1.5", ".5e3", "1.e2")
    OTHERS = ("true", "false", '"#[("', "_:b", "_:c.d")
    SPACES = (" ", "\n", "\r\n", "\t  ", ' # c [ "\n')

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.text = "@prefix p: <http://p/#> . @prefix é: <http://e/> .\n"
        self.expected: list[Spot] = []
        self._choose = choose

    def statement(self) -> None:
        kind = self._choose(5)
        if kind == 0:
            subject = self._node()
        elif kind == 1:
            subject = self._list(2)
            self._description(subject, 2)
        else:
            subject = self._write((*self.IRIS, "_:b")[self._choose(8)])
            self._description(subject, 3)
        self._write(".")

    def _write(self, token: str) -> int:
        start = len(self.text)
        self.text += token + self.SPACES[self._choose(len(self.SPACES))]
        return start

    def _description(self, subject: int, depth: int) -> None:
        for number in range(1 + self._choose(3)):
            if number:
                self._write(";")
            predicate = self._write((*self.IRIS, "a")[self._choose(8)])
            for count in range(1 + self._choose(2)):
                if count:
                    self._write(",")
                self.expected.append(Spot(subject, predicate, self._object(depth)))

    def _object(self, depth: int) -> int:
        kind = self._choose(4) if depth else 3
        if kind == 0:
            return self._node(depth - 1, empty=self._choose(3) == 0)
        if kind == 1:
            return self._list(depth - 1)
        terms = self.IRIS + self.VALUES + self.OTHERS
        return self._write(terms[self._choose(len(terms))])

    def _node(self, depth: int = 2, *, empty: bool = False) -> int:
        start = self._write("[")
        if not empty:
            self._description(start, depth)
        self._write("]")
        return start

    def _list(self, depth: int) -> int:
        start = self._write("(")
        items = [self._object(depth) for _ in range(self._choose(4))]
        end = self._write(")")
        cells = [start, *items[1:]]
        for number, item in enumerate(items):
            following = items[number + 1] if number + 1 < len(items) else end
            self.expected += [Spot(cells[number], cells[number], item), Spot(cells[number], cells[number], following)]
        return start


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG]))
def test_generated_text_has_each_statement_where_it_was_written(data: st.DataObject, format_: ox.RdfFormat) -> None:
    writer = Writer(lambda count: data.draw(st.integers(0, count - 1)))
    for number in range(3):
        if format_ == ox.RdfFormat.TRIG and number:
            writer.text += ("{ ", "<g> { ", "GRAPH p:g { ", "[] {")[data.draw(st.integers(0, 3))]
        writer.statement()
        if format_ == ox.RdfFormat.TRIG and number:
            writer.text += "} "
    found = turtle_places.locate(writer.text, triples(writer.text, format_))
    assert None not in found
    assert sorted(spot for spot in found if spot) == sorted(writer.expected)
