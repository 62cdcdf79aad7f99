"""The member's door: files are checked at /validate, submitted at /submissions, and decided on below it."""

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..graph import finding, names, phrases
from ..graph.reply import Written
from ..graph.report import wire
from ..graph.report.checked import Checked
from ..graph.submissions import blobs
from ..graph.submissions.record import ACTIONS, CANDIDATE, Mode, NoSuchSubmissionError, Request, State
from ..graph.tokens import Token
from ..graph.wire import Message
from . import access, conditional, current, observation, reports, upload, writing
from .errors import ProtocolError
from .links import link
from .negotiation import JSON_FORMAT, prefers_page
from .report_page import page_parts
from .settings import MAX_UPLOAD_BYTES

bp = Blueprint(access.FORMS, __name__)
bp.add_app_template_filter(link)

_TEMPLATES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SECONDS: Final = 120.0
_MOST_ENTRIES: Final = 100
_BEFORE_DECISION: Final = frozenset({State.RECEIVED, State.VALIDATED, State.REJECTED})
_FORM_BYTES: Final = MAX_UPLOAD_BYTES + (1 << 20)


@bp.app_context_processor
def _words() -> dict[str, object]:
    """What every page can say: in English where its view chooses no language."""
    return {"say": phrases.phrases(phrases.DEFAULT), "language": phrases.DEFAULT}


@bp.url_defaults
def _same_language(_endpoint: str, values: dict[str, object]) -> None:
    """Whoever asked for a language in the address keeps it on the way from page to page."""
    if asked := request.args.get("language"):
        values.setdefault("language", asked)


@bp.context_processor
def _form() -> dict[str, object]:
    """What the form to check and send files shows, on whatever page it stands."""
    return {"modes": list(Mode)}


@bp.post("/validate")
def validate() -> Response:
    """Check files against the shapes and the graph; nothing is kept."""
    request.max_content_length = _FORM_BYTES
    format_, language = reports.wanted(), reports.language()
    with observation.observed("check of files") as observed:
        files, body = upload.packed(upload.files())
        job = {"job": "check", "files": files, "target": CANDIDATE, "mode": _mode(), "language": language}
        found = _asked(observed, job, body)
    return reports.answer(wire.from_json(found["checked"]), format_)


@bp.get("/submissions/new")
def new() -> Response:
    """The form to check and send files."""
    return _page("new.html", revises=request.args.get("revises", ""))


@bp.post("/submissions")
def submit() -> BaseResponse:
    """Receive a submission: it is checked and kept, with its findings where it has some."""
    request.max_content_length = _FORM_BYTES
    language = reports.language()
    with writing.observed("submit", "submit") as write:
        asked = asdict(_request(write.token, language))
        files, body = upload.packed(upload.files())
        job = {"job": "submit", "request": asked, "files": files, **_who(write.token)}
        done = current.engine().write(job, body, agent=write.agent, operation="submit", seconds=_SECONDS)
        write.note(done)
    identifier = done.details["submission"]["id"]
    if _wants_page():
        return redirect(url_for(".show", identifier=identifier), 303)
    response = _answer(done, 201)
    response.headers["Location"] = url_for(".show", identifier=identifier)
    return response


@bp.get("/submissions")
def listing() -> Response:
    """All submissions, the newest first."""
    found = _read({"job": "submissions"})
    return _page("list.html", submissions=found) if _wants_page() else jsonify(found)


@bp.get("/submissions.atom")
def feed() -> Response:
    """What was decided, as an Atom feed (RFC 4287)."""
    decided = [
        (submission, step, names.mint("submission-step", f"{submission['id']}-{number}"))
        for submission in _read({"job": "submissions"})
        for number, step in enumerate(submission["steps"], 1)
        if step["state"] not in _BEFORE_DECISION
    ]
    decided.sort(key=lambda each: each[1]["version"], reverse=True)
    language = reports.language()
    say = phrases.phrases(language)
    text = render_template("submissions/feed.xml", decided=decided[:_MOST_ENTRIES], say=say, language=language)
    return Response(text, mimetype="application/atom+xml")


@bp.get("/submissions/<identifier>")
def show(identifier: str) -> Response:
    """One submission: its files, its steps, and what can be done with it."""
    found = _read({"job": "submission", "id_": identifier})
    return _page("submission.html", **found) if _wants_page() else jsonify(found)


@bp.get("/submissions/<identifier>/report")
def report(identifier: str) -> Response:
    """The findings on a submission, against the graph as it is now."""
    format_, language = reports.wanted(), reports.language()
    submission = _read({"job": "submission", "id_": identifier})["submission"]
    contents = [blobs.read(_data(), each["sha256"]) for each in submission["files"]]
    with observation.observed(f"report on {identifier}") as observed:
        files = [
            {"name": each["name"], "media_type": "", "size": len(content)}
            for each, content in zip(submission["files"], contents, strict=True)
        ]
        how = {"target": submission["target"], "mode": submission["mode"], "language": language}
        found = _asked(observed, {"job": "check", "files": files, **how}, b"".join(contents))
    return reports.answer(wire.from_json(found["checked"]), format_)


