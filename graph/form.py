"""What a form is: the fields that describe a thing of one class. `fields.py` makes them from the shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from . import names

DEFAULT_LANGUAGE: Final = "en"
DATES: Final = frozenset(names.XSD + name for name in ("date", "gYearMonth", "gYear", "dateTime"))
"""The datatypes among which the precision of a date decides (`cells.date_type`)."""

Words = Mapping[str, str]
"""A text by its language."""

_NOT_OFFERED = frozenset({"Table", "ConceptScheme"})


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a form and what it takes, as its shapes say together."""

    name: str
    shape: str
    """The IRI of the property shape that speaks first: that of the nearest class."""

    path: str
    inverse: bool
    """Whether the path leads backwards: the value is then the subject of the statement."""

    labels: Words
    descriptions: Words
    messages: Words
    group: str
    """The local name of the group in which fields and findings stand."""

    order: tuple[float, float]
    """The group's and its own."""

    severity: str
    """The first shape's, by local name: "Violation"."""

    minimum: int
    """How many values a record needs to be taken; advice does not count."""

    maximum: int | None
    advised: bool
    """Whether a Warning or an Info asks for a value."""

    conditional: bool
    """Whether it is for some records of the class alone: only a nested shape has it."""

    datatypes: Sequence[str]
    """The IRIs of those that are allowed; several where the precision of a date decides."""

    languages: Sequence[str]
    """Those that a text may have."""

    template_language: str | None
    """The language that a template's header names."""

    classes: Sequence[str]
    choices: Sequence[ox.NamedNode | ox.Literal]
    node_kind: str | None
    pattern: str | None
    shapes: Sequence[str]
    """The IRIs of all property shapes of the path, the first one included."""

    other_names: Mapping[str, str | None]
    """What a header may say as well: the names of the other ones and the labels of all, in every language.

    With the language of the text that a name asks for: of "Name in French" and `frenchName`.
    """

    @property
    def label(self) -> str:
        """The English label."""
        return self.labels[DEFAULT_LANGUAGE]

    @property
    def datatype(self) -> str | None:
        """The datatype where only one is allowed."""
        return self.datatypes[0] if len(self.datatypes) == 1 else None

    @property
    def language(self) -> str | None:
        """The language of a text whose column names none: the only one that is allowed."""
        return self.languages[0] if len(self.languages) == 1 else None

    @property
    def takes_things(self) -> bool:
        """Whether the values are things with an address, not texts."""
        if self.choices:
            return all(isinstance(choice, ox.NamedNode) for choice in self.choices)
        return self.inverse or bool(self.classes) or self.node_kind == "IRI"

    @property
    def step(self) -> str:
        """The path as findings write it: an IRI, or ^IRI."""
        return f"^{self.path}" if self.inverse else self.path

    @property
    def header(self) -> str:
        """The name as a template's header has it."""
        return f"{self.name}@{self.template_language}" if self.template_language else self.name

    @property
    def offered(self) -> bool:
        """Whether a template has a column for it: not where its name, taken by another, is the shape's whole."""
        return not self.conditional and not self.inverse and self.maximum != 0 and "-" not in self.name


@dataclass(frozen=True, slots=True)
class Form:
    """A class that can be described, and its fields: those first that a record cannot do without."""

    name: str
    class_iri: str
    labels: Words
    base: str
    """What stands before the key in the address of a thing of the class."""

    fields: Sequence[Field]
    kinds: Mapping[str, str]
    """The class and its subclasses: IRI by local name."""

    @property
    def label(self) -> str:
        """The English label."""
        return self.labels[DEFAULT_LANGUAGE]

    @property
    def offered(self) -> bool:
        """Whether it is for members: source tables and lists of concepts are made by this project alone."""
        return self.name not in _NOT_OFFERED

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)

    def mint(self, key: str) -> str:
        """The address of the thing with that key."""
        return self.base + names.key(key)


def word(words: Words, language: str) -> str:
    """The text in the language, else in English, else blank."""
    return words.get(language) or words.get(DEFAULT_LANGUAGE, "")


def local(iri: str) -> str:
    """What follows the last # or / of an IRI."""
    return iri.replace("#", "/").rpartition("/")[2]
