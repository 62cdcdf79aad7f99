"""A ZIP that a member sends, looked at before anything reads it.

A stream in it may be longer than its directory says, and its XML may define entities that grow without end. So the
library that reads workbooks never sees it, but an archive that is written here: of the XML members, each unpacked
piece by piece to the length stated and no further, and none with a document type.
"""

import io
import zipfile
import zlib
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from xml.parsers import expat

from ..errors import GraphError
from .source import IntakeError

MAX_MEMBERS: Final = 2000
MAX_UNPACKED: Final = 100_000_000
MAX_RATIO: Final = 200
"""How many times larger than the archive its members may be together, beyond the first `SMALL` bytes."""

SMALL: Final = 1 << 20

_ENTRY: Final = b"PK\x01\x02"
_PIECE: Final = 1 << 16
_ENCRYPTED: Final = 0x1
_LONGEST_NAME: Final = 100
_AGAIN: Final = "Save it again from the program that it was made with."


def names(content: bytes, file: str) -> Sequence[str]:
    """The names of the members."""
    with _reading(file):
        return zipfile.ZipFile(io.BytesIO(_counted(content, file))).namelist()


def rewritten(content: bytes, file: str, without: tuple[str, ...] = ()) -> io.BytesIO:
    """The XML members in an archive of our own, not compressed; raises IntakeError where one is not safe to read.

    What is not XML is there by its name only, and what lies in the folders `without` is not there.
    """
    clean = io.BytesIO()
    with (
        _reading(file),
        zipfile.ZipFile(io.BytesIO(_counted(content, file))) as source,
        zipfile.ZipFile(clean, "w") as target,
    ):
        _check(source.infolist(), len(content), file)
        for member in source.infolist():
            if not member.filename.startswith(without):
                xml = _is_xml(_pieces(source, member), member.filename, file)
                text = b"".join(_pieces(source, member)) if xml else b""
                target.writestr(zipfile.ZipInfo(member.filename), text)
    return clean


@contextmanager
def _reading(file: str) -> Iterator[None]:
    """Errors of the archive itself, for people."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        message = f"The file begins like a workbook or another ZIP archive, but is damaged: {error}."
        raise IntakeError(file, GraphError(message, hint=f"Perhaps it was cut off on its way. {_AGAIN}")) from None


def _counted(content: bytes, file: str) -> bytes:
    """The content, whose directory cannot have too many entries: each begins with these bytes."""
    if (count := content.count(_ENTRY)) > MAX_MEMBERS:
        message = f"The archive has {count:,} members; at most {MAX_MEMBERS:,} are read."
        raise IntakeError(file, GraphError(message, hint=_AGAIN))
    return content


def _check(members: Sequence[zipfile.ZipInfo], packed: int, file: str) -> None:
    room = min(MAX_UNPACKED, max(MAX_RATIO * packed, SMALL))
    if (size := sum(member.file_size for member in members)) > room:
        message = f"Unpacked, the file has {size:,} bytes; of one of its size at most {room:,} are read."
        raise IntakeError(file, GraphError(message, hint="Send it in parts, or as CSV."))
    seen: set[str] = set()
    for member in members:
        if problem := _problem(member, seen):
            message = f"In the archive, {member.filename[:_LONGEST_NAME]!r} {problem}."
            raise IntakeError(file, GraphError(message, hint=_AGAIN))
        seen.add(member.filename)


def _problem(member: zipfile.ZipInfo, seen: Container[str]) -> str | None:
    """Why a member is not read. Other methods than deflate cannot be unpacked piece by piece."""
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return f"is compressed by method {member.compress_type}, which workbooks do not use"
    if member.filename.startswith("/") or ".." in member.filename.split("/"):
        return "leads out of the archive"
    return "is there twice" if member.filename in seen else None


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as stream:
        yield from iter(lambda: stream.read(_PIECE), b"")


def _is_xml(pieces: Iterable[bytes], name: str, file: str) -> bool:
    """Whether a root element comes first; a document type, which may define entities, can only stand before it."""
    elements: list[str] = []

    def refuse(*_: object) -> None:
        message = f"In the archive, {name[:_LONGEST_NAME]!r} has a document type (DOCTYPE), which may define entities."
        raise IntakeError(file, GraphError(message, hint=_AGAIN))

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda element, _: elements.append(element)
    parser.StartDoctypeDeclHandler = refuse
    try:
        for piece in pieces:
            parser.Parse(piece, False)  # noqa: FBT003 - takes no keyword
            if elements:
                break
    except expat.ExpatError:
        return bool(elements)
    return bool(elements)
