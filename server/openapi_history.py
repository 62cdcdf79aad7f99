"""The part of the OpenAPI document that is about things at their addresses, and about versions."""

from typing import Final

from .history import PATCH
from .memento import LINK_FORMAT
from .negotiation import HTML
from .openapi_parts import GRAPHS, LIMITS, Part, answer, operation, problems, refer, response

_JSON: Final = "application/json"
_ASKING: Final = (413, 429, 501, 503, 507)
_FORMATS: Final = (*GRAPHS, HTML)
_ACCEPT_DATETIME: Final[Part] = {
    "name": "Accept-Datetime",
    "in": "header",
    "description": "As at this time, as HTTP writes it: leads to the version of then (RFC 7089).",
    "schema": {"type": "string"},
}


def paths() -> Part:
    """The paths and their operations."""
    found = {"/id/{path}": {"parameters": refer("path"), "get": _thing()}}
    for name in ("ontology", "shapes"):
        found[f"/{name}"] = {"get": _vocabulary(name, name)}
        found[f"/{name}.{{suffix}}"] = {"parameters": refer("suffix"), "get": _vocabulary(name, f"{name}As")}
    return {
        **found,
        "/timemap/id/{path}": {"parameters": refer("path", "before"), "get": _time_map()},
        "/versions": {"parameters": refer("before"), "get": _versions()},
        "/versions/{number}/changes": {"parameters": refer("number"), "get": _changes()},
    }


def _thing() -> Part:
    headers = ("Content-Location", "Link", "Memento-Datetime", "X-Incoming-Statements")
    then = response("With `Accept-Datetime`: the address of what was said then.", (), "Location", "Link", *LIMITS)
    return operation(
        "thing",
        "history",
        "What is said of a thing, as a page or as RDF; a suffix as `.ttl` names the format",
        answer("The statements.", _FORMATS, *headers) | {"302": then} | problems(400, 404, 406, *_ASKING),
        parameters=[*refer("version"), _ACCEPT_DATETIME],
    )


def _vocabulary(name: str, identifier: str) -> Part:
    shown = answer("All of it.", _FORMATS, "Content-Location", "Link") | problems(400, 404, 406, *_ASKING)
    parameters = refer("version") if name == "ontology" else []
    return operation(identifier, "history", f"The {name}, whole", shown, parameters=parameters)


def _time_map() -> Part:
    shown = {"200": response("The TimeMap (RFC 7089).", (LINK_FORMAT,), *LIMITS)}
    return operation("timeMap", "history", "The versions that changed a thing", shown | problems(400, 404, *_ASKING))


def _versions() -> Part:
    listed = response("As JSON or as a page.", (_JSON, HTML.media_type), "X-Data-Version", "Link", *LIMITS)
    summary = "The versions, the newest first, with who made them, when and by what"
    return operation("versions", "history", summary, {"200": listed} | problems(400, 429, 503))


def _changes() -> Part:
    formats = [PATCH.media_type, _JSON, HTML.media_type]
    headers = ("X-Data-Version", "ETag", *LIMITS)
    shown = {
        "200": response("The statements that went and came, as RDF Patch, as JSON or as a page.", formats, *headers),
        "304": response("The client has this answer.", (), *headers),
    }
    return operation("changes", "history", "What a version changed", shown | problems(400, 404, 406, *_ASKING))
