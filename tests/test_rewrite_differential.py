"""Queries made at random, over data made at random: what `rewrite` gives has the answer of what it was given.

All that means the same is rewritten here, also what would be fast enough as it is. The writer keeps out of two faults
of the engine: MINUS inside EXISTS takes rows away with which it shares no variable (see test_rewrite.py), so there it
always shares one; and COUNT(DISTINCT *) is the only `*` in an aggregate, because the others count the same.
"""

from collections import Counter
from random import Random

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from itu_align.graph import grammar, rewrite
from itu_align.graph.errors import QueryError

PREFIX = "PREFIX : <urn:x:>\n"
NODES = (":a", ":b", ":c", "1", "2")
PREDICATES = (":p", ":q")
PATHS = (":p/:q", ":p*", "^:q", ":q+", ":p|:q", ":q?", "!:p", "(:p|:q)*")
GRAPHS = (":g", ":h")
VARIABLES = ("?x", "?y", "?z", "?w", "?v")
HEADS = (
    *["SELECT *"] * 6,
    "SELECT DISTINCT *",
    "ASK",
    "CONSTRUCT { ?x :r ?y . ?x :s [ :t ?z ] } WHERE",
    "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?y) AS ?m)",
    "SELECT (COUNT(DISTINCT *) AS ?n)",
    *["SELECT ?x ?y ?g ?n1"] * 3,
)

Answer = bool | tuple[list[str], Counter[tuple[str, ...]]]


