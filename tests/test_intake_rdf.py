"""RDF files of members: each format's statements with the places they have in the file, counted by hand.

Every place is also read back: the excerpt is the line, and the column points into it.
"""

import json
import sys
from types import FrameType

import pyoxigraph as ox
import pytest
from itu_align.graph import names
from itu_align.graph.errors import Place
from itu_align.graph.finding import SourcePlace
from itu_align.graph.intake import rdf
from itu_align.graph.intake.source import File, IntakeError, Source
from itu_align.graph.nesting import MAX_DEPTH
from itu_align.graph.phrases import phrases

TURTLE, TRIG = ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG
N_TRIPLES, N_QUADS = ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS
XML, JSON = ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD

A, B, C = ox.NamedNode("http://e/a"), ox.NamedNode("http://e/b"), ox.NamedNode("http://e/c")
P, Q, TYPE = ox.NamedNode("http://e/p"), ox.NamedNode("http://e/q"), ox.NamedNode(names.RDF + "type")
X = ox.Literal("x")

DOCUMENTS = {
    "Turtle": (
        TURTLE,
        """\
PREFIX e: <http://e/>

e:a e:p "x"@en ,
    "x" ;
  e:q e:b .
e:b e:p 5 .
""",
        {"value": (4, 5), "field": (3, 5), "subject": (3, 1), "object": (5, 7), "backwards": (5, 3), "other": (6, 1)},
    ),
    "TriG": (
        TRIG,
        """\
PREFIX e: <http://e/>
{ e:a e:p "x" }
  { e:a e:q e:b . e:b
      e:p 5 }
""",
        {
            "value": (2, 11),
            "field": (2, 7),
            "subject": (2, 3),
            "object": (3, 13),
            "backwards": (3, 9),
            "other": (3, 19),
        },
    ),
    "N-Triples": (
        N_TRIPLES,
        """\
# notes
<http://e/a> <http://e/p> "x" .
<http://e/a> <http://e/q> <http://e/b> .
<http://e/b> <http://e/p> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .
""",
        {
            "value": (2, 27),
            "field": (2, 14),
            "subject": (2, 1),
            "object": (3, 27),
            "backwards": (3, 14),
            "other": (4, 1),
        },
    ),
    "N-Quads": (
        N_QUADS,
        """\
<http://e/a> <http://e/p> "x" .

  <http://e/a>  <http://e/q> <http://e/b>.
<http://e/b> <http://e/p> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .
""",
        {
            "value": (1, 27),
            "field": (1, 14),
            "subject": (1, 1),
            "object": (3, 30),
            "backwards": (3, 17),
            "other": (4, 1),
        },
    ),
    "JSON-LD": (
        JSON,
        """\
{
  "@context": {"@vocab": "http://e/"},
  "@graph": [
    {"@id": "http://e/a", "p": "x",
     "q": {"@id": "http://e/b",
           "p": 5}}
  ]
}
""",
        {
            "value": (4, 32),
            "field": (4, 27),
            "subject": (4, 13),
            "object": (5, 11),
            "backwards": (5, 6),
            "other": (5, 19),
        },
    ),
    "RDF/XML": (
        XML,
        """\
<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns="http://e/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="http://e/a">
    <p>x</p>
    <q>
      <rdf:Description rdf:about="http://e/b"><p>5</p></rdf:Description>
    </q>
  </rdf:Description>
</rdf:RDF>
""",
        {"value": (4, 8), "field": (4, 5), "subject": (3, 3), "object": (6, 7), "backwards": (5, 5), "other": (6, 7)},
    ),
}
"""Each says: a p "x"; q b. b p 5. The field is p of a, backwards is ^q of b, other is b as a subject."""


def read(text: str | bytes, format_: ox.RdfFormat, base: str | None = None) -> Source:
    return rdf.read(File("data", text.encode() if isinstance(text, str) else text), format_, base, say=phrases("en"))


def at(place: SourcePlace | None) -> tuple[int, int]:
    assert place
    assert place.file == "data"
    return place.line, place.column


