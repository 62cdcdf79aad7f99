"""Tables of a form: what a row says, how each kind of cell is read, and what is wrong with columns, keys and names."""

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itu_align.graph import fields, names
from itu_align.graph.finding import Finding
from itu_align.graph.intake import generated
from itu_align.graph.intake.delimited import read_delimited
from itu_align.graph.intake.records import read
from itu_align.graph.intake.source import Source
from itu_align.graph.intake.table_cells import items, text_of, written
from itu_align.graph.intake.table_header import Reader
from itu_align.graph.phrases import phrases

CONTEXT = """
@base <https://w3id.org/itu-align/id/> .
@prefix align: <https://w3id.org/itu-align/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix sdg: <http://metadata.un.org/sdg/> .
@prefix sdgo: <http://metadata.un.org/sdg/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<body/ITU-D-SG1> a align:StudyGroup ; dcterms:identifier "ITU-D-SG1" ; skos:prefLabel "ITU-D Study Group 1"@en .
<body/ITU-D-Membership> a foaf:Group ; dcterms:identifier "ITU-D-Membership" ; align:writtenAs "the Membership" .
<event/WSIS-Forum-2020> a align:WsisForum ; dcterms:identifier "WSIS-Forum-2020" ; dcterms:title "Forum"@en .
<event/WSIS-Forum-2021> a align:WsisForum ; dcterms:identifier "WSIS-Forum-2021" ; dcterms:title "Forum"@en .
<document/SG1RGQ.258> a align:Document ; dcterms:identifier "SG1RGQ/258" .
<action-line/C7-eEnvironment> a align:ActionLine ; skos:notation "C7-eEnvironment" .
sdg:9.c a sdgo:Target ; skos:notation "9.c" .
sdg:9 a sdgo:Goal ; skos:notation "9" .
<activity/known> a align:Activity ; dcterms:identifier "known" ; dcterms:title "Known"@en ; dcterms:source sdg:9 .
"""
EN = phrases("en")
ACTIVITY = "id,identifier,title@en,source"


@pytest.fixture(scope="module")
def context() -> ox.Store:
    store = ox.Store()
    store.load(CONTEXT, format=ox.RdfFormat.TURTLE)
    return store


def table(text: str, context: ox.Store | None = None, file: str = "Activity.csv") -> Source:
    (source,) = read([read_delimited(text.encode(), file, say=EN)], context or ox.Store(), EN)
    return source


def row(columns: str, cells: str, context: ox.Store | None = None, file: str = "Activity.csv") -> list[str]:
    """The statements of one row about `x`, without the type, in short."""
    source = table(f"id,{columns}\nx,{cells}\n", context, file)
    return [line for line in map(short, source.triples) if " rdf:type " not in line]


def short(triple: ox.Triple) -> str:
    def text(term: object) -> str:
        iri = term.value if isinstance(term, ox.NamedNode) else None
        return str(term) if iri is None else names.shorten(iri) if "/id/" not in iri else iri.partition("/id/")[2]

    found = f"{text(triple.subject)} {names.shorten(triple.predicate.value)} {text(triple.object)}"
    return found.replace("^^<http://www.w3.org/2001/XMLSchema#", "^^<")


def finding(source: Source, rule: str) -> Finding:
    (found,) = (f for f in source.findings if f.shape == f"{names.SHAPE}intake-{rule}")
    return found


def at(found: Finding) -> tuple[int | None, str | None]:
    assert found.place is not None
    return found.place.row, found.place.name


def test_good_row_becomes_exactly_its_statements(context: ox.Store) -> None:
    source = table(
        "id,identifier,title@en,description@en,status,participant,event,source,quote\n"
        "sessions-2020,s,Two sessions,,done,ITU-D-SG1 || the Membership,WSIS-Forum-2020,"
        'https://example.org/a,"They ""organized"" them || in order"\n',
        context,
    )
    assert [short(triple) for triple in source.triples] == [
        'activity/sessions-2020 dcterms:identifier "s"',
        "activity/sessions-2020 dcterms:source <https://example.org/a>",
        'activity/sessions-2020 dcterms:title "Two sessions"@en',
        "activity/sessions-2020 rdf:type align:Activity",
        "activity/sessions-2020 align:activityStatus align:done",
        "activity/sessions-2020 align:concernsEvent event/WSIS-Forum-2020",
        "activity/sessions-2020 align:participant body/ITU-D-Membership",
        "activity/sessions-2020 align:participant body/ITU-D-SG1",
        'activity/sessions-2020 align:quote "They \\"organized\\" them"',
        'activity/sessions-2020 align:quote "in order"',
    ]
    assert not source.findings


