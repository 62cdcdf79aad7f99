"""What an update does, as a change, without doing it (https://www.w3.org/TR/sparql11-update/).

A graph exists exactly while it holds triples (section 3.2): CREATE makes nothing, DROP and CLEAR of an absent graph
succeed, and ADD, COPY and MOVE from one fail, as they may, so that a misspelled name does not empty the target.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast

import pyoxigraph as ox
from lark import Token, Tree

from . import dataset as datasets
from . import grammar, guard, rdf12, rewrite, templates, union
from .dataset import Dataset
from .errors import QueryError
from .grammar import Query
from .prologue import Prologue
from .rules import Node, walk
from .sparql12 import Version
from .templates import Graph, Template
from .union import Change, DefaultGraph, Net, recorded_graph

_Quads = dict[ox.Quad, None]

_DEFAULT: Final = ox.DefaultGraph()
_NOWHERE: Final = Dataset()


def check(text: str, version: Version = "1.1") -> Query:
    """The tree of an update that may run; raises QueryError where it may not, or is none."""
    query = grammar.parse(text, version=version)
    guard.check(query)
    if query.kind != "update":
        hint = "Send it as a query, or write INSERT, DELETE, CLEAR, DROP, ADD, COPY or MOVE."
        message = "This is a query; here the graph is changed."
        raise QueryError(message, hint=hint, place=query.source.place(query.body.meta.start_pos))
    return query


def update(
    database: ox.Store, text: str, policy: DefaultGraph, dataset: Dataset = _NOWHERE, *, version: Version = "1.1"
) -> Change:
    """What the operations of a request change, taken together; none of them counts where one fails.

    The dataset is that of `using-graph-uri` and `using-named-graph-uri`
    (https://www.w3.org/TR/sparql11-protocol/#update-operation). While several operations are worked on, the store
    holds what the first ones change; on return it is as it was.
    """
    query = check(text, version)
    _refuse_two_datasets(query, dataset)
    request = _Request(database, policy, query, dataset, version, Prologue(dataset.base))
    before = Net()
    change = Change()
    with _explaining(query, version, dataset.base):
        try:
            for operation in _operations(query, request.prologue):
                if change:
                    union.apply(database, change, policy)
                    before.add(change)
                change = _OPERATIONS[operation.data](request, operation)
        finally:
            union.apply(database, before.change().reversed(), policy)
    before.add(change)
    together = before.change()
    _refuse_deep_terms(together.inserted)
    return together


def replace_graph(database: ox.Store, graph: Graph, triples: Iterable[ox.Triple], policy: DefaultGraph) -> Change:
    """What it changes to let a graph hold these triples and no others."""
    target = recorded_graph(graph, policy)
    coming = _stored(triples, target)
    return _difference(database, dict.fromkeys(_quads(database, target)), coming)


def extend_graph(database: ox.Store, graph: Graph, triples: Iterable[ox.Triple], policy: DefaultGraph) -> Change:
    """What it changes to let a graph hold these triples beside its own."""
    return _difference(database, {}, _stored(triples, recorded_graph(graph, policy)))


def drop_graph(database: ox.Store, graph: Graph, policy: DefaultGraph) -> Change:
    """What it changes to let a graph hold nothing."""
    return Change([*_quads(database, recorded_graph(graph, policy))])


@dataclass(frozen=True, slots=True)
class _Request:
    """What all operations of a request share; the prologue grows from one to the next."""

    database: ox.Store
    policy: DefaultGraph
    query: Query
    dataset: Dataset
    version: Version
    prologue: Prologue

    def text(self, node: Node) -> str:
        return self.query.source.text[node.meta.start_pos : node.meta.end_pos]

    def graph(self, node: Node) -> ox.NamedNode | ox.DefaultGraph:
        """The graph that a node names; without a name it is the default graph."""
        name = next(node.find_data("iri"), None)
        if name is None:
            return _DEFAULT
        try:
            return ox.NamedNode(self.prologue.iri(name))
        except ValueError as error:
            message = f"{self.text(name)} cannot name a graph: {error}."
            raise self.refusal(name, message, "Write an absolute IRI in angle brackets, or declare BASE.") from None

    def recorded(self, graph: Graph) -> Graph:
        return recorded_graph(graph, self.policy)

    def refusal(self, node: Node, message: str, hint: str) -> QueryError:
        return QueryError(message, hint=hint, place=self.query.source.place(node.meta.start_pos))


@dataclass(frozen=True, slots=True)
class _Modification:
    """The parts of a DELETE/INSERT operation; `using` is empty where it chooses no graphs."""

    deletes: Node | None
    inserts: Node | None
    where: Node
    with_graph: Graph | None
    using: Dataset


def _operations(query: Query, prologue: Prologue) -> Iterator[Node]:
    """The operations in order; the prologue is the one in force at each of them."""
    for node in (query.tree.children[0], *query.body.children):
        if isinstance(node, Tree) and node.data == "prologue":
            for declaration in walk(node):
                prologue.declare(declaration)
        elif isinstance(node, Tree):
            yield node


def _refuse_two_datasets(query: Query, dataset: Dataset) -> None:
    """Section 2.2.3 of the protocol: the graphs are chosen by the request or by its text, not by both."""
    for node in query.body.children if dataset else ():
        if isinstance(node, Tree) and (_has(node, "WITH") or _parts(node, "using_clause")):
            message = "The update chooses its graphs (WITH, USING), and the request chooses others."
            hint = "Leave out using-graph-uri and using-named-graph-uri, or WITH and USING."
            raise QueryError(message, hint=hint, place=query.source.place(node.meta.start_pos))


def _refuse_deep_terms(quads: Iterable[ox.Quad]) -> None:
    """A triple term may be put into another by each request anew, until it would end the engine."""
    if any(map(rdf12.is_too_deep, quads)):
        message = f"This makes triple terms that are nested deeper than {rdf12.MAX_DEPTH}."
        raise QueryError(message, hint="Describe a node that reifies the inner triple.")


def _insert_data(request: _Request, operation: Node) -> Change:
    return _difference(request.database, {}, _data(request, operation))


def _delete_data(request: _Request, operation: Node) -> Change:
    return _difference(request.database, _data(request, operation), {})


def _data(request: _Request, operation: Node) -> _Quads:
    """The quads of INSERT DATA or DELETE DATA as they are recorded."""
    (block,) = _parts(operation, "quad_pattern")
    try:
        store = templates.read_data(request.text(block), request.prologue)
    except SyntaxError:
        for literal in templates.literal_subjects(block):
            message = "A literal cannot be the subject of a triple."
            raise request.refusal(literal, message, "Begin a triple with an IRI or a blank node.") from None
        raise
    default = request.recorded(_DEFAULT)
    return {quad if quad.graph_name != _DEFAULT else _in_graph(quad, default): None for quad in store}


def _delete_where(request: _Request, operation: Node) -> Change:
    (pattern,) = _parts(operation, "quad_pattern")
    return _modified(request, _Modification(pattern, None, pattern, None, request.dataset))


def _modify(request: _Request, operation: Node) -> Change:
    deletes, inserts = (
        next((part for clause in _parts(operation, kind) for part in _parts(clause, "quad_pattern")), None)
        for kind in ("delete_clause", "insert_clause")
    )
    (where,) = _parts(operation, "group_graph_pattern")
    with_graph = next((request.graph(name) for name in _parts(operation, "iri")), None)
    using = _using(request, operation) or request.dataset
    return _modified(request, _Modification(deletes, inserts, where, with_graph, using))


def _using(request: _Request, operation: Node) -> Dataset:
    chosen: dict[bool, list[str]] = {False: [], True: []}
    for clause in _parts(operation, "using_clause"):
        graph = request.graph(clause)
        assert isinstance(graph, ox.NamedNode)  # noqa: S101 - the rule demands an IRI
        chosen[_has(clause, "NAMED")].append(graph.value)
    return Dataset(tuple(chosen[False]), tuple(chosen[True]))


def _modified(request: _Request, parts: _Modification) -> Change:
    """Both templates are filled from the same rows, and these are asked before anything changes.

    A template with blank nodes makes new ones for each row; for the others, rows that are alike are one.
    """
    patterns = [pattern for pattern in (parts.deletes, parts.inserts) if pattern]
    columns = list(dict.fromkeys(name for pattern in patterns for name in templates.variables(pattern))) or ["nothing"]
    deletes, inserts = (_template(request, parts, pattern, columns) for pattern in (parts.deletes, parts.inserts))
    kind = "SELECT" if inserts.new_nodes else "SELECT DISTINCT"
    names = " ".join(f"?{name}" for name in columns)
    gone: _Quads = {}
    coming: _Quads = {}
    for row in _rows(request, parts, f"{request.prologue.text}{kind} {names} WHERE {request.text(parts.where)}"):
        gone.update((quad, None) for quad in deletes.fill(row) if quad in request.database)
        coming.update((quad, None) for quad in inserts.fill(row) if parts.deletes or quad not in request.database)
    return _difference(request.database, gone, coming)


def _template(request: _Request, parts: _Modification, pattern: Node | None, columns: Sequence[str]) -> Template:
    if pattern is None:
        return Template()
    default = parts.with_graph or request.recorded(_DEFAULT)
    return templates.read_template(request.query.source.text, pattern, request.prologue, columns, default)


def _rows(request: _Request, parts: _Modification, text: str) -> ox.QuerySolutions:
    """The rows of a SELECT over the graphs that the operation chose; with WITH alone, all named graphs are there."""
    if any(node.data in {"exists_func", "not_exists_func"} for node in walk(parts.where)):
        text = rewrite.rewrite(grammar.parse(text, version=request.version)).text
    if parts.using:
        return cast("ox.QuerySolutions", datasets.answer(request.database, request.query, text, parts.using))
    return cast("ox.QuerySolutions", request.database.query(text, default_graph=parts.with_graph))


def _clear(request: _Request, operation: Node) -> Change:
    """CLEAR and DROP, which mean the same here."""
    (target,) = _parts(operation, "graph_ref_all")
    default = request.recorded(_DEFAULT)
    if _has(target, "ALL") or _has(target, "NAMED"):
        everything = union.recorded(request.database, request.policy)
        return Change([quad for quad in everything if _has(target, "ALL") or quad.graph_name != default])
    return Change([*_quads(request.database, request.recorded(request.graph(target)))])


def _create(request: _Request, operation: Node) -> Change:
    graph = request.graph(operation)
    if any(_quads(request.database, graph)) and not _has(operation, "SILENT"):
        hint = "Write CREATE SILENT, or leave it out: a graph is there once it holds a triple."
        raise request.refusal(operation, f"The graph {graph} is there already.", hint)
    return Change()


def _copy(request: _Request, operation: Node) -> Change:
    """ADD, COPY and MOVE. The default graph is read as queries see it, and written where it is recorded."""
    source, target = (request.graph(part) for part in _parts(operation, "graph_or_default"))
    if source != _DEFAULT and not any(_quads(request.database, source)):
        if _has(operation, "SILENT"):
            return Change()
        verb = operation.data.upper()
        hint = f"Check its name (SELECT DISTINCT ?g {{ GRAPH ?g {{ ?s ?p ?o }} }}), or write {verb} SILENT."
        raise request.refusal(operation, f"There is no graph {source} to {verb}.", hint)
    read, written = request.recorded(source), request.recorded(target)
    if read == written:
        return Change()
    gone = _Quads()
    if operation.data != "add":
        gone.update(dict.fromkeys(_quads(request.database, written)))
    if operation.data == "move":
        gone.update(dict.fromkeys(_quads(request.database, read)))
    coming = dict.fromkeys(_in_graph(quad, written) for quad in _quads(request.database, source))
    return _difference(request.database, gone, coming)


_OPERATIONS: Final[Mapping[str, Callable[[_Request, Node], Change]]] = {
    "insert_data": _insert_data,
    "delete_data": _delete_data,
    "delete_where": _delete_where,
    "modify": _modify,
    "clear": _clear,
    "drop": _clear,
    "create": _create,
    "add": _copy,
    "copy": _copy,
    "move": _copy,
}


def _difference(database: ox.Store, gone: _Quads, coming: _Quads) -> Change:
    """The change that takes some quads away and then brings others; what is there already does not come."""
    return Change(
        [quad for quad in gone if quad not in coming and quad in database],
        [quad for quad in coming if quad not in database],
    )


def _stored(triples: Iterable[ox.Triple], graph: Graph) -> _Quads:
    """The triples as quads in the form in which the engine stores them."""
    store = ox.Store()
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples)
    return dict.fromkeys(store)


def _quads(database: ox.Store, graph: Graph) -> Iterator[ox.Quad]:
    return database.quads_for_pattern(None, None, None, graph)


def _in_graph(quad: ox.Quad, graph: Graph) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def _parts(node: Node, kind: str) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree) and child.data == kind]


def _has(node: Node, keyword: str) -> bool:
    return any(isinstance(child, Token) and child.type == keyword for child in node.children)


@contextmanager
def _explaining(query: Query, version: Version, base: str) -> Generator[None]:
    """What the engine refuses, in words about the update as it was sent: it gets the parts one by one."""
    try:
        yield
    except SyntaxError as error:
        raise _syntax_error(query, error, version, base) from None
    except RuntimeError as error:
        hint = "Use the functions of SPARQL 1.1, section 17; this endpoint has no others."
        raise QueryError(f"The update cannot be evaluated: {error}.", hint=hint) from None


def _syntax_error(query: Query, error: SyntaxError, version: Version, base: str) -> QueryError:
    """The whole text, on an empty store, tells the place."""
    try:
        ox.Store().update(query.source.text, base_iri=base or None)
    except SyntaxError as whole:
        return grammar.explain(query.source.original, whole, version=version)
    except RuntimeError as whole:
        return QueryError(f"The update cannot be evaluated: {whole}.", hint="Split it into its operations.")
    return QueryError(f"The engine cannot read this update: {error}.", hint="Split it into its operations.")
