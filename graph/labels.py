"""Things by what people call them."""

from typing import Final

import pyoxigraph as ox

from . import names

Node = ox.NamedNode | ox.BlankNode | ox.Triple
"""What can be a subject; a triple only as far as the types of pyoxigraph go."""

PROPERTIES: Final = tuple(
    ox.NamedNode(iri)
    for iri in (
        names.PREFIXES["skos"] + "prefLabel",
        names.DCTERMS + "title",
        names.PREFIXES["rdfs"] + "label",
        names.DCTERMS + "identifier",
    )
)
"""What names a thing, the best first."""


class Labels:
    """The labels of a store as it is when they are asked for; English or without language where there is a choice.

    Of all graphs, or of one: a page for everybody must not be labelled by what is only submitted.
    """

    def __init__(self, database: ox.Store, graph: ox.DefaultGraph | ox.NamedNode | None = None) -> None:
        self._database = database
        self._graph = graph
        self._known: dict[Node, str] = {}

    def __call__(self, thing: Node) -> str:
        """The label of a thing; empty where it has none."""
        if thing not in self._known:
            self._known[thing] = self._read(thing)
        return self._known[thing]

    def _read(self, thing: Node) -> str:
        for predicate in PROPERTIES:
            quads = self._database.quads_for_pattern(thing, predicate, None, self._graph)
            found = [quad.object for quad in quads if isinstance(quad.object, ox.Literal)]
            if found:
                english = [each for each in found if each.language in {"en", None}]
                return min(each.value for each in english or found)
        return ""
