"""The documents are true: commands and addresses are named, README's query gives README's answer, pages are current."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pyoxigraph as ox
import pytest
from flask import Flask
from itu_align.graph import names, query
from itu_align.graph.store import Store
from itu_align.server.cli import main

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "graph" / "facts"

pytestmark = pytest.mark.skipif(not (ROOT / "README.md").is_file(), reason="runs from a source tree only")


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_each_command_has_help_with_an_example_and_a_place_in_the_readme(name: str) -> None:
    command = main.commands[name]
    text = command.get_help(click.Context(command))
    assert f"itu-align {name}" in text.partition("Example:")[2]
    assert f"`itu-align {name}" in readme()


def test_each_address_is_in_the_readme(app: Flask) -> None:
    rules = (rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static")
    for address in {re.sub(r"<any\([^)]*\):", "<", rule) for rule in rules}:
        assert f"`{address}`" in readme()


def test_each_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`make (\w+)`", (ROOT / page).read_text())) <= targets


def test_the_first_query_gives_the_answer_in_the_readme(store: Store) -> None:
    text, printed = re.search(r"<<'END'\n(.*?)\nEND\n(.*?)```", readme(), re.DOTALL).groups()  # type: ignore[union-attr]
    answer = query.run(store, text).serialise(query.CSV).decode().replace("\r\n", "\n")
    assert answer == printed


FIGURES = {
    "triples in": "?s ?p ?n",
    "study Questions": "?n a align:Question",
    "charters": "?n a align:CharteredGroup",
    "study groups with": "?n a align:StudyGroup",
    "action lines;": "?n a align:ActionLine",
    "goals": "?n a sdgo:Goal",
    "targets": "?n a sdgo:Target",
    "indicators of the 2022 list": "?n a align:IndicatorPlacement",
    "links of the WSIS-SDG matrix": "?n a align:MatrixLink",
    "other published alignments": "?n align:status align:published MINUS { ?n a align:MatrixLink }",
    "derived ones": "?n align:status align:derived",
    "mappings to the UN SDG KOS": "?n a align:ExternalMapping",
}


@pytest.mark.parametrize("words", FIGURES)
def test_the_figures_in_the_readme_are_those_of_the_graph(store: Store, words: str) -> None:
    figure = re.search(rf"([\d,]+) {re.escape(words)}", readme())
    assert figure is not None
    prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in names.PREFIXES.items())
    _, rows = query.run(store, f"{prefixes} SELECT (COUNT(?n) AS ?count) WHERE {{ {FIGURES[words]} }}").rows()
    assert rows == [[ox.Literal(int(figure[1].replace(",", "")))]]


def test_the_readme_counts_the_named_graphs(store: Store) -> None:
    assert f"{len(store.counts())} named graphs" in readme()


@pytest.mark.parametrize("path", sorted(FACTS.glob("*.csv")), ids=lambda path: path.stem)
def test_each_table_is_in_the_readme_of_the_facts_and_has_a_mapping(path: Path) -> None:
    assert re.search(rf"[| ,]{path.stem}[ ,|]", (FACTS / "README.md").read_text("utf-8"))
    assert (ROOT / "graph" / "mappings" / f"{path.stem}.rq").is_file()


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|<)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_generated_pages_are_current() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.pages().items():
        assert (ROOT / "docs" / name).read_text("utf-8") == text, f"docs/{name} is old: run make docs"


def test_the_changelog_names_the_version_of_the_package() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert re.search(rf"^## (Unreleased|{re.escape(version[1])})", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_installed_script_starts() -> None:
    script = Path(sys.executable).parent / "itu-align"
    assert subprocess.run([script, "--help"], capture_output=True, check=True).stdout.startswith(b"Usage: itu-align")
