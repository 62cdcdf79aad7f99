"""What a query worker can be asked to do. Each job reads a message and a body, and writes its answer to a sink.

Pure of processes: `worker.py` gives them a store that is theirs alone, with limits of time and memory around it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Final, cast

import pyoxigraph as ox
from lark import Tree

from . import (
    changes,
    dataset,
    description,
    emptiness,
    entity,
    grammar,
    guard,
    hints,
    history,
    journal,
    names,
    permalinks,
    query,
    rdf12,
    rdfbody,
    readable,
    rewrite,
    rules,
)
from .dataset import Dataset
from .errors import NoSuchGraphError, QueryError
from .grammar import Query
from .guard import Services
from .job import Context, Job, Sink, send_change
from .service_description import Endpoint
from .sparql12 import Version
from .submissions import jobs as submissions
from .wire import Message

_FORMATS: Final = {each.name: each for each in query.FORMATS}


def answer(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """Answer a query in the format that the asker wants for the kind of answer that it gives."""
    read, rewritten, result = _evaluated(context, message)
    wanted = message["formats"][result.kind]
    sink.begin(
        {
            "kind": result.kind,
            "format": wanted,
            "repeatable": _is_repeatable(read),
            "rewritten": rewritten,
            "hints": [_said(remark) for remark in hints.remarks(read, context.store.database)],
        }
    )
    if wanted == readable.PAGE:
        sink.write(readable.to_json(readable.readable(result)))
    elif wanted is not None:
        result.write(_FORMATS[wanted], cast("IO[bytes]", sink))


def digest(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """The hash of an answer, and whether the same query on the same data has it again."""
    read, rewritten, result = _evaluated(context, message)
    found = asdict(permalinks.digest(result))
    sink.begin({**found, "repeatable": _is_repeatable(read), "rewritten": rewritten})


def explain_empty(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """Why a query has no result."""
    read = _read(context, message)
    explanation = emptiness.explain(context.store.database, read, _dataset(message), seconds=message["seconds"] * 0.9)
    sink.begin({"repeatable": explanation.complete})
    sink.write(json.dumps(asdict(explanation)).encode())


def describe(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What the endpoint says of itself and of the data, as two N-Triples texts one behind the other."""
    endpoint = Endpoint(**{**message["endpoint"], "policy": context.store.policy})
    found = description.describe(context.store.database, endpoint, context.store.version)
    texts = [ox.serialize(part, format=ox.RdfFormat.N_TRIPLES) or b"" for part in (found.service, found.void)]
    sink.begin({"sizes": [len(text) for text in texts]})
    for text in texts:
        sink.write(text)