def refusal(text: str | bytes, format_: ox.RdfFormat) -> IntakeError:
    with pytest.raises(IntakeError) as raised:
        read(text, format_)
    assert str(raised.value).startswith("data: ")
    return raised.value


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_format_gives_the_places_of_value_field_subject_and_mention(name: str) -> None:
    format_, text, places = DOCUMENTS[name]
    source = read(text, format_)
    assert (source.name, source.kind, source.findings) == ("data", name, [])
    assert {ox.Triple(A, P, X), ox.Triple(A, Q, B)} <= set(source.triples)
    assert {
        "value": at(source.statement(A, P, X)),
        "field": at(source.field(A, P.value)),
        "subject": at(source.subject(A)),
        "object": at(source.statement(A, Q, B)),
        "backwards": at(source.field(B, "^http://e/q")),
        "other": at(source.subject(B)),
    } == places


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_file_does_not_say_has_no_place_but_its_subject_has(name: str) -> None:
    format_, text, places = DOCUMENTS[name]
    source = read(text, format_)
    assert source.statement(A, P, ox.Literal("y")) is None
    assert source.field(A, "http://e/missing") is None
    assert source.field(A, "^http://e/p") is None
    assert source.subject(C) is None
    assert at(source.subject(A)) == places["subject"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_excerpt_is_the_line_of_the_place(name: str) -> None:
    format_, text, places = DOCUMENTS[name]
    place = read(text, format_).statement(A, P, X)
    assert place
    assert place.excerpt == text.splitlines()[places["value"][0] - 1]
    assert (place.sheet, place.cell, place.row, place.name) == (None, None, None, None)


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_move_no_place(name: str, line_end: str) -> None:
    format_, text, places = DOCUMENTS[name]
    source = read(text.replace("\n", line_end), format_)
    assert at(source.statement(A, P, X)) == places["value"]
    assert at(source.statement(A, Q, B)) == places["object"]
    place = source.statement(A, P, X)
    assert place
    assert place.excerpt == text.splitlines()[places["value"][0] - 1]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_byte_order_mark_moves_no_column(name: str) -> None:
    format_, text, places = DOCUMENTS[name]
    source = read(b"\xef\xbb\xbf" + text.encode(), format_)
    assert at(source.statement(A, P, X)) == places["value"]
    assert at(source.subject(A)) == places["subject"]


def test_rdf_xml_in_utf_16_has_the_places_of_its_characters() -> None:
    format_, text, places = DOCUMENTS["RDF/XML"]
    source = read(text.replace("UTF-8", "UTF-16").encode("utf-16"), format_)
    assert at(source.statement(A, P, X)) == places["value"]


@pytest.mark.parametrize(
    ("format_", "text", "column"),
    [
        (TURTLE, '<http://e/a> <http://e/q> "\U0001f600é" ; <http://e/p> "x" .', 47),
        (N_TRIPLES, '_:\U0001f600 <http://e/p> "x" .', 18),
        (JSON, '{"@id":"http://e/a","http://e/q":"\U0001f600é","http://e/p":"x"}', 52),
        (
            XML,
            f'<d:Description xmlns:d="{names.RDF}" xmlns="http://e/" d:about="http://e/a"><q>\U0001f600é</q><p>x</p></d:Description>',
            121,
        ),
    ],
)
def test_columns_count_characters_beyond_the_bmp_once(format_: ox.RdfFormat, text: str, column: int) -> None:
    source = read(text, format_)
    subject = source.triples[-1].subject
    assert isinstance(subject, ox.NamedNode | ox.BlankNode)
    assert at(source.statement(subject, P, X)) == (1, column)


def test_blank_nodes_of_the_triples_have_places() -> None:
    source = read("<http://e/a> <http://e/p> [\n  <http://e/q> ( 1\n 2 ) ] .", TURTLE)
    node = next(triple.object for triple in source.triples if triple.predicate == P)
    cell = next(triple.object for triple in source.triples if triple.predicate == Q)
    assert isinstance(node, ox.BlankNode)
    assert isinstance(cell, ox.BlankNode)
    assert at(source.statement(A, P, node)) == (1, 27)
    assert at(source.subject(node)) == (1, 27)
    assert at(source.statement(node, Q, cell)) == (2, 16)
    assert at(source.statement(cell, ox.NamedNode(names.RDF + "first"), ox.Literal(1))) == (2, 18)


def test_subject_that_is_mentioned_first_stands_where_it_is_described() -> None:
    source = read("<http://e/a> <http://e/p> <http://e/b> .\n<http://e/b> <http://e/p> <http://e/c> .", TURTLE)
    assert at(source.subject(B)) == (2, 1)
    assert at(source.subject(C)) == (2, 27)


def test_statement_made_twice_stands_where_it_is_made_first() -> None:
    source = read('<http://e/a> <http://e/p> "x" .\n<http://e/a> <http://e/p> "x" .', N_TRIPLES)
    assert at(source.statement(A, P, X)) == (1, 27)
    assert at(source.field(A, P.value)) == (1, 14)


@pytest.mark.parametrize(
    ("format_", "text", "column"),
    [
        (TURTLE, '<a> <p> "x" .', 9),
        (JSON, '{"@context":{"p":"http://e/p"},"@id":"a","p":"x"}', 46),
        (XML, f'<d:Description xmlns:d="{names.RDF}" xmlns="http://e/" d:about="a"><p>x</p></d:Description>', 103),
    ],
)
def test_relative_addresses_are_resolved_against_the_base(format_: ox.RdfFormat, text: str, column: int) -> None:
    assert at(read(text, format_, "http://e/").statement(A, P, X)) == (1, column)


def test_long_line_is_cut_around_the_place_and_keeps_its_column() -> None:
    before, after = "b" * 1000, "c" * 1000
    source = read(f'<http://e/{before}> <http://e/p> "y" . <http://e/a> <http://e/p> "x" . # {after}', TURTLE)
    place = source.statement(A, P, X)
    assert place
    assert (place.line, place.column) == (1, 1058)
    assert place.excerpt
    assert len(place.excerpt) == 302
    assert place.excerpt.startswith("…b")
    assert place.excerpt.endswith("c…")
    assert '<http://e/a> <http://e/p> "x" . # ccc' in place.excerpt


def test_long_line_is_cut_at_the_start_only_where_the_place_is_near_its_end() -> None:
    place = read(f'<http://e/{"b" * 1000}> <http://e/p> "y" . <http://e/a> <http://e/p> "x" .', TURTLE).statement(
        A, P, X
    )
    assert place
    assert place.excerpt == "…" + "b" * 248 + '> <http://e/p> "y" . <http://e/a> <http://e/p> "x" .'


def test_long_line_is_cut_at_the_end_only_where_the_place_is_near_its_start() -> None:
    place = read('<http://e/a> <http://e/p> "x" . # ' + "c" * 1000, TURTLE).statement(A, P, X)
    assert place
    assert place.excerpt == '<http://e/a> <http://e/p> "x" . # ' + "c" * 266 + "…"


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (TRIG, '<http://e/g> { <http://e/a> <http://e/p> "x" } <http://e/h> { <http://e/a> <http://e/p> "x" }'),
        (N_QUADS, '<http://e/a> <http://e/p> "y" .\n<http://e/a> <http://e/p> "x" <http://e/g> .'),
        (JSON, '{"@id":"http://e/g","@graph":{"@id":"http://e/a","http://e/p":"x"}}'),
    ],
)
def test_named_graphs_are_read_as_one_and_one_finding_says_so(format_: ox.RdfFormat, text: str) -> None:
    source = read(text, format_)
    assert ox.Triple(A, P, X) in source.triples
    assert at(source.statement(A, P, X)) == (text.count("\n") + 1, text.splitlines()[-1].index('"x"') + 1)
    (finding,) = source.findings
    assert (finding.shape, finding.severity) == (names.SHAPE + "intake-named-graph", "Info")
    assert (finding.field, finding.component, finding.value) == ("File", "", "<http://e/g>")
    assert finding.place == SourcePlace("data", 1, 1)
    assert finding.mend


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (TURTLE, "<http://e/a> <http://e/p> <<( <http://e/a> <http://e/p> <http://e/b> )>> ."),
        (N_TRIPLES, '<http://e/a> <http://e/p> "x"@en--ltr .'),
        (TURTLE, "<http://e/a> <http://e/p> <http://e/b> {| <http://e/q> 1 |} ."),
    ],
)
def test_new_terms_of_rdf_1_2_are_refused(format_: ox.RdfFormat, text: str) -> None:
    error = refusal(text, format_)
    assert "RDF 1.2" in str(error)
    assert error.hint


