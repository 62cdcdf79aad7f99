"""The command `itu-align`. Exit codes: 0 good, 1 findings, 2 the input cannot be read or the usage is wrong.

Each command imports what it needs when it runs, so that `--help` is there at once.
"""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from ..graph.errors import GraphError, InvalidGraphError, QueryError
from .members import submit, validate
from .options import app_config, data_option, server_options
from .releases import diff, export, log
from .terminal import show_error, show_table
from .tokens import token

if TYPE_CHECKING:
    from ..graph.build import Built
    from ..graph.engine import Engine
    from ..graph.query import Answer

FINDINGS: Final = 1
UNREADABLE: Final = 2
FORMATS: Final = ("table", "json", "xml", "csv", "tsv", "turtle", "nt", "rdfxml", "jsonld")

_BUILD_EXAMPLE: Final = """\b
Example:
  itu-align build
  itu-align build --data /srv/itu-align
"""
_SERVE_EXAMPLE: Final = """\b
Example:
  itu-align serve --port 8080
  curl 'http://127.0.0.1:8080/sparql?query=ASK%7B?s%20?p%20?o%7D'
"""
_QUERY_EXAMPLE: Final = """\b
Example:
  itu-align query coverage.rq --format csv > coverage.csv
  echo 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o }' | itu-align query -
"""
_CHECK_EXAMPLE: Final = """\b
Example:
  itu-align check --data /srv/itu-align
"""
_BACKUP_EXAMPLE: Final = """\b
Example:
  itu-align backup /backups/itu-align-$(date +%F).tar
"""
_RESTORE_EXAMPLE: Final = """\b
Example:
  itu-align restore /backups/itu-align-2026-11-24.tar --data /srv/itu-align-new
"""


class _Commands(click.Group):
    """Shows errors of the graph as text; everything else is a mistake of ours and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except GraphError as error:
            show_error(error, ctx.meta.get("itu-align.source", ""))
            ctx.exit(FINDINGS if isinstance(error, InvalidGraphError) else UNREADABLE)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ITU_ALIGN"})
@click.version_option(package_name="itu-align")
def main() -> None:
    """ITU study groups, WSIS action lines and SDGs, and the alignments between them, as a graph."""


@main.command(epilog=_BUILD_EXAMPLE)
@data_option
def build(data: Path) -> None:
    """Build the graph from the facts and the ontology, check it, and switch to it.

    The version that was served before stays until the new one is complete. A running server takes up the new
    version by itself.
    """
    built = _build(data)
    rows = [[name, f"{count:,}"] for name, count in built.graphs.items()]
    show_table(["graph", "triples"], [*rows, ["all together", f"{built.total:,}"]], numbers=frozenset({1}))
    click.echo(f"Version {built.version} is built in {data}.")
    if built.findings:
        click.echo(f"{len(built.findings)} warnings and hints; 'itu-align check' sums them up.", err=True)


@main.command(epilog=_SERVE_EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@data_option
@server_options
def serve(host: str, port: int, data: Path, **options: object) -> None:
    """Answer SPARQL queries over HTTP; the first start builds the graph.

    Each option can be set in the environment too, as ITU_ALIGN_SERVE_ and its name in capitals.
    """
    import logging

    from ..graph import journal
    from . import serving
    from .app import close, create_app
    from .current import engine_of

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    with serving.reserve(host, port) as sock:
        if journal.head(data) is None:
            click.echo(f"No graph in {data} yet: building it.", err=True)
            _build(data)
        app = create_app(app_config(data, options))
        engine = engine_of(app).get()
        size = f"{engine.triples:,} triples" if engine.triples >= 0 else "on disk"
        line = f"Serving version {engine.version} ({size}) on {serving.url(sock)}/sparql"
        try:
            serving.run(app, sock, lambda: _ready(line, engine))
        finally:
            close(app)


@main.command(epilog=_QUERY_EXAMPLE)
@click.argument("file", type=click.File("rb"), metavar="FILE|-")
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="Default: table for rows, turtle for triples.")
@data_option
@click.pass_context
def query(ctx: click.Context, file: BinaryIO, wanted: str | None, data: Path) -> None:
    """Answer one SPARQL query from a file, or from standard input (-), without a server."""
    from ..graph.query import run
    from ..graph.store import Store

    ctx.meta["itu-align.source"] = getattr(file, "name", "<stdin>")
    answer = run(Store.open(data), _text(file.read()))
    if wanted not in {None, "table"}:
        from .negotiation import named

        click.echo(answer.serialise(named(str(wanted), answer.formats).format), nl=False)
    else:
        _show(answer, table_only=wanted == "table")


@main.command(epilog=_CHECK_EXAMPLE)
@data_option
def check(data: Path) -> None:
    """Check the stored graph: it opens, is consistent, and keeps to the shapes. Exit code 1 on a finding."""
    from ..graph import check as checks
    from .progress import progress

    with progress("Checking") as report:
        results = checks.run(data, report)
    show_table(["check", "result", "detail"], [[each.name, each.outcome, each.detail] for each in results])
    if any(each.outcome == "finding" for each in results):
        sys.exit(FINDINGS)


@main.command(epilog=_BACKUP_EXAMPLE)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
def backup(file: Path, data: Path) -> None:
    """Save the graph with its whole history, tokens and records in one file; a server may be writing meanwhile."""
    from ..graph.backup import backup as save
    from .progress import progress

    with progress("Saving") as report:
        saved = save(data, file, report)
    click.echo(f"{file} holds version {saved.version} ({saved.quads:,} quads, SHA-256 {saved.sha256}).")


@main.command(epilog=_RESTORE_EXAMPLE)
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@data_option
def restore(file: Path, data: Path) -> None:
    """Make a data folder from a backup, and check every file and quad of it."""
    from ..graph.backup import restore as bring_back
    from .progress import progress

    with progress("Restoring") as report:
        found = bring_back(file, data, report)
    click.echo(f"{data} holds version {found.version} ({found.quads:,} quads), as it was saved.")


main.add_command(token)
main.add_command(validate)
main.add_command(submit)
main.add_command(log)
main.add_command(diff)
main.add_command(export)


def _ready(line: str, engine: "Engine") -> None:
    """Say so, and have workers made ready for files while queries are answered already."""
    click.echo(line)
    threading.Thread(target=engine.warm, daemon=True).start()


def _build(data: Path) -> "Built":
    from ..graph.build import build as build_graph
    from .progress import progress

    with progress("Building") as report:
        return build_graph(data, report)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The query is not UTF-8: byte 0x{raw[error.start]:02X} at offset {error.start}."
        raise QueryError(message, hint="Save the file in UTF-8.") from None


def _show(answer: "Answer", *, table_only: bool) -> None:
    """For reading: rows as a table, an ASK as a word, triples as Turtle unless a table was demanded."""
    from ..graph.readable import boolean, cell, graph_text

    if answer.kind == "boolean":
        click.echo("true" if boolean(answer) else "false")
    elif answer.kind == "graph" and not table_only:
        click.echo(graph_text(answer), nl=False)
    else:
        variables, rows = answer.rows()
        show_table(variables, ([cell(term).text for term in row] for row in rows))
