"""The words of reports and pages in each language: the resources `shape:phrase-<key>` of `shapes/languages/`.

Adding a language is adding a file. What a language does with numbers stands in its file too: `thousands` parts groups
of digits, and `plural.one`, `plural.few` and so on (the names of CLDR, https://cldr.unicode.org/index/cldr-spec/plural-rules)
are patterns for the digits of the numbers that take this form; all others take `many`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyoxigraph as ox

from .names import SHAPE
from .schema import language_triples

DEFAULT: Final = "en"

_PHRASE = SHAPE + "phrase-"
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_PLACE = re.compile(r"\{(\w+)\}")
_FORMS = ("zero", "one", "two", "few")
_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_WEIGHT = re.compile(r"[Qq]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_BLANKS = " \t"
_LONGEST_FIELD = 1_000  # a browser sends fewer than a hundred characters


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one language by key. A key or a value that is not there is a mistake of the program: KeyError."""

    language: str
    texts: Mapping[str, str]

    def text(self, key: str, /, **values: object) -> str:
        """The phrase with each {name} replaced; a value is put in as it is, braces in it mean nothing."""
        return _PLACE.sub(lambda place: str(values[place[1]]), self.texts[key])

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The phrase `<key>.one`, `<key>.many` and so on, as the number wants it, with the number as {count}."""
        return self.text(f"{key}.{self._form(number)}", count=self.number(number), **values)

    def listed(self, items: Sequence[str], joined: str = "and") -> str:
        """The items as a sentence lists them, the last joined by "and" or "or"; nothing where there are none."""
        others, last = self.texts["list.comma"].join(items[:-1]), "".join(items[-1:])
        return self.text(f"list.{joined}", others=others, last=last) if others else last

    def number(self, number: int) -> str:
        """The number as the language writes it, in groups of three digits."""
        return f"{number:,}".replace(",", self.texts["thousands"])

    def _form(self, number: int) -> str:
        for form in _FORMS:
            pattern = self.texts.get(f"plural.{form}")
            if pattern is not None and re.fullmatch(pattern, str(number)):
                return form
        return "many"


def languages() -> list[str]:
    """The languages that have a file, in order of their tags."""
    return sorted(_all())


def phrases(language: str) -> Phrases:
    """The phrases of the language, or the English ones where it has no file."""
    return _all().get(language) or _all()[DEFAULT]


def choose(accept_language: str) -> str:
    """The language that an Accept-Language field asks for (https://www.rfc-editor.org/rfc/rfc9110#field.accept-language).

    A range is cut from its end until a language fits (https://www.rfc-editor.org/rfc/rfc4647#section-3.4), so `fr-CA`
    gets `fr`. English for "*", for a field that is malformed, and where nothing fits.
    """
    try:
        ranges = list(_ranges(accept_language))
    except ValueError:
        return DEFAULT
    refused = {tag for tag, weight in ranges if weight == 0}
    offered = {tag.lower(): tag for tag in (DEFAULT, *languages()) if tag.lower() not in refused}
    if offered:
        offered["*"] = next(iter(offered.values()))
    wanted = sorted((item for item in ranges if item[1]), key=lambda item: -item[1])
    found = (_lookup(tag, offered) for tag, _ in wanted)
    return next(filter(None, found), DEFAULT)


def _lookup(tag: str, offered: Mapping[str, str]) -> str | None:
    while tag and tag not in offered:
        tag = tag.rpartition("-")[0]
    return offered.get(tag)


def _ranges(field: str) -> Iterator[tuple[str, float]]:
    """The ranges in lower case with their weights, in the order of the field; ValueError where it is malformed."""
    if len(field) > _LONGEST_FIELD:
        raise ValueError(field)
    for element in filter(None, (element.strip(_BLANKS) for element in field.split(","))):
        tag, semicolon, parameter = (part.strip(_BLANKS) for part in element.partition(";"))
        weight = _WEIGHT.fullmatch(parameter) if semicolon else None
        if not _RANGE.fullmatch(tag) or (semicolon and weight is None):
            raise ValueError(element)
        yield tag.lower(), float(weight[1]) if weight is not None else 1.0


@cache
def _all() -> Mapping[str, Phrases]:
    found: dict[str, dict[str, str]] = {}
    for triple in language_triples():
        subject, label = triple.subject, triple.object
        if (
            isinstance(subject, ox.NamedNode)
            and isinstance(label, ox.Literal)
            and label.language is not None
            and triple.predicate == _LABEL
            and subject.value.startswith(_PHRASE)
        ):
            found.setdefault(label.language, {})[subject.value.removeprefix(_PHRASE)] = label.value
    return {language: Phrases(language, texts) for language, texts in found.items()}
