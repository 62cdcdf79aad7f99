"""The shapes as forms: for each class that can be described its fields, with names, labels and what they take.

A form stands for a class that a node shape targets, a field for one path with all property shapes that constrain it:
those of the class, those of its superclasses, and nested ones that hold only for some records, as for a rejected
alignment. A field's name is what follows the class in the shape's IRI (`shape:Activity-title` gives `title`); words
of other languages are those of `shapes/languages`. Tables, templates and pages are made from the forms.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import pyoxigraph as ox

from . import names, schema
from .finding import SEVERITIES
from .form import DATES, DEFAULT_LANGUAGE, Field, Form, Words, local, word

__all__ = ["DATES", "DEFAULT_LANGUAGE", "Field", "Form", "Forms", "Words", "local", "shipped", "word"]

_Node = ox.NamedNode | ox.BlankNode
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_SH = names.PREFIXES["sh"]
_RDFS = names.PREFIXES["rdfs"]
_LAST = 1000.0
_BASES: Final[Mapping[str, str]] = {
    "ActionLine": "action-line",
    "Activity": "activity",
    "Agent": "body",
    "Alignment": "alignment",
    "Attribution": "attribution",
    "Award": "award",
    "ChangeEvent": "event",
    "CharteredGroup": "charter",
    "Concept": "concept",
    "ConceptScheme": "scheme",
    "Continuation": "continuation",
    "Dataset": "dataset",
    "Document": "document",
    "DocumentStatement": "document-statement",
    "Event": "event",
    "Evidence": "evidence",
    "ExternalMapping": "mapping",
    "Facilitation": "facilitation",
    "IndicatorPlacement": "indicator-placement",
    "IndicatorProposal": "indicator-proposal",
    "Label": "label",
    "MatrixCell": "matrix-cell",
    "MatrixEdition": "dataset",
    "MatrixReading": "matrix-reading",
    "Organization": "body",
    "PrizeCategory": "prize-category",
    "Programme": "programme",
    "Question": "question",
    "QuestionEvent": "question-event",
    "QuestionSet": "question-set",
    "Rationale": "rationale",
    "StrategicObjective": "objective",
    "StudyPeriod": "period",
    "Table": "table",
}
"""The kind in the addresses of a class's things, for those whose superclasses have another (docs/model.md)."""


class Forms(Mapping[str, Form]):
    """All forms by name, and what is known of classes: which lie below which, and how their things are addressed."""

    def __init__(self, shapes: Iterable[ox.Triple], ontology: Iterable[ox.Triple]) -> None:
        self._graph = _Graph([*shapes, *ontology])
        self._below: dict[str, frozenset[str]] = {}
        self._bases: dict[str, frozenset[str]] = {}
        self._forms = {form.name: form for form in sorted(self._make(), key=lambda form: form.name)}

    def __getitem__(self, name: str) -> Form:
        return self._forms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def of_class(self, class_iri: str) -> Form | None:
        """The form that stands for a class."""
        return next((form for form in self.values() if form.class_iri == class_iri), None)

    def below(self, class_iri: str) -> frozenset[str]:
        """The class with all its subclasses."""
        if class_iri not in self._below:
            found = [class_iri]
            for iri in found:
                children = self._graph.subjects(_RDFS + "subClassOf", ox.NamedNode(iri))
                found += [child.value for child in children if child.value not in found]
            self._below[class_iri] = frozenset(found)
        return self._below[class_iri]

    def base(self, class_iri: str) -> str | None:
        """What stands before the key in the address of a thing of the class: its own, else of the nearest above."""
        if class_iri.startswith(names.PREFIXES["sdgo"]):
            return names.PREFIXES["sdg"]
        above = sorted((len(self.below(iri)), iri) for iri in self._graph.classes if class_iri in self.below(iri))
        kinds = (_BASES.get(local(iri)) for iri in [class_iri, *(iri for _, iri in above)])
        return next((f"{names.ID}{kind}/" for kind in kinds if kind), None)

    def bases(self, class_iri: str) -> frozenset[str]:
        """What can stand before the key in the address of a thing of the class or of a subclass."""
        if class_iri not in self._bases:
            own = self.base(class_iri)
            self._bases[class_iri] = frozenset({own} if own else filter(None, map(self.base, self.below(class_iri))))
        return self._bases[class_iri]

    def words(self, iri: str) -> Words:
        """The labels of a term of the ontology by language."""
        return self._graph.words(ox.NamedNode(iri), _RDFS + "label")

    def is_link(self, property_iri: str) -> bool:
        """Whether the ontology has the property for links between things."""
        kind = ox.NamedNode(names.PREFIXES["owl"] + "ObjectProperty")
        return kind in self._graph.objects(ox.NamedNode(property_iri), names.RDF + "type")

    def _make(self) -> Iterator[Form]:
        targets = self._graph.pairs(_SH + "targetClass")
        nested = _nested(self._graph)
        for class_iri in sorted({target.value for _, target in targets}):
            ranked = {
                shape: (len(self.below(target.value)), self._graph.count(shape, _SH + "targetClass"), shape.value)
                for shape, target in sorted(targets, key=lambda pair: -len(self.below(pair[1].value)))
                if class_iri in self.below(target.value)
            }
            yield self._form(class_iri, sorted(ranked, key=lambda shape: ranked[shape]), nested)

    def _form(self, class_iri: str, shapes: Sequence[ox.NamedNode], nested: Iterable["_Nested"]) -> Form:
        graph = self._graph
        properties = [
            ox.NamedNode(iri)
            for shape in shapes
            for iri in sorted(graph.iris(shape, _SH + "property"), key=lambda iri: _order(graph, ox.NamedNode(iri)))
        ]
        properties.sort(key=lambda property_: SEVERITIES.index(_severity(graph, property_)))
        plain = _merge(graph, properties, [])
        some = [
            property_
            for node, path, inner in nested
            if any(field.path == path and (not field.choices or node in field.choices) for field in plain)
            for property_ in inner
        ]
        of_one = graph.iris(shapes[0], _SH + "targetClass") == [class_iri]
        return Form(
            name=local(class_iri),
            class_iri=class_iri,
            labels=graph.words(shapes[0] if of_one else ox.NamedNode(class_iri), _RDFS + "label"),
            base=self.base(class_iri) or "",
            fields=_merge(graph, properties, list(dict.fromkeys(some))),
            kinds={local(iri): iri for iri in sorted(self.below(class_iri))},
        )


