"""Remarks on a query that may run, but hardly does what was meant: terms that the graph does not use, odd sums.

Membership is a look-up in the store for each term of the query; what is near a term is searched only where one is
unknown. A hint refuses nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

import pyoxigraph as ox
from lark import Token, Tree

from . import names
from .errors import Place
from .grammar import Query
from .mistakes import nearest
from .rules import Node, walk
from .terms import Terms

Position = Literal["property", "class", "graph", "thing"]

_TYPE: Final = ox.NamedNode(names.RDF + "type")
_LABEL: Final = ox.NamedNode(names.PREFIXES["rdfs"] + "label")
_OURS: Final = tuple(
    namespace.partition(":")[2]
    for namespace in (names.ALIGN, names.ID, names.SHAPE, names.GRAPH, names.PREFIXES["sdg"], names.PREFIXES["sdgo"])
)
"""Namespaces, whatever their scheme, in which a thing that occurs nowhere is probably a mistake.

Others are full of things that we do not hold.
"""

_ELSEWHERE: Final = frozenset(
    {"prologue", "dataset_clause", "rdf_literal", "service_graph_pattern", "construct_template", "delete_clause"}
    | {"insert_clause", "insert_data", "delete_data", "delete_where", "using_clause"}
)
"""What says nothing about the stored graph: declarations, datatypes, other servers, templates."""

_PROPERTY_LISTS: Final = frozenset({"property_list_not_empty", "property_list_path_not_empty"})
_SUM: Final = "additive_expression"
_HAS: Final = re.compile(r"(?:has|is|get)(?=[A-Z_])")
_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?")
_SIBLINGS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Hint:
    """A remark on one place of a query."""

    message: str
    place: Place


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The properties and classes that a store uses, and their labels; worth keeping for each version of the data."""

    properties: frozenset[str]
    classes: frozenset[str]
    labels: Mapping[str, str]
    """What a label or a local name reads without spaces and letter case, and the term."""

    @classmethod
    def of(cls, database: ox.Store) -> "Vocabulary":
        """Read from all graphs of the store: one pass over it for the properties, so not for each query."""
        both = "{{ {0} }} UNION {{ GRAPH ?g {{ {0} }} }}"
        properties = _column(database, f"SELECT DISTINCT ?x {{ {both.format('?s ?x ?o')} }}")
        classes = _column(database, f"SELECT DISTINCT ?x {{ {both.format('?s a ?x')} }}")
        labels = {_plain(_split(term)[1]): term for term in sorted(properties | classes)}
        for term in sorted(properties | classes):
            for quad in database.quads_for_pattern(ox.NamedNode(term), _LABEL, None, None):
                labels.setdefault(_plain(getattr(quad.object, "value", "")), term)
        return cls(properties, classes, labels)

    def nearest(self, iri: str, position: Position) -> str:
        """The term in use that was probably meant, first of the same namespace, then by label or elsewhere, or ""."""
        known = self.classes if position == "class" else self.properties
        namespace, local = _split(iri)
        same = {_split(term)[1]: term for term in known if _split(term)[0] == namespace}
        labels = {label: term for label, term in self.labels.items() if term in known}
        bare = _HAS.sub("", local)
        if near := nearest(local, same) or nearest(bare, same):
            return same[near]
        near = nearest(_plain(local), labels, 0.8) or nearest(_plain(bare), labels, 0.8)
        return labels.get(near, "")


def remarks(query: Query, database: ox.Store, vocabulary: Vocabulary | None = None) -> list[Hint]:
    """All hints on a query, in the order of its text."""
    found = [*unknown_terms(query, database, vocabulary), *unintended_sums(query)]
    return sorted(found, key=lambda hint: (hint.place.line, hint.place.column or 0))


def unknown_terms(query: Query, database: ox.Store, vocabulary: Vocabulary | None = None) -> list[Hint]:
    """The terms of a query that the graph does not use in that position, each once, with the nearest that it uses.

    Without a vocabulary it is read anew where a property or class is unknown.
    """
    prologue = Terms.of(query)
    hints: dict[tuple[str, Position], Hint] = {}
    for node, position in _uses(query.tree, prologue):
        iri = prologue.iri(node)
        if (iri, position) in hints or is_used(database, iri, position):
            continue
        near = ""
        if not (defined := _is_defined(database, iri, position)):
            vocabulary = vocabulary or (Vocabulary.of(database) if position in {"property", "class"} else None)
            near = nearest_term(database, iri, position, vocabulary)
        message = _message(str(node.children[0]), near and prologue.show(near), position, defined=defined)
        hints[iri, position] = Hint(message, query.source.place(node.meta.start_pos))
    return list(hints.values())


def unintended_sums(query: Query) -> Iterator[Hint]:
    """Dates without quotes, which are subtractions, and texts joined by a plus sign."""
    for node in walk(query.tree):
        if node.data != _SUM:
            continue
        text = query.source.text[node.meta.start_pos : node.meta.end_pos]
        if _DATE.fullmatch(text):
            message = f'{text} is a subtraction here; a date is written "{text}"^^xsd:date.'
            yield Hint(message, query.source.place(node.meta.start_pos))
        elif "+" in node.children and any(
            isinstance(part, Tree) and part.data == "rdf_literal" for part in node.children
        ):
            message = "+ adds numbers; texts are joined by CONCAT(…, …)."
            yield Hint(message, query.source.place(node.meta.start_pos))


