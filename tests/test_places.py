"""Each property shape's broken example, sent as Turtle, JSON-LD and CSV, is reported where the file was broken.

The place is judged by what differs between the broken example and the valid one: the line or cell that was changed, or
where something was taken away the record that it was taken from.
"""

import csv
import difflib
import io
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.finding import Finding, SourcePlace
from itu_align.graph.intake.source import File
from itu_align.graph.names import PREFIXES, RDF, SHAPE, graph, shorten
from itu_align.graph.store import Store
from itu_align.graph.submissions.examination import examine
from itu_align.graph.submissions.record import Mode
from itu_align.graph.validation import shipped_shapes
from rdflib import SH, URIRef
from stores import published
from tabular import to_tables

EXAMPLES = Path(__file__).parent / "data" / "shapes"
BROKEN = sorted(EXAMPLES.glob("*/fail-*.ttl"))
VALID = sorted(EXAMPLES.glob("*/pass.ttl"))
TARGET = graph("member/example")
TYPE = ox.NamedNode(RDF + "type")
EITHER = {
    "Alignment-notItself": [
        (
            "Alignment.csv",
            "https://w3id.org/itu-align/id/alignment/Basel-Secretariat-and-ITU-e-waste-standards-aimed-at-11",
            "object",
        )
    ]
}
"""Of two cells that must differ, either is the place."""


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem.removeprefix('fail-')}"


@cache
def ontology() -> ox.Store:
    return published({"ontology": schema.ontology_triples()})


def checked(files: Sequence[File]) -> tuple[Finding, ...]:
    """What is found in files that are added to a graph that holds the ontology alone."""
    database = ox.Store()
    database.bulk_extend(ontology())
    found = examine(Store(database, 1), files, target=TARGET, mode=Mode.ADD, language="en")
    return found.checked.report.findings


def finding(files: Sequence[File], path: Path) -> Finding:
    """The one finding of the shape that the valid example does not have; its field and message are the shape's own."""
    shape, before = name(path), found_in_valid(path.parent / "pass.ttl")
    found = [each for each in checked(files) if each.shape == SHAPE + shape and what(each) not in before]
    assert len({(each.focus, each.term) for each in found}) == 1, found
    texts = shipped_shapes().graph
    iri = URIRef(SHAPE + shape)
    english = [str(text) for text in texts.objects(iri, SH.message) if text.language == "en"]
    assert [found[0].message] == english
    assert URIRef(found[0].shape) in set(texts.subjects(SH.message))
    return found[0]


def what(found: Finding) -> tuple[str, str, str | None]:
    return found.shape, found.focus, found.term


@cache
def found_in_valid(path: Path) -> set[tuple[str, str, str | None]]:
    return {what(each) for each in checked([File("example.ttl", path.read_bytes())])}


# Turtle and JSON-LD: by the lines that differ


def changed_lines(valid: str, broken: str) -> tuple[list[int], list[int]]:
    """Numbers of the lines of the broken text that are new, and of those before which lines are missing."""
    matcher = difflib.SequenceMatcher(None, valid.splitlines(), broken.splitlines(), autojunk=False)
    edits = [edit for edit in matcher.get_opcodes() if edit[0] != "equal"]
    new = [number + 1 for *_, start, end in edits for number in range(start, end)]
    return new, [start + 1 for kind, *_, start, _ in edits if kind == "delete"]


def is_at_value(line: str, column: int, term: str) -> bool:
    """Whether a term, given as N-Triples, is written at the column of a line of Turtle or JSON-LD."""
    rest = line[column - 1 :]
    value = next(iter(ox.parse(f"<urn:s> <urn:p> {term} .", format=ox.RdfFormat.N_TRIPLES))).object
    if isinstance(value, ox.Literal):
        written = json.dumps(value.value, ensure_ascii=False)
        return rest.startswith((written, value.value, f"<{value.value}>", '{"@value"'))
    iri = value.value
    short = shorten(iri)
    endings = [iri[start:] for start in range(len(iri))]
    relative = re.match(r'[<"]([^>"]*)[>"]', rest)
    return rest.startswith((short, f'"{short}"', '{"@id"')) or (relative is not None and relative[1] in endings)


def assert_at(place: SourcePlace | None, found: Finding, text: str, valid: str, starts_record: str) -> None:
    """The place is on a changed line, at the value where there is one; else at the record that lost something."""
    assert place is not None
    lines = text.splitlines()
    new, lost = changed_lines(valid, text)
    new = [number for number in new if not lines[number - 1].startswith("#")]
    line = lines[place.line - 1]
    if found.term is not None and is_at_value(line, place.column, found.term):
        if place.line in new or not new:
            return
        # The broken value is named elsewhere too, as the value of an inverse path.
        assert any(found.term[1:-1].rpartition("/")[2] in lines[number - 1] for number in new), (place, new)
        return
    if place.line in new:
        assert line[: place.column - 1].strip(' {,"') == "" or line[place.column - 1] in "<\"a'", line
        return
    if all(path.startswith("^") for path in found.paths):  # what should point here is a record of its own
        assert re.match(starts_record, line)
        assert is_at_value(line, place.column, found.focus)
        return
    changed = (new or lost)[-1]  # before it, a prefix may have become needless
    first = max(number for number in range(1, changed + 1) if re.match(starts_record, lines[number - 1]))
    last = next((n for n in range(first + 1, len(lines) + 1) if re.match(starts_record, lines[n - 1])), len(lines) + 1)
    assert first <= place.line < last, (place, first, last)


