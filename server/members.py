"""The commands `itu-align validate` and `itu-align submit`: a member's files, checked at home or sent to a server."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from ..graph.errors import GraphError
from .options import data_option

if TYPE_CHECKING:
    from ..graph.report.checked import Checked

FORMATS: Final = ("text", "json", "sarif", "turtle", "jsonld", "nt", "html")
MODES: Final = ("add", "replace")
FINDINGS: Final = 1
_SECONDS: Final = 300

_VALIDATE_EXAMPLE: Final = """\b
Example:
  itu-align validate activities.csv
  itu-align validate *.ttl --format sarif --language fr > findings.sarif
"""
_SUBMIT_EXAMPLE: Final = """\b
Example:
  export ITU_ALIGN_SUBMIT_TOKEN=ia_…
  itu-align submit activities.xlsx --to https://align.example.org --title "Activities of 2026"
"""


class SendError(GraphError):
    """The server cannot be reached, or refuses what is sent."""


_files = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
_mode = click.option(
    "--mode",
    default=MODES[0],
    show_default=True,
    type=click.Choice(MODES),
    help="add: beside what your graph says of the same things; replace: in its place.",
)
_format = click.option("--format", "wanted", default=FORMATS[0], show_default=True, type=click.Choice(FORMATS))
_language = click.option("--language", default="en", show_default=True, help="Of the messages: en, fr.")


@click.command(epilog=_VALIDATE_EXAMPLE)
@_files
@_format
@_language
@_mode
@data_option
def validate(paths: Sequence[Path], wanted: str, language: str, mode: str, data: Path) -> None:
    """Check files against the shapes and the graph, as the server does. Exit code 0: they conform, 1: findings.

    CSV, Excel workbooks, Turtle, TriG, N-Triples, N-Quads, JSON-LD and RDF/XML, each also gzipped.
    """
    from ..graph import phrases
    from ..graph.intake.source import File
    from ..graph.store import Store
    from ..graph.submissions.examination import examine
    from ..graph.submissions.record import CANDIDATE, Mode

    files = [File(_name(path), _read(path)) for path in paths]
    chosen = phrases.choose(language)
    store = Store.open_in_memory(data, _version(data))
    checked = examine(store, files, target=CANDIDATE, mode=Mode(mode), language=chosen).checked
    _show(checked, wanted)
    sys.exit(0 if checked.report.conforms else FINDINGS)


@click.command(epilog=_SUBMIT_EXAMPLE)
@_files
@click.option(
    "--to", "server", required=True, metavar="URL", help="The server, for instance https://align.example.org."
)
@click.option("--title", default="", help="What the submission is, in a few words.")
@click.option("--revises", metavar="ID", default="", help="The submission that this one replaces.")
@click.option("--propose", is_flag=True, help="Ask for a decision at once, if nothing is to be mended.")
@click.option("--token", required=True, metavar="TOKEN", help="Better as ITU_ALIGN_SUBMIT_TOKEN in the environment.")
@_mode
@_format
@_language
def submit(  # noqa: PLR0913, PLR0917 - a command's options
    paths: Sequence[Path],
    server: str,
    title: str,
    revises: str,
    propose: bool,
    token: str,
    mode: str,
    wanted: str,
    language: str,
) -> None:
    """Send files to a server as one submission, and show its findings. Exit code 0: it conforms, 1: findings."""
    from ..graph.report import wire

    fields = {"title": title, "mode": mode, "revises": revises}
    found = _post(f"{server.rstrip('/')}/submissions?language={language}", token, fields, paths)
    submission, checked = found["submission"], wire.from_json(found["checked"])
    _show(checked, wanted)
    address = f"{server.rstrip('/')}/submissions/{submission['id']}"
    if propose and checked.report.conforms:
        submission = _post(f"{address}/propose", token, {}, ())["submission"]
    click.echo(f"Submission {submission['id']} is {submission['state']}: {address}", err=True)
    sys.exit(0 if checked.report.conforms else FINDINGS)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise SendError(f"{path} cannot be read: {reason}.", hint="Check the name and the rights.") from None


def _name(path: Path) -> str:
    """The path as it is shown: its bytes need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _version(data: Path) -> int:
    """The newest version of the graph; the first use builds it."""
    from ..graph import journal
    from ..graph.build import build
    from .progress import progress

    version = journal.head(data)
    if version is not None:
        return version
    click.echo(f"No graph in {data} yet: building it.", err=True)
    with progress("Building") as report:
        return build(data, report).version


def _show(checked: "Checked", wanted: str) -> None:
    from .report_page import FORMATS as FORMATS_OF_REPORTS

    click.echo(FORMATS_OF_REPORTS[wanted].write(checked), nl=False)


def _post(address: str, token: str, fields: Mapping[str, str], paths: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Send a form, and read the JSON that answers it. A redirect is not followed: it would take the token along."""
    import urllib3

    if not address.startswith(("http://", "https://")):
        raise SendError(f"{address} is no web address.", hint="Give --to as http://… or https://….")
    form: list[tuple[str, str | tuple[str, bytes, str]]] = [*fields.items()]
    form += [("file", (_name(path), _read(path), "application/octet-stream")) for path in paths]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    try:
        response = urllib3.request(
            "POST", address, fields=form, headers=headers, timeout=_SECONDS, retries=False, redirect=False
        )
        answer = json.loads(response.data)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        hint = "Check the address, and that the server runs (GET /health)."
        raise SendError(f"{address} does not answer as it should: {error}.", hint=hint) from None
    if response.status >= 300:
        detail = answer.get("detail", "") if isinstance(answer, dict) else ""
        hint = answer.get("hint", "") if isinstance(answer, dict) else ""
        raise SendError(f"{address} answers {response.status} {response.reason}: {detail}", hint=hint)
    return cast("dict[str, dict[str, str]]", answer)
