"""The words of reports and pages: places filled, forms by number, and the language that a browser asks for."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pytest
from itu_align.graph import phrases as module
from itu_align.graph import schema
from itu_align.graph.intake.text import LEGACY
from itu_align.graph.phrases import Phrases, choose, languages, phrases

GRAPH = Path(module.__file__).parent
PLAIN = {"thousands": ",", "plural.one": "1"}
RUSSIAN = Phrases(
    "ru",
    {
        "thousands": "\u00a0",
        "plural.one": "(?:.*[^1])?1",
        "plural.few": "(?:.*[^1])?[2-4]",
        "file.one": "{count} файл",
        "file.few": "{count} файла",
        "file.many": "{count} файлов",
    },
)
EVERY_STATE = [
    "received",
    "validated",
    "rejected",
    "proposed",
    "accepted",
    "declined",
    "superseded",
    "withdrawn",
    "undone",
]
SEVERITIES = ["Violation", "Warning", "Info"]


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of languages with one more file, as somebody who adds a language would leave it."""
    shipped = schema.files("itu_align.shapes") / "languages"
    (tmp_path / "languages").mkdir()
    for file in shipped.iterdir():
        (tmp_path / "languages" / file.name).write_text(file.read_text("utf-8"), "utf-8")
    text = (
        (shipped / "en.ttl")
        .read_text("utf-8")
        .replace("@en", "@de")
        .replace("Nothing to mend.", "Nichts zu verbessern.")
    )
    (tmp_path / "languages" / "de.ttl").write_text(text, "utf-8")
    monkeypatch.setattr(schema, "files", lambda _: tmp_path)
    module._all.cache_clear()
    yield
    module._all.cache_clear()


def keys(language: str) -> set[str]:
    """Without the forms of number, of which each language has its own."""
    return {re.sub(r"\.(?:zero|one|two|few|many)$", "", key) for key in phrases(language).texts}