@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_broken_example_in_turtle_is_reported_where_it_is_broken(path: Path) -> None:
    text, valid = path.read_text("utf-8"), (path.parent / "pass.ttl").read_text("utf-8")
    found = finding([File("example.ttl", text.encode())], path)
    assert found.place is not None
    assert found.place.file == "example.ttl"
    assert str(found.place.excerpt).strip("…") in text.splitlines()[found.place.line - 1]
    assert_at(found.place, found, text, valid, r"[<\w]")


@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_broken_example_in_json_ld_is_reported_where_it_is_broken(path: Path) -> None:
    text, valid = to_json(triples(path)), to_json(triples(path.parent / "pass.ttl"))
    found = finding([File("example.jsonld", text.encode())], path)
    assert_at(found.place, found, text, valid, r'  \{"@id"')


def triples(path: Path) -> list[ox.Triple]:
    return schema.parse_turtle(path.read_text("utf-8"), path.name)


def to_json(statements: Iterable[ox.Triple]) -> str:
    """JSON-LD with a record a paragraph, and a value a line."""
    records: dict[str, dict[str, list[object]]] = {}
    for subject, predicate, value in statements:
        record = records.setdefault(subject.value, {})
        key, written = ("@type", value.value) if predicate == TYPE else (shorten(predicate.value), json_value(value))
        record.setdefault(key, []).append(written)
    parts = []
    for iri, record in records.items():
        properties = [
            f"    {json.dumps(key)}: [\n"
            + ",\n".join(f"      {json.dumps(v, ensure_ascii=False)}" for v in values)
            + "\n    ]"
            for key, values in record.items()
        ]
        parts.append(f'  {{"@id": {json.dumps(iri)},\n' + ",\n".join(properties) + "\n  }")
    context = json.dumps(dict(PREFIXES))
    return f'{{"@context": {context},\n"@graph": [\n' + ",\n".join(parts) + "\n]}\n"


def json_value(value: ox.NamedNode | ox.BlankNode | ox.Literal) -> object:
    if not isinstance(value, ox.Literal):
        return {"@id": value.value}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    return {"@value": value.value, "@type": value.datatype.value}


# CSV: by the cells that differ


@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_broken_example_in_csv_is_reported_in_the_row_and_column_that_is_broken(path: Path) -> None:
    tables, valid = to_tables(triples(path)), to_tables(triples(path.parent / "pass.ttl"))
    found = finding([File(table, content) for table, content in tables.items()], path)
    place = found.place
    assert place is not None
    rows = list(csv.reader(io.StringIO(tables[place.file].decode("utf-8-sig"), newline="")))
    assert place.row is not None
    row, header = rows[place.row - 1], rows[0]
    assert place.name in header
    column = header.index(str(place.name))
    physical = tables[place.file].decode("utf-8-sig").splitlines()[place.line - 1]
    assert physical[place.column - 1 :].startswith((row[column], '"' + row[column].replace('"', '""')))
    broken = changed_cells(valid, tables) | set(EITHER.get(name(path), ()))
    identifier = row[header.index("id")]
    at = (place.file, identifier, field_of(str(place.name)))
    if found.paths and all(path.startswith("^") for path in found.paths):  # what should point here is another table's
        assert at[1] == found.subject
    else:
        assert at in broken | ids(broken)


def ids(cells: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """The first cells of their rows: where a column is missing from the table there is no better place."""
    return {(file, identifier, "id") for file, identifier, _ in cells}


def changed_cells(valid: dict[str, bytes], broken: dict[str, bytes]) -> set[tuple[str, str, str]]:
    """File, record and field of each cell that one of the tables has and the other has not."""
    before, after = (dict(cells(tables)) for tables in (valid, broken))
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def cells(tables: dict[str, bytes]) -> Iterable[tuple[tuple[str, str, str], str]]:
    for file, content in tables.items():
        found: dict[tuple[str, str, str], str] = {}
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            for header, value in row.items():
                key = (file, row["id"], field_of(header))
                found[key] = found.get(key, "") + (f"{header}={value} " if value else "")
        yield from found.items()


def field_of(header: str) -> str:
    """A header without language or datatype."""
    return re.split(r"@|\^\^", header)[0]


# Valid examples


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("kind", ["Turtle", "JSON-LD", "CSV"])
def test_a_valid_example_conforms(path: Path, kind: str) -> None:
    files = {
        "Turtle": lambda: [File("example.ttl", path.read_bytes())],
        "JSON-LD": lambda: [File("example.jsonld", to_json(triples(path)).encode())],
        "CSV": lambda: [File(table, content) for table, content in to_tables(triples(path)).items()],
    }[kind]()
    assert [each.text() for each in checked(files) if each.severity == "Violation"] == []