class Writer:
    """Writes one query. The fewer variables, the more parts are about the same."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.variables = VARIABLES[: chance.choice((3, 3, 4, 5))]
        self.inside = 0
        self.made = 0

    def query(self) -> str:
        depth = self.chance.choice((1, 1, 2, 2, 3))
        group = self.group(depth, self.block(2))[:-1] + self.filter(depth) + " }"
        values = " VALUES (?x ?y) { (:a UNDEF) (UNDEF :b) }"
        head = self.chance.choice(HEADS)
        group = group.replace(" }", "}") if self.often(0.5) else group
        return f"{PREFIX}{head} {group}{values if head.startswith('SELECT *') and self.often(0.1) else ''}"

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def variable(self) -> str:
        return self.chance.choice(self.variables)

    def term(self) -> str:
        return self.variable() if self.often(0.8) else self.chance.choice(NODES)

    def verb(self) -> str:
        if self.often(0.75):
            return self.chance.choice(PREDICATES)
        return self.chance.choice(PATHS) if self.often(0.7) else self.variable()

    def triple(self) -> str:
        subject = self.variable() if self.often(0.9) else self.chance.choice(NODES[:3])
        value = self.term() if self.often(0.9) else f"[ {self.verb()} {self.term()} ]"
        return f"{subject} {self.verb()} {value} ."

    def block(self, most: int) -> str:
        return " ".join(self.triple() for _ in range(self.chance.randint(1, most)))

    def group(self, depth: int, first: str = "") -> str:
        first = first or (self.block(2) if self.often(0.7) else "")
        parts = [self.part(depth) for _ in range(self.chance.randint(0 if first else 1, 2))]
        return "{ " + " ".join([first, *parts]) + " }"

    def part(self, depth: int) -> str:
        if depth <= 0:
            return self.chance.choice((lambda: self.block(2), self.condition, self.values, self.bind))()
        inner = (self.optional, self.union, self.minus, self.graph, self.select, self.nested, self.filter, self.filter)
        return self.part(0) if self.often(0.35) else self.chance.choice(inner)(depth)

    def nested(self, depth: int) -> str:
        return self.group(depth - 1)

    def optional(self, depth: int) -> str:
        return f"OPTIONAL {self.group(depth - 1)}"

    def union(self, depth: int) -> str:
        return f"{self.group(depth - 1)} UNION {self.group(depth - 1)}"

    def minus(self, depth: int) -> str:
        if not self.inside:
            return f"MINUS {self.group(depth - 1)}"
        common = self.variable()
        left, right = (f"{common} {self.chance.choice(PREDICATES)} {self.term()} ." for _ in "lr")
        return f"{left} MINUS {self.group(depth - 1, right)}"

    def graph(self, depth: int) -> str:
        return f"GRAPH {self.chance.choice((*GRAPHS, '?g', '?g', '?h', self.variable()))} {self.group(depth - 1)}"

    def select(self, depth: int) -> str:
        group = self.group(depth - 1) + (" VALUES ?x { :a UNDEF }" if self.often(0.1) else "")
        names = " ".join(sorted({self.variable() for _ in range(2)} | ({"?g"} if self.often(0.1) else set())))
        head = self.chance.choice(
            (
                "SELECT *",
                "SELECT DISTINCT *",
                f"SELECT {names}",
                f"SELECT DISTINCT {names}",
                f"SELECT (COUNT(?x) AS {self.new()})",
                f"SELECT {names} (?x AS {self.new()})",
                f"SELECT {names} (COUNT(*) AS {self.new()})",
            )
        )
        return f"{{ {head} {group}{f' GROUP BY {names}' if names in head and 'COUNT' in head else ''} }}"

    def new(self) -> str:
        self.made += 1
        return f"?n{self.made}"

    def bind(self) -> str:
        value = self.chance.choice((self.variable(), ":a", "1", "?x + 1", "IF(BOUND(?y), ?y, ?z)", "STR(?x)"))
        value = self.exists(0) if not self.inside and self.often(0.3) else value
        return f"BIND({value} AS {self.variable() if self.often(0.7) else self.new()})"

    def values(self) -> str:
        if self.often(0.5):
            return f"VALUES {self.variable()} {{ {' '.join(self.cell() for _ in range(2))} }}"
        first, second = self.chance.sample(self.variables, 2)
        rows = (f"({self.cell()} {self.cell()})" for _ in range(2))
        return f"VALUES ({first} {second}) {{ {' '.join(rows)} }}"

    def cell(self) -> str:
        return "UNDEF" if self.often(0.25) else self.chance.choice(NODES)

    def test(self) -> str:
        name, other = self.variable(), self.term()
        forms = ("{0} = {1}", "{0} != {1}", "BOUND({0})", "!BOUND({0})", "{0} < 2", "isIRI({0})", "?g = :g")
        return self.chance.choice(forms).format(name, other)

    def condition(self) -> str:
        return f"FILTER({self.test()})"

    def exists(self, depth: int) -> str:
        self.inside += 1
        group = self.group(depth - 1, self.block(3) if self.often(0.8) else "")
        self.inside -= 1
        return f"{self.chance.choice(('EXISTS', 'NOT EXISTS'))} {group}"

    def filter(self, depth: int) -> str:
        exists = self.exists(depth)
        form = self.chance.choice(("{0}", "{0}", "({0} || {1})", "({0} && {1})", "({2} || {0})", "(!({0}))", "({1})"))
        return "FILTER " + form.format(exists, self.test(), self.exists(depth) if "{2}" in form else "")


def data(chance: Random) -> str:
    """TriG: a default graph and two named ones, each with a good part of the possible triples."""
    triples = [f"{s} {p} {o} ." for s in NODES[:3] for p in PREDICATES for o in NODES]
    graphs = (f"{name} {{ {' '.join(t for t in triples if chance.random() < 0.3)} }}" for name in ("", *GRAPHS))
    return "@prefix : <urn:x:> . " + " ".join(graphs)


def answer(store: ox.Store, text: str) -> Answer:
    """Columns and rows with their multiplicity; of a graph its triples, with all blank nodes alike."""
    result = store.query(text)
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    if isinstance(result, ox.QueryTriples):
        rows = Counter(tuple("_" if isinstance(t, ox.BlankNode) else str(t) for t in triple) for triple in result)
        return [], rows
    names = [variable.value for variable in result.variables]
    return names, Counter(tuple(str(solution[name]) for name in names) for solution in result)


def check(chance: Random) -> int:
    """Write one query, ask it and its rewriting of three data sets; gives the number of EXISTS rewritten."""
    try:
        query = grammar.parse(Writer(chance).query())
    except QueryError:
        return 0
    rewritten = rewrite.rewrite(query)
    for _ in range(3 if rewritten.count else 0):
        store = ox.Store()
        store.load(data(chance).encode(), format=ox.RdfFormat.TRIG)
        try:
            wanted = answer(store, query.source.text)
        except SyntaxError:
            return 0
        assert answer(store, rewritten.text) == wanted, rewritten.text
    return rewritten.count


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much])
@given(chance=st.randoms(use_true_random=False))
def test_the_answer_stays_the_same(chance: Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite, "_is_slow", lambda *_: True)
        assume(check(chance))
