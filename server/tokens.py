"""The command `itu-align token`: who may write to the server of a data folder."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from ..graph import tokens
from .options import data_option
from .terminal import show_table

_GROUP_EXAMPLE: Final = """\b
Example:
  itu-align token create --scope admin --note "nightly import"
  itu-align token list
"""
_CREATE_EXAMPLE: Final = """\b
Example:
  itu-align token create --scope admin --expires 2030-12-31
  itu-align token create --scope submit --graph https://w3id.org/itu-align/graph/submission-1
"""
_LIST_EXAMPLE: Final = """\b
Example:
  itu-align token list --data /srv/itu-align
"""
_REVOKE_EXAMPLE: Final = """\b
Example:
  itu-align token revoke 5f0c2a91
"""


@click.group(epilog=_GROUP_EXAMPLE)
def token() -> None:
    """Make, list and revoke the tokens that allow writing over HTTP."""


@token.command(epilog=_CREATE_EXAMPLE)
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(tokens.SCOPES), help="Repeatable.")
@click.option("--graph", metavar="IRI", help="The one graph that it may change; without it, any.")
@click.option("--note", default="", metavar="TEXT", help="Whose it is, or what for.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) from which on it is refused.")
@data_option
def create(scopes: Sequence[str], graph: str | None, note: str, expires: datetime | None, data: Path) -> None:
    """Make a token. It goes to stdout and is shown only this once; the data folder keeps a hash."""
    made, secret = tokens.create(data, scopes, graph, note, expires.replace(tzinfo=UTC) if expires else None)
    click.echo(secret)
    click.echo(
        f"Token {made.id} allows {' and '.join(sorted(made.scopes))}. Keep it secret: it is not shown again.", err=True
    )


@token.command("list", epilog=_LIST_EXAMPLE)
@data_option
def list_(data: Path) -> None:
    """List the tokens: what each allows and until when, never the token itself."""
    now = datetime.now(UTC)
    rows = [
        [each.id, " ".join(sorted(each.scopes)), each.graph or "any", _day(each.created), _until(each, now), each.note]
        for each in tokens.listing(data)
    ]
    show_table(["id", "scopes", "graph", "created", "expires", "note"], rows)


@token.command(epilog=_REVOKE_EXAMPLE)
@click.argument("token_id", metavar="ID")
@data_option
def revoke(token_id: str, data: Path) -> None:
    """Revoke a token by its id; a running server refuses it at once."""
    gone = tokens.revoke(data, token_id)
    click.echo(f"Token {gone.id} is revoked.")


def _until(each: tokens.Token, now: datetime) -> str:
    if each.expires is None:
        return "never"
    return _day(each.expires) + (" (expired)" if each.expired(now) else "")


def _day(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d")
