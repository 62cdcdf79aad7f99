"""Errors as answers: class to status, and one shape for all of them (RFC 9457, application/problem+json).

https://www.rfc-editor.org/rfc/rfc9457.html
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final
from uuid import uuid4

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from ..graph import errors, rdfbody
from ..graph.errors import GraphError, Place, QueryError, ResultFormatError, StoreError
from ..graph.gateway import GatewayError
from ..graph.guard import ServiceError
from ..graph.intake.source import IntakeError
from ..graph.names import BASE
from ..graph.permalinks import PermalinkError
from ..graph.submissions import record
from ..graph.tokens import TokenError
from .access import ForbiddenError, RefusedError, UnauthorizedError
from .excerpts import excerpt
from .limits import TooManyRequestsError
from .negotiation import PROBLEM, AcceptError, FormatNameError, prefers_page
from .settings import MAX_BODY_BYTES

_log = logging.getLogger(__name__)


class ProtocolError(GraphError):
    """The request is not one of the SPARQL 1.1 Protocol: a parameter is missing, doubled or not text."""


class NotThereError(GraphError):
    """There is nothing of this name here, or not any more."""


class MediaTypeError(GraphError):
    """The body comes in a media type or a character set that is not read here."""


class TooLargeError(GraphError):
    """The request holds more than this server reads."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: what is the same whenever it occurs.

    `detail` replaces the error's own text where that would tell a stranger about the server's disk.
    """

    status: int
    name: str
    title: str
    detail: str | None = None


_INTERNAL: Final = Kind(500, "internal", "Internal error", "internal error")
_TOO_LARGE: Final = Kind(413, "too-large", "Too large")
_MEDIA_TYPE: Final = Kind(415, "media-type", "Media type not read here")
_NOT_FOUND: Final = Kind(404, "not-found", "Not found")
_CANCELLED: Final = Kind(503, "cancelled", "The query was stopped")
_KINDS: Final[Mapping[type[GraphError], Kind]] = {
    ServiceError: Kind(502, "service", "Another endpoint did not answer as it should"),
    PermalinkError: Kind(400, "permalink", "The query cannot be cited"),
    TokenError: Kind(503, "tokens", "Tokens cannot be checked", "The server cannot read its tokens."),
    GatewayError: Kind(503, "gateway", "Other endpoints cannot be asked now"),
    QueryError: Kind(400, "query", "The query cannot be run"),
    ProtocolError: Kind(400, "request", "The request is incomplete or ambiguous"),
    AcceptError: Kind(400, "accept", "The Accept header cannot be read"),
    FormatNameError: Kind(400, "format", "Unknown format"),
    ResultFormatError: Kind(406, "not-acceptable", "Not available in this format"),
    TooLargeError: _TOO_LARGE,
    MediaTypeError: _MEDIA_TYPE,
    rdfbody.BodyError: Kind(400, "body", "The RDF cannot be read"),
    rdfbody.BodyTypeError: _MEDIA_TYPE,
    rdfbody.BodyTooLargeError: _TOO_LARGE,
    NotThereError: _NOT_FOUND,
    IntakeError: Kind(400, "file", "A file cannot be read"),
    record.SubmissionError: Kind(400, "submission", "The submission cannot be taken"),
    record.NoSuchSubmissionError: _NOT_FOUND,
    errors.NoSuchFormError: _NOT_FOUND,
    errors.NoSuchThingError: _NOT_FOUND,
    errors.NoSuchVersionError: Kind(404, "no-such-version", "No such version"),
    record.NotAllowedError: Kind(403, "forbidden", "Not allowed"),
    record.ConflictError: Kind(409, "conflict", "Not as it was"),
    errors.NoSuchGraphError: Kind(404, "no-such-graph", "No such graph"),
    UnauthorizedError: Kind(401, "unauthorized", "A token is needed"),
    ForbiddenError: Kind(403, "forbidden", "Not allowed"),
    TooManyRequestsError: Kind(429, "too-many-requests", "Too many requests"),
    errors.UnsupportedError: Kind(501, "unsupported", "Not possible on this server"),
    errors.TimedOutError: Kind(503, "timeout", "The query took too long"),
    errors.OutOfMemoryError: Kind(507, "memory", "The query took too much memory"),
    errors.CancelledError: _CANCELLED,
    errors.AskerGoneError: _CANCELLED,
    errors.BusyError: Kind(503, "busy", "The server is busy"),
    errors.AnswerTooLargeError: Kind(413, "answer-too-large", "The answer is too large"),
    errors.CrashedError: Kind(503, "crash", "The query could not be finished"),
    StoreError: Kind(503, "no-graph", "No graph to ask", "The server has no graph that it can read."),
}
_HTTP: Final = {
    404: Kind(404, "not-found", "Not found", "There is nothing at this address."),
    405: Kind(405, "method", "Method not allowed"),
    413: _TOO_LARGE,
}
_HTTP_HINTS: Final = {
    404: "The query endpoint is /sparql.",
}
_RETRY_AFTER: Final = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence, with RFC 9457's members and, for text input, the place and the hint."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None
    hint: str | None = None


def register(app: Flask) -> None:
    """Let every error of the application leave in the one shape."""
    app.register_error_handler(GraphError, _graph_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal_error)


def _graph_error(error: GraphError) -> Response:
    kind = next((_KINDS[cls] for cls in type(error).__mro__ if cls in _KINDS), _INTERNAL)
    hint = error.hint if kind.detail is None else ""
    problem = _problem(kind, str(error), hint, error.place)
    if kind is _INTERNAL or isinstance(error, StoreError):
        _log.error("%s: %s", problem.instance, error, exc_info=kind is _INTERNAL)
    response = _answer(problem, error.place)
    if isinstance(error, RefusedError):
        response.headers.update(error.headers)
    elif isinstance(error, errors.BusyError):
        response.headers["Retry-After"] = str(_RETRY_AFTER)
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect is an exception too
        return make_response(error)
    kind = _HTTP.get(error.code, Kind(error.code, error.name.lower().replace(" ", "-"), error.name))
    response = _answer(_problem(kind, error.description or error.name, _http_hint(error)))
    response.headers.extend([(name, value) for name, value in error.get_headers() if name != "Content-Type"])
    return response


def _http_hint(error: HTTPException) -> str:
    if methods := getattr(error, "valid_methods", None):
        return f"Use one of: {', '.join(sorted(methods))}."
    if error.code == 413:
        return f"At most {request.max_content_length or MAX_BODY_BYTES:,} bytes of this request's body are read."
    return _HTTP_HINTS.get(error.code or 0, "")


def _internal_error(error: Exception) -> Response:
    """Our own mistake: the asker gets an identifier, the log what happened."""
    problem = _problem(_INTERNAL, "", "Report it with this identifier.")
    _log.error("%s", problem.instance, exc_info=error)
    return _answer(problem)


def _problem(kind: Kind, detail: str, hint: str = "", place: Place | None = None) -> Problem:
    shown = excerpt(place) if place else None
    return Problem(
        type=f"{BASE}problem/{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=kind.detail or detail,
        instance=f"urn:uuid:{uuid4()}",
        line=place.line if place else None,
        column=place.column if place else None,
        excerpt=shown[0] if shown else None,
        hint=hint or None,
    )


def _answer(problem: Problem, place: Place | None = None) -> Response:
    """The problem as a page where the client is a browser, else as JSON: an error is never 'not acceptable'."""
    if prefers_page(request.headers.get("Accept", ""), (PROBLEM,)):
        marked = excerpt(place) if place else None
        # A query that failed stands in the form again, so that it can be mended there.
        page = render_template("problem.html", problem=problem, marked=marked, text=g.get("query_text"))
        return Response(page, problem.status, mimetype="text/html")
    members = {name: value for name, value in asdict(problem).items() if value is not None}
    return Response(json.dumps(members, ensure_ascii=False) + "\n", problem.status, mimetype=PROBLEM.media_type)
