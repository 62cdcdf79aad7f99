"""The commands `itu-align log`, `diff` and `export`: which versions there are, what lies between them, one to publish."""

import json
import sys
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


class _Version(click.ParamType):
    """A version of the graph: its number, or `newest`, which is None."""

    name = "version"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The number."""
        text = str(value)
        if text == NEWEST:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        return self.fail(f"{text!r} is no version: write its number, or {NEWEST}.", param, ctx)