def test_query_of_a_form_is_a_construct_whose_variables_are_the_columns() -> None:
    form = fields.shipped()["ActionLine"]
    header = read_delimited(
        b"id,name@fr,whole,identifier,facilitated,foaf:page,notation^^token\n", "t.csv", say=EN
    ).header
    assert generated.query(form, Reader(form, fields.shipped()).read(header).columns) == (
        "# Action line: a row is a record, a variable a column.\n"
        "PREFIX align: <https://w3id.org/itu-align/ontology#>\n"
        "PREFIX dcterms: <http://purl.org/dc/terms/>\n"
        "PREFIX fn: <https://w3id.org/itu-align/function#>\n"
        "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
        "\n"
        "CONSTRUCT {\n"
        "  ?this a ?class .\n"
        "  ?this skos:prefLabel ?name_fr_term .\n"
        "  ?this skos:broader ?whole_term .\n"
        "  ?this dcterms:identifier ?identifier_term .\n"
        "  ?facilitated_term align:facilitates ?this .\n"
        "  ?this foaf:page ?foaf_page_term .\n"
        "  ?this skos:notation ?notation_token_term .\n"
        "}\n"
        "WHERE {\n"
        "  BIND(IRI(?type) AS ?class)\n"
        '  BIND(fn:text(?name_fr, "fr") AS ?name_fr_term)\n'
        "  BIND(fn:thing(?whole, align:ActionLine) AS ?whole_term)\n"
        "  BIND(fn:value(?identifier, xsd:string) AS ?identifier_term)\n"
        "  BIND(fn:thing(?facilitated) AS ?facilitated_term)\n"
        "  BIND(fn:text(?foaf_page) AS ?foaf_page_term)\n"
        "  BIND(fn:typed(?notation_token, xsd:token) AS ?notation_token_term)\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("columns", "cells", "statement"),
    [
        # texts
        ("title@en", "A title", 'dcterms:title "A title"@en'),
        ("title@fr", "Un titre", 'dcterms:title "Un titre"@fr'),
        ("title", "A title", 'dcterms:title "A title"@en'),
        ("Title", "A title", 'dcterms:title "A title"@en'),
        ("Titre", "A title", 'dcterms:title "A title"@en'),
        ("TITLE@pt-BR", "Um", 'dcterms:title "Um"@pt-br'),
        ("title^^string", "A title", 'dcterms:title "A title"'),
        ("dcterms:title@fr", "Un titre", 'dcterms:title "Un titre"@fr'),
        ("http://purl.org/dc/terms/title@fr", "Un titre", 'dcterms:title "Un titre"@fr'),
        ("note", '""""""', 'skos:note ""'),
        ("note", r"a\|\|b", 'skos:note "a||b"'),
        ("note", r"C:\temp", r'skos:note "C:\\temp"'),
        ("note", r"\<urn:x>", 'skos:note "<urn:x>"'),
        ("note", "<urn:x>", "skos:note <urn:x>"),
        ("note", "<b>", 'skos:note "<b>"'),
        ("note", "'=1+1", 'skos:note "=1+1"'),
        ("note", "'tis", 'skos:note "\'tis"'),
        ("note", "=1+1", 'skos:note "=1+1"'),
        # choices
        ("status", "done", "align:activityStatus align:done"),
        ("status", "Done", "align:activityStatus align:done"),
        ("status", "align:done", "align:activityStatus align:done"),
        ("status", "plan", "align:activityStatus align:planned"),
        ("status", "doen", 'align:activityStatus "doen"'),
        # things
        ("event", "WSIS-Forum-2020", "align:concernsEvent event/WSIS-Forum-2020"),
        ("event", "https://example.org/e", "align:concernsEvent <https://example.org/e>"),
        ("event", "<urn:e>", "align:concernsEvent <urn:e>"),
        ("event", "not-there-yet", "align:concernsEvent event/not-there-yet"),
        ("event", "No such event", 'align:concernsEvent "No such event"'),
        ("event", "Forum", 'align:concernsEvent "Forum"'),
        ("event", "ITU-D-SG1", "align:concernsEvent event/ITU-D-SG1"),
        ("event@en", "WSIS-Forum-2020", 'align:concernsEvent "WSIS-Forum-2020"@en'),
        ("document", "SG1RGQ/258", "align:concernsDocument document/SG1RGQ.258"),
        ("document", "SG1RGQ.258", "align:concernsDocument document/SG1RGQ.258"),
        ("participant", "ITU-D Study Group 1", "align:participant body/ITU-D-SG1"),
        ("participant", "the Membership", "align:participant body/ITU-D-Membership"),
        ("alignsWith", "9.c", "align:alignsWith sdg:9.c"),
        ("alignsWith", "9", "align:alignsWith sdg:9"),
        ("alignsWith", "sdg:9.c", "align:alignsWith sdg:9.c"),
        ("alignsWith", "C7-eEnvironment", "align:alignsWith action-line/C7-eEnvironment"),
        ("alignsWith", "99.z", 'align:alignsWith "99.z"'),
        ("source", "www.itu.int", 'dcterms:source "www.itu.int"'),
        ("source", "https://exa mple.org", 'dcterms:source "https://exa mple.org"'),
        ("Participant connu", "ITU-D-SG1", "align:participant body/ITU-D-SG1"),
        # properties that are no field of the form
        ("foaf:homepage", "<https://example.org/>", "foaf:homepage <https://example.org/>"),
        ("align:presentedAt", "WSIS-Forum-2020", "align:presentedAt event/WSIS-Forum-2020"),
        ("align:marks", "a day", 'align:marks "a day"'),
        ("align:startYear^^gYear", "2020", 'align:startYear "2020"^^<gYear>'),
    ],
)
def test_cell_becomes_a_term(columns: str, cells: str, statement: str, context: ox.Store) -> None:
    assert row(columns, cells, context) == [f"activity/x {statement}"]


