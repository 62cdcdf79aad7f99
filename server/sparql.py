"""The query operation of the SPARQL 1.1 Protocol at /sparql, and the same as a page for browsers.

https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..graph import query, readable
from ..graph.errors import GraphError
from ..graph.query import Format
from ..graph.reply import Reply
from ..graph.wire import Message
from . import as_at, cache, conditional, current, delivery, description, observation, protocol
from .negotiation import HTML, Offer, choose, named, prefers_page

bp = Blueprint("sparql", __name__)

DIRECT: Final = "application/sparql-query"
_HINT: Final = "Ask with '/sparql?query=SELECT…' (percent-encoded), or POST the query as application/sparql-query."


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks: a text, the graphs to ask it of, and how."""

    text: str
    base: str
    default_graphs: Sequence[str]
    named_graphs: Sequence[str]
    format: str | None
    seconds: float | None
    rewrite: bool
    version: int | None = None

    def job(self) -> Message:
        """The same for a worker."""
        datasets = {"default_graphs": self.default_graphs, "named_graphs": self.named_graphs}
        how = {"base": self.base, "rewrite": self.rewrite, **as_at.member(self.version)}
        return {"job": "query", "text": self.text, **datasets, **how}


@bp.get("/")
def home() -> BaseResponse:
    """The only page so far is the query form."""
    return redirect(url_for("sparql.sparql"), 303)


@bp.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query; a browser that brings none gets the form."""
    parameters = protocol.in_address()
    if request.method == "POST":
        parameters += protocol.in_body("query", DIRECT)
    elif not parameters:
        return _bare()
    operation = read_operation(parameters)
    g.query_text = operation.text
    return _answer(operation)


def _bare() -> Response:
    """The form for a browser; for others the service description."""
    if prefers_page(request.headers.get("Accept", ""), query.FORMATS):
        return _page(render_template("sparql/query.html", text=""))
    return description.service()


def read_operation(parameters: protocol.Parameters) -> Operation:
    """What the parameters ask; raises ProtocolError where they are incomplete or ambiguous."""
    return Operation(
        protocol.text(parameters, "query", _HINT),
        url_for("sparql.sparql", _external=True),
        protocol.all_of(parameters, "default-graph-uri"),
        protocol.all_of(parameters, "named-graph-uri"),
        protocol.at_most_one(parameters, "format"),
        protocol.seconds(parameters),
        not protocol.is_off(parameters, "rewrite"),
        as_at.asked(parameters),
    )


def _answer(operation: Operation) -> Response:
    """From the cache, or from a worker; 304 where the asker has it."""
    offers = {kind: _offer(operation, formats) for kind, formats in query.FORMATS_OF.items()}
    wanted = {kind: _format_name(offer) for kind, offer in offers.items()}
    with observation.observed(operation.text) as observed:
        version = operation.version or current.engine().version
        key = cache.key_of(version, operation.job(), wanted)
        if conditional.matches(key, version):
            observed.outcome = "not_modified"
            return conditional.not_modified(key, version, fixed=operation.version is not None)
        if (kept := observed.cache.get(key)) is not None:
            observed.outcome = "cached"
            return _finish(_whole(kept.header, kept.content, offers, operation), kept.header, key, version, operation)
        reply = observed.ask({**operation.job(), "formats": wanted}, operation.seconds)
        if reply.version != version:  # a commit came between
            version, key = reply.version, cache.key_of(reply.version, operation.job(), wanted)
        with reply.closing_on_error():
            response = _deliver(reply, offers, operation, key, observed)
            return _finish(response, reply.header, key, version, operation)


def _deliver(
    reply: Reply,
    offers: Mapping[str, Offer | GraphError],
    operation: Operation,
    key: str,
    observed: observation.Observed,
) -> Response:
    """The answer of a worker, kept in memory where it is short and would be the same again."""

    def keep(content: bytes) -> None:
        if reply.header["repeatable"]:
            observed.cache.put(key, reply.header, content)

    offer = _offered(offers, reply.header)
    if offer.format is not HTML:
        return delivery.deliver(reply, offer.content_type, keep, observed.later())
    content = reply.read()
    keep(content)
    return _whole(reply.header, content, offers, operation)


def _whole(header: Message, content: bytes, offers: Mapping[str, Offer | GraphError], operation: Operation) -> Response:
    offer = _offered(offers, header)
    if offer.format is not HTML:
        return Response(content, content_type=offer.content_type)
    shown = readable.from_json(content)
    return _page(render_template("sparql/result.html", text=operation.text, result=shown, operation=operation))


def _finish(response: Response, header: Message, key: str, version: int, operation: Operation) -> Response:
    """What a client can rely on: of which data this is the answer, and what was done to the query."""
    if header["repeatable"]:
        conditional.mark(response, key, version, fixed=operation.version is not None)
    else:
        response.headers["Cache-Control"] = "no-store"
        response.headers[conditional.VERSION] = str(version)
    if header.get("rewritten"):
        response.headers["X-Query-Rewritten"] = f"EXISTS;count={header['rewritten']}"
    for hint in header.get("hints", ()):
        response.headers.add("X-Query-Hint", hint.encode("ascii", "backslashreplace").decode())
    if request.args.get("format"):
        extension = next((each.extension for each in query.FORMATS if each.name == header["format"]), "txt")
        response.headers["Content-Disposition"] = f'inline; filename="itu-align-v{version}-{key[:8]}.{extension}"'
    return response


def _offer(operation: Operation, formats: Sequence[Format]) -> Offer | GraphError:
    """`format=` first, for clients that cannot set a header; then the Accept header. An error waits until it matters.

    What kind of answer a query has shows only when it is read, which happens in the worker.
    """
    available = (*formats, HTML)
    try:
        if operation.format is not None:
            return named(operation.format, available)
        return choose(request.headers.get("Accept", ""), available)
    except GraphError as error:
        return error


def _format_name(offer: Offer | GraphError) -> str | None:
    if isinstance(offer, GraphError):
        return None
    return readable.PAGE if offer.format is HTML else offer.format.name


def _offered(offers: Mapping[str, Offer | GraphError], header: Message) -> Offer:
    offer = offers[header["kind"]]
    if isinstance(offer, GraphError):
        raise offer
    return offer


def _page(html: str) -> Response:
    return Response(html, mimetype="text/html")
