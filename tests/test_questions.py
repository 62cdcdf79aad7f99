"""The competency questions: each is standard SPARQL, and the built graph answers it with exactly the expected rows.

The expected rows were worked out from the tables of facts, never copied from the graph: where the two differ, the
facts decide who is wrong.
"""

import csv
import io
import re
from collections.abc import Iterable
from difflib import unified_diff
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import query
from itu_align.graph.store import Store
from rdflib.plugins.sparql import prepareQuery

QUESTIONS = Path(str(files("itu_align.ontology") / "questions"))
FILES = sorted(QUESTIONS.glob("*.rq"))
EMPTY = "# An empty answer"
"""A query that may have no rows says so in a comment with these words."""

each_question = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)

Rows = list[list[str]]


def rows(store: Store, text: str) -> Rows:
    """Header and rows of the answer, in the form of SPARQL 1.1 CSV results."""
    return read(query.run(store, text).serialise(query.CSV))


def read(content: bytes) -> Rows:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))


def expected(file: Path) -> Rows:
    return read(file.with_suffix(".csv").read_bytes())


def written(table: Iterable[list[str]]) -> list[str]:
    return [" | ".join(row) for row in table]


def test_each_query_has_expected_rows_and_a_number_of_its_own() -> None:
    assert len(FILES) >= 45
    assert {file.stem for file in FILES} == {file.stem for file in QUESTIONS.glob("*.csv")}
    names = [re.fullmatch(r"cq(\d\d)_[a-z0-9_]+", file.stem) for file in FILES]
    assert [int(name[1]) for name in names if name] == list(range(1, len(FILES) + 1))


@each_question
def test_first_line_is_the_question_in_words(file: Path) -> None:
    first, second, *_ = file.read_text("utf-8").splitlines()
    assert re.fullmatch(r"# [A-Z].+\?", first)
    assert re.fullmatch(r"# keywords: [^,]+(, [^,]+)*", second)


@each_question
def test_query_is_standard_sparql(file: Path) -> None:
    text = file.read_text("utf-8")
    ox.Store().query(text)
    prepareQuery(text, initNs={})
    declared = re.findall(r"^PREFIX (\w+): <\S+>$", text, re.MULTILINE)
    body = re.sub(r'^PREFIX .*$|#[^">\n]*$|<[^>]*>|"[^"]*"', "", text, flags=re.MULTILINE)
    assert set(declared) == set(re.findall(r"\b(\w+):", body)), "each prefix is declared, each declared one is used"
    assert "SELECT" in body
    assert "ORDER BY" in body


@each_question
def test_expected_rows_fit_the_query(file: Path) -> None:
    text = file.read_text("utf-8")
    header, *answers = expected(file)
    variables = ox.Store().query(text).variables  # type: ignore[union-attr]
    assert header == [variable.value for variable in variables]
    assert all(len(answer) == len(header) for answer in answers)
    assert answers or EMPTY in text
    assert len({tuple(answer) for answer in answers}) == len(answers), "two rows are the same"
    content = file.with_suffix(".csv").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n"), "RFC 4180 ends a line with CRLF"


@each_question
def test_graph_gives_exactly_the_expected_rows(file: Path, store: Store) -> None:
    wanted, found = written(expected(file)), written(rows(store, file.read_text("utf-8")))
    difference = "\n".join(unified_diff(wanted, found, "worked out from the facts", "given by the graph", lineterm=""))
    assert wanted == found, f"{file.name}: {file.read_text('utf-8').splitlines()[0]}\n{difference}"
