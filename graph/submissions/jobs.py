"""The jobs of a worker that are about submissions. All that a member sends is read here, in a process that may die."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from ..errors import NoSuchFormError, UnsupportedError
from ..form import word
from ..intake import download
from ..intake.source import File
from ..job import Context, Job, Sink, send_change
from ..report import wire
from ..wire import Message
from . import examination, life, record, register
from . import preview as previews
from .life import Outcome, Work
from .record import Agent, Decision, Mode, Request


def check(context: Context, message: Message, body: bytes, sink: Sink) -> None:
    """What is wrong with some files; nothing is kept."""
    _refuse_disk(context)
    files = list(_files(message, body))
    mode, language = Mode(message["mode"]), message["language"]
    examined = examination.examine(context.store, files, target=message["target"], mode=mode, language=language)
    _send({"checked": wire.to_json(examined.checked)}, sink)


def submit(context: Context, message: Message, body: bytes, sink: Sink) -> None:
    """What it changes to receive a submission."""
    asked = message["request"]
    request = Request(**{**asked, "mode": Mode(asked["mode"])})
    _send_outcome(life.receive(_work(context, message), request, list(_files(message, body))), sink)


def decide(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What it changes to take the next step with a submission."""
    _send_outcome(life.decide(_work(context, message), Decision(**message["decision"])), sink)


def preview(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """What it would change to accept a submission."""
    seconds = message["seconds"] / 2
    found = previews.preview(_work(context, message), message["id_"], seconds=seconds, language=message["language"])
    _send(previews.as_json(found), sink)


def listing(context: Context, _message: Message, _body: bytes, sink: Sink) -> None:
    """All submissions, the newest first."""
    _send([record.as_json(each) for each in register.read_all(context.store.database)], sink)


def show(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """One submission, and what can be done with it."""
    found = register.read(context.store.database, message["id_"])
    _send({"submission": record.as_json(found), "actions": life.actions(found.state)}, sink)


def templates(_context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """The tables that members can fill in, by the names of their forms."""
    language = message["language"]
    _send([{"name": form.name, "label": word(form.labels, language)} for form in download.forms()], sink)


def template(context: Context, message: Message, _body: bytes, sink: Sink) -> None:
    """One of them as a file; raises NoSuchFormError."""
    form = next((form for form in download.forms() if form.name == message["name"]), None)
    if form is None:
        near = get_close_matches(message["name"], [each.name for each in download.forms()], n=3)
        hint = f"Nearest: {', '.join(near)}." if near else "GET /templates lists them."
        raise NoSuchFormError(f"There is no table {message['name'][:80]!r} to fill in.", hint=hint)
    database, language = context.store.database, message["language"]
    if message["kind"] == "csv":
        content = download.template_csv(form, language, database)
    else:
        content = download.template_xlsx(form, database, language)
    sink.begin({})
    sink.write(content)


JOBS: Final[Mapping[str, Job]] = {
    "check": check,
    "submit": submit,
    "decide": decide,
    "preview": preview,
    "submissions": listing,
    "submission": show,
    "templates": templates,
    "template": template,
}
FINAL: Final = frozenset({"check", "submit", "decide", "preview"})
"""These change the store of their worker."""


def _work(context: Context, message: Message) -> Work:
    _refuse_disk(context)
    return Work(context.store, context.data, Agent(**message["agent"]), message["time"])


def _refuse_disk(context: Context) -> None:
    """A check is made in the graph as it would be, for which a worker changes a store of its own."""
    if context.store.on_disk:
        message = "This server reads from disk; files are neither checked nor taken here."
        raise UnsupportedError(message, hint="Check them with 'itu-align validate', or ask the operator.")


def _files(message: Message, body: bytes) -> Iterator[File]:
    """The files, whose bytes stand in the body one behind the other."""
    start = 0
    for each in message["files"]:
        content, start = body[start : start + each["size"]], start + each["size"]
        yield File(each["name"], content, each["media_type"])


def _send(content: object, sink: Sink) -> None:
    sink.begin({})
    sink.write(json.dumps(content).encode())


def _send_outcome(outcome: Outcome, sink: Sink) -> None:
    checked = wire.to_json(outcome.checked) if outcome.checked else None
    details = {"submission": record.as_json(outcome.submission), "checked": checked}
    send_change(outcome.change, sink, details=details)
