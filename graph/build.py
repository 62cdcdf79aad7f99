"""The way of a fact, whole: tables, mapping, reasoning, validation, store. The file to read first."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox

from . import examples, journal, names
from .errors import InvalidGraphError, MappingError
from .finding import Finding
from .mapping import map_table
from .reasoning import materialise
from .schema import ontology_triples, read_text
from .store import Store, write_graphs
from .tables import Folder, Table, load_tables
from .union import DefaultGraph, is_published
from .validation import validate

Graphs = dict[str, list[ox.Triple]]
Progress = Callable[[str, int, int], None]
"""Called with the name of a step, how many steps are done, and how many there are."""

STEPS = ("tables", "ontology", "mapping", "reasoning", "validation", "store")


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: its version, the triples of each graph and of their union, and what deserves a look."""

    version: int
    graphs: Mapping[str, int]
    total: int
    findings: Sequence[Finding]


def build(data: Path, progress: Progress | None = None, facts: Folder | None = None) -> Built:
    """Facts and ontology into a validated graph in the data folder: one commit, of what differs from before.

    `facts` is the folder of the tables, by default the shipped one. Raises a GraphError for the first thing that
    is wrong; the version that was served before is then untouched.
    """
    report = progress or _silent
    journal.create(data, DefaultGraph.UNION)  # first, so that a folder that cannot be written is known at once
    others = _others(data)
    graphs = make_graphs(facts or files("itu_align.graph") / "facts", report, others)
    report("validation", 4, len(STEPS))
    everything = union(graphs) | others
    findings = _validated(everything)
    report("store", 5, len(STEPS))
    version = write_graphs(data, graphs)
    report("store", 6, len(STEPS))
    counts = {name: len(triples) for name, triples in graphs.items()}
    return Built(version, counts, len(everything), findings)


def _others(data: Path) -> set[ox.Triple]:
    """What is published in the data folder and not made here: the graphs of members, and what an update wrote."""
    if not journal.head(data):
        return set()
    made = {names.graph(file.name.removesuffix(".rq")) for file in (files("itu_align.graph") / "mappings").iterdir()}
    made |= {names.graph(name) for name in ("ontology", "provenance", "derived", "examples")}
    recorded = Store.open(data).recorded()
    return {q.triple for q in recorded if is_published(q.graph_name) and q.graph_name.value not in made}  # type: ignore[union-attr]


def _silent(_step: str, _done: int, _of: int) -> None:
    """Report to nobody."""


def make_graphs(facts: Folder, report: Progress, others: Collection[ox.Triple] = ()) -> Graphs:
    """All published graphs by name, each sorted: the same facts give the same graphs, byte for byte.

    `others` are published statements from elsewhere, as members': what follows from them is derived too.
    """
    report("tables", 0, len(STEPS))
    tables = load_tables(facts)
    report("ontology", 1, len(STEPS))
    graphs: Graphs = {"ontology": ontology_triples()}
    report("mapping", 2, len(STEPS))
    graphs |= _map_tables(tables)
    graphs["provenance"] = _provenance(tables)
    report("reasoning", 3, len(STEPS))
    graphs["derived"] = materialise(union(graphs).union(others))
    graphs["examples"] = examples.triples()
    return graphs


def union(graphs: Graphs) -> set[ox.Triple]:
    """The triples of all graphs: what the default graph of the store holds."""
    return set().union(*graphs.values())


def _map_tables(tables: Iterable[Table]) -> Graphs:
    """Each table by its own mapping, which sees in the default graph what was mapped before."""
    mappings = files("itu_align.graph") / "mappings"
    context = ox.Store()
    graphs: Graphs = {}
    for table in tables:
        file = mappings / f"{table.name}.rq"
        if not file.is_file():
            message = f"{table.name}.csv has no mapping."
            hint = f"Write graph/mappings/{table.name}.rq; CONTRIBUTING.md, 'Add a source', shows how."
            raise MappingError(message, hint=hint)
        graphs[table.name] = map_table(table, read_text(file, f"mappings/{table.name}.rq"), context)
        context.extend(ox.Quad(t.subject, t.predicate, t.object) for t in graphs[table.name])
    return graphs


def _provenance(tables: Iterable[Table]) -> list[ox.Triple]:
    """From which table each graph was made, and the table's hash (PROV-O). No clock: builds must repeat."""
    triples: list[ox.Triple] = []
    for table in tables:
        graph, entity = ox.NamedNode(names.graph(table.name)), ox.NamedNode(names.mint("table", table.name))
        digest = hashlib.sha256(table.content).hexdigest()
        triples += [
            ox.Triple(graph, ox.NamedNode(names.PROV + "wasDerivedFrom"), entity),
            ox.Triple(entity, ox.NamedNode(names.RDF + "type"), ox.NamedNode(names.ALIGN + "Table")),
            ox.Triple(entity, ox.NamedNode(names.DCTERMS + "title"), ox.Literal(table.metadata.title, language="en")),
            ox.Triple(entity, ox.NamedNode(names.ALIGN + "rows"), ox.Literal(len(table.rows))),
            ox.Triple(entity, ox.NamedNode(names.ALIGN + "sha256"), ox.Literal(digest)),
        ]
    return sorted(triples, key=str)


def _validated(triples: set[ox.Triple]) -> Sequence[Finding]:
    """What the shapes found; a Violation means that the facts or the mappings are wrong, so nothing is stored."""
    report = validate(triples)
    if not report.conforms:
        places = "1 place" if len(report.violations) == 1 else f"{len(report.violations)} places"
        message = f"The graph breaks its shapes in {places}. First: {report.violations[0].text()}"
        hint = "Mend the row of that thing; 'itu-align build' checks again."
        raise InvalidGraphError(message, hint=hint)
    return report.findings
