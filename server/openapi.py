"""The HTTP interface as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0.html).

Written by hand, because the texts of SPARQL are bodies that no framework describes; a test compares it with the routes.
"""

from importlib.metadata import version
from typing import Final

from . import openapi_history, openapi_submissions
from .negotiation import HTML
from .openapi_parts import (
    GRAPHS,
    LIMITS,
    TABLES,
    Part,
    answer,
    components,
    graph_body,
    operation,
    problems,
    refer,
    response,
    secured,
    text_body,
    written,
)

_ABOUT: Final = (
    "Reading is open; writing and administration need a token. HEAD and OPTIONS are answered wherever GET is. Each"
    " error is a problem of RFC 9457, for a browser a page. A long answer is sent while it is computed: the trailer"
    " `X-Result-Complete` says whether it is whole, and one that breaks off is malformed in its own format."
)
_TAGS: Final = {
    "query": "Ask.",
    "write": "Change the graph.",
    "administration": "See and stop what runs.",
    "description": "What this endpoint is and holds.",
    "operation": "For monitoring.",
    "history": "What there was at each version.",
    "submissions": "Check, send and decide about data of members.",
}
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_JSON: Final = "application/json"
_WHICH: Final = ("default-graph-uri", "named-graph-uri")
_HOW: Final = (*_WHICH, "format", "timeout", "rewrite", "version")
_ASKING: Final = (413, 429, 501, 502, 503, 507)
"""Problems that work can end with."""


