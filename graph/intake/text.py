"""The bytes of a table become text: UTF-8, or what the byte order mark or the pattern of the bytes says, or a guess.

Spreadsheet programs still save CSV in the encoding of the computer's language, which the file does not name. RDF is
UTF-8 by its specifications, so only tables come here.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import Final

from charset_normalizer import from_bytes

from ..csvfile import line_breaks
from ..errors import GraphError, Place
from ..finding import SEVERITIES, Finding, SourcePlace
from ..phrases import Phrases
from .fault import excerpt, fault
from .source import IntakeError

_MARKS: Final = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
LEGACY: Final = (
    *("cp1252", "cp1251", "cp1256", "gb18030", "shift_jis", "euc_kr", "big5"),
    *("cp1250", "cp1253", "cp1254", "koi8_r"),
)
"""By Python's names, those for people are phrases; of two that fit equally well the first is taken."""

_LATIN: Final = ("cp1252", "cp1250", "cp1254")
_HEAD: Final = 1 << 12
_SAMPLE: Final = 1 << 16
_CONTEXT: Final = 80
_CHAOS: Final = 0.6
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff][^\r\n]*+")
_SIDE_BY_SIDE: Final = re.compile(rb"[\x80-\xff]{2}")
_SAVE: Final = "Save the file again as UTF-8 ('CSV UTF-8' in spreadsheet programs)."


def decode(content: bytes, file: str) -> tuple[str, str]:
    """The text without a byte order mark, and the encoding that it was read in; one of `LEGACY` is a guess."""
    encoding = unicode_encoding(content) or "UTF-8"
    marked = content.startswith(tuple(mark for mark, _ in _MARKS))
    try:
        return content.decode(encoding).removeprefix("\ufeff"), encoding
    except UnicodeDecodeError as error:
        if encoding == "UTF-8" and not marked:
            return _guess(content, file, error.start)
        before = content[: error.start].decode(encoding, "replace").removeprefix("\ufeff")
        message = f"The text is {encoding} by its first bytes, but the byte at offset {error.start:,} is not."
        raise IntakeError(file, GraphError(message, hint=_SAVE, place=_end(before))) from None


def unicode_encoding(content: bytes) -> str | None:
    """What a byte order mark says, or zero bytes that all stand on the same side of each pair; else None."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:_HEAD]
    left, right = head[0::2].count(0), head[1::2].count(0)
    if len(content) % 2 or (left and right) or (left + right) * 20 < len(head):
        return None
    return "UTF-16LE" if right else "UTF-16BE"


def guess_finding(content: bytes, file: str, encoding: str, say: Phrases) -> Finding | None:
    """That `decode` guessed the encoding, at the first byte that is not UTF-8; None where it did not."""
    if encoding not in LEGACY:
        return None
    start = _first_foreign(content)
    place = _end(content[:start].decode(encoding, "replace"))
    line = content[max(content.rfind(b"\n", 0, start), content.rfind(b"\r", 0, start)) + 1 :]
    text = re.split(rb"[\r\n]", line[:_SAMPLE], maxsplit=1)[0].decode(encoding, "replace")
    where = SourcePlace(file, place.line, place.column or 1, excerpt(text))
    name, byte = say.text(f"encoding.{encoding}"), f"0x{content[start]:02X}"
    return fault("encoding", where, say, value=name, severity=SEVERITIES[1], byte=byte, encoding=name)


def _first_foreign(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


def _guess(content: bytes, file: str, foreign: int) -> tuple[str, str]:
    """The text in the first encoding that reads all of it, the likeliest first."""
    for codec in _likely(content):
        try:
            return content.decode(codec), codec
        except UnicodeDecodeError:
            continue
    message = f"Byte 0x{content[foreign]:02X} is not UTF-8, and no other encoding was found that fits the whole file."
    raise IntakeError(file, GraphError(message, hint=_SAVE, place=_end(content[:foreign].decode()))) from None


def _likely(content: bytes) -> Iterator[str]:
    """Legacy encodings in which the letters beyond ASCII look like a language, the likeliest first.

    In scripts other than Latin these letters mostly stand side by side.
    """
    sample = _sample(content)
    if not _SIDE_BY_SIDE.search(sample):
        yield from _ranked(sample, _LATIN)
    yield from _ranked(sample, LEGACY)


def _ranked(sample: bytes, codecs_: Sequence[str]) -> list[str]:
    ranks = {
        codec: (round(match.chaos, 1), -round(match.coherence, 1), codecs_.index(codec))
        for match in from_bytes(sample, cp_isolation=list(codecs_), threshold=_CHAOS, enable_fallback=False)
        for codec in match.could_be_from_charset
        if codec in codecs_
    }
    return sorted(ranks, key=ranks.__getitem__)


def _sample(content: bytes) -> bytes:
    """Pieces of the lines that have letters beyond ASCII."""
    pieces: list[bytes] = []
    size = 0
    for match in _BEYOND_ASCII.finditer(content):
        start = max(0, match.start() - _CONTEXT)
        start = max(start, content.rfind(b"\n", start, match.start()) + 1)
        pieces.append(content[start : min(match.end(), match.start() + _SAMPLE)])
        size += len(pieces[-1])
        if size > _SAMPLE:
            break
    return b"\n".join(pieces)


def _end(before: str) -> Place:
    """The place just after this text."""
    breaks = line_breaks(before)
    return Place(len(breaks) + 1, len(before) - (breaks[-1] if breaks else 0) + 1)