def first_arguments(file: Path, function: str) -> set[str]:
    """The texts that a module hands to a function first: as they are, or as what a name stands for."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    named: defaultdict[str, set[str]] = defaultdict(set)
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                named[name] |= texts(value)
    calls = (node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == function)
    return set().union(*(texts(call.args[0]) or looked_up(call.args[0], named) for call in calls))


def texts(node: ast.expr) -> set[str]:
    """The texts of an expression; of a dictionary those of its values."""
    inner = node.values if isinstance(node, ast.Dict) else [node]
    found = (each for value in inner for each in ast.walk(value) if isinstance(each, ast.Constant))
    return {each.value for each in found if isinstance(each.value, str)}


def looked_up(node: ast.expr, named: Mapping[str, set[str]]) -> set[str]:
    return set().union(*(named[each.id] for each in ast.walk(node) if isinstance(each, ast.Name)))


def begun(language: str, start: str) -> set[str]:
    return {key.removeprefix(start) for key in phrases(language).texts if key.startswith(start)}


def test_languages_are_english_and_french() -> None:
    assert languages() == ["en", "fr"]


def test_language_is_one_file() -> None:
    folder = schema.files("itu_align.shapes") / "languages"
    assert sorted(file.name for file in folder.iterdir()) == [f"{language}.ttl" for language in languages()]


def test_text_in_two_languages() -> None:
    assert phrases("en").text("no-findings") == "Nothing to mend."
    assert phrases("fr").text("no-findings") == "Rien à corriger."


def test_unknown_language_gets_english() -> None:
    assert phrases("tlh").language == "en"
    assert phrases("").text("no-findings") == "Nothing to mend."


@pytest.mark.usefixtures("german")
def test_language_is_added_by_adding_a_file() -> None:
    assert languages() == ["de", "en", "fr"]
    assert phrases("de").text("no-findings") == "Nichts zu verbessern."
    assert choose("de-AT, fr;q=0.5") == "de"
    assert choose("*") == "en"


def test_values_are_put_in_as_they_are() -> None:
    say = Phrases("en", {"place": "{file}, line {line}"})
    assert say.text("place", file="{line} {0.__class__} %s \\1", line=3) == "{line} {0.__class__} %s \\1, line 3"


def test_place_may_have_the_name_of_a_parameter() -> None:
    assert Phrases("en", {"a": "{key} {self}"}).text("a", key="k", self="s") == "k s"


def test_brace_that_is_no_place_stays() -> None:
    assert Phrases("en", {"a": "{} {a.b} {a[0]} {x}"}).text("a", x=1) == "{} {a.b} {a[0]} 1"


def test_phrase_that_is_not_there_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError, match="no-such-phrase"):
        phrases("fr").text("no-such-phrase")


def test_value_that_is_not_given_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError, match="line"):
        Phrases("en", {"place": "{file}, line {line}"}).text("place", file="a.csv")


@pytest.mark.parametrize(("number", "english", "french"), [
    (0, "0 findings", "0 constat"),
    (1, "1 finding", "1 constat"),
    (2, "2 findings", "2 constats"),
    (11, "11 findings", "11 constats"),
    (1234567, "1,234,567 findings", "1\u202f234\u202f567 constats"),
])  # fmt: skip
def test_count_takes_the_form_and_the_digits_of_the_language(number: int, english: str, french: str) -> None:
    assert phrases("en").count("findings", number) == english
    assert phrases("fr").count("findings", number) == french


@pytest.mark.parametrize(("number", "text"), [
    (1, "1 файл"), (3, "3 файла"), (5, "5 файлов"), (11, "11 файлов"), (12, "12 файлов"), (21, "21 файл"),
    (22, "22 файла"), (111, "111 файлов"), (1001, "1\u00a0001 файл"),
])  # fmt: skip
def test_count_in_a_language_of_three_forms(number: int, text: str) -> None:
    assert RUSSIAN.count("file", number) == text


def test_count_takes_further_values() -> None:
    say = Phrases("en", {**PLAIN, "a.one": "{count} in {file}", "a.many": "{count} each in {file}"})
    assert say.count("a", 1, file="x.csv") == "1 in x.csv"
    assert say.count("a", 7, file="x.csv") == "7 each in x.csv"


@pytest.mark.parametrize(("items", "joined", "english", "french"), [
    ([], "and", "", ""),
    (["a"], "and", "a", "a"),
    (["a", "b"], "and", "a and b", "a et b"),
    (["a", "b", "c"], "or", "a, b or c", "a, b ou c"),
    (["{last}", "{others}", "c"], "and", "{last}, {others} and c", "{last}, {others} et c"),
])  # fmt: skip
def test_items_are_listed_as_a_sentence_of_the_language_does(
    items: list[str], joined: str, english: str, french: str
) -> None:
    assert phrases("en").listed(items, joined) == english
    assert phrases("fr").listed(items, joined) == french


@pytest.mark.parametrize(("field", "language"), [
    ("", "en"),
    ("fr", "fr"),
    ("FR", "fr"),
    ("fr-CA", "fr"),
    ("fr-CA-u-co-phonebk", "fr"),
    ("en-GB", "en"),
    ("de", "en"),
    ("de, fr;q=0.1", "fr"),
    ("frr", "en"),
    ("fr;q=0.4, en;q=0.8", "en"),
    ("en;q=0.4, fr;q=0.8", "fr"),
    ("fr, en", "fr"),
    ("en, fr", "en"),
    ("en;q=0.5,fr;q=0.5", "en"),
    ("en;q=0.500,fr;q=0.501", "fr"),
    ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
    ("*", "en"),
    ("*, fr;q=0.5", "en"),
    ("fr, *;q=0.5", "fr"),
    ("en;q=0, *", "fr"),
    ("fr;q=0, *", "en"),
    ("fr;q=0, fr-CA", "en"),
    ("fr-CA;q=0", "en"),
    ("fr-CA;q=0, fr", "fr"),
    ("en;q=0, fr;q=0, *", "en"),
    ("*;q=0", "en"),
    (", fr,, ,", "fr"),
    ("fr \t;\t q=1.000", "fr"),
    ("fr;Q=0.3", "fr"),
    ("de,fr;q=0.", "en"),
])  # fmt: skip
def test_language_is_the_best_that_the_field_asks_for(field: str, language: str) -> None:
    assert choose(field) == language


@pytest.mark.parametrize("field", [
    "fr;q=2", "fr;q=1.001", "fr;q=0.1234", "fr;q=-1", "fr;q=.5", "fr;q=", "fr;", "fr;x=1", "fr;q=1;q=1", "fr q=1",
    "fr;q = 1", "fr_CA", "français", "fr-", "-fr", "*-fr", "franciscan", "fr-toolongasubtag", "fr, en;q=x", "fr;q=١",
    "fr\n", "fr\x00", "fr," * 334,
])  # fmt: skip
def test_malformed_field_gets_english(field: str) -> None:
    assert choose(field) == "en"


@pytest.mark.parametrize("language", languages())
def test_language_has_the_phrases_of_english_with_the_same_places(language: str) -> None:
    english, own = phrases("en").texts, phrases(language).texts
    assert keys(language) == keys("en")
    shared = english.keys() & own.keys()
    places = {key: (set(re.findall(r"{\w+}", english[key])), set(re.findall(r"{\w+}", own[key]))) for key in shared}
    assert {key: pair for key, pair in places.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("language", languages())
def test_language_has_every_form_of_number_that_it_distinguishes(language: str) -> None:
    own = phrases(language).texts
    forms = {key.removeprefix("plural.") for key in own if key.startswith("plural.")} | {"many"}
    counted = {key.rpartition(".")[0] for key in own if key.endswith(".many")}
    assert [f"{key}.{form}" for key in counted for form in forms if f"{key}.{form}" not in own] == []
    assert {"findings", "checked-files", "submissions", *(f"severity.{name}" for name in SEVERITIES)} <= counted


@pytest.mark.parametrize("language", languages())
def test_every_state_and_severity_has_a_name_of_its_own(language: str) -> None:
    say = phrases(language)
    assert len({say.text(f"state.{state}") for state in EVERY_STATE}) == len(EVERY_STATE)
    assert len({say.text(f"severity.{severity}") for severity in SEVERITIES}) == len(SEVERITIES)


@pytest.mark.parametrize("language", languages())
def test_every_rule_of_the_intake_has_its_message_and_every_message_its_rule(language: str) -> None:
    modules = sorted((GRAPH / "intake").glob("*.py"))
    rules = set(chain.from_iterable(first_arguments(module, "fault") for module in modules))
    assert {"formula", "cells.short", "unknown-name", "kind.media-type"} <= rules
    assert begun(language, "intake.") == rules


@pytest.mark.parametrize("language", languages())
def test_every_problem_of_a_cell_and_every_guessed_encoding_has_its_words(language: str) -> None:
    assert begun(language, "cell.") == first_arguments(GRAPH / "cells.py", "Problem")
    assert begun(language, "encoding.") == set(LEGACY)