@cache
def shipped() -> Forms:
    """The forms of the shapes folder."""
    return Forms([*schema.shapes_triples(), *schema.language_triples()], schema.ontology_triples())


_Nested = tuple[ox.NamedNode, str, Sequence[ox.NamedNode]]
"""A thing, the path that leads from records to it, and the property shapes that hold for these records."""


class _Graph:
    """Triples, to look things up."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._objects: dict[tuple[_Term, str], list[_Term]] = {}
        self._pairs: dict[str, list[tuple[ox.NamedNode, ox.NamedNode]]] = {}
        for subject, predicate, object_ in triples:
            self._objects.setdefault((subject, predicate.value), []).append(object_)
            if isinstance(subject, ox.NamedNode) and isinstance(object_, ox.NamedNode):
                self._pairs.setdefault(predicate.value, []).append((subject, object_))
        owl_class = ox.NamedNode(names.PREFIXES["owl"] + "Class")
        self.classes = [subject.value for subject in self.subjects(names.RDF + "type", owl_class)]

    def objects(self, subject: _Term, predicate: str) -> list[_Term]:
        return self._objects.get((subject, predicate), [])

    def count(self, subject: _Term, predicate: str) -> int:
        return len(self.objects(subject, predicate))

    def pairs(self, predicate: str) -> list[tuple[ox.NamedNode, ox.NamedNode]]:
        return self._pairs.get(predicate, [])

    def subjects(self, predicate: str, object_: ox.NamedNode) -> list[ox.NamedNode]:
        return [subject for subject, found in self.pairs(predicate) if found == object_]

    def iris(self, subject: _Term, predicate: str) -> list[str]:
        return [term.value for term in self.objects(subject, predicate) if isinstance(term, ox.NamedNode)]

    def texts(self, subject: _Term, predicate: str) -> list[str]:
        return [term.value for term in self.objects(subject, predicate) if isinstance(term, ox.Literal)]

    def words(self, subject: _Term, predicate: str) -> Words:
        found = (term for term in self.objects(subject, predicate) if isinstance(term, ox.Literal))
        return {text.language or DEFAULT_LANGUAGE: text.value for text in found}

    def number(self, subject: _Term, predicate: str) -> float | None:
        found = self.texts(subject, predicate)
        return float(found[0]) if found else None

    def items(self, subject: _Term, predicate: str) -> list[_Term]:
        """The members of the RDF list that the property leads to."""
        found: list[_Term] = []
        rest = self.objects(subject, predicate)
        while rest and (first := self.objects(rest[0], names.RDF + "first")):
            found += first
            rest = self.objects(rest[0], names.RDF + "rest")
        return found


def _nested(graph: _Graph) -> list[_Nested]:
    found: list[_Nested] = []
    for shape, node in graph.pairs(_SH + "targetNode"):
        for members in graph.objects(shape, _SH + "property"):
            for path in graph.objects(members, _SH + "path"):
                inner = [ox.NamedNode(iri) for iri in graph.iris(members, _SH + "property")]
                found += [(node, inverse, inner) for inverse in graph.iris(path, _SH + "inversePath")]
    return found


def _merge(graph: _Graph, plain: Sequence[ox.NamedNode], nested: Sequence[ox.NamedNode]) -> list[Field]:
    """One field for each path, of all shapes that have it; paths of several steps or ways make no field."""
    by_path: dict[tuple[str, bool], list[ox.NamedNode]] = {}
    for shape in [*plain, *nested]:
        for path in graph.objects(shape, _SH + "path"):
            if isinstance(path, ox.NamedNode):
                by_path.setdefault((path.value, False), []).append(shape)
            for inverse in graph.iris(path, _SH + "inversePath"):
                by_path.setdefault((inverse, True), []).append(shape)
    fields: dict[str, Field] = {}
    for key, of_path in by_path.items():
        field = _field(graph, key, of_path, set(plain))
        if field.name in fields:
            field = replace(field, name=local(field.shape))
        fields[field.name] = field
    return sorted(fields.values(), key=lambda field: (not field.minimum, field.order, field.name))


def _field(graph: _Graph, path: tuple[str, bool], shapes: Sequence[ox.NamedNode], plain: set[ox.NamedNode]) -> Field:
    first, always = shapes[0], [shape for shape in shapes if shape in plain]
    strict = [shape for shape in always if _severity(graph, shape) == SEVERITIES[0]]
    counts = [graph.number(shape, _SH + "maxCount") for shape in strict]
    allowed = _languages(graph, shapes)
    asked = [language for shape in shapes for language in _qualified(graph, shape)]
    typing = always or shapes
    return Field(
        name=_field_name(first),
        shape=first.value,
        path=path[0],
        inverse=path[1],
        labels=graph.words(first, _SH + "name"),
        descriptions=graph.words(first, _SH + "description"),
        messages=graph.words(first, _SH + "message"),
        group=next(map(local, graph.iris(first, _SH + "group")), ""),
        order=_order(graph, first),
        severity=_severity(graph, first),
        minimum=max((_asked(graph, shape) for shape in strict), default=0),
        maximum=min((int(count) for count in counts if count is not None), default=None),
        advised=any(_asked(graph, shape) for shape in always if shape not in strict),
        conditional=not always,
        datatypes=_alternatives(graph, typing, "datatype"),
        languages=allowed,
        template_language=next(iter([*allowed, *asked]), None),
        classes=_alternatives(graph, typing, "class"),
        choices=_choices(graph, typing),
        node_kind=next((local(kind) for shape in shapes for kind in graph.iris(shape, _SH + "nodeKind")), None),
        pattern=next((pattern for shape in shapes for pattern in graph.texts(shape, _SH + "pattern")), None),
        shapes=[shape.value for shape in shapes],
        other_names=_other_names(graph, shapes),
    )


def _asked(graph: _Graph, shape: ox.NamedNode) -> int:
    counts = (graph.number(shape, _SH + name) for name in ("minCount", "qualifiedMinCount"))
    return int(max((count for count in counts if count is not None), default=0))


def _alternatives(graph: _Graph, shapes: Sequence[ox.NamedNode], constraint: str) -> list[str]:
    """The value of a constraint, or those of an sh:or all of whose parts have it."""
    for shape in shapes:
        if own := graph.iris(shape, _SH + constraint):
            return own
        parts = [graph.iris(part, _SH + constraint) for part in graph.items(shape, _SH + "or")]
        if parts and all(parts):
            return [iri for part in parts for iri in part]
    return []


def _choices(graph: _Graph, shapes: Sequence[ox.NamedNode]) -> list[ox.NamedNode | ox.Literal]:
    for shape in shapes:
        terms = graph.items(shape, _SH + "in") or graph.objects(shape, _SH + "hasValue")
        if terms:
            return [term for term in terms if isinstance(term, ox.NamedNode | ox.Literal)]
    return []


def _languages(graph: _Graph, shapes: Sequence[_Term]) -> list[str]:
    lists = (graph.items(shape, _SH + "languageIn") for shape in shapes)
    return next(([term.value for term in found if isinstance(term, ox.Literal)] for found in lists if found), [])


def _qualified(graph: _Graph, shape: ox.NamedNode) -> list[str]:
    return _languages(graph, graph.objects(shape, _SH + "qualifiedValueShape"))


def _order(graph: _Graph, shape: ox.NamedNode) -> tuple[float, float]:
    group = next((graph.number(group, _SH + "order") for group in graph.objects(shape, _SH + "group")), None)
    own = graph.number(shape, _SH + "order")
    return _LAST if group is None else group, _LAST if own is None else own


def _severity(graph: _Graph, shape: ox.NamedNode) -> str:
    return next(map(local, graph.iris(shape, _SH + "severity")), SEVERITIES[0])


def _other_names(graph: _Graph, shapes: Sequence[ox.NamedNode]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for shape in shapes:
        language = next(iter(_qualified(graph, shape)), None) if shape != shapes[0] else None
        for name in (_field_name(shape), *graph.words(shape, _SH + "name").values()):
            found.setdefault(name, language)
    del found[_field_name(shapes[0])]
    return found


def _field_name(shape: ox.NamedNode) -> str:
    return shape.value.rpartition("-")[2]
