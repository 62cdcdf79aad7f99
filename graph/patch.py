"""A change as text: RDF Patch, one quad a line (https://afs.github.io/rdf-patch/).

`H` lines say about the patch, `D` lines what goes, `A` lines what comes; a quad stands as in N-Quads. A patch is
read as bytes and may be large, so nothing here holds more than it must.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

import pyoxigraph as ox

from .union import Change

_HEADER = re.compile(rb'H (\S+) "((?:[^"\\]|\\.)*)" \.')
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
_UNESCAPES: Final = {written[1]: character for character, written in _ESCAPES.items()}


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The `H` lines of a patch, in the order given, and the line that opens its transaction."""
    lines = [f'H {name} "{"".join(_ESCAPES.get(c, c) for c in value)}" .\n' for name, value in headers.items()]
    return "".join([*lines, "TX .\n"]).encode()


FOOTER: Final = b"TC .\n"


def body_lines(change: Change) -> Iterator[bytes]:
    """The `D` and the `A` lines of a change, in pieces."""
    for letter, quads in ((b"D ", change.deleted), (b"A ", change.inserted)):
        content = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
        yield from (letter + line for line in content.splitlines(keepends=True))


def headers(lines: Iterable[bytes]) -> dict[str, str]:
    """The headers of a patch; reading stops behind them."""
    found: dict[str, str] = {}
    for line in lines:
        match = _HEADER.match(line)
        if match is None:
            break
        value = re.sub(r"\\(.)", lambda escape: _UNESCAPES.get(escape[1], escape[1]), match[2].decode())
        found[match[1].decode()] = value
    return found


def read_change(lines: Iterable[bytes]) -> Change:
    """The change that the lines of a patch describe; raises ValueError or SyntaxError where they are no whole patch."""
    change, last = Change(), b""
    for letter, group in groupby(lines, key=lambda line: line[:2]):
        if letter in {b"A ", b"D "}:
            quads = ox.parse(b"".join(line[2:] for line in group), format=ox.RdfFormat.N_QUADS)
            (change.inserted if letter == b"A " else change.deleted).extend(quads)
        elif letter in {b"H ", b"TX", b"TC"}:
            last = letter
        else:
            raise ValueError(f"no line of a patch begins with {letter!r}")
    if last != b"TC":
        raise ValueError("it ends before its transaction does")
    return change
