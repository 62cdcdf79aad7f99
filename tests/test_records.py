"""Which tables are read as what; tables of facts, checked and mapped by their own metadata and mapping; round trips."""

from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import names
from itu_align.graph.finding import Finding
from itu_align.graph.intake.delimited import read_delimited
from itu_align.graph.intake.records import read
from itu_align.graph.intake.source import Source
from itu_align.graph.intake.table_layouts import layouts
from itu_align.graph.intake.table_origins import Origins
from itu_align.graph.phrases import phrases
from tabular import to_tables

EN = phrases("en")
FACTS = files("itu_align.graph") / "facts"
EXAMPLES = sorted((Path(__file__).parent / "data" / "shapes").glob("*/*.ttl"))
ALIGNMENTS = (FACTS / "question_alignments.csv").read_bytes().decode()
HEADER = "subject,subject_type,object,object_level,relation,statement,source_url,source_date\n"
GOOD = "ITU,organization,9,goal,contributes to,it does,https://example.org/a,2020-05\n"


@pytest.fixture(scope="module")
def context(shipped: dict[str, list[ox.Triple]]) -> ox.Store:
    store = ox.Store()
    for triples in shipped.values():
        store.extend(ox.Quad(*triple) for triple in triples)
    return store


def one(text: str, context: ox.Store, file: str = "question_alignments.csv") -> Source:
    (source,) = read([read_delimited(text.encode(), file, say=EN)], context, EN)
    return source


def told(source: Source) -> list[tuple[str, int | None, str | None, str | None]]:
    """Rule, row, column and value of each finding."""
    found = []
    for finding in source.findings:
        assert finding.place is not None
        rule = finding.shape.removeprefix(f"{names.SHAPE}intake-")
        found.append((rule, finding.place.row, finding.place.name, finding.value))
    return found


def only(source: Source) -> Finding:
    (finding,) = source.findings
    return finding


# labels_multilingual asks what preferred labels the graph has already, and here it has its own.
@pytest.mark.parametrize("name", sorted(set(layouts()) - {"labels_multilingual"}))
def test_shipped_table_sent_by_a_member_says_the_same(
    name: str, context: ox.Store, shipped: dict[str, list[ox.Triple]]
) -> None:
    source = one((FACTS / f"{name}.csv").read_bytes().decode(), context, "mine.csv")
    assert set(source.triples) == set(shipped[name])
    assert not source.findings


def test_wrong_cell_of_a_copied_table_is_found_at_its_place(context: ox.Store) -> None:
    lines = ALIGNMENTS.splitlines(keepends=True)
    assert lines[1].endswith(",2017\n")
    lines[1] = lines[1].replace(",2017\n", ",in 2017\n")
    source = one("".join(lines), context)
    (finding,) = source.findings
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (2, len(lines[1]) - len("in 2017"))
    assert told(source) == [("wrong-cell", 2, "source_date", "in 2017")]
    assert finding.message.startswith("source_date: a date as YYYY, YYYY-MM or YYYY-MM-DD")


def test_all_faults_of_a_table_are_found_not_only_the_first(context: ox.Store) -> None:
    rows = (
        "ITU,organization,9.0,goal,contributes to,it does,https://example.org/a,2020\n"
        "ITU,,9,gaol,contributes to,it does,example.org,2020-13\n" + GOOD + GOOD
    )
    assert told(one(HEADER + rows, context)) == [
        ("wrong-cell", 2, "object", "9.0"),
        ("blank-cell", 3, "subject_type", None),
        ("wrong-cell", 3, "object_level", "gaol"),
        ("wrong-cell", 3, "source_url", "example.org"),
        ("wrong-cell", 3, "source_date", "2020-13"),
        ("repeated-record", 5, "object", "9"),
    ]


def test_code_that_a_spreadsheet_made_a_number_is_explained(context: ox.Store) -> None:
    row = "ITU,organization,9.0,goal,contributes to,it does,https://example.org/a,2020\n"
    assert "format the column as text and type the code again" in only(one(HEADER + row, context)).message


def test_row_with_a_wrong_optional_cell_is_read_without_it(context: ox.Store) -> None:
    source = one(HEADER + GOOD.replace("2020-05", "May 2020"), context)
    predicates = {triple.predicate.value for triple in source.triples}
    assert names.ALIGN + "statement" in predicates
    assert names.DCTERMS + "date" not in predicates


