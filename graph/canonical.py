"""The canonical form of a dataset, the same whatever its blank nodes are called (https://www.w3.org/TR/rdf-canon/).

The algorithm RDFC-1.0 is written out here because it must be stopped (section 7.1 there, dataset poisoning), and
pyoxigraph's own cannot be: nine blank nodes that all point at each other, or 1,000 in a row, took it more than 12 s.
Functions have the names that the specification gives its algorithms; the tests hold them against pyoxigraph.

RDFC-1.0 leaves out in which graph a blank node stands beside another one (section 4.7). Blank nodes that several
graphs share, and that differ in nothing else, are taken as they come, by every implementation; here in the order of
the names that they have.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Final

import pyoxigraph as ox

from .errors import GraphError

MOST_STEPS: Final = 200_000
"""Steps from one blank node to another that one dataset may need to tell its blank nodes apart: a second or two."""

_MOST_DEPTH: Final = 100
"""Blank nodes in a row that may have to be told apart by their neighbours: each is a call within a call."""

_LABELS_IN_A_STEP: Final = 16
_POSITIONS: Final = ("s", "o", "g")


class CanonicalizationError(GraphError):
    """The dataset has no canonical form, or none that can be found in reasonable time."""


def dataset_hash(quads: Iterable[ox.Quad]) -> str:
    """SHA-256 of the canonical N-Quads, in hexadecimal digits; raises CanonicalizationError."""
    return lines_hash(canonical_nquads(quads))


def lines_hash(lines: Iterable[bytes]) -> str:
    """SHA-256 of lines that are canonical already."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def canonical_nquads(quads: Iterable[ox.Quad]) -> list[bytes]:
    """The lines of the canonical N-Quads, in order of code points; raises CanonicalizationError.

    Only statements about blank nodes take part in naming them; the others are only written and sorted.
    """
    plain: set[bytes] = set()
    named: list[_Statement] = []
    for quad in quads:
        statement = _Statement.of(quad)
        if statement.nodes:
            named.append(statement)
        else:
            plain.add(f"{quad} .\n".encode())
    labels = _canonical_labels(sorted(set(named)))
    plain.update(statement.written(labels).encode() for statement in named)
    return sorted(plain)  # UTF-8 keeps the order of code points


@dataclass(frozen=True, slots=True, order=True)
class _Statement:
    """A quad as N-Quads terms, the graph being empty for the default graph."""

    terms: tuple[str, str, str, str]

    @classmethod
    def of(cls, quad: ox.Quad) -> "_Statement":
        """Triple terms are not part of RDF 1.1, for which the algorithm is defined."""
        if isinstance(quad.object, ox.Triple) and "_:" in str(quad.object):
            hint = "Describe the statement by a node with an IRI in place of a triple term with blank nodes."
            message = f"RDFC-1.0 gives blank nodes in triple terms no names, as in {str(quad)[:200]}."
            raise CanonicalizationError(message, hint=hint)
        graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)
        return cls((str(quad.subject), str(quad.predicate), str(quad.object), graph))

    @property
    def nodes(self) -> tuple[tuple[str, str], ...]:
        """The blank nodes, each with its position."""
        places = zip(_POSITIONS, (self.terms[0], *self.terms[2:]), strict=True)
        return tuple((position, term) for position, term in places if term.startswith("_:"))

    def written(self, labels: Mapping[str, str]) -> str:
        """The line in which blank nodes have these labels."""
        return " ".join(labels.get(term, term) for term in self.terms if term) + " .\n"


@dataclass(slots=True)
class _Issuer:
    """An identifier issuer (section 4.5): gives blank nodes labels in the order in which they come."""

    prefix: str
    issued: dict[str, str] = field(default_factory=dict)

    def issue(self, node: str) -> str:
        return self.issued.setdefault(node, f"_:{self.prefix}{len(self.issued)}")

    def copy(self) -> "_Issuer":
        return _Issuer(self.prefix, self.issued.copy())


def _canonical_labels(statements: Iterable[_Statement]) -> dict[str, str]:
    """The labels of all blank nodes (section 4.4): first of those that their own statements tell apart."""
    state = _State()
    for statement in statements:
        for node in dict.fromkeys(term for _, term in statement.nodes):
            state.statements[node].append(statement)
    alike: dict[str, list[str]] = defaultdict(list)
    for node in state.statements:
        alike[state.hash_first_degree(node)].append(node)
    groups = [alike[digest] for digest in sorted(alike)]
    for nodes in groups:
        if len(nodes) == 1:
            state.canonical.issue(nodes[0])
    for nodes in groups:
        if len(nodes) > 1:
            state.label_alike(nodes)
    return state.canonical.issued


