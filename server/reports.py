"""The report of a check in the format and the language that the asker likes best."""

from typing import Final

from flask import Response, render_template, request

from ..graph import phrases
from ..graph.query import Format
from ..graph.report.formats import FORMATS, Checked, write
from . import protocol
from .negotiation import HTML, choose, named
from .report_page import page_parts

_EXTENSIONS: Final = {"text": "txt", "json": "json", "sarif": "sarif", "turtle": "ttl", "jsonld": "jsonld", "nt": "nt"}
JSON: Final = Format("json", FORMATS["json"].media_type, "json")
OFFERED: Final = (
    JSON,
    *(Format(name, each.media_type, _EXTENSIONS[name]) for name, each in FORMATS.items() if name != "json"),
    HTML,
)


def language() -> str:
    """The language of the answer: `language=`, else what Accept-Language likes best."""
    asked = protocol.at_most_one(protocol.in_address(), "language")
    if asked is not None:
        return phrases.choose(asked)
    return phrases.choose(request.headers.get("Accept-Language", ""))


def wanted() -> Format:
    """The format that the asker wants; known before the work begins, so that an unknown one costs nothing."""
    asked = protocol.at_most_one(protocol.in_address(), "format")
    offer = named(asked, OFFERED) if asked else choose(request.headers.get("Accept", ""), OFFERED)
    return offer.format


def answer(checked: Checked, format_: Format, status: int = 200) -> Response:
    """The report, complete."""
    if format_ is HTML:
        page = render_template("submissions/checked.html", checked=checked, **page_parts(checked, checked.language))
        response = Response(page, status, mimetype="text/html")
    else:
        charset = "; charset=utf-8" if format_.media_type.startswith("text/") else ""
        response = Response(write(checked, format_.name), status, content_type=format_.media_type + charset)
    response.headers["Content-Language"] = checked.language
    response.vary.update(["Accept", "Accept-Language"])
    return response
