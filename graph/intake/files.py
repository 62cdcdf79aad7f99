"""The bytes of a file that a member sends become a known kind of file, unpacked.

The content decides where it can: people rename files, and browsers make up media types from names. Where it can be
several things, as Turtle and TriG, the media type says which, else the ending of the name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import pyoxigraph as ox

from .. import rdfbody
from ..errors import GraphError, Place
from ..finding import SEVERITIES, Finding, SourcePlace
from ..phrases import Phrases
from . import binary, delimited, evidence, workbook
from .evidence import Kind
from .fault import fault
from .sheet import Sheet
from .source import File, IntakeError
from .text import unicode_encoding

MAX_BYTES: Final = 100_000_000
"""Of a file, as sent and unpacked. Those who have more have several files."""

ENDINGS: Final[Mapping[str, Kind]] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
"""What the ending of a name says; ".txt" says nothing."""

MEDIA_TYPES: Final[Mapping[str, Kind]] = {
    **rdfbody.MEDIA_TYPES,
    "application/json": ox.RdfFormat.JSON_LD,
    "application/xml": ox.RdfFormat.RDF_XML,
    "text/xml": ox.RdfFormat.RDF_XML,
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": "xlsx",
}
"""Windows gives CSV the type of old Excel files, application/vnd.ms-excel, which therefore says nothing."""

_ENCODINGS_OF: Final = {ox.RdfFormat.RDF_XML: {"UTF-16"}}
"""Beside UTF-8 (rdfbody.py)."""

_HEAD: Final = 1 << 19
_BLANK: Final = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?+[\s\0]*+\Z")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file whose kind is known. The content is unpacked, its text as it was sent."""

    name: str
    kind: Kind
    content: bytes
    findings: tuple[Finding, ...] = ()


def recognise(file: File, say: Phrases) -> Recognised:
    """The kind of the file; raises IntakeError where it is none that is read here, or too large."""
    if len(file.content) > MAX_BYTES:
        message = f"The file has {len(file.content):,} bytes; at most {MAX_BYTES:,} are read."
        raise IntakeError(file.name, GraphError(message, hint="Send it in parts."))
    content = _unpacked(file)
    if _BLANK.match(content):
        hint = "Save it again from the program that it was made with, and look that it holds data."
        raise IntakeError(file.name, GraphError("The file is empty.", hint=hint))
    by_type, by_name = _claims(file)
    claim = by_type or by_name
    kind = _kind(content, file.name, claim)
    if claim is None or claim == kind:
        return Recognised(file.name, kind, content)
    found = fault(
        "kind.media-type" if by_type else "kind.name",
        SourcePlace(file.name, 1, 1),
        say,
        severity=SEVERITIES[1],
        claim=_name(claim, say),
        kind=_name(kind, say),
    )
    return Recognised(file.name, kind, content, (found,))


def _unpacked(file: File) -> bytes:
    if not file.content.startswith(binary.GZIP):
        return file.content
    try:
        return rdfbody.decompress(file.content, "gzip", max_bytes=MAX_BYTES)
    except GraphError as error:
        raise IntakeError(file.name, error) from None


def _kind(content: bytes, file: str, claim: Kind | None) -> Kind:
    """What the content is. Of the kinds that it may be the one claimed, else the one that reads the most."""
    if binary.is_workbook(content, file):
        return "xlsx"
    binary.check_beginning(content, file)
    encoding = unicode_encoding(content)
    if encoding is None:
        binary.check_text(content, file)
    head = content[:_HEAD].decode(encoding or "latin-1", "replace").removeprefix("\ufeff")
    certain = evidence.kinds(head, file)
    kind = claim if claim in certain else certain[0] if certain else evidence.likely(claim, head)
    if kind is None:
        message = "Neither its content nor its name says what kind of file this is."
        raise IntakeError(file, GraphError(message, hint=f"{binary.SEND} Let the name end as such files do."))
    if isinstance(kind, ox.RdfFormat) and encoding not in ({None, "UTF-8"} | _ENCODINGS_OF.get(kind, set())):
        message = f"The text is {encoding}, and {kind.name} is read in UTF-8 only."
        raise IntakeError(file, GraphError(message, hint="Save the file again as UTF-8.", place=Place(1, 1)))
    return kind


def _claims(file: File) -> tuple[Kind | None, Kind | None]:
    """Of which kind the file is by its media type, and by its name."""
    endings = PurePath(file.name.lower().removesuffix(".gz")).suffixes
    media_type = file.media_type.partition(";")[0].strip().lower()
    return MEDIA_TYPES.get(media_type), ENDINGS.get(endings[-1]) if endings else None


def _name(kind: Kind, say: Phrases) -> str:
    if isinstance(kind, ox.RdfFormat):
        return kind.name
    return say.text("excel-workbook") if kind == "xlsx" else delimited.KIND


def read_tables(file: Recognised, say: Phrases) -> list[Sheet]:
    """The tables of a CSV file or a workbook, with what was found when the file was recognised."""
    if file.kind == "xlsx":
        return workbook.read_workbook(file.content, file.name, file.findings, say=say)
    return [delimited.read_delimited(file.content, file.name, file.findings, say=say)]
