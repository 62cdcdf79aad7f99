"""The commands `itu-align log`, `diff` and `export`: versions of the graph, what lies between them, one as files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from .options import data_option
from .terminal import show_table

if TYPE_CHECKING:
    from ..graph.release import Format

NEWEST: Final = "newest"
DIFF_FORMATS: Final = ("words", "patch", "json")
EXPORT_FORMATS: Final = ("nq", "trig", "ttl")

_LOG_EXAMPLE: Final = """\b
Example:
  itu-align log --limit 5
"""
_DIFF_EXAMPLE: Final = """\b
Example:
  itu-align diff 3 newest
  itu-align diff 3 5 --format patch > from-3-to-5.rdfp
"""
_EXPORT_EXAMPLE: Final = """\b
Example:
  itu-align export --release releases/2026-11
  itu-align export itu-align.trig.gz --version 3
"""


def _read(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | str | None:
    """A version as it is written: its number, or `newest`, which stays a word."""
    if text is None or text == NEWEST:
        return text
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise click.BadParameter(f"{text!r} is neither a number nor {NEWEST!r}.")


@click.command(epilog=_LOG_EXAMPLE)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many of the newest versions.")
@data_option
def log(limit: int, data: Path) -> None:
    """List the versions of the graph, the newest first: when, who, by what, and how many statements came and went."""
    from ..graph import difference

    _number(data, NEWEST)
    rows = [
        [str(version.version), version.created[:19], version.agent, version.operation, f"{came:,}", f"{went:,}"]
        for version, came, went in difference.log(data, limit)
    ]
    show_table(["version", "time (UTC)", "who", "by", "came", "went"], rows, numbers=frozenset({0, 4, 5}))


@click.command(epilog=_DIFF_EXAMPLE)
@click.argument("start", callback=_read, metavar="N")
@click.argument("end", callback=_read, metavar="M")
@click.option("--format", "wanted", default=DIFF_FORMATS[0], show_default=True, type=click.Choice(DIFF_FORMATS))
@click.option("--all", "everything", is_flag=True, help="In words: cut neither lists nor texts.")
@data_option
def diff(start: int | str, end: int | str, wanted: str, everything: bool, data: Path) -> None:
    """Tell what lies between two versions, in either direction: a number, or newest; 0 is the empty graph.

    words: thing by thing, as people call them. patch: RDF Patch, every quad. json: what the words say, for a program.
    """
    from ..graph import difference

    versions = _number(data, start), _number(data, end)
    if wanted == "patch":
        click.echo(b"".join(difference.patch_lines(data, *versions)), nl=False)
        return
    found = difference.between(data, *versions)
    if wanted == "json":
        click.echo(json.dumps(difference.as_json(found), indent=2))
    else:
        click.echo("\n".join(difference.words(found, everything=everything)))


@click.command(epilog=_EXPORT_EXAMPLE)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--release", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="A new folder to fill."
)
@click.option("--format", "wanted", type=click.Choice(EXPORT_FORMATS), help="Of FILE; default: as its name ends.")
@click.option("--version", default=NEWEST, show_default=True, callback=_read, metavar="N", help="The one to write.")
@click.option("--since", callback=_read, metavar="N", help="The version from which the changelog of a release counts.")
@click.option("--all-graphs", "everything", is_flag=True, help="Suggestions, submissions and mirrors too.")
@data_option
def export(  # noqa: PLR0913, PLR0917 - a command's options
    file: Path | None,
    folder: Path | None,
    wanted: str | None,
    version: int | str,
    since: int | str | None,
    everything: bool,
    data: Path,
) -> None:
    """Write a version of the graph as one FILE, or with --release as a folder to publish.

    A release has N-Quads, TriG, a DCAT record with counts and hashes, a changelog and SHA256SUMS. Without --since its
    changelog counts from the newest older release in a folder beside DIR. FILE is compressed where it ends in .gz.
    """
    from ..graph import release
    from .progress import progress

    _check_usage(file, folder, wanted, since)
    number = _number(data, version)
    if folder is not None:
        first = None if since is None else _number(data, since)
        with progress("Releasing") as report:
            found, counted = release.release(data, number, folder, report, since=first, everything=everything)
        click.echo(f"The changelog counts from version {counted.version}: {counted.reason}.")
    else:
        target = cast("Path", file)
        found = release.export(data, number, target, _format(target, wanted), everything=everything)
    click.echo(f"{folder or file} holds version {found.version}: {found.statements:,} statements.")
    click.echo(f"RDFC-1.0 SHA-256: {found.sha256}")


def _check_usage(file: Path | None, folder: Path | None, wanted: str | None, since: int | str | None) -> None:
    if (file is None) == (folder is None):
        raise click.UsageError("Name a FILE, or a folder with --release.")
    if folder and wanted:
        raise click.UsageError("--format is for a FILE: a release has N-Quads and TriG.")
    if file and since is not None:
        raise click.UsageError("--since is for a release: a FILE has no changelog.")


def _format(file: Path, wanted: str | None) -> "Format":
    """The format that was asked for, else that of the file's name."""
    ending = file.name.removesuffix(".gz").rpartition(".")[2]
    if (found := wanted or ending) not in EXPORT_FORMATS:
        raise click.UsageError(f"{file.name} ends in none of {', '.join(EXPORT_FORMATS)}: choose one with --format.")
    return cast("Format", found)


def _number(data: Path, version: int | str) -> int:
    """The number of a version; raises StoreError where there is no graph at all."""
    from ..graph import journal
    from ..graph.errors import StoreError

    newest = journal.head(data)
    if newest is None:
        hint = "Run 'itu-align build' first, or name another folder with --data."
        raise StoreError(f"{data} holds no graph yet.", hint=hint)
    return version if isinstance(version, int) else newest
