"""Each language says all that the shapes say in English, no less and no more, with the same codes and examples."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.finding import Finding
from itu_align.graph.names import SHAPE
from itu_align.graph.phrases import languages, phrases
from itu_align.graph.validation import load_shapes, validate
from rdflib import RDFS, SH

FOLDER = schema.files("itu_align.shapes") / "languages"
TRANSLATED = [language for language in languages() if language != "en"]
NAME, DESCRIPTION, MESSAGE = str(SH.name), str(SH.description), str(SH.message)
SAME_IN_FRENCH = {
    *("Type", "Description", "Page", "Participant", "Document", "Programme", "Relation", "Justification", "Date"),
    *("Version", "Score", "Position", "Code", "Bureau", "Source", "Note", "Question"),
}
OTHER_ABROAD = {"WSIS", "SDG", "UN"}
SAID_ABROAD = {"UIT", "UIT-R", "SMSI", "ODD", "ONU"}
QUOTED = re.compile(r'"([^"]+)"|« ([^»]+) »')
ENGLISH = re.compile(r"\b(?:the|of|and|which|with|where|enter|choose|answer|leave|write|keep|exactly)\b", re.IGNORECASE)
LISTED = re.compile(r": (?:exactly|at most|at least) one of (?!the )(.+?)(?: level)?\. ")


class Place(NamedTuple):
    """What a text is said of: a shape or group by its local name, and which of its texts it is."""

    thing: str
    property: str


def literals(triples: Iterable[ox.Triple]) -> Iterator[tuple[Place, ox.Literal]]:
    for triple in triples:
        thing, text = triple.subject, triple.object
        if isinstance(thing, ox.NamedNode) and isinstance(text, ox.Literal) and text.language is not None:
            yield Place(thing.value.removeprefix(SHAPE), triple.predicate.value), text


def texts(triples: Iterable[ox.Triple], language: str) -> dict[Place, str]:
    found = ((place, text) for place, text in literals(triples) if text.language == language)
    return {place: text.value for place, text in found if not place.thing.startswith("phrase-")}


IN_ENGLISH = texts(schema.shapes_triples(), "en")
IN = {language: texts(schema.language_triples(), language) for language in TRANSLATED}
FIELDS = sorted(place.thing for place in IN_ENGLISH if place.property == MESSAGE)


def codes(text: str) -> Counter[str]:
    """What no language may change: quoted words, codes with a digit, IRIs and prefixed names, names in capitals."""
    words = (word.strip(".,;:()") for word in re.split(r"[\s']+", QUOTED.sub("", text)))
    fixed = (word for word in words if re.search(r"\d|\w[:/_]+\w|[A-Z]{2}", word))
    return Counter([first or second for first, second in QUOTED.findall(text)] + list(fixed))


def values(message: str) -> list[str]:
    """The values that a message in English lists, of which one is to be chosen."""
    match = LISTED.search(message)
    return re.split(r", | and ", match[1]) if match else []


def finding(language: str, thing: str) -> Finding:
    name, message = (IN[language][Place(thing, text)] for text in (NAME, MESSAGE))
    return Finding("Violation", SHAPE + thing, name, "", 1, "urn:a", "a", None, None, message)


def test_french_is_one_of_the_languages() -> None:
    assert "fr" in TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_language_says_of_every_shape_and_group_what_english_says_and_nothing_else(language: str) -> None:
    assert set(IN[language]) == set(IN_ENGLISH)


def test_nothing_is_said_twice_in_one_language() -> None:
    said = Counter((place, text.language) for place, text in literals(schema.language_triples()))
    assert [place for place, count in said.items() if count > 1] == []


@pytest.mark.parametrize("language", languages())
def test_file_of_a_language_holds_texts_in_that_language_and_nothing_else(language: str) -> None:
    text = (FOLDER / f"{language}.ttl").read_text("utf-8")
    triples = schema.parse_turtle(text, language)
    assert {found.language for _, found in literals(triples)} == {language}
    assert len(list(literals(triples))) == len(triples)
    assert {triple.predicate.value for triple in triples} <= {
        *(str(RDFS.label), str(RDFS.comment)),
        *(NAME, DESCRIPTION, MESSAGE),
    }


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("thing", FIELDS)
def test_message_begins_with_the_name_and_says_what_is_expected_and_how_to_mend_it(language: str, thing: str) -> None:
    stated = finding(language, thing)
    assert re.match(re.escape(stated.field) + " ?: ", stated.message)
    assert re.fullmatch(r"[^:\s].+[^.]\.", stated.expected)
    assert not stated.expected.startswith((f"{stated.field}:", f"{stated.field} :"))
    assert re.fullmatch(r"[A-ZÀÉÊ].+[^.]\.", stated.mend)


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("property_", [NAME, DESCRIPTION, MESSAGE])
def test_codes_numbers_and_quoted_examples_are_kept(language: str, property_: str) -> None:
    pairs = {place: (codes(IN_ENGLISH[place]), codes(IN[language][place])) for place in IN_ENGLISH}
    chosen = {place.thing: pair for place, pair in pairs.items() if place.property == property_}
    assert {thing: own for thing, (english, own) in chosen.items() if (english - own).keys() - OTHER_ABROAD} == {}
    assert {thing: own for thing, (english, own) in chosen.items() if (own - english).keys() - SAID_ABROAD} == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_values_to_choose_from_are_kept(language: str) -> None:
    messages = [(IN_ENGLISH[place], IN[language][place]) for place in IN_ENGLISH if place.property == MESSAGE]
    listed = [(value, translated) for english, translated in messages for value in values(english)]
    assert {"official", "minted", "same period", "line to goal", "F", "skos:exactMatch"} <= {
        value for value, _ in listed
    }
    assert [pair for pair in listed if not re.search(rf"\b{re.escape(pair[0])}\b", pair[1])] == []


def test_no_english_is_left_in_french() -> None:
    unquoted = {place: re.sub(r"« .*? »", "", text) for place, text in IN["fr"].items()}
    said = {place: re.sub(r"\S*(?:-|\d)\S*", "", text) for place, text in unquoted.items()}
    assert {place: text for place, text in said.items() if ENGLISH.search(text)} == {}
    names = {text for place, text in IN["fr"].items() if place.property == NAME and text == IN_ENGLISH[place]}
    assert names == SAME_IN_FRENCH


@pytest.mark.parametrize("language", TRANSLATED)
def test_fields_of_one_form_have_different_names_where_they_have_in_english(language: str) -> None:
    meant: dict[tuple[str, str], set[str]] = defaultdict(set)
    for thing in FIELDS:
        form, place = thing.partition("-")[0], Place(thing, NAME)
        meant[form, IN[language][place]].add(IN_ENGLISH[place])
    assert {key: names for key, names in meant.items() if len(names) > 1} == {}


def test_finding_in_french_has_its_words_from_the_file() -> None:
    document = """
        <https://w3id.org/itu-align/id/document/X> a <https://w3id.org/itu-align/ontology#Document> ;
          <http://purl.org/dc/terms/issued> "spring" .
        """
    shapes = load_shapes([*schema.shapes_triples(), *schema.language_triples()])
    found = validate(schema.parse_turtle(document, "document.ttl"), shapes, language="fr").findings
    issued = next(finding for finding in found if finding.shape == f"{SHAPE}Document-issued")
    assert (issued.field, issued.group) == ("Date de publication", "Temps")
    assert issued.expected == "au plus un jour, un mois ou une année."
    assert issued.mend == "Écrivez 2020, 2020-05 ou 2020-05-18."


@pytest.mark.parametrize("language", languages())
def test_finding_on_a_file_says_what_is_expected_and_how_to_mend_it(language: str) -> None:
    say = phrases(language)
    found = {key: text for key, text in say.texts.items() if key.startswith("intake.")}
    for key, text in found.items():
        message = say.text("labelled", label="Titre", text=text)
        stated = Finding("Violation", key, "Titre", "", 1, "a.csv", "a.csv", None, None, message)
        assert re.fullmatch(r"[^A-Z:\s].+[^.]\.", stated.expected), key
        assert re.fullmatch(r"[A-ZÀÉÊ].+[.?]", stated.mend), key
        assert codes(text) == codes(phrases("en").texts[key]), key
    assert {"intake.formula", "intake.encoding", "intake.duplicate-header", "intake.no-form"} <= found.keys()