def is_used(database: ox.Store, iri: str, position: Position) -> bool:
    """Whether the IRI occurs in this position, a thing in any, or need not (it is no absolute IRI or not ours)."""
    if position in {"thing", "graph"} and not iri.partition(":")[2].startswith(_OURS):
        return True
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return True
    if position == "graph":
        return database.contains_named_graph(node)
    return _occurs(database, node, position)


def _occurs(database: ox.Store, node: ox.NamedNode, position: Position) -> bool:
    found = {
        "property": [database.quads_for_pattern(None, node, None, None)],
        "class": [database.quads_for_pattern(None, _TYPE, node, None)],
        "thing": [
            database.quads_for_pattern(node, None, None, None),
            database.quads_for_pattern(None, None, node, None),
            database.quads_for_pattern(None, node, None, None),
            database.quads_for_pattern(None, None, None, node),
        ],
    }
    return any(next(quads, None) is not None for quads in found[position])


def nearest_term(database: ox.Store, iri: str, position: Position, vocabulary: Vocabulary | None = None) -> str:
    """The IRI in use that was probably meant, or ""."""
    if vocabulary is not None and position in {"property", "class"}:
        return vocabulary.nearest(iri, position)
    if position == "graph":
        known = (graph.value for graph in database.named_graphs() if isinstance(graph, ox.NamedNode))
        return nearest(iri, known)
    return _nearest_thing(database, iri)


def spellings(iri: str) -> list[str]:
    """Other ways to write what is probably the same IRI."""
    scheme, _, rest = iri.partition("://")
    other = {"http": "https", "https": "http"}.get(scheme, scheme)
    bare = rest.rstrip("/#")
    ends = ("", "/") if "#" in bare else ("", "/", "#")
    found = [f"{each}://{part}" for each in (scheme, other) for part in (rest, *(bare + end for end in ends)) if bare]
    if iri.startswith(names.ID) and "/" in (local := iri.removeprefix(names.ID)):
        found.append(names.mint(*local.split("/", 1)))
    return [each for each in dict.fromkeys(found) if each != iri]


def _nearest_thing(database: ox.Store, iri: str) -> str:
    """Another spelling, the same name elsewhere among the typed things, or the nearest name beside it."""
    for spelling in spellings(iri):
        if _occurs(database, ox.NamedNode(spelling), "thing"):
            return spelling
    folder, local = _split(iri)
    if not local:
        return ""
    condition = f"STRSTARTS(STR(?x), {_quoted(folder)}) || STRENDS(STR(?x), {_quoted('/' + local)})"
    known = _column(database, f"SELECT DISTINCT ?x {{ ?x a ?type FILTER({condition}) }} LIMIT {_SIBLINGS}")
    siblings = {_split(each)[1]: each for each in sorted(known, reverse=True)}
    near = local if local in siblings else nearest(local, siblings)
    return siblings.get(near, "")


def _uses(tree: Node, prologue: Terms) -> Iterator[tuple[Node, Position]]:
    """The IRIs of the patterns and expressions, each with its position."""
    positions: dict[int, Position | None] = {}
    for node in walk(tree, _ELSEWHERE):
        if node.data in _PROPERTY_LISTS:
            positions |= _positions(node, prologue)
        elif node.data == "function_call":
            positions[id(node.children[0])] = None
        elif node.data == "graph_graph_pattern":
            positions[id(node.children[1])] = "graph"
        elif node.data == "iri" and (position := positions.get(id(node), "thing")):
            yield node, position


def _positions(properties: Node, prologue: Terms) -> dict[int, Position]:
    """The IRIs in the verbs of a property list, and the classes behind `a`."""
    found: dict[int, Position] = {}
    verb: Node | Token | None = None
    for child in properties.children:
        if isinstance(child, Tree) and child.data.startswith("object_list"):
            if verb == "a" or (isinstance(verb, Tree) and verb.data == "iri" and prologue.iri(verb) == _TYPE.value):
                found |= {id(thing): "class" for thing in child.children}
        elif child != ";":
            verb = child
            found |= {id(iri): "property" for iri in (walk(child) if isinstance(child, Tree) else ())}
    return found


def _is_defined(database: ox.Store, iri: str, position: Position) -> bool:
    """Whether the graph says that it is such a term, though it does not use it."""
    types = {quad.object for quad in database.quads_for_pattern(ox.NamedNode(iri), _TYPE, None, None)}
    return any(isinstance(each, ox.NamedNode) and each.value.lower().endswith(position) for each in types)


def _message(written: str, near: str, position: Position, *, defined: bool) -> str:
    if defined:
        return f"{written} is defined, but no statement uses it as a {position}."
    what = "" if position == "thing" else f" as a {position}"
    found = f"There is no graph {written}" if position == "graph" else f"{written} is not used in this graph{what}"
    return found + (f"; did you mean {near}?" if near else ".")


def _column(database: ox.Store, query: str) -> frozenset[str]:
    """The IRIs that a query gives as ?x."""
    solutions = cast("ox.QuerySolutions", database.query(query))
    return frozenset(row["x"].value for row in solutions if isinstance(row["x"], ox.NamedNode))


def _split(iri: str) -> tuple[str, str]:
    """Namespace, or folder, and local name."""
    end = max(iri.rfind("#"), iri.rfind("/"), iri.rfind(":")) + 1
    return iri[:end], iri[end:]


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _quoted(text: str) -> str:
    return str(ox.Literal(text))
