"""The SPARQL 1.1 Graph Store HTTP Protocol at /graph-store (https://www.w3.org/TR/sparql11-http-rdf-update/).

A graph is named by `?graph=`, or by its address where that lies below /graph-store/. Reading is open; writing needs
a token.
"""

from typing import Final
from uuid import uuid4

from flask import Blueprint, Response, request, url_for

from ..graph import query, rdfbody
from ..graph.wire import Message
from . import as_at, cache, conditional, current, delivery, observation, protocol, writing
from .errors import MediaTypeError, ProtocolError, TooLargeError
from .negotiation import choose, named
from .settings import MAX_GRAPH_BYTES

bp = Blueprint("graph_store", __name__)

_HINT: Final = "Name a graph with '?graph=' and its IRI (percent-encoded), or the default graph with '?default'."


@bp.get("/graph-store")
@bp.get("/graph-store/<path:name>")
def read(name: str = "") -> Response:
    """The triples of a graph, in the format that the client likes best."""
    parameters = protocol.in_address()
    graph = _graph(parameters, name)
    asked, wanted = as_at.asked(parameters), protocol.at_most_one(parameters, "format")
    formats = query.FORMATS_OF["graph"]
    offer = named(wanted, formats) if wanted else choose(request.headers.get("Accept", ""), formats)
    with observation.observed(f"GET graph {graph or 'default'}") as observed:
        version = asked or current.engine().version
        key = cache.key_of("graph", graph, offer.format.name)
        if conditional.matches(key, version):
            observed.outcome = "not_modified"
            return conditional.not_modified(key, version, fixed=asked is not None)
        job = {"job": "read-graph", "graph": graph, "format": offer.format.name, **as_at.member(asked)}
        reply = observed.ask(job)
        response = delivery.deliver(reply, offer.content_type, lambda _: None, observed.later())
        # The newest version may be another by now: a commit may have come between.
        conditional.mark(response, key, reply.version, fixed=asked is not None)
        return response


@bp.route("/graph-store", methods=["PUT", "POST", "DELETE"])
@bp.route("/graph-store/<path:name>", methods=["PUT", "POST", "DELETE"])
def write(name: str = "") -> Response:
    """Replace a graph (PUT), add to it (POST), or take it away (DELETE).

    A POST that names no graph makes a new one and says where it is.
    """
    request.max_content_length = MAX_GRAPH_BYTES
    with writing.observed(request.method.lower()) as observed:
        parameters = protocol.in_address()
        as_at.refuse(parameters, "Only the newest version can be written.")
        made = request.method == "POST" and not parameters and not name
        graph = url_for("graph_store.read", name=str(uuid4()), _external=True) if made else _graph(parameters, name)
        job, body = _job(graph)
        done = current.engine().write(job, body, agent=observed.agent, operation=request.method, allow=observed.allow)
        response = observed.done(done, 200 if done.existed or request.method == "DELETE" else 201)
        if response.status_code == 201 and graph is not None:
            response.headers["Location"] = graph if made or name else url_for("graph_store.read", graph=graph)
        return response


def _graph(parameters: protocol.Parameters, name: str) -> str | None:
    """The IRI of the graph, None for the default one."""
    graph, default = protocol.at_most_one(parameters, "graph"), protocol.at_most_one(parameters, "default")
    if (graph is not None) + (default is not None) + bool(name) != 1:
        raise ProtocolError("The request must name exactly one graph.", hint=_HINT)
    if name:
        return request.base_url
    return graph


def _job(graph: str | None) -> tuple[Message, bytes]:
    """The job, and the bytes of its documents one behind the other."""
    job: Message = {"job": "write-graph", "method": request.method, "graph": graph, "base": graph or request.base_url}
    if request.method == "DELETE":
        return {**job, "documents": []}, b""
    documents = _files() if request.mimetype == "multipart/form-data" else [_direct()]
    if (size := sum(len(content) for content, _ in documents)) > MAX_GRAPH_BYTES:
        message = f"The body has {size:,} bytes; at most {MAX_GRAPH_BYTES:,} are read."
        raise TooLargeError(message, hint="Send the graph in several parts by POST.")
    described = [{"media_type": media_type, "size": len(content)} for content, media_type in documents]
    return {**job, "documents": described}, b"".join(content for content, _ in documents)


def _direct() -> tuple[bytes, str]:
    content = request.get_data()
    coding = request.headers.get("Content-Encoding", "")
    if coding:
        content = rdfbody.decompress(content, coding, max_bytes=MAX_GRAPH_BYTES)
    return content, request.content_type or ""


def _files() -> list[tuple[bytes, str]]:
    """The files of a form, as browsers send them (section 5.5)."""
    files = [(file.read(), file.content_type or "") for _, file in request.files.items(multi=True)]
    if not files:
        raise MediaTypeError("The form holds no file.", hint="Send at least one file, with its media type.")
    return files
