"""What a file seems to be that is no text: named, so that a member learns what to save it as."""

import re
from typing import Final

from ..errors import GraphError
from . import archive
from .source import IntakeError

GZIP: Final = b"\x1f\x8b"
SEND: Final = "Send a table as CSV or XLSX, or RDF as Turtle, TriG, N-Triples, N-Quads, JSON-LD or RDF/XML."

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BEGINNINGS: Final = (
    (0, GZIP, "compressed twice"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"{\\rtf", "a text document (RTF)"),
    (0, b"\x89PNG", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"GIF8", "a picture (GIF)"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\xfd7zXZ\0", "an XZ archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (0, b"BZh91AY&SY", "a bzip2 archive"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\x7fELF", "a program"),
    (257, b"ustar", "a TAR archive"),
)
_MEMBERS: Final = (
    ("xl/workbook.bin", "a binary Excel workbook (XLSB)"),
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint presentation"),
    ("META-INF/manifest.xml", "an OpenDocument file (ODS, ODT) or a Java archive"),
    ("Index/", "an Apple Numbers or Pages document"),
)
"""By the beginning of the name of a member of a ZIP archive."""

_STREAMS: Final = (
    ("EncryptedPackage", "a workbook or document with a password"),
    ("WordDocument", "an old Word document (DOC)"),
    ("PowerPoint", "an old PowerPoint presentation (PPT)"),
    ("Workbook", "an old Excel workbook (XLS)"),
    ("Book", "an old Excel workbook (XLS)"),
)
"""By the name of a stream, which stands in such a file in UTF-16 (MS-CFB; the first is of MS-OFFCRYPTO)."""

_HEAD: Final = 1 << 13
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_CHARACTERS_FOR_A_CONTROL: Final = 20


def is_workbook(content: bytes, file: str) -> bool:
    """Whether this is an XLSX workbook, by the members of the archive; raises IntakeError for another archive."""
    if not content.startswith(_ZIP):
        return False
    names = archive.names(content, file)
    if "[Content_Types].xml" in names and any(name.startswith("xl/") and name.endswith(".xml") for name in names):
        return True
    what = next((what for start, what in _MEMBERS if any(name.startswith(start) for name in names)), None)
    if what is None:
        raise _refused(file, "a ZIP archive", "Unpack it, and send the files that are in it.")
    raise _refused(file, what, "Save it as an Excel workbook (XLSX) or as CSV.")


def check_beginning(content: bytes, file: str) -> None:
    """Refuse what begins as a known kind of binary file."""
    if content.startswith(_OLE):
        what = next((what for name, what in _STREAMS if name.encode("utf-16-le") in content), "an old Office file")
        hint = "Save it as an Excel workbook (XLSX) or as CSV."
        raise _refused(file, what, f"Remove the password. {hint}" if "password" in what else hint)
    for offset, beginning, what in _BEGINNINGS:
        if content.startswith(beginning, offset):
            raise _refused(file, what, SEND)


def check_text(content: bytes, file: str) -> None:
    """Refuse what has too many control characters for a text in an encoding that ASCII is part of."""
    head = content[:_HEAD]
    if len(_CONTROL.findall(head)) * _CHARACTERS_FOR_A_CONTROL > len(head):
        raise _refused(file, "a binary file", SEND)


def _refused(file: str, what: str, hint: str) -> IntakeError:
    return IntakeError(file, GraphError(f"This seems to be {what}, which is not read here.", hint=hint))
