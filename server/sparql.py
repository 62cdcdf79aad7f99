"""The query operation of the SPARQL 1.1 Protocol at /sparql, and the same as a page for browsers.

https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..graph import query
from .answers import readable
from .current import served
from .errors import MediaTypeError, ProtocolError, TooLargeError
from .negotiation import HTML, Offer, choose, named, prefers_page
from .settings import MAX_QUERY_BYTES

bp = Blueprint("sparql", __name__)

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
_MAX_FIELDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks: a text, the graphs to ask it of, and a format that overrules the Accept header."""

    text: str
    default_graphs: Sequence[str]
    named_graphs: Sequence[str]
    format: str | None


@bp.get("/")
def home() -> BaseResponse:
    """The only page so far is the query form."""
    return redirect(url_for("sparql.sparql"), 303)


@bp.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query; a browser that brings none gets the form."""
    parameters = _parameters()
    if request.method != "POST" and not parameters and _is_browser():
        return _page(render_template("sparql/query.html", text=""))
    operation = _operation(parameters)
    g.query_text = operation.text
    answer = query.run(served().store, operation.text, operation.default_graphs, operation.named_graphs)
    offer = _offer(operation, answer.formats)
    if offer.format is HTML:
        shown = readable(answer)
        return _page(render_template("sparql/result.html", text=operation.text, result=shown, operation=operation))
    return Response(answer.serialise(offer.format), content_type=offer.content_type)


def _parameters() -> list[tuple[str, str]]:
    """The parameters of either place, decoded strictly, with the body of a direct POST as `query`."""
    parameters = _decoded_form(request.query_string)
    if request.method == "POST":
        if request.mimetype not in {FORM, DIRECT} or _charset() != "utf-8":
            sent = request.headers.get("Content-Type", "")
            message = f"A body of type {sent[:100]!r} is not read here."
            raise MediaTypeError(message, hint=f"Send the query as {DIRECT} or as a form, {FORM}; both in UTF-8.")
        body = request.get_data()
        parameters += _decoded_form(body) if request.mimetype == FORM else [("query", _utf8(body))]
    return parameters


def _charset() -> str:
    return request.mimetype_params.get("charset", "utf-8").lower()


def _decoded_form(raw: bytes) -> list[tuple[str, str]]:
    """Flask would put replacement characters where a percent-encoding is not UTF-8, and so run another query."""
    try:
        return parse_qsl(_utf8(raw), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None
    except ValueError as error:
        raise TooLargeError(f"More than {_MAX_FIELDS} parameters.", hint="Name fewer graphs.") from error


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None


def _not_utf8(error: UnicodeDecodeError) -> ProtocolError:
    byte = error.object[error.start]
    return ProtocolError(
        f"The request is not UTF-8: byte 0x{byte:02X} at offset {error.start}.",
        hint="Encode the query in UTF-8 (in an address and in a form also percent-encoded).",
    )


def _operation(parameters: Sequence[tuple[str, str]]) -> Operation:
    text = _at_most_one(parameters, "query")
    if text is None:
        hint = "Ask with '/sparql?query=SELECT…' (percent-encoded), or POST the query as application/sparql-query."
        raise ProtocolError("The parameter 'query' is missing.", hint=hint)
    if (size := len(text.encode("utf-8"))) > MAX_QUERY_BYTES:
        message = f"The query has {size:,} bytes; at most {MAX_QUERY_BYTES:,} are read."
        raise TooLargeError(message, hint="Write long lists of VALUES as several queries.")
    return Operation(
        text,
        _all(parameters, "default-graph-uri"),
        _all(parameters, "named-graph-uri"),
        _at_most_one(parameters, "format"),
    )


def _at_most_one(parameters: Sequence[tuple[str, str]], name: str) -> str | None:
    values = _all(parameters, name)
    if len(values) > 1:
        message = f"The parameter {name!r} is given {len(values)} times."
        raise ProtocolError(message, hint=f"Give {name!r} once.")
    return values[0] if values else None


def _all(parameters: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in parameters if key == name]


def _offer(operation: Operation, formats: Sequence[query.Format]) -> Offer:
    """`format=` first, for clients that cannot set a header; then the Accept header."""
    available = (*formats, HTML)
    if operation.format is not None:
        return named(operation.format, available)
    return choose(request.headers.get("Accept", ""), available)


def _is_browser() -> bool:
    return prefers_page(request.headers.get("Accept", ""), query.FORMATS)


def _page(html: str) -> Response:
    return Response(html, mimetype="text/html")
