"""The part of the OpenAPI document that is about submissions."""

from typing import Final

from ..graph.submissions.record import ACTIONS, Mode
from .negotiation import HTML
from .openapi_parts import LIMITS, Part, media, operation, problems, refer, response, secured
from .reports import OFFERED

_JSON: Final = "application/json"
_ASKING: Final = (413, 429, 501, 503, 507)
_TEXT: Final[Part] = {"type": "string"}
_SHOWN: Final = (_JSON, HTML.media_type)
_STEP: Final = (
    "Take a step: its sender proposes and withdraws, a reviewer accepts, declines and undoes; 409 where the submission,"
    " or what it is about, is not any more as it was when it was looked at"
)


def paths() -> Part:
    """The paths and their operations."""
    one, reading = refer("id"), refer("language")
    return {
        "/validate": {"post": _validate()},
        "/submissions": {"get": _read("submissions", "All submissions, the newest first"), "post": _submit()},
        "/submissions.atom": {"get": _feed()},
        "/submissions/new": {"get": _form()},
        "/submissions/{id}": {"parameters": one, "get": _read("submission", "One submission", 404)},
        "/submissions/{id}/report": {"parameters": [*one, *reading], "get": _report()},
        "/submissions/{id}/preview": {"parameters": one, "get": _read("preview", "What accepting would change", 404)},
        "/submissions/{id}/files/{number}": {"parameters": refer("id", "number"), "get": _file()},
        "/submissions/{id}/{action}": {"parameters": [*one, _action()], "post": _decide()},
        "/templates": {"get": _read("templates", "The tables that members can fill in")},
        "/templates/{name}.{kind}": {"parameters": refer("name", "kind", "language"), "get": _template()},
    }


def _read(name: str, summary: str, *statuses: int) -> Part:
    shown = {"200": response("As JSON or as a page.", _SHOWN, *LIMITS)}
    return operation(name, "submissions", summary, shown | problems(400, *statuses, *_ASKING))


def _validate() -> Part:
    findings = response("The findings; `conforms` says whether there is any violation.", _reports(), *LIMITS)
    return operation(
        "validate",
        "submissions",
        "Check files against the shapes and the graph; nothing is kept",
        {"200": findings} | problems(400, 406, 415, *_ASKING),
        parameters=refer("language"),
        requestBody=_files({"mode": _mode()}),
    )


def _submit() -> Part:
    kept = response("The submission and its findings; it is validated, or rejected.", (_JSON,), "Location", *LIMITS)
    page = response("For a browser: the page of the submission is in `Location`.", (), "Location")
    fields = {"title": _TEXT, "mode": _mode(), "revises": _TEXT, "token": _TEXT}
    return secured(
        "submit",
        "submissions",
        "Send files as one submission, with a token for submit",
        {"201": kept, "303": page} | problems(400, 404, 415, *_ASKING),
        parameters=refer("language"),
        requestBody=_files(fields),
    )


def _action() -> Part:
    schema = {"type": "string", "enum": [*ACTIONS]}
    return {"name": "action", "in": "path", "required": True, "description": "The step.", "schema": schema}


def _decide() -> Part:
    done = response("The submission as it is now.", (_JSON,), "X-Data-Version", *LIMITS)
    page = response("For a browser: the page of the submission is in `Location`.", (), "Location")
    properties = {"reason": _TEXT, "version": {"type": "integer", "description": "The version that was looked at."}}
    schema = {"schema": {"type": "object", "properties": properties}}
    return secured(
        "decide",
        "submissions",
        _STEP,
        {"200": done, "303": page} | problems(400, 404, 409, *_ASKING),
        requestBody={"content": {_JSON: schema, "multipart/form-data": schema}},
    )


def _report() -> Part:
    findings = response("The findings against the graph as it is now.", _reports(), *LIMITS)
    summary = "The findings on a submission"
    return operation("report", "submissions", summary, {"200": findings} | problems(400, 404, 406, *_ASKING))


def _feed() -> Part:
    shown = {"200": response("The newest hundred.", ("application/atom+xml",), *LIMITS)}
    return operation("feed", "submissions", "What was decided, as Atom", shown | problems(*_ASKING))


def _form() -> Part:
    shown = {"200": response("The form.", (HTML.media_type,))}
    return operation("newSubmission", "submissions", "The form to check and send files", shown | problems())


def _file() -> Part:
    shown = {"200": response("The file.", ("application/octet-stream",), *LIMITS)}
    return operation("file", "submissions", "A file as it was sent", shown | problems(404, *_ASKING))


def _template() -> Part:
    types = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    shown = {"200": response("The empty table, with an example.", types, *LIMITS)}
    return operation("template", "submissions", "A table to fill in", shown | problems(404, *_ASKING))


def _files(fields: Part) -> Part:
    """A form with files, or one file as the body."""
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"schema": {"type": "object", "required": ["file"], "properties": {"file": files, **fields}}}
    bodies = media(["text/csv", "text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"])
    return {"required": True, "content": {"multipart/form-data": form, **bodies}}


def _mode() -> Part:
    return {"type": "string", "enum": [*Mode], "default": Mode.ADD}


def _reports() -> list[str]:
    return [each.media_type for each in OFFERED]
