"""How the value of a cell becomes a term: the functions that the CONSTRUCT of a template calls.

Each takes the value as written and what its column expects. A value that does not fit becomes a plain text all the
same, so that the shape, which knows what is expected, reports it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from .. import names
from ..cells import Datatype, date_literal, date_type, problem_of
from ..fields import DATES, Form, Forms, local
from ..mapping import Functions
from .table_cells import address_of, named_node, text_of
from .table_known import Known

Expected = ox.NamedNode | ox.Literal

_DATE: Final = Datatype("W3CDTF")
_XSD: Final = names.XSD
_NUMBERS: Final = {
    _XSD + "integer": re.compile(r"[+-]?\d+", re.ASCII),
    _XSD + "decimal": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII),
}
_YES_OR_NO: Final = {
    "true": "true", "yes": "true", "oui": "true", "vrai": "true", "1": "true",
    "false": "false", "no": "false", "non": "false", "faux": "false", "0": "false",
}  # fmt: skip
_PREFIXED = re.compile(r"([a-z]+):([\w.~-]*)")
_SCHEMES = ("http://", "https://", "urn:", "mailto:")
_SHORTEST_BEGINNING = 3
_LONGEST_KEY = 200
_LONGEST_NAME = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the query by its name after `fn:`, and what it takes beside the value."""

    function: str
    expected: tuple[Expected, ...] = ()

    def text(self, variable: str) -> str:
        """The call as the query writes it."""
        return f"fn:{self.function}({', '.join([variable, *map(_shortened, self.expected)])})"


class Terms:
    """The functions; they look names up among what is known, which must not change any more once one is called."""

    def __init__(self, forms: Forms, known: Known) -> None:
        self._forms = forms
        self._known = known
        self._methods: dict[str, Callable[..., Expected]] = {
            "text": self.text,
            "typed": self.typed,
            "value": self.value,
            "choice": self.choice,
            "thing": self.thing,
        }
        self._things: dict[tuple[str, tuple[Expected, ...]], Expected] = {}
        self._choices: dict[tuple[Expected, ...], dict[str, Expected]] = {}

    @cached_property
    def functions(self) -> Functions:
        """The functions by their IRIs, as a query calls them."""
        return {ox.NamedNode(names.FUNCTION + name): _of_literal(method) for name, method in self._methods.items()}

    def term(self, item: str, call: Call) -> Expected:
        """What the query makes of a value."""
        return self._methods[call.function](item, *call.expected)

    def text(self, item: str, *language: Expected) -> Expected:
        """A text, in a language where one is given."""
        text = text_of(item)
        tagged = ox.Literal(text, language=language[0].value) if language else ox.Literal(text)
        return address_of(item) or tagged

    def typed(self, item: str, datatype: Expected) -> Expected:
        """A literal of exactly that datatype, whether its text fits or not."""
        return address_of(item) or ox.Literal(text_of(item), datatype=ox.NamedNode(datatype.value))

    def value(self, item: str, *datatypes: Expected) -> Expected:
        """A literal of the datatype that the text has a form of, for dates by their precision; else a plain text."""
        return address_of(item) or _literal(text_of(item), [datatype.value for datatype in datatypes])

    def choice(self, item: str, *choices: Expected) -> Expected:
        """The one of the choices that the value names by its key, its label, or the beginning of one of them."""
        text = text_of(item)
        node = address_of(item) or self.absolute(text)
        if node is not None:
            return node
        if choices not in self._choices:
            self._choices[choices] = self._spellings(choices)
        spellings, wanted = self._choices[choices], folded(text)
        begun = {spellings[spelling] for spelling in spellings if spelling.startswith(wanted)}
        if wanted in spellings:
            return spellings[wanted]
        if len(wanted) >= _SHORTEST_BEGINNING and len(begun) == 1:
            return begun.pop()
        return ox.Literal(text)

    def thing(self, item: str, *classes: Expected) -> Expected:
        """The thing of one of the classes that the value means: by address, key, code or name."""
        node = address_of(item) or self.absolute(text_of(item))
        if node is not None:
            return node
        if (item, classes) not in self._things:
            self._things[item, classes] = self._named(text_of(item), [class_.value for class_ in classes])
        return self._things[item, classes]

    def _named(self, text: str, iris: Sequence[str]) -> Expected:
        if len(text) > _LONGEST_NAME:
            return ox.Literal(text)
        minted = self._minted(text, iris)
        found = [iri for iri in minted if self._known.is_one_of(iri, iris)] or self._known.find(text, iris)
        if not found and len(minted) == 1 and len(text) <= _LONGEST_KEY and not any(map(str.isspace, text)):
            found = minted
        return ox.NamedNode(found[0]) if len(found) == 1 else ox.Literal(text)

    def meanings(self, item: str, classes: Sequence[Expected]) -> list[str]:
        """The things between which `thing` could not decide."""
        found = self._known.find(text_of(item), [class_.value for class_ in classes])
        return found if len(found) > 1 else []

    def absolute(self, text: str) -> ox.NamedNode | None:
        """The node of a text that is an IRI, or a prefixed name with a prefix that we know."""
        if text.startswith(_SCHEMES):
            return named_node(text)
        match = _PREFIXED.fullmatch(text)
        namespace = names.PREFIXES.get(match[1]) if match else None
        return ox.NamedNode(namespace + match[2]) if match and namespace else None

    def kind(self, item: str, form: Form) -> ox.NamedNode | None:
        """The class that a value of the column `type` names."""
        text = text_of(item)
        node = address_of(item) or self.absolute(text)
        named = {folded(name): iri for name, iri in form.kinds.items()}
        for iri in form.kinds.values():
            named |= {folded(label): iri for label in self._forms.words(iri).values()}
        return node or (ox.NamedNode(named[folded(text)]) if folded(text) in named else None)

    def _minted(self, text: str, classes: Sequence[str]) -> list[str]:
        key = names.key(text)
        bases = {base for class_iri in classes for base in self._forms.bases(class_iri)}
        return sorted(base + key for base in bases) if key else []

    def _spellings(self, choices: Sequence[Expected]) -> dict[str, Expected]:
        found: dict[str, Expected] = {}
        for choice in choices:
            found.setdefault(folded(local(choice.value)), choice)
            if isinstance(choice, ox.NamedNode):
                for label in self._forms.words(choice.value).values():
                    found.setdefault(folded(label), choice)
        return found


def _literal(text: str, datatypes: Sequence[str]) -> ox.Literal:
    if not DATES.isdisjoint(datatypes) and problem_of(text, _DATE) is None:
        return ox.Literal(date_literal(text), datatype=ox.NamedNode(date_type(text)))
    for datatype in datatypes:
        pattern = _NUMBERS.get(datatype)
        if pattern and pattern.fullmatch(text):
            return ox.Literal(text, datatype=ox.NamedNode(datatype))
        if datatype == _XSD + "boolean" and text.casefold() in _YES_OR_NO:
            return ox.Literal(_YES_OR_NO[text.casefold()], datatype=ox.NamedNode(datatype))
    return ox.Literal(text)


def _of_literal(method: Callable[..., Expected]) -> Callable[..., Expected]:
    return lambda item, *expected: method(item.value, *expected)


def folded(name: str) -> str:
    """A name without what people write in different ways: capitals, spaces and dashes."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def _shortened(term: Expected) -> str:
    return names.shorten(term.value) if isinstance(term, ox.NamedNode) else str(term)
