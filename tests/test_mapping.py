"""Rows become triples: the CONSTRUCT of a table, on small tables worked out by hand."""

import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph.errors import MappingError
from itu_align.graph.mapping import map_table
from itu_align.graph.tables import Table, load_table

MAPPING = """# Things.
PREFIX ex: <http://example.org/>
PREFIX fn: <https://w3id.org/itu-align/function#>

CONSTRUCT {
  ?this ex:title ?title ; ex:part ?partIri ; ex:when ?date ; ex:note ?note ; ex:knows ?other .
}
WHERE {
  BIND(fn:id("part", ?part) AS ?partIri)
  BIND(fn:date(?when) AS ?date)
  OPTIONAL { ?other ex:called ?name FILTER(?name = ?title) }
}
"""


@pytest.fixture
def table(tmp_path: Path) -> Table:
    columns = [
        {"name": "id"},
        {"name": "title"},
        {"name": "part", "separator": ";"},
        {"name": "when"},
        {"name": "note"},
    ]
    metadata = {
        "dc:title": "Things",
        "tableSchema": {"aboutUrl": "http://example.org/{id}", "primaryKey": ["id"], "columns": columns},
    }
    (tmp_path / "things.csv-metadata.json").write_text(json.dumps(metadata))
    (tmp_path / "things.csv").write_text(
        'id,title,part,when,note\na,"A ""quoted"" \\ title",x/1; y,2020-10,\nb,B,,,n\n'
    )
    return load_table(tmp_path, "things")


def lines(triples: list[ox.Triple]) -> list[str]:
    return [
        str(triple).replace("http://example.org/", "").replace("https://w3id.org/itu-align/id/", "")
        for triple in triples
    ]


def test_blank_cells_say_nothing_and_lists_say_each_item(table: Table) -> None:
    assert lines(map_table(table, MAPPING, ox.Store())) == [
        "<a> <part> <part/x.1>",
        "<a> <part> <part/y>",
        '<a> <title> "A \\"quoted\\" \\\\ title"',
        '<a> <when> "2020-10"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>',
        '<b> <note> "n"',
        '<b> <title> "B"',
    ]


def test_a_mapping_sees_what_was_mapped_before(table: Table) -> None:
    called = ox.Quad(ox.NamedNode("http://example.org/bee"), ox.NamedNode("http://example.org/called"), ox.Literal("B"))
    context = ox.Store()
    context.add(called)
    assert "<b> <knows> <bee>" in lines(map_table(table, MAPPING, context))
    assert not any("<a> <knows>" in line for line in lines(map_table(table, MAPPING, context)))


def test_a_row_without_a_statement_stops(table: Table) -> None:
    with pytest.raises(MappingError, match=r"no statement about things.csv, line 3") as caught:
        map_table(
            table,
            MAPPING.replace("?title ;", "?nothing ;")
            .replace("ex:note ?note", 'ex:note "x"^^ex:y')
            .replace('ex:note "x"^^ex:y ;', ""),
            ox.Store(),
        )
    assert "?this (http://example.org/b)" in caught.value.hint


def test_a_mapping_needs_one_outer_group(table: Table) -> None:
    with pytest.raises(MappingError, match=r"exactly one line that reads 'WHERE \{'"):
        map_table(table, MAPPING.replace("\nWHERE {", " WHERE {"), ox.Store())


def test_a_syntax_error_names_the_line_of_the_file(table: Table) -> None:
    with pytest.raises(MappingError, match=r"mappings/things.rq, line 10, column") as caught:
        map_table(table, MAPPING.replace("fn:date(?when)", "fn:date(?when"), ox.Store())
    assert caught.value.place is not None
    assert caught.value.place.excerpt == "  BIND(fn:date(?when AS ?date)"


def test_what_is_no_construct_or_calls_an_unknown_function_is_named(table: Table) -> None:
    select = "SELECT * \nWHERE {\n}"
    with pytest.raises(MappingError, match=r"mappings/things.rq is no CONSTRUCT"):
        map_table(table, select, ox.Store())
    with pytest.raises(MappingError, match=r"cannot be evaluated: .*function#ix"):
        map_table(table, MAPPING.replace("fn:id(", "fn:ix("), ox.Store())