@pytest.mark.parametrize(
    ("file", "column", "cell", "value"),
    [
        ("StudyGroup", "number", "15", '"15"^^<integer>'),
        ("StudyGroup", "number", "fifteen", '"fifteen"'),
        ("StudyGroup", "number^^integer", "fifteen", '"fifteen"^^<integer>'),
        ("StudyGroup", "number", "1.5", '"1.5"'),
        ("Question", "quoteChecked", "yes", '"true"^^<boolean>'),
        ("Question", "quoteChecked", "Non", '"false"^^<boolean>'),
        ("Question", "quoteChecked", "TRUE", '"true"^^<boolean>'),
        ("Question", "quoteChecked", "perhaps", '"perhaps"'),
        ("Question", "issued", "1990", '"1990"^^<gYear>'),
        ("Document", "issued", "2020", '"2020"^^<gYear>'),
        ("Document", "issued", "2020-05", '"2020-05"^^<gYearMonth>'),
        ("Document", "issued", "2020-05-18", '"2020-05-18"^^<date>'),
        ("Document", "issued", "2020-02-30", '"2020-02-30"'),
        ("Document", "issued^^date", "2020-02-30", '"2020-02-30"^^<date>'),
        ("Document", "issued", "18 May 2020", '"18 May 2020"'),
        ("Document", "language", "E", '"E"'),
        ("Document", "language", "X", '"X"'),
        ("Event", "startTime", "2020-06-22T14:00+02:00", '"2020-06-22T14:00:00+02:00"^^<dateTime>'),
        ("Event", "title", "No language", '"No language"'),
        ("Alignment", "score", "0.75", '"0.75"^^<decimal>'),
        ("ActionLine", "Nom en français", "Ligne", '"Ligne"@fr'),
        ("Indicator", "permanentCode", "C090c01", '"C090c01"'),
    ],
)
def test_value_has_the_datatype_that_its_text_has_a_form_of(file: str, column: str, cell: str, value: str) -> None:
    (statement,) = row(column, cell, file=f"{file}.csv")
    assert statement.split(" ", 2)[2] == value


def test_column_of_an_inverse_path_makes_the_record_the_object() -> None:
    source = table("id,facilitated\nC9,https://example.org/f\n", file="ActionLine.csv")
    assert short(source.triples[0]) == "<https://example.org/f> align:facilitates action-line/C9"
    place = source.statement(*source.triples[0])
    assert place is not None
    assert (place.row, place.name) == (2, "facilitated")
    assert source.field(source.triples[0].object, f"^{names.ALIGN}facilitates") == place  # type: ignore[arg-type]


def test_text_that_is_no_thing_in_an_inverse_column_is_a_finding() -> None:
    found = finding(table("id,facilitated\nC9,who knows\n", file="ActionLine.csv"), "unknown-thing")
    assert (found.severity, found.value, *at(found)) == ("Violation", "who knows", 2, "facilitated")


