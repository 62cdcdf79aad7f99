"""What can be entered into a field, as codes with their meanings: its choices, or the things of the graph.

A code is the shortest text that reading (`table_terms.py`) leads back to the thing.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import pyoxigraph as ox

from .. import names
from ..fields import Field, Forms, Words, local, word
from .table_cells import written
from .table_known import CODES, NAMES, Known
from .table_terms import Expected, Terms

MOST: Final = 2000
"""Things that are listed for one field; a list of more helps nobody."""

_CONCEPT: Final = names.PREFIXES["skos"] + "Concept"
_TYPE = ox.NamedNode(names.RDF + "type")

Code = tuple[str, str]
"""What to write, and what it means."""


class Codes:
    """The codes of fields, in one language as far as it has labels."""

    def __init__(self, forms: Forms, context: ox.Store | None, language: str) -> None:
        self._forms = forms
        self._context = context or ox.Store()
        self._language = language
        self._terms = Terms(forms, Known(forms, self._context))

    def of(self, field: Field) -> list[Code]:
        """The codes for a field, in their order; none where anything can be entered, or nothing is known."""
        if field.choices:
            return [(self.code(choice, field), self._meaning_of_choice(choice)) for choice in field.choices]
        things = islice(self._things(field), MOST) if field.classes else ()
        return sorted((self.code(thing, field), self._meaning(thing)) for thing in things)

    def code(self, value: Expected, field: Field) -> str:
        """How a value of the field is written in a cell."""
        if isinstance(value, ox.Literal):
            return written(value.value)
        if value in field.choices:
            return local(value.value)
        classes = tuple(map(ox.NamedNode, field.classes))
        codes = sorted((text.value for text in self._texts(value, CODES)), key=lambda text: (len(text), text))
        for text in [*codes, local(value.value)] if field.takes_things else []:
            if self._terms.thing(written(text), *classes) == value:
                return written(text)
        return value.value if field.takes_things else f"<{value.value}>"

    def _things(self, field: Field) -> Iterator[ox.NamedNode]:
        """The things of the classes; of the concepts, which are of many lists, those that the field already has."""
        if _CONCEPT in field.classes:
            used = self._context.quads_for_pattern(None, ox.NamedNode(field.path), None, ox.DefaultGraph())
            yield from dict.fromkeys(quad.object for quad in used if isinstance(quad.object, ox.NamedNode))
            return
        found: dict[ox.NamedNode, None] = {}
        for class_iri in sorted({below for class_ in field.classes for below in self._forms.below(class_)}):
            node = ox.NamedNode(class_iri)
            for quad in self._context.quads_for_pattern(None, _TYPE, node, ox.DefaultGraph()):
                if isinstance(quad.subject, ox.NamedNode) and quad.subject not in found:
                    found[quad.subject] = None
                    yield quad.subject

    def _meaning(self, thing: ox.NamedNode) -> str:
        return word(_by_language(self._texts(thing, NAMES[:2])), self._language)

    def _meaning_of_choice(self, choice: Expected) -> str:
        if isinstance(choice, ox.Literal):
            return ""
        return word(self._forms.words(choice.value), self._language) or self._meaning(choice)

    def _texts(self, thing: ox.NamedNode, properties: Sequence[str]) -> list[ox.Literal]:
        return [
            quad.object
            for property_ in properties
            for quad in self._context.quads_for_pattern(thing, ox.NamedNode(property_), None, ox.DefaultGraph())
            if isinstance(quad.object, ox.Literal)
        ]


def _by_language(texts: Sequence[ox.Literal]) -> Words:
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.language or "en", text.value)
    return found