@pytest.mark.parametrize(
    ("format_", "text", "place"),
    [
        (TURTLE, '<http://e/a> <http://e/p> "x" .\n\n<http://e/a> p "x" .\n', Place(3, 14, '<http://e/a> p "x" .')),
        (TRIG, "{ <http://e/a> }", Place(1, 16, "{ <http://e/a> }")),
        (N_TRIPLES, '<http://e/a> "x" .', Place(1, 14, '<http://e/a> "x" .')),
        (JSON, '{\n "http://e/p": 1,,\n}', Place(2, 18, ' "http://e/p": 1,,')),
        (XML, "<a>\n <b></a>", Place(2, 7, " <b></a>")),
    ],
)
def test_syntax_error_keeps_its_place_and_hint(format_: ox.RdfFormat, text: str, place: Place) -> None:
    error = refusal(text, format_)
    assert error.place == place
    assert error.hint


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (TURTLE, "<urn:a> <urn:p> " + "[ <urn:p> " * 50_000 + "1" + " ]" * 50_000 + " ."),
        (TRIG, "<urn:a> <urn:p> " + "(" * 50_000 + ")" * 50_000 + " ."),
        (JSON, '{"urn:p":' * 50_000 + "1" + "}" * 50_000),
        (XML, "<a>" * 50_000 + "</a>" * 50_000),
    ],
)
def test_nesting_of_50000_levels_is_refused(format_: ox.RdfFormat, text: str) -> None:
    error = refusal(text, format_)
    assert f"{MAX_DEPTH} levels" in error.hint
    assert error.place