def test_columns_may_stand_in_any_order_and_optional_ones_be_missing(context: ox.Store) -> None:
    text = (
        "source_url,relation,object,object_level,subject,subject_type,statement\n"
        "https://example.org/a,contributes to,9,goal,ITU,organization,it does\n"
    )
    source = one(text, context, "mine.csv")
    whole = one(HEADER + GOOD.replace(",2020-05", ","), context)
    assert not source.findings
    assert set(source.triples) == set(whole.triples) != set()


def test_missing_required_column_of_facts_is_a_violation_with_the_one_like_it(context: ox.Store) -> None:
    source = one((HEADER + GOOD).replace("statement", "statements"), context)
    missing = source.findings[1]
    assert told(source) == [
        ("unknown-column", 1, "statements", "statements"),
        ("missing-column", 1, "subject", None),
    ]
    assert (missing.severity, missing.field, missing.nearest) == ("Violation", "statement", ("statements",))
    assert not source.triples


def test_name_that_the_graph_does_not_know_is_found_with_the_nearest(context: ox.Store) -> None:
    source = one(HEADER + GOOD.replace("ITU,", "ITU-D Study Group One,"), context)
    assert told(source) == [("unknown-name", 2, "subject", "ITU-D Study Group One")]
    assert "ITU-D Study Group 1" in only(source).nearest


def test_reference_to_nothing_is_found_with_the_nearest(context: ox.Store) -> None:
    columns = "id,title,description,status,participants,events,sector,quote\n"
    row = "a,T,D,done,ITU-D-SG1,WSIS-Forum-2020; WSIS-Forum-2200,ITU-D,q\n"
    source = one(columns + row, context, "report_activities.csv")
    assert told(source) == [("unknown-reference", 2, "events", "WSIS-Forum-2200")]
    assert only(source).nearest[0] == "WSIS-Forum-2020"


def test_reference_to_a_row_of_another_sent_table_is_known(context: ox.Store) -> None:
    activities = "id,title,description,status,events,sector,quote\na,T,D,done,new-forum,ITU-D,q\n"
    events = (FACTS / "report_events.csv").read_text("utf-8").splitlines()
    cells = dict.fromkeys(events[0].split(","), "")
    cells |= {"id": "new-forum", "title": "Forum", "kind": "forum", "quote": "q", "id_kind": "minted"}
    sent = f"{events[0]}\n{','.join(cells.values())}\n"
    found = read(
        [
            read_delimited(activities.encode(), "report_activities.csv", say=EN),
            read_delimited(sent.encode(), "report_events.csv", say=EN),
        ],
        context,
        EN,
    )
    assert "unknown-reference" not in [rule for rule, *_ in told(found[0])]


def test_too_many_combinations_of_values_are_refused(context: ox.Store) -> None:
    many = "; ".join(f"k{number}" for number in range(40))
    columns = "id,title,description,status,participants,events,documents,sector,quote\n"
    source = one(f"{columns}a,T,D,done,{many},{many},{many},ITU-D,q\n", context, "report_activities.csv")
    assert ("too-many-values", 2, "participants", None) in told(source)
    assert not source.triples


ABOUT = names.ID + "alignment/ITU-contributes-to-9"


@pytest.mark.parametrize(
    ("subject", "predicate", "column"),
    [
        (ABOUT, names.ALIGN + "subject", "subject"),
        (ABOUT, names.ALIGN + "object", "object"),
        (ABOUT, names.ALIGN + "level", "object_level"),
        (ABOUT, names.ALIGN + "statement", "statement"),
        (ABOUT, names.DCTERMS + "date", "source_date"),
        (ABOUT, names.DCTERMS + "source", "source_url"),
        (ABOUT, names.ALIGN + "status", "subject"),
        (names.ID + "body/ITU", names.ALIGN + "alignsWith", "object"),
        (names.ID + "concept/relation-contributes-to", names.PREFIXES["skos"] + "prefLabel", "relation"),
    ],
)
def test_statement_of_a_mapping_is_found_in_the_column_that_it_comes_from(
    subject: str, predicate: str, column: str, context: ox.Store
) -> None:
    other = GOOD.replace(",9,", ",8,").replace("https://example.org/a", "https://example.org/b")
    source = one(HEADER + other.replace("contributes to", "aimed at") + GOOD, context)
    (triple,) = (
        t for t in source.triples if (t.subject.value, t.predicate.value) == (subject, predicate) and "/8" not in str(t)
    )
    place = source.statement(*triple)
    assert place is not None
    assert (place.row, place.name) == (3, column)


