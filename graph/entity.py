"""What the published graph says of a thing: the statements that have it as subject, and as object."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from . import names, schema
from .errors import NoSuchThingError
from .labels import Labels
from .readable import PAGE_LIMIT
from .store import Store
from .union import is_published

MOST_INCOMING: Final = 1000
"""Statements that have the thing as object; some things are named by most others."""

_MOST_ANONYMOUS: Final = 1000
_DEFAULT: Final = ox.DefaultGraph()
_LABELS: Final = (names.PREFIXES["rdfs"] + "label", names.PREFIXES["sh"] + "name")
_TEXTS: Final = (names.PREFIXES["skos"] + "definition", names.PREFIXES["sh"] + "description")


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing, in the order of its statements. Of those that have it as object only the first are listed."""

    iri: ox.NamedNode
    outgoing: Sequence[ox.Triple]
    incoming: Sequence[ox.Triple]
    total_incoming: int

    @property
    def triples(self) -> list[ox.Triple]:
        """All statements that are listed, each once."""
        return list(dict.fromkeys([*self.outgoing, *self.incoming]))


def first(database: ox.Store, iris: Iterable[str]) -> Entity:
    """The first of these that is a thing of the published graph; raises NoSuchThingError where none is."""
    wanted = list(iris)
    found = (_read(database, node) for node in map(_node, wanted) if node is not None)
    entity = next((each for each in found if each.outgoing or each.incoming), None)
    if entity is None:
        raise absent(wanted)
    return entity


def absent(iris: Sequence[str]) -> NoSuchThingError:
    """The error for an address of which nothing is said."""
    hint = 'Search for it by its label: SELECT ?thing { ?thing ?p ?label FILTER(CONTAINS(STR(?label), "…")) }.'
    return NoSuchThingError(f"Nothing is said of <{iris[0][:300]}> here.", hint=hint)


def as_page(store: Store, entity: Entity) -> dict[str, Any]:
    """The thing for a page, with labels for all that it names, and the graphs that each statement stands in."""
    labels = Labels(store.database, _DEFAULT)
    own = [triple for triple in entity.outgoing if triple.subject == entity.iri]
    return {
        "iri": entity.iri.value,
        "label": _called(entity.iri, labels),
        "outgoing": [
            {
                "property": _shown(triple.predicate, labels),
                "value": _shown(triple.object, labels),
                "graphs": _graphs(store.database, triple),
            }
            for triple in own[:PAGE_LIMIT]
        ],
        "incoming": [
            {
                "subject": _shown(triple.subject, labels),
                "property": _shown(triple.predicate, labels),
                "graphs": _graphs(store.database, triple),
            }
            for triple in entity.incoming
        ],
        "total": {"outgoing": len(own), "incoming": entity.total_incoming},
    }


def vocabulary(database: ox.Store, name: str) -> list[ox.Triple]:
    """The whole of `ontology`, as it stands in the graph, or of `shapes`, which come with the program."""
    if name == "shapes":
        return schema.shapes_triples()
    graph = ox.NamedNode(names.graph(name))
    triples = sorted((quad.triple for quad in database.quads_for_pattern(None, None, None, graph)), key=str)
    if not triples:
        raise absent([names.BASE + name])
    return triples


def terms(triples: Iterable[ox.Triple], namespace: str) -> list[dict[str, str]]:
    """The terms of a namespace with label and definition, in order of their names."""
    found: dict[str, dict[str, str]] = {}
    for triple in triples:
        if isinstance(triple.subject, ox.NamedNode) and triple.subject.value.startswith(namespace):
            term = found.setdefault(triple.subject.value, {"iri": triple.subject.value, "label": "", "text": ""})
            if isinstance(triple.object, ox.Literal) and triple.object.language in {"en", None}:
                term |= _said(triple.predicate.value, triple.object.value)
    return [found[iri] for iri in sorted(found, key=str.casefold)]


def _said(predicate: str, text: str) -> dict[str, str]:
    if predicate in _LABELS:
        return {"label": text}
    return {"text": text} if predicate in _TEXTS else {}


def _node(iri: str) -> ox.NamedNode | None:
    """None where the address, which anybody may have typed, is no IRI."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


def _read(database: ox.Store, node: ox.NamedNode) -> Entity:
    outgoing = sorted(_closure(database, node), key=str)
    incoming = sorted((q.triple for q in database.quads_for_pattern(None, None, node, _DEFAULT)), key=str)
    return Entity(node, outgoing, incoming[:MOST_INCOMING], len(incoming))


def _closure(database: ox.Store, node: ox.NamedNode) -> Iterator[ox.Triple]:
    """The statements about a thing, and about the blank nodes that they lead to, which have no address of their own."""
    waiting: list[ox.NamedNode | ox.BlankNode] = [node]
    seen = set(waiting)
    while waiting and len(seen) <= _MOST_ANONYMOUS:
        for quad in database.quads_for_pattern(waiting.pop(), None, None, _DEFAULT):
            yield quad.triple
            if isinstance(quad.object, ox.BlankNode) and quad.object not in seen:
                seen.add(quad.object)
                waiting.append(quad.object)


def _shown(term: object, labels: Labels) -> dict[str, str]:
    """A term as N-Triples writes it, what it is called, and the language of a literal."""
    return {"term": str(term), "text": _called(term, labels), "language": getattr(term, "language", None) or ""}


def _called(term: object, labels: Labels) -> str:
    """The label of a thing, else its address in short; the characters of a literal."""
    if isinstance(term, ox.NamedNode):
        return labels(term) or names.shorten(term.value).strip("<>").removeprefix(names.ID)
    return str(getattr(term, "value", term))


def _graphs(database: ox.Store, triple: ox.Triple) -> list[str]:
    """The published graphs that state it."""
    quads = database.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return sorted(
        q.graph_name.value for q in quads if isinstance(q.graph_name, ox.NamedNode) and is_published(q.graph_name)
    )
