"""Which things a name, code or key can mean: those of the published graph and those of the same submission."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyoxigraph as ox

from .. import names
from ..fields import Forms

CODES: Final = (names.DCTERMS + "identifier", names.PREFIXES["skos"] + "notation")
NAMES: Final = (
    names.PREFIXES["skos"] + "prefLabel",
    names.DCTERMS + "title",
    names.PREFIXES["skos"] + "altLabel",
    names.ALIGN + "writtenAs",
)
"""Asked only where no code fits."""

_LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
_TYPE = ox.NamedNode(names.RDF + "type")


class Known:
    """Things by the texts that stand for them."""

    def __init__(self, forms: Forms, context: ox.Store) -> None:
        self._forms = forms
        self._context = context
        self._own: dict[tuple[str, str], dict[str, None]] = {}
        self._classes: dict[str, set[str]] = {}

    def learn(self, iri: str, classes: Iterable[str], texts: Iterable[tuple[str, str]] = ()) -> None:
        """Keep a thing of the submission with its classes, and the properties and values that name it."""
        self._classes.setdefault(iri, set()).update(classes)
        for property_, text in texts:
            self._own.setdefault((property_, text), {})[iri] = None

    def learn_triples(self, triples: Iterable[ox.Triple]) -> None:
        """Keep the things that triples describe."""
        for subject, predicate, object_ in triples:
            if isinstance(subject, ox.NamedNode):
                if predicate == _TYPE and isinstance(object_, ox.NamedNode):
                    self.learn(subject.value, [object_.value])
                elif predicate.value in (*CODES, *NAMES) and isinstance(object_, ox.Literal):
                    self.learn(subject.value, [], [(predicate.value, object_.value)])

    def find(self, text: str, classes: Sequence[str]) -> list[str]:
        """The things of these classes (of any, where there are none) that a text can mean, codes before names."""
        for properties in (CODES, NAMES):
            found = {iri for property_ in properties for iri in self._with(property_, text)}
            if matching := sorted(iri for iri in found if self.is_one_of(iri, classes)):
                return matching
        return []

    def is_one_of(self, iri: str, classes: Sequence[str]) -> bool:
        """Whether a thing that is known belongs to one of the classes."""
        below = {sub for class_iri in classes for sub in self._forms.below(class_iri)}
        return not below.isdisjoint(self.classes_of(iri)) if classes else bool(self.classes_of(iri))

    def classes_of(self, iri: str) -> set[str]:
        """The classes of a thing; none of one that is not known."""
        quads = self._context.quads_for_pattern(ox.NamedNode(iri), _TYPE, None, ox.DefaultGraph())
        published = {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}
        return published | self._classes.get(iri, set())

    def has(self, iri: str, step: str) -> bool:
        """Whether the published graph has a value of the path (an IRI, or ^IRI) for a thing."""
        thing, path = ox.NamedNode(iri), ox.NamedNode(step.removeprefix("^"))
        subject, object_ = (None, thing) if step.startswith("^") else (thing, None)
        return any(True for _ in self._context.quads_for_pattern(subject, path, object_, ox.DefaultGraph()))

    def _with(self, property_: str, text: str) -> Iterator[str]:
        yield from self._own.get((property_, text), ())
        literals = [ox.Literal(text)]
        if property_ in NAMES[:-1]:
            literals += [ox.Literal(text, language=language) for language in _LANGUAGES]
        for literal in literals:
            quads = self._context.quads_for_pattern(None, ox.NamedNode(property_), literal, ox.DefaultGraph())
            for quad in quads:
                if isinstance(quad.subject, ox.NamedNode):
                    yield quad.subject.value