def test_rows_refer_to_things_of_other_tables_of_the_submission() -> None:
    activities = read_delimited(b"id,event\na,The new forum || F-2\n", "Activity.csv", say=EN)
    events = read_delimited(b"id,identifier,title@en\nforum,F-1,The new forum\nother,F-2,\n", "Event.csv", say=EN)
    source, _ = read([activities, events], ox.Store(), EN)
    assert [short(triple) for triple in source.triples if "concernsEvent" in str(triple)] == [
        "activity/a align:concernsEvent event/forum",
        "activity/a align:concernsEvent event/other",
    ]


@pytest.mark.parametrize(
    ("cell", "iri"),
    [
        ("two sessions", names.ID + "activity/two-sessions"),
        ("a/b", names.ID + "activity/a.b"),
        ("https://example.org/x", "https://example.org/x"),
        ("<urn:x>", "urn:x"),
        ("sdg:9", "http://metadata.un.org/sdg/9"),
    ],
)
def test_id_is_a_key_or_an_address(cell: str, iri: str) -> None:
    assert table(f"id,note\n{cell},n\n").triples[0].subject == ox.NamedNode(iri)


def test_row_without_id_takes_the_key_from_its_identifier() -> None:
    assert table("identifier\nSG1RGQ/258\n", file="Document.csv").triples[0].subject == ox.NamedNode(
        names.ID + "document/SG1RGQ.258"
    )


@pytest.mark.parametrize(
    ("cell", "rule"), [("", "without-id"), ("https://a b", "wrong-id"), ("!!", "wrong-id"), ("a || b", "wrong-id")]
)
def test_id_that_names_nothing_is_a_finding_and_the_row_is_read(cell: str, rule: str) -> None:
    source = table(f"id,note\n{cell},n\n")
    found = finding(source, rule)
    assert (found.severity, *at(found)) == ("Violation", 2, "id")
    assert any(triple.object == ox.Literal("n") for triple in source.triples)


def test_type_column_names_subclasses_by_name_or_label() -> None:
    source = table("id,type,note\na,Workshop || WSIS session,\nb,,n\n", file="Event.csv")
    assert [short(triple) for triple in source.triples if "rdf:type" in short(triple)] == [
        "event/a rdf:type align:Workshop",
        "event/a rdf:type align:WsisSession",
        "event/b rdf:type align:Event",
    ]
    place = source.statement(*source.triples[0])
    assert place is not None
    assert (place.row, place.name) == (2, "type")


def test_unknown_type_is_a_finding_with_the_nearest_ones() -> None:
    source = table("id,type\na,Workshp\n", file="Event.csv")
    found = finding(source, "unknown-type")
    assert (found.value, found.nearest[0], *at(found)) == ("Workshp", "Workshop", 2, "type")
    assert [short(triple) for triple in source.triples] == ["event/a rdf:type align:Event"]


def test_second_row_of_one_record_is_a_finding() -> None:
    found = finding(table("id,note\na,1\nb,2\na,3\n"), "repeated-record")
    assert (found.value, *at(found)) == (names.ID + "activity/a", 4, "id")
    assert "row 2 describes this one already" in found.message


def test_example_row_is_left_out_with_a_warning() -> None:
    source = table("id,note\nexample,shown\nmine,n\n")
    found = finding(source, "example-row")
    assert (found.severity, *at(found)) == ("Warning", 2, "id")
    assert {triple.subject for triple in source.triples} == {ox.NamedNode(names.ID + "activity/mine")}


def test_unknown_column_is_a_warning_with_the_nearest_name_and_the_rest_is_read() -> None:
    source = table("id,titel@en,note\nx,T,n\n")
    found = finding(source, "unknown-column")
    assert (found.severity, found.field, *at(found)) == ("Warning", "titel@en", 1, "titel@en")
    assert found.nearest[0].casefold() == "title"
    assert any(triple.object == ox.Literal("n") for triple in source.triples)


@pytest.mark.parametrize("header", ["title@x", "title@abcdefghi", "title^^nope:x", "title^^rdf:langString", "x" * 600])
def test_header_with_a_language_or_datatype_that_is_none_is_unknown(header: str) -> None:
    assert finding(table(f"id,{header}\nx,T\n"), "unknown-column").value == header


def test_missing_required_column_is_a_violation_at_the_header() -> None:
    source = table("id,identifier,source,heading\nx,x,https://example.org/,T\n")
    found = finding(source, "missing-column")
    assert (found.severity, found.field, *at(found)) == ("Violation", "Title", 1, "id")
    assert found.message.startswith('Title: a column "title@en", as no record is complete without it. Add')


def test_missing_column_names_the_unknown_one_that_is_like_it() -> None:
    found = finding(table("id,identifier,source,titles\nx,x,https://example.org/,T\n"), "missing-column")
    assert found.nearest == ("titles",)
    assert found.message.endswith('Is it "titles"? Then write title@en there.')