def update(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What an update would change."""
    store, text = context.store, message["text"]
    if store.on_disk:
        _refuse_several_operations(changes.check(text, context.version))
    dataset_ = _dataset(message)
    send_change(changes.update(store.database, text, store.policy, dataset_, version=context.version), sink)


def write_graph(context: Context, message: Message, body: bytes, sink: Sink) -> None:
    """What a PUT, POST or DELETE of the Graph Store Protocol would change."""
    database, policy, method = context.store.database, context.store.policy, message["method"]
    graph = _graph(message)
    existed = any(True for _ in database.quads_for_pattern(None, None, None, graph))
    if method == "DELETE":
        if not existed:
            raise _absent(message)
        send_change(changes.drop_graph(database, graph, policy), sink, existed=existed)
        return
    triples: list[ox.Triple] = []
    start = 0
    for document in message["documents"]:
        content, start = body[start : start + document["size"]], start + document["size"]
        triples += [quad.triple for quad in rdfbody.read(content, document["media_type"], message["base"])]
    _refuse_new_terms(triples, context.version)
    write = changes.replace_graph if method == "PUT" else changes.extend_graph
    send_change(write(database, graph, triples, policy), sink, existed=existed)


def read_graph(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """The triples of one graph; raises NoSuchGraphError where it holds none (the default graph is always there)."""
    graph = _graph(message)
    quads = context.store.database.quads_for_pattern(None, None, None, graph)
    first = next(quads, None)
    if first is None and isinstance(graph, ox.NamedNode):
        raise _absent(message)
    sink.begin({"kind": "graph", "format": message["format"], "repeatable": True})
    triples = [] if first is None else [first.triple, *(quad.triple for quad in quads)]
    query.write_triples(triples, _FORMATS[message["format"]], cast("IO[bytes]", sink))


def show_thing(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What is said of the first of some addresses that is a thing, in the format that goes with it."""
    wanted = dict(message["candidates"])
    found = entity.first(context.store.database, wanted)
    format_ = wanted[found.iri.value]
    shown = {"shown": len(found.incoming), "total": found.total_incoming}
    sink.begin({"iri": found.iri.value, "format": format_, "incoming": shown})
    if format_ == readable.PAGE:
        sink.write(json.dumps(entity.as_page(context.store, found)).encode())
    elif format_ is not None:
        query.write_triples(found.triples, _FORMATS[format_], cast("IO[bytes]", sink))


def show_vocabulary(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """The ontology or the shapes, whole; for a page their terms."""
    name, format_ = message["name"], message["format"]
    triples = entity.vocabulary(context.store.database, name)
    sink.begin({})
    if format_ == readable.PAGE:
        sink.write(json.dumps(entity.terms(triples, f"{names.BASE}{name}#")).encode())
    else:
        query.write_triples(triples, _FORMATS[format_], cast("IO[bytes]", sink))


def list_mementos(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """The versions that changed the first of some addresses of which anything was ever said, with their times."""
    store = context.store
    for iri in message["candidates"]:
        found = history.mementos(context.data, store.version, iri, store.policy)
        if found:
            sink.begin({"iri": iri})
            sink.write(json.dumps([[each.version, each.created] for each in found]).encode())
            return
    raise entity.absent(message["candidates"])


def show_commit(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What a version changed, as RDF Patch, as JSON, or as much of it as fits on a page."""
    history.check(message["commit"], context.store.version)
    sink.begin({})
    if message["format"] == "patch":
        for piece in journal.text(context.data, message["commit"]):
            sink.write(piece)
    else:
        most = readable.PAGE_LIMIT if message["format"] == readable.PAGE else None
        sink.write(json.dumps(history.as_json(context.data, message["commit"], most), ensure_ascii=False).encode())


JOBS: Final[Mapping[str, Job]] = {
    "query": answer,
    "digest": digest,
    "explain-empty": explain_empty,
    "describe": describe,
    "update": update,
    "write-graph": write_graph,
    "read-graph": read_graph,
    "thing": show_thing,
    "vocabulary": show_vocabulary,
    "mementos": list_mementos,
    "commit": show_commit,
    **submissions.JOBS,
}
FINAL: Final = frozenset({"update", "write-graph", "explain-empty", *submissions.FINAL})
"""Jobs that may leave the store changed or a thread at work: the worker ends behind them."""


def do(context: Context, message: Message, body: bytes, sink: Sink) -> None:
    """Do what a message asks: on the version that it names, for which the store is taken back, or on the newest."""
    if "version" in message:
        history.taken_back(context.store, context.data, message["version"])
    JOBS[message["job"]](context, message, body, sink)


def _read(context: Context, message: Message) -> Query:
    """The query of a message, when it may run."""
    return guard.check_query(message["text"], _services(message), context.version)


def _evaluated(context: Context, message: Message) -> tuple[Query, int, query.Answer]:
    """A query, how many EXISTS in it were rewritten, and its answer; SERVICE goes through the gateway."""
    read, services = _read(context, message), _services(message)
    rewritten = rewrite.rewrite(read) if message.get("rewrite", True) else rewrite.Rewritten(read.source.text, 0)
    text = rewritten.text
    if services.allowed:
        text = guard.route(grammar.parse(text, version=context.version), services)
    return read, rewritten.count, query.evaluate(context.store, read, text, _dataset(message))


def _services(message: Message) -> Services:
    found = message.get("services", {"allowed": (), "gateway": ""})
    return Services(tuple(found["allowed"]), found["gateway"])


def _refuse_new_terms(triples: list[ox.Triple], version: Version) -> None:
    new = rdf12.first_new(triples) if version == "1.1" else None
    if new is not None:
        hint = "This endpoint reads RDF 1.1; its operator can turn 1.2 on with --sparql-12."
        raise rdfbody.BodyError(f"This needs RDF 1.2: {str(new)[:200]}", hint=hint)
    if any(map(rdf12.is_too_deep, triples)):
        hint = "Name the inner statement with a node of its own."
        raise rdfbody.BodyError(f"Triple terms are nested deeper than {rdf12.MAX_DEPTH}.", hint=hint)


def _refuse_several_operations(read: Query) -> None:
    """A later operation sees what the earlier ones wrote, for which the store of this worker must be its own."""
    operations = [part for part in read.body.children if isinstance(part, Tree) and part.data != "prologue"]
    if len(operations) > 1:
        message = "This server reads from disk, and then an update request may have one operation only."
        place = read.source.place(operations[1].meta.start_pos)
        raise QueryError(message, hint="Send the operations one by one.", place=place)


def _said(remark: hints.Hint) -> str:
    return f"line {remark.place.line}, column {remark.place.column}: {remark.message}"


def _dataset(message: Message) -> Dataset:
    return Dataset(tuple(message["default_graphs"]), tuple(message["named_graphs"]), message.get("base", ""))


def _graph(message: Message) -> ox.NamedNode | ox.DefaultGraph:
    return ox.DefaultGraph() if message["graph"] is None else dataset.names_of([message["graph"]])[0]


def _absent(message: Message) -> NoSuchGraphError:
    hint = "The graphs that there are: SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }."
    return NoSuchGraphError(f"There is no graph <{message['graph']}>.", hint=hint)


def _is_repeatable(read: Query) -> bool:
    """Whether the same query on the same data has the same answer: not with NOW, RAND, UUID or other servers."""
    if any(True for _ in read.tree.scan_values(lambda token: getattr(token, "type", "") == "FUNCTION_0")):
        return False
    return all(node.data != "service_graph_pattern" for node in rules.walk(read.tree))