@dataclass(slots=True)
class _State:
    """The canonicalization state (section 4.3), and how much of the work that is allowed is done."""

    statements: dict[str, list[_Statement]] = field(default_factory=lambda: defaultdict(list))
    canonical: _Issuer = field(default_factory=lambda: _Issuer("c14n"))
    first_degree: dict[str, str] = field(default_factory=dict)
    steps: int = 0

    def label_alike(self, nodes: list[str]) -> None:
        """Give canonical labels to nodes that only their neighbours tell apart."""
        found: list[tuple[str, _Issuer]] = []
        for node in nodes:
            if node not in self.canonical.issued:
                issuer = _Issuer("b")
                issuer.issue(node)
                found.append(self.hash_n_degree(node, issuer, 0))
        for _, issuer in sorted(found, key=lambda pair: pair[0]):
            for node in issuer.issued:
                self.canonical.issue(node)

    def hash_first_degree(self, node: str) -> str:
        """Of the statements about a node, in which it is `_:a` and every other one `_:z` (section 4.6)."""
        if node not in self.first_degree:
            lines = [
                statement.written({other: "_:a" if other == node else "_:z" for _, other in statement.nodes})
                for statement in self.statements[node]
            ]
            self.first_degree[node] = _sha256("".join(sorted(lines)))
        return self.first_degree[node]

    def hash_related(self, related: str, statement: _Statement, issuer: _Issuer, position: str) -> str:
        """Of how a node stands beside another one (section 4.7)."""
        predicate = "" if position == "g" else statement.terms[1]
        label = self.canonical.issued.get(related) or issuer.issued.get(related) or self.hash_first_degree(related)
        return _sha256(position + predicate + label)

    def hash_n_degree(self, node: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Of a node with all that is reached from it (section 4.8), and the labels given on the way.

        A node that is related in the same way in several graphs counts once, as for pyoxigraph.
        """
        related: dict[str, dict[str, None]] = defaultdict(dict)
        for statement in self.statements[node]:
            for position, other in statement.nodes:
                if other != node:
                    related[self.hash_related(other, statement, issuer, position)][other] = None
        data = ""
        for digest in sorted(related):
            path, issuer = self.least_path([*related[digest]], issuer, depth)
            data += digest + path
        return _sha256(data), issuer

    def least_path(self, nodes: list[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """The least of the paths through some nodes in any order (step 5.4 of section 4.8)."""
        chosen: tuple[str, _Issuer] = ("", issuer)
        for permutation in permutations(nodes):
            found = self.path(permutation, issuer.copy(), chosen[0], depth)
            if found and (not chosen[0] or found[0] < chosen[0]):
                chosen = found
        return chosen

    def path(self, nodes: Iterable[str], issuer: _Issuer, chosen: str, depth: int) -> tuple[str, _Issuer] | None:
        """The path through nodes in this order; None as soon as it cannot be less than the one that is chosen."""
        path, unvisited = "", []
        for node in nodes:
            self.count(len(issuer.issued), depth)
            if node not in self.canonical.issued and node not in issuer.issued:
                unvisited.append(node)
            path += self.canonical.issued.get(node) or issuer.issue(node)
            if _is_worse(path, chosen):
                return None
        for node in unvisited:
            digest, found = self.hash_n_degree(node, issuer, depth + 1)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = found
            if _is_worse(path, chosen):
                return None
        return path, issuer

    def count(self, labels: int, depth: int) -> None:
        """One more step; the labels that are carried along make it dearer."""
        self.steps += 1 + labels // _LABELS_IN_A_STEP
        if self.steps > MOST_STEPS or depth > _MOST_DEPTH:
            hint = "Give these nodes IRIs, or statements of their own that tell them apart."
            message = "The blank nodes of the dataset are so much alike that naming them would take too long"
            raise CanonicalizationError(f"{message}: {self.example()}.", hint=hint)

    def example(self) -> str:
        """A statement about a node that others are like."""
        counts = Counter(self.first_degree.values())
        node = max(self.first_degree, key=lambda each: counts[self.first_degree[each]])
        return self.statements[node][0].written({})[:300].strip(" .\n")


def _is_worse(path: str, chosen: str) -> bool:
    return bool(chosen) and len(path) >= len(chosen) and path > chosen


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