def test_missing_statement_of_a_mapping_is_placed_in_its_blank_cell(context: ox.Store) -> None:
    source = one(HEADER + GOOD.replace(",2020-05", ","), context)
    place = source.field(ox.NamedNode(ABOUT), names.DCTERMS + "date")
    assert place is not None
    assert (place.row, place.column, place.name) == (2, len(GOOD.replace(",2020-05", ",")), "source_date")


def test_subject_of_a_mapping_is_placed_in_its_key_and_another_thing_where_its_address_comes_from(
    context: ox.Store,
) -> None:
    source = one(HEADER + GOOD, context)
    row = source.subject(ox.NamedNode(ABOUT))
    relation = source.subject(ox.NamedNode(names.ID + "concept/relation-contributes-to"))
    assert row is not None
    assert relation is not None
    assert (row.name, relation.name) == ("subject", "relation")
    assert source.subject(ox.NamedNode("urn:elsewhere")) is None


def test_one_of_two_columns_of_a_property_is_chosen_by_the_value(context: ox.Store) -> None:
    text = (FACTS / "study_periods.csv").read_bytes().decode()
    source = one(text, context, "study_periods.csv")
    also = {
        place.name
        for triple in source.triples
        if triple.predicate.value == names.ALIGN + "periodAsWritten"
        and (place := source.statement(*triple)) is not None
    }
    assert also == {"period_as_written", "also_written"}


def test_variable_leads_back_through_bind_values_and_filter() -> None:
    mapping = """PREFIX ex: <http://example.org/>
CONSTRUCT { ?this ex:class ?kindIri ; ex:text ?label ; ex:by ?agent ; ex:is ex:Constant . ?agent ex:of ?this . }
WHERE {
  VALUES (?kind ?kindIri) { ("a" ex:A) ("b" ex:B) }
  BIND(IF(BOUND(?when), STRLANG(?title, "en"), ?none) AS ?label)
  OPTIONAL { ?agent ex:called ?name FILTER(?name = ?who) }
  ?thing ex:called ?title
}
"""
    origins = Origins(mapping, ["kind", "title", "when", "who"])
    assert origins.of_value("http://example.org/class", of_row=True) == ["kind"]
    assert origins.of_value("http://example.org/text", of_row=True) == ["title", "when"]
    assert origins.of_value("http://example.org/by", of_row=True) == ["who"]
    assert origins.of_value("http://example.org/is", of_row=True) == []
    assert origins.of_subject("http://example.org/of") == ["who"]
    assert origins.needed == ["title"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("Activity.csv", "Activity"),
        ("activity.CSV", "Activity"),
        ("Activity (1).csv", "Activity"),
        ("Activity-2024.csv", "Activity"),
        ("folder/Study question.csv", "Question"),
        ("Événement.csv", "Event"),
        ("StudyGroup.csv", "StudyGroup"),
    ],
)
def test_name_of_the_file_chooses_the_form(file: str, kind: str) -> None:
    source = one("id,identifier,source\nx,x,https://example.org/\n", ox.Store(), file)
    assert ox.NamedNode(names.ALIGN + kind) in {triple.object for triple in source.triples}
    assert not any(finding.shape.endswith("form-chosen") for finding in source.findings)


def test_header_chooses_the_form_where_the_name_does_not_and_says_so() -> None:
    source = one("id,identifier,title@en,activityStatus,followUpTo,status\nx,x,T,,,done\n", ox.Store(), "Sheet1.csv")
    chosen = next(finding for finding in source.findings if finding.shape.endswith("form-chosen"))
    assert (chosen.severity, "Taken for Activity" in chosen.message) == ("Info", True)
    assert ox.NamedNode(names.ALIGN + "Activity") in {triple.object for triple in source.triples}


def test_table_that_fits_nothing_is_a_violation_and_says_nothing() -> None:
    source = one("colour,size\nred,2\n", ox.Store(), "shirts.csv")
    assert told(source) == [("no-form", 1, "colour", None)]  # the goals have a colour, and that is not enough
    assert not source.triples
    assert source.subject(ox.NamedNode("urn:x")) is None


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_example_graph_as_tables_reads_back_as_it_was(file: Path) -> None:
    """Whole, with a place for each statement: no example needs a blank node, or a text that begins with a space."""
    graph = {ox.Triple(quad.subject, quad.predicate, quad.object) for quad in ox.parse(path=str(file))}
    sources = read(
        [read_delimited(content, name, say=EN) for name, content in to_tables(graph).items()], ox.Store(), EN
    )
    assert {triple for source in sources for triple in source.triples} == graph
    assert [finding for source in sources for finding in source.findings] == []
    assert [triple for triple in graph if not any(source.statement(*triple) for source in sources)] == []