def test_document_type_is_refused() -> None:
    assert "DOCTYPE" in str(refusal('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', XML))


def test_remote_context_is_refused() -> None:
    error = refusal(json.dumps({"@context": "http://e/context", "p": 1}), JSON)
    assert "http://e/context" in str(error)


def test_places_are_not_looked_for_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf, "MAX_PLACED", 1)
    source = read('<http://e/a> <http://e/p> "x" , "y" .', TURTLE)
    assert source.statement(A, P, X) is None
    assert source.subject(A) is None


def test_questions_on_a_large_file_cost_as_much_as_it_is_long_once() -> None:
    costs = []
    for count in (10_000, 100_000):
        lines = "".join(f'<http://e/{number}> <http://e/p> "x" .\n' for number in range(count))
        source = read(lines, N_TRIPLES)
        last = ox.NamedNode(f"http://e/{count - 1}")
        costs.append(_calls(lambda source=source, last=last: source.statement(last, P, X)))
        place = source.statement(last, P, X)
        assert place
        assert (place.line, place.excerpt) == (count, f'<http://e/{count - 1}> <http://e/p> "x" .')
        assert _calls(lambda source=source, last=last: source.statement(last, P, X)) < 50
    assert costs[1] < 10.1 * costs[0]


def _calls(ask: object) -> int:
    """How many functions a question calls, which unlike time is the same on each machine."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    assert callable(ask)
    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return count


def test_file_without_questions_is_not_looked_through() -> None:
    source = read('<http://e/a> <http://e/p> "x" .', N_TRIPLES)
    assert not {"_index", "_text"} & vars(source).keys()
