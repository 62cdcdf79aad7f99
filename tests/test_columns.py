"""Each column of each table reaches its mapping: what was read does not get lost on the way into the graph."""

import csv
import re
from pathlib import Path

import pytest

GRAPH = Path(__file__).resolve().parents[1] / "graph"
TABLES = sorted(path.stem for path in (GRAPH / "facts").glob("*.csv"))

IN_THE_ADDRESS = {
    ("names_as_written", "kind"): "with the key it makes the address of the thing, ?this",
    ("question_continuity", "n"): "only counts the predecessors of a Question, for the address, ?this",
    ("sdg_goals", "iri"): "is the address of the goal, ?this",
    ("sdg_targets", "iri"): "is the address of the target, ?this",
}
"""Columns that no mapping names, each with the reason."""


def columns(table: str) -> list[str]:
    with (GRAPH / "facts" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def variables(table: str) -> set[str]:
    """The variables of a mapping, without those in its comments and texts."""
    text = (GRAPH / "mappings" / f"{table}.rq").read_text("utf-8")
    return set(re.findall(r"\?(\w+)", re.sub(r'"[^"\n]*"|<[^>\s]*>|#.*', "", text)))


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_a_variable_of_the_mapping(table: str) -> None:
    unused = {(table, column) for column in columns(table)} - {(table, variable) for variable in variables(table)}
    assert unused == {place for place in IN_THE_ADDRESS if place[0] == table}


@pytest.mark.parametrize(("table", "column"), IN_THE_ADDRESS)
def test_a_column_without_a_variable_is_in_the_address(table: str, column: str) -> None:
    metadata = (GRAPH / "facts" / f"{table}.csv-metadata.json").read_text("utf-8")
    assert re.search(rf'"aboutUrl": "[^"]*{{\+?{column}}}|"column": "{column}", "value": "\S+", "aboutUrl"', metadata)