def test_columns_may_be_missing_where_the_graph_has_the_values(context: ox.Store) -> None:
    assert not table("id,description@en\nknown,More of it\n", context).findings


def test_spaces_are_left_out_and_said_once_for_each_column() -> None:
    source = table(f"{ACTIVITY},note\na,a,T,https://example.org/, n \nb,b,T,https://example.org/,  m\n")
    found = finding(source, "spaces")
    assert (found.severity, found.field, *at(found)) == ("Info", "note", 2, "note")
    assert "2 times" in found.message
    assert {t.object for t in source.triples if t.predicate.value.endswith("note")} == {
        ox.Literal("n"),
        ox.Literal("m"),
    }


def test_name_of_several_things_is_a_finding_that_lists_them(context: ox.Store) -> None:
    found = finding(table(f"{ACTIVITY},event\na,a,T,https://example.org/,Forum\n", context), "ambiguous")
    assert (found.value, *at(found)) == ("Forum", 2, "event")
    assert found.nearest == (names.ID + "event/WSIS-Forum-2020", names.ID + "event/WSIS-Forum-2021")


@pytest.mark.parametrize(
    "cell", ["ITU-D-SG1; the Membership", '"ITU-D-SG1, the Membership"', '"ITU-D-SG1\nthe Membership"']
)
def test_things_parted_by_something_else_are_a_warning(cell: str, context: ox.Store) -> None:
    found = finding(table(f"{ACTIVITY},participant\na,a,T,https://example.org/,{cell}\n", context), "separator")
    assert (found.severity, *at(found)) == ("Warning", 2, "participant")


@given(st.lists(st.text(alphabet="\\|<>\"a '", max_size=8).map(str.strip), min_size=1, max_size=4))
def test_texts_written_into_a_cell_are_read_from_it(texts: list[str]) -> None:
    cell = " || ".join(map(written, texts))
    assert [text_of(item) for item in items(cell)] == texts


def test_many_values_in_many_columns_are_not_combined() -> None:
    columns = ["quote", "note", "writtenAs", "basis", "officialAddress", "source", "participant", "event"]
    values = " || ".join(f"https://example.org/{number}" for number in range(40))
    source = table(f"id,{','.join(columns)}\nx,{','.join([values] * len(columns))}\n")
    assert len(source.triples) == len(columns) * 40 + 1


def test_column_names_that_meet_as_variables_stay_apart() -> None:
    source = table("id,align:marks,align:marks_term,align:marks\nx,a,b,c\n")
    assert {short(triple) for triple in source.triples} == {
        'activity/x align:marks "a"',
        'activity/x align:marks "c"',
        'activity/x align:marks_term "b"',
        "activity/x rdf:type align:Activity",
    }


def test_places_of_statements_fields_and_subjects(context: ox.Store) -> None:
    source = table('id,title@en,title@fr,event\n"a",T,,\nb,"U\nV",W,WSIS-Forum-2020 || WSIS-Forum-2021\n', context)
    a, b = (ox.NamedNode(names.ID + f"activity/{key}") for key in "ab")
    title = ox.NamedNode(names.DCTERMS + "title")
    event = ox.NamedNode(names.ALIGN + "concernsEvent")
    forum = ox.NamedNode(names.ID + "event/WSIS-Forum-2021")

    def where(place: object) -> tuple[object, ...]:
        return tuple(getattr(place, key) for key in ("line", "column", "row", "name"))

    assert where(source.statement(b, title, ox.Literal("W", language="fr"))) == (4, 4, 3, "title@fr")
    assert where(source.statement(b, event, forum)) == (4, 6, 3, "event")
    assert source.statement(b, title, ox.Literal("W")) is None
    assert source.statement(a, event, forum) is None
    assert where(source.field(a, event.value)) == (2, 8, 2, "event")
    assert where(source.field(a, title.value)) == (2, 5, 2, "title@en")
    assert where(source.field(a, names.ALIGN + "marks")) == (2, 1, 2, "id")
    assert source.field(forum, event.value) is None
    assert where(source.subject(b)) == (3, 1, 3, "id")
    assert where(source.subject(forum)) == (4, 6, 3, "event")
    assert source.subject(ox.NamedNode("urn:elsewhere")) is None
    assert where(source.statement(b, ox.NamedNode(names.RDF + "type"), ox.NamedNode(names.ALIGN + "Activity"))) == (
        3,
        1,
        3,
        "id",
    )
