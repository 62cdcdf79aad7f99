"""The dataset that a query is asked of (https://www.w3.org/TR/sparql11-query/#rdfDataset).

Several default graphs make one by RDF merge: a triple that stands in two of them is there once (section 13.2).
The engine would give it twice, so the merge is made here, in memory, where a request needs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import pyoxigraph as ox

from .errors import QueryError
from .tokens import decode_escapes, tokens


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs chosen by a request, by IRI; both empty where it chose none."""

    default: Sequence[str] = ()
    named: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


def from_clauses(text: str) -> Dataset:
    """The graphs that the FROM and FROM NAMED clauses of a query name; FROM is a keyword nowhere else."""
    text = decode_escapes(text)
    if "FROM" not in text.upper():
        return Dataset()
    default: list[str] = []
    named: list[str] = []
    prefixes: dict[str, str] = {}
    base, words = "", ["", ""]
    for token in tokens(text):
        if token.kind == "iri" and words[-1] == "BASE":
            base = token.text[1:-1]
        elif token.kind == "pname" and words[-1] == "PREFIX":
            words = [words[-1], f"PREFIX {token.text}"]
            continue
        elif token.kind == "iri" and words[-1].startswith("PREFIX "):
            prefixes[words[-1].removeprefix("PREFIX ").removesuffix(":")] = urljoin(base, token.text[1:-1])
        elif token.kind in {"iri", "pname"} and words[-1] in {"FROM", "NAMED"}:
            graphs = named if words == ["FROM", "NAMED"] else default
            graphs.append(_resolve(token.text, base, prefixes))
        words = [words[-1], token.text.upper() if token.kind == "word" else ""]
    return Dataset(default, named)


def _resolve(text: str, base: str, prefixes: Mapping[str, str]) -> str:
    if text.startswith("<"):
        return urljoin(base, text[1:-1])
    prefix, _, local = text.partition(":")
    return prefixes.get(prefix, "") + local.replace("\\", "")


def answer(database: ox.Store, text: str, requested: Dataset) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """What the engine answers over the requested graphs, else those of the query, else the store's own dataset.

    The request's dataset replaces that of the query as a whole (SPARQL 1.1 Protocol, section 2.1.4).
    """
    chosen = requested or from_clauses(text)
    if len(chosen.default) > 1:
        merged = _merge(database, chosen)
        return merged.query(text, default_graph=ox.DefaultGraph(), named_graphs=[*_names(chosen.named)])
    if requested:
        return database.query(text, default_graph=[*_names(requested.default)], named_graphs=[*_names(requested.named)])
    return database.query(text)


def _merge(database: ox.Store, dataset: Dataset) -> ox.Store:
    """A store in memory with the union of the default graphs, and with the named ones as they are."""
    merged = ox.Store()
    for name in _names(dataset.default):
        quads = database.quads_for_pattern(None, None, None, name)
        merged.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    for name in _names(dataset.named):
        merged.extend(database.quads_for_pattern(None, None, None, name))
    return merged


def _names(iris: Iterable[str]) -> list[ox.NamedNode]:
    names: list[ox.NamedNode] = []
    for iri in iris:
        try:
            names.append(ox.NamedNode(iri))
        except ValueError as error:
            hint = "Give an absolute IRI."
            raise QueryError(f"{iri!r} is not the IRI of a graph: {error}.", hint=hint) from None
    return names
