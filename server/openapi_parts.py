"""What the operations of the OpenAPI document are put together from: parameters, bodies, answers, errors."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..graph import query
from ..graph.query import Format
from .negotiation import HTML, PROBLEM

Part = dict[str, Any]

FORM: Final = "application/x-www-form-urlencoded"
TABLES: Final = query.FORMATS_OF["table"]
GRAPHS: Final = query.FORMATS_OF["graph"]

PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request, its query, update or RDF cannot be read; for a text, line and column are told.",
    401: "A token is needed, or the one that was sent is not valid.",
    403: "The token does not allow this, or not for this graph.",
    404: "There is no such graph, thing, version, query or address.",
    405: "The address does not take this method; `Allow` names those that it takes.",
    409: "The submission or the graph is not any more as it was when it was looked at.",
    406: "The answer cannot be had in a format that the client takes.",
    413: "The request, or the answer to it, is larger than the server allows.",
    415: "The media type of the body is not read here.",
    429: "The client has used what it may for now.",
    501: "The server reads from disk, and then has only the newest version, and neither checks nor takes files.",
    502: "An endpoint that SERVICE names did not answer as it should.",
    503: "The query took too long or was stopped, the server is busy, or it has no graph.",
    507: "The query took too much memory.",
}
"""None for 500: that would be a mistake of ours, whatever was sent."""

_ARRAY: Final[Part] = {"type": "array", "items": {"type": "string", "format": "iri"}}
_FIELDS: Final[Mapping[str, tuple[str, Part]]] = {
    "query": ("The text of a SPARQL 1.1 query.", {"type": "string"}),
    "update": ("The text of a SPARQL 1.1 update.", {"type": "string"}),
    "default-graph-uri": ("A graph of the default graph to ask; repeatable. Only graphs that are here.", _ARRAY),
    "named-graph-uri": ("A named graph to ask; repeatable. Only graphs that are here.", _ARRAY),
    "using-graph-uri": ("As USING in each operation of the update; repeatable.", _ARRAY),
    "using-named-graph-uri": ("As USING NAMED in each operation of the update; repeatable.", _ARRAY),
    "format": (
        "The format of the answer, for clients that cannot set `Accept`.",
        {"type": "string", "enum": [each.name for each in (*query.FORMATS, HTML)]},
    ),
    "timeout": (
        "Seconds after which the server is to give up; it may allow fewer.",
        {"type": "number", "exclusiveMinimum": 0},
    ),
    "rewrite": (
        "`off` has the query evaluated as written, even where an equal form is much faster.",
        {"type": "string", "enum": ["on", "off"], "default": "on"},
    ),
    "version": ("Answer as at this version, from 1 to the newest.", {"type": "integer", "minimum": 1}),
    "before": ("List what is older than this version.", {"type": "integer", "minimum": 1}),
    "graph": ("The IRI of a named graph.", {"type": "string", "format": "iri"}),
    "language": ("The language of the messages, before `Accept-Language`.", {"type": "string"}),
    "default": ("The default graph; the parameter has no value.", {"type": "string", "maxLength": 0}),
}
_SEGMENTS: Final[Mapping[str, str]] = {
    "id": "What the server named it.",
    "name": "The name of a form, as Activity.",
    "kind": "csv or xlsx.",
    "number": "Which one, from 1.",
    "path": "The rest of the address, of a graph or a thing; it may hold slashes.",
    "suffix": "A format by its file ending: ttl, nt, rdf, jsonld or html.",
}
_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "X-Data-Version": ("The version of the data that this is the answer of.", "integer"),
    "ETag": ("A weak entity tag, of the question and the version of the data.", "string"),
    "RateLimit": ("What is left of the client's budgets (draft-ietf-httpapi-ratelimit-headers).", "string"),
    "RateLimit-Policy": ("The client's budgets: requests, and seconds of query time.", "string"),
    "Retry-After": ("Seconds to wait.", "integer"),
    "X-Query-Rewritten": ("What was rewritten in the query, and how often.", "string"),
    "X-Query-Hint": ("What may be wrong with a query that can be run, for instance an unknown term.", "string"),
    "Location": ("The address of what was made, or of what to ask instead.", "string"),
    "Content-Location": ("The address that always has this format.", "string"),
    "Link": ("Other formats, and earlier states (RFC 7089).", "string"),
    "Memento-Datetime": ("When the state began that this is (RFC 7089).", "string"),
    "X-Incoming-Statements": ("How many of the statements with the thing as object are listed, of all.", "string"),
    "WWW-Authenticate": ("How to authenticate (RFC 6750).", "string"),
}
LIMITS: Final = ("RateLimit", "RateLimit-Policy")
"""On each answer to a request that is counted."""
_TEXT: Final[Mapping[str, str]] = {
    "type": "The kind of problem, as an IRI.",
    "title": "The kind of problem in words.",
    "detail": "What is wrong this time.",
    "instance": "An identifier of this occurrence.",
    "excerpt": "The line of the text in which the problem is.",
    "hint": "What to do.",
}


def components() -> Part:
    """What the operations refer to."""
    token = "A token that the operator made with `itu-align token create --scope admin`."  # noqa: S105 - no token
    return {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": token}},
        "parameters": {name: _parameter(name) for name in _FIELDS if name != "update"}
        | {name: _segment(name) for name in _SEGMENTS},
        "headers": {name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in _HEADERS.items()},
        "schemas": {"Problem": _problem_schema(), "Written": _written_schema()},
        "responses": {f"Problem{status}": _problem(status) for status in PROBLEMS},
    }


def operation(name: str, tag: str, summary: str, responses: Part, **more: object) -> Part:
    """An operation. `more` may hold parameters, a body and security in OpenAPI's words."""
    return {"operationId": name, "tags": [tag], "summary": summary, **more, "responses": responses}