@bp.get("/submissions/<identifier>/preview")
def preview(identifier: str) -> Response:
    """What accepting it now would change."""
    with observation.observed(f"preview of {identifier}") as observed:
        job = {"job": "preview", "id_": identifier, "language": reports.language(), **_nobody()}
        found = _asked(observed, job)
    if not _wants_page():
        return jsonify(found)
    shown = _read({"job": "submission", "id_": identifier})
    new = finding.from_json(found["report"])
    checked = Checked(new, (), reports.language(), found["shapes_version"], found["version"])
    parts = page_parts(checked, checked.language)
    return _page("preview.html", preview=found, report=parts["report"], **shown)


@bp.get("/submissions/<identifier>/files/<int:number>")
def file(identifier: str, number: int) -> Response:
    """A file as it was sent, to be saved: a browser never shows it as a page of this site."""
    files = _read({"job": "submission", "id_": identifier})["submission"]["files"]
    if not 1 <= number <= len(files):
        raise NoSuchSubmissionError(f"Submission {identifier} has no file {number}.", hint="Its page lists its files.")
    chosen = files[number - 1]
    content = blobs.read(_data(), chosen["sha256"])
    response = Response(content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=chosen["name"])
    return response


@bp.post(f"/submissions/<identifier>/<any({', '.join(ACTIONS)}):action>")
def decide(identifier: str, action: str) -> BaseResponse:
    """Take a step with a submission: its sender proposes and withdraws, a reviewer decides."""
    with writing.observed(action, "review", "submit") as write:
        decision = {
            "id": identifier,
            "action": action,
            "reason": _field("reason"),
            "seen": _seen(),
            "reviewer": "review" in write.token.scopes,
        }
        job = {"job": "decide", "decision": decision, **_who(write.token)}
        done = current.engine().write(job, agent=write.agent, operation=action, seconds=_SECONDS)
        write.note(done)
    if _wants_page():
        return redirect(url_for(".show", identifier=identifier), 303)
    return _answer(done)


@bp.get("/templates")
def templates() -> Response:
    """The tables that members can fill in."""
    found = _read({"job": "templates", "language": reports.language()})
    return _page("templates.html", templates=found) if _wants_page() else jsonify(found)


@bp.get("/templates/<name>.<any(csv, xlsx):kind>")
def template(name: str, kind: str) -> Response:
    """A table to fill in, with an example row; a workbook has the codes and notes on each column beside it."""
    job = {"job": "template", "name": name, "kind": kind, "language": reports.language()}
    with observation.observed(f"template {name}") as observed, observed.ask(job) as reply:
        content = b"".join(reply.chunks())
    response = Response(content, content_type=_TEMPLATES[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{kind}")
    return response


def _request(token: Token, language: str) -> Request:
    """What the sender asks for; the graph is the token's, else one that is named after it."""
    return Request(
        id=f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}",
        title=_field("title"),
        target=token.graph or names.graph(f"member/{token.id}"),
        mode=_mode(),
        revises=_field("revises") or None,
        language=language,
    )


def _field(name: str) -> str:
    """A field of the form, of a JSON body or of the address; empty where there is none."""
    if request.mimetype == "application/json" and isinstance(sent := request.get_json(silent=True), dict):
        value = sent.get(name, "")
        return str(value).strip()
    return (request.form.get(name) or request.args.get(name, "")).strip()


def _mode() -> Mode:
    asked = _field("mode") or Mode.ADD
    if asked not in set(Mode):
        message = f"There is no mode {asked[:40]!r}."
        raise ProtocolError(message, hint=f"mode is one of: {', '.join(Mode)}.")
    return Mode(asked)


def _seen() -> int | None:
    """The version that whoever decides has looked at: `version`, or If-Match with the tag of a preview."""
    asked = _field("version")
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 9:
        raise ProtocolError(f"{asked[:40]!r} is no version.", hint="Give the number that the preview names.")
    return int(asked)


def _who(token: Token) -> Message:
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"agent": {"id": token.id, "note": token.note}, "time": time}


def _nobody() -> Message:
    return {"agent": {"id": "", "note": ""}, "time": ""}


def _asked(observed: observation.Observed, job: Message, body: bytes = b"") -> Any:  # noqa: ANN401 - JSON
    with observed.ask(job, _SECONDS, body) as reply:
        return json.loads(b"".join(reply.chunks()))


def _read(job: Message) -> Any:  # noqa: ANN401 - JSON
    with observation.observed(str(job["job"])) as observed:
        return _asked(observed, job)


def _answer(done: Written, status: int = 200) -> Response:
    response = jsonify(done.details)
    response.status_code = status
    response.headers[conditional.VERSION] = str(done.version)
    return response


def _wants_page() -> bool:
    return prefers_page(request.headers.get("Accept", ""), (JSON_FORMAT,))


def _page(template: str, **values: object) -> Response:
    language = reports.language()
    others = [phrases.phrases(each) for each in phrases.languages() if each != language]
    words = {"say": phrases.phrases(language), "language": language, "others": others}
    page = render_template(f"submissions/{template}", **words, **values)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Language"] = language
    response.vary.update(["Accept", "Accept-Language"])
    return response


def _data() -> Path:
    return Path(current_app.config["DATA"])