def document(base_url: str) -> Part:
    """The whole document for a server whose public root is `base_url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "itu-align",
            "version": version("itu-align"),
            "summary": "Study Questions of ITU, WSIS action lines, SDGs and the alignments between them, by SPARQL.",
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url.rstrip("/") or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": {
            "/": {"get": operation("home", "query", "Leads to the query form", {"303": _redirect()})},
            "/sparql": _sparql(),
            "/update": {"post": _update()},
            "/graph-store": {"parameters": refer("graph", "default"), **_graph_store("Named")},
            "/graph-store/{path}": {"parameters": refer("path"), **_graph_store("Addressed")},
            "/queries": {"get": _running()},
            "/queries/{id}": {"parameters": refer("id"), "delete": _cancel()},
            "/q": {"post": _keep()},
            "/q/{id}": {"parameters": refer("id"), "get": _kept()},
            "/why-empty": _why_empty(),
            **_descriptions(),
            **_monitoring(),
            **openapi_history.paths(),
            **openapi_submissions.paths(),
        },
        "components": components(),
    }


def _redirect() -> Part:
    return response("See `Location`.", (), "Location")


def _sparql() -> Part:
    formats, more = (*TABLES, *GRAPHS, HTML), ("X-Query-Rewritten", "X-Query-Hint")
    rows = answer("Rows, true or false, or triples, as the query asks.", formats, *more)
    summary = "Ask a query; without one, the service description, or for a browser the query form"
    return {
        "get": operation(
            "query", "query", summary, rows | problems(400, 404, 406, *_ASKING), parameters=refer("query", *_HOW)
        ),
        "post": operation(
            "queryByPost",
            "query",
            "Ask a query that is too long for an address",
            {"200": rows["200"]} | problems(400, 404, 406, 415, *_ASKING),
            parameters=refer(*_HOW),
            requestBody=text_body(_QUERY, "query", *_HOW),
        ),
    }


def _update() -> Part:
    using = ("using-graph-uri", "using-named-graph-uri", "timeout")
    return secured(
        "update",
        "write",
        "Run an update",
        {"200": written("What changed.")} | problems(400, 415, *_ASKING),
        parameters=refer(*using),
        requestBody=text_body(_UPDATE, "update", *using),
    )


def _graph_store(suffix: str) -> Part:
    """The SPARQL 1.1 Graph Store HTTP Protocol, for a graph named by a parameter or by its own address."""
    failures = problems(400, 404, 406, *_ASKING)
    read = answer("The triples of the graph.", GRAPHS) | failures
    bare = {"200": response("There is such a graph.", (), "X-Data-Version", "ETag", *LIMITS)} | failures
    filled = {"200": written("The graph was there."), "201": written("The graph is new.", "Location")}
    filled |= problems(400, 415, *_ASKING)
    gone = {"200": written("The graph is gone.")} | problems(400, 404, *_ASKING)
    parameters, body = refer("format", "version"), graph_body()
    more = "Add to a graph; where none is named, a new one is made and its address told"
    return {
        "get": operation(f"read{suffix}Graph", "query", "The triples of a graph", read, parameters=parameters),
        "head": operation(f"look{suffix}Graph", "query", "Is there such a graph?", bare, parameters=parameters),
        "put": secured(f"replace{suffix}Graph", "write", "Replace a graph", filled, requestBody=body),
        "post": secured(f"add{suffix}Graph", "write", more, filled, requestBody=body),
        "delete": secured(f"delete{suffix}Graph", "write", "Take a graph away", gone),
    }


def _running() -> Part:
    texts = {name: {"type": "string"} for name in ("id", "since", "client", "query")}
    numbers = {name: {"type": "number"} for name in ("seconds", "allowed")}
    schema = {"type": "array", "items": {"type": "object", "properties": texts | numbers}}
    listed = response("What is being worked on, longest first.") | {"content": {_JSON: {"schema": schema}}}
    return secured("running", "administration", "Queries at work", {"200": listed} | problems(503))


def _cancel() -> Part:
    stopped = {"204": response("It is stopped; whoever asked it is told so.")}
    return secured("cancel", "administration", "Stop a query", stopped | problems(404, 503))


def _keep() -> Part:
    kept = response("The query is kept under the address in `Location`.", (_JSON, HTML.media_type), "Location", *LIMITS)
    return operation(
        "keepQuery",
        "query",
        "Keep a query under a permanent address, with the version of the data and the hash of its answer",
        {"201": kept} | problems(400, 404, 406, 415, *_ASKING),
        requestBody=text_body(_QUERY, "query", *_WHICH, "version"),
    )


def _kept() -> Part:
    shown = response(
        "The query, and whether its answer is the same today, and as at its version.", (_JSON, HTML.media_type), *LIMITS
    )
    return operation("keptQuery", "query", "A kept query", {"200": shown} | problems(400, 404, 406, *_ASKING))


def _why_empty() -> Part:
    reason = response("The pattern, and what values there are.", (_JSON, HTML.media_type), "X-Data-Version", *LIMITS)
    responses = {"200": reason} | problems(400, 404, 406, *_ASKING)
    parameters = ("query", *_WHICH, "timeout", "version")
    summary, by_post = "Which pattern of a query leaves its answer empty", "The same for a long query"
    body = text_body(_QUERY, *parameters)
    return {
        "get": operation("whyEmpty", "query", summary, responses, parameters=refer(*parameters)),
        "post": operation("whyEmptyByPost", "query", by_post, responses | problems(415), requestBody=body),
    }


def _descriptions() -> Part:
    void = answer("The description.", GRAPHS) | problems(400, 406, 503)
    itself = {"200": response("The document.", (_JSON,))} | problems()
    summary = "The data set: VoID with partitions and link sets, and a DCAT record"
    return {
        "/.well-known/void": {"get": operation("void", "description", summary, void)},
        "/openapi.json": {"get": operation("openapi", "description", "This document", itself)},
    }


def _monitoring() -> Part:
    members = {"status": {"const": "ok"}, "version": {"type": "integer"}, "triples": {"type": "integer"}}
    content = {_JSON: {"schema": {"type": "object", "required": ["status"], "properties": members}}}
    good = {"200": response("It is.") | {"content": content}}
    numbers = {"200": response("The numbers.", ("text/plain", "application/openmetrics-text"))} | problems()
    ready = good | problems(503)
    return {
        "/health": {"get": operation("health", "operation", "Is there a graph, and which?", ready)},
        "/health/ready": {"get": operation("ready", "operation", "The same", ready)},
        "/health/live": {"get": operation("live", "operation", "Does the process answer?", good | problems())},
        "/metrics": {"get": operation("metrics", "operation", "Numbers for Prometheus", numbers)},
    }