def secured(name: str, tag: str, summary: str, responses: Part, **more: object) -> Part:
    """An operation for whoever has a token."""
    return operation(name, tag, summary, problems(401, 403) | responses, security=[{"token": []}], **more)


def refer(*names: str) -> list[Part]:
    """Parameters by their names."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def problems(*statuses: int) -> Part:
    """The errors that an operation may answer with; 405 for all other methods of its address."""
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in (*statuses, 405)}


def response(text: str, media_types: Iterable[str] = (), *headers: str) -> Part:
    """An answer with a body of one of these types, or with none."""
    found: Part = {"description": text}
    if headers:
        found["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return found | ({"content": media(media_types)} if media_types else {})


def written(text: str, *headers: str) -> Part:
    """The answer to a write."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Written"}}}
    return response(text, (), "X-Data-Version", *LIMITS, *headers) | {"content": content}


def answer(text: str, formats: Iterable[Format], *more: str) -> Part:
    """The answer to a query, with more headers, and what a client gets that has it already."""
    headers = ("X-Data-Version", "ETag", *LIMITS)
    types = [each.media_type for each in formats]
    return {"200": response(text, types, *headers, *more), "304": response("The client has this answer.", (), *headers)}


def media(media_types: Iterable[str]) -> Part:
    """Content of these types: objects in JSON, text else."""
    return {each: {"schema": {"type": "object" if each.endswith("json") else "string"}} for each in media_types}


def text_body(direct: str, *fields: str) -> Part:
    """A body that is the text itself, or a form whose first field holds the text."""
    properties = {name: {"description": _FIELDS[name][0]} | _FIELDS[name][1] for name in fields}
    form = {"type": "object", "required": [fields[0]], "properties": properties}
    return {"required": True, "content": {FORM: {"schema": form}, direct: {"schema": {"type": "string"}}}}


def graph_body() -> Part:
    """A body that is a graph, or a form with files that are graphs."""
    files = {"multipart/form-data": {"schema": {"type": "object"}}}
    return {"required": True, "content": media(each.media_type for each in GRAPHS) | files}


def _parameter(name: str) -> Part:
    text, schema = _FIELDS[name]
    return {"name": name, "in": "query", "description": text, "schema": schema} | (
        {"allowEmptyValue": True} if name == "default" else {}
    )


def _segment(name: str) -> Part:
    text = _SEGMENTS[name]
    return {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string"}}


def _problem(status: int) -> Part:
    headers = {401: ("WWW-Authenticate",), 403: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
    content = {PROBLEM.media_type: {"schema": {"$ref": "#/components/schemas/Problem"}}, HTML.media_type: {}}
    return response(PROBLEMS[status], (), *LIMITS, *headers.get(status, ())) | {"content": content}


def _problem_schema() -> Part:
    """RFC 9457, with the place in a text and what to do."""
    number = {"type": "integer", "minimum": 1}
    texts: Part = {name: {"type": "string", "description": text} for name, text in _TEXT.items()}
    status = {"type": "integer", "minimum": 400, "maximum": 599}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": texts | {"status": status, "line": number, "column": number},
    }


def _written_schema() -> Part:
    number = {"type": "integer", "minimum": 0}
    members = {
        "version": "The version of the data now.",
        "from": "The version before; the same where nothing changed.",
        "inserted": "Triples that were not there and came.",
        "deleted": "Triples that were there and went.",
    }
    properties = {name: number | {"description": text} for name, text in members.items()}
    return {"type": "object", "required": list(members), "properties": properties}
