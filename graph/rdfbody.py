"""RDF that somebody sends, read with care: what would harm the parser is refused before it, by linear passes.

Oxigraph's parser expands entities (ten levels of ten ran for 79 s) and cannot stand deep nesting (nesting.py). It
reads UTF-8 only and fetches nothing, and it gets the decoded text that was looked at here.
"""

import gzip
import io
import json
import re
import secrets
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from xml.parsers import expat

import brotli  # type: ignore[import-untyped]
import pyoxigraph as ox

from . import nesting
from .errors import GraphError, Place

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES: Final = 64 << 20
MAX_IRI: Final = 8192
"""Characters of an IRI."""

MAX_GROWTH: Final = 200
"""How many times longer than the document its triples may be, written out: a prefix or a language may be repeated."""

MEDIA_TYPES: Final[Mapping[str, ox.RdfFormat]] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}

_Term = ox.NamedNode | ox.BlankNode | ox.DefaultGraph | ox.Literal | ox.Triple

_SMALL: Final = 1 << 20
_PIECE: Final = 1 << 18
_LONGEST_EXCERPT: Final = 100_000
_LONGEST_SHOWN: Final = 200
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
_LINE_FORMATS: Final = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
_XML_DECLARATION: Final = re.compile(r"<\?xml\s[^?>]*\?>")
_XML_ENCODING: Final = re.compile(r"encoding\s*=\s*[\"']([^\"']*)")
_XML_DOCTYPE: Final = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_POSITION: Final = re.compile(r"^Parser error (?:at|between) .*?: ")
_RELATIVE: Final = "No scheme found in an absolute IRI"
_REMOTE: Final = "No LoadDocumentCallback"
_QUOTED: Final = re.compile(r"'([^']*)'")
_HINTS: Final = {
    "dot is expected": "End the statement before this place with ' .', or join the two with ';' or ','.",
    "has not been declared": "Declare the prefix at the top of the document, or correct its name.",
    "Unexpected end": "Close what is still open at the end of the document.",
    "not a valid RDF object": "Write an IRI, a prefixed name, a blank node or a literal after the property.",
    "undefined entity": "Write the character itself; only &lt; &gt; &amp; &quot; &apos; and numbers are known.",
}


class BodyError(GraphError):
    """A document cannot be read as RDF of its media type, or is not safe to read."""


class BodyTooLargeError(BodyError):
    """A document is larger than is read here, as sent or once it is unpacked."""


class BodyTypeError(GraphError):
    """A document comes in a media type, a character set or a compression that is not read here."""


def read(
    content: bytes,
    media_type: str,
    base: str | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    named_graphs: bool = False,
) -> list[ox.Quad]:
    """The quads of a document, with fresh blank nodes; a named graph in it is an error unless they are wanted."""
    format_ = _format(media_type)
    if len(content) > max_bytes:
        message = f"The document is {len(content):,} bytes long; at most {max_bytes:,} are read."
        raise BodyTooLargeError(message, hint="Send it in parts.")
    text = _decoded(content, media_type, format_)
    _check(text, format_)
    document = _Document(text, format_, base)
    return list(document.quads(named_graphs=named_graphs))


def decompress(content: bytes, encoding: str, *, max_bytes: int, max_ratio: int = 200) -> bytes:
    """A document without its Content-Encoding (https://www.rfc-editor.org/rfc/rfc9110#section-8.4).

    It is unpacked piece by piece, and no further than to the limits.
    """
    coding = encoding.strip().lower()
    if coding not in {"", "identity", *_CODINGS}:
        message = f"Documents in the content coding {encoding!r} are not read here."
        raise BodyTypeError(message, hint=f"Send it plain, or in one of: {', '.join(_CODINGS)}.")
    limit = min(max_bytes, max(max_ratio * len(content), _SMALL))
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _CODINGS.get(coding, _plain)(content):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                message = f"Unpacked, the document has more than {limit:,} bytes."
                raise BodyTooLargeError(message, hint="Send it in parts, or less compressed.")
    except (zlib.error, gzip.BadGzipFile, brotli.error, zstd.ZstdError, EOFError) as error:
        message = f"The document is not {coding}: {error}."
        raise BodyError(message, hint="Compress it again, or send it plain.") from None
    return b"".join(pieces)


def _plain(content: bytes) -> Iterator[bytes]:
    yield content


def _gunzip(content: bytes) -> Iterator[bytes]:
    if not content:
        raise EOFError("it is empty")
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        yield from iter(lambda: file.read(_PIECE), b"")


def _inflate(content: bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj()
    for start in range(0, len(content), _PIECE):
        if stream.eof:
            raise zlib.error("something follows its end")
        data = content[start : start + _PIECE]
        while data and not stream.eof:
            yield stream.decompress(data, _PIECE)
            data = stream.unconsumed_tail
    while not stream.eof:
        if not (piece := stream.decompress(b"", _PIECE)):
            raise EOFError("it ends too early")
        yield piece
    if stream.unused_data:
        raise zlib.error("something follows its end")


def _unbrotli(content: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    for start in range(0, len(content), _PIECE):
        piece = stream.process(content[start : start + _PIECE], output_buffer_limit=_PIECE)
        while piece or not stream.can_accept_more_data():
            yield piece
            piece = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_PIECE)
    if not stream.is_finished():
        raise EOFError("it ends too early")


def _unzstd(content: bytes) -> Iterator[bytes]:
    with zstd.ZstdFile(io.BytesIO(content)) as file:
        yield from iter(lambda: file.read(_PIECE), b"")


_CODINGS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


class _Document:
    """A text that passed the guards.

    JSON-LD drops what a relative IRI says where there is no base, so it gets one that nobody could mean.
    """

    def __init__(self, text: str, format_: ox.RdfFormat, base: str | None) -> None:
        self._text = text
        self._format = format_
        self._no_base = f"http://{secrets.token_hex(16)}.invalid/"
        self._base = base or (self._no_base if format_ == ox.RdfFormat.JSON_LD else None)

    def quads(self, *, named_graphs: bool) -> Iterator[ox.Quad]:
        """The quads, each looked at."""
        room = MAX_GROWTH * max(len(self._text), _SMALL)
        for quad in self._parsed():
            written = str(quad)
            room -= len(written)
            if room < 0:
                message = f"Written out, the triples are more than {MAX_GROWTH} times as long as the document."
                raise BodyTooLargeError(message, hint="Send it in parts, or with shorter prefixes and languages.")
            if len(written) > MAX_IRI or "\\u0000" in written or self._no_base in written:
                self._check_terms(quad)
            if not named_graphs and not isinstance(quad.graph_name, ox.DefaultGraph):
                hint = "Send each graph to its own address, in a document that names no graph."
                raise BodyError(f"The document names a graph, {quad.graph_name}; here it is one graph.", hint=hint)
            yield quad

    def _parsed(self) -> Iterator[ox.Quad]:
        try:
            yield from ox.parse(self._text, format=self._format, base_iri=self._base, rename_blank_nodes=True)
        except SyntaxError as error:
            raise self._fault(error) from None
        except ValueError as error:
            raise BodyError(f"{error}.", hint="Give an absolute IRI as the base.") from None

    def _check_terms(self, quad: ox.Quad) -> None:
        for term in _terms(quad):
            value = getattr(term, "value", "")
            if isinstance(term, ox.Literal):
                if "\0" in value:
                    message = f"A value of {quad.predicate} holds the character U+0000."
                    raise BodyError(message, hint="Leave it out: many formats cannot write it.")
            elif value.startswith(self._no_base):
                raise self._relative(value.removeprefix(self._no_base))
            elif len(value) > MAX_IRI:
                message = f"An IRI is {len(value):,} characters long; at most {MAX_IRI:,} are read: {_shown(value)}"
                raise BodyError(message, hint="Write long content as a literal.")

    def _fault(self, error: SyntaxError) -> BodyError:
        """The parser's error for people; RDF/XML and the contexts of JSON-LD come without a place."""
        if _REMOTE in error.msg:
            return self._remote_context()
        problem = _POSITION.sub("", error.msg).rstrip(".")
        quoted = _QUOTED.search(problem)
        place = self._place(error, quoted[1] if quoted else "")
        if _RELATIVE in problem:
            return self._relative(quoted[1] if quoted else "", place)
        hint = next((advice for part, advice in _HINTS.items() if part in problem), "")
        return BodyError(f"{_shown(problem)}.", hint=hint or f"Mend the {self._format.name} there.", place=place)

    def _place(self, error: SyntaxError, quoted: str) -> Place | None:
        if error.lineno is not None:
            return Place(error.lineno, error.offset, _line(self._text, error.lineno))
        return _quoted_place(self._text, quoted)

    def _relative(self, reference: str, place: Place | None = None) -> BodyError:
        name = f"<{_shown(reference)}> is" if reference or place is None else "This is"
        hint = "Write it in full, or give the document a base (@base, xml:base)."
        if self._format in _LINE_FORMATS:
            hint = f"Write it in full: {self._format.name} has no base and no prefixes."
        message = f"{name} a relative IRI, and there is no base to resolve it."
        return BodyError(message, hint=hint, place=place or _quoted_place(self._text, reference))

    def _remote_context(self) -> BodyError:
        try:
            remote = next(_remote_contexts(json.loads(self._text)), "")
        except ValueError:  # the document is not JSON to its end
            remote = ""
        message = f"The context {_shown(remote) or 'here'} is another document, and nothing is fetched."
        hint = "Put the content of that context into the document, in place of its address."
        return BodyError(message, hint=hint, place=_quoted_place(self._text, remote))


def _format(media_type: str) -> ox.RdfFormat:
    name = media_type.partition(";")[0].strip().lower()
    if name not in MEDIA_TYPES:
        message = f"RDF in the media type {name!r} is not read here." if name else "The document has no media type."
        raise BodyTypeError(message, hint=f"Send one of: {', '.join(MEDIA_TYPES)}.")
    return MEDIA_TYPES[name]


def _decoded(content: bytes, media_type: str, format_: ox.RdfFormat) -> str:
    """The text without byte order mark and XML declaration; all is UTF-8, and XML may be UTF-16 with that mark."""
    is_xml = format_ == ox.RdfFormat.RDF_XML
    charset = _CHARSET.search(media_type)
    _check_charset(charset[1] if charset else "utf-8", is_xml=is_xml)
    encoding = "UTF-16" if is_xml and content.startswith(_UTF16) else "UTF-8"
    unmarked = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = unmarked.decode(encoding)
    except UnicodeDecodeError as error:
        before = unmarked[: error.start].decode(encoding, "replace")
        message = f"The byte at offset {error.start + len(content) - len(unmarked):,} is not {encoding}."
        raise BodyError(message, hint="Save the document as UTF-8.", place=_place(before, len(before))) from None
    if (position := text.find("\0")) >= 0:
        message = "The document holds a NUL character."
        raise BodyError(message, hint="Save the document as UTF-8.", place=_place(text, position))
    return _without_declaration(text) if is_xml else text


def _without_declaration(text: str) -> str:
    """XML whose encoding is settled: the parser would refuse UTF-16 by its name. Lines stay as they are."""
    match = _XML_DECLARATION.match(text)
    if match is None:
        return text
    encoding = _XML_ENCODING.search(match[0])
    _check_charset(encoding[1] if encoding else "utf-8", is_xml=True)
    return re.sub(r"[^\n]", " ", match[0]) + text[match.end() :]


def _check_charset(name: str, *, is_xml: bool) -> None:
    if name.lower() not in ({"utf-8", "us-ascii", "utf-16"} if is_xml else {"utf-8", "us-ascii"}):
        message = f"Documents in the character set {name!r} are not read here."
        raise BodyTypeError(message, hint="Save the document as UTF-8, and say so.")


def _check(text: str, format_: ox.RdfFormat) -> None:
    """Refuse deep nesting, and in XML a document type, which may define entities, even where it is a comment."""
    if format_ == ox.RdfFormat.RDF_XML:
        if match := _XML_DOCTYPE.search(text):
            message = "A document type (DOCTYPE, ENTITY) is not read here: entities can grow without end."
            hint = "Write the characters and IRIs that the entities stand for, or send Turtle."
            raise BodyError(message, hint=hint, place=_place(text, match.start()))
        position = nesting.too_deep_xml(text)
    else:
        position = nesting.too_deep(text, nesting.JSON if format_ == ox.RdfFormat.JSON_LD else nesting.TURTLE)
    if position is not None:
        message = f"{'Elements' if format_ == ox.RdfFormat.RDF_XML else 'Brackets'} are nested too deep."
        hint = f"Give inner nodes names and write them side by side: {nesting.MAX_DEPTH} levels are read."
        raise BodyError(message, hint=hint, place=_place(text, position))
    if format_ == ox.RdfFormat.RDF_XML:
        _check_well_formed(text)


def _terms(quad: ox.Quad) -> Iterator[_Term]:
    """The terms of a quad, those of triple terms and datatypes included."""
    todo: list[_Term] = [quad.subject, quad.predicate, quad.object, quad.graph_name]
    while todo:
        term = todo.pop()
        yield term
        if isinstance(term, ox.Triple):
            todo += [term.subject, term.predicate, term.object]
        elif isinstance(term, ox.Literal):
            todo.append(term.datatype)


def _remote_contexts(document: object) -> Iterator[str]:
    """The contexts of a JSON-LD document that are given by their address; JSON was counted to be 100 deep at most."""
    if isinstance(document, list):
        for item in document:
            yield from _remote_contexts(item)
    elif isinstance(document, dict):
        contexts = document.get("@context")
        for context in contexts if isinstance(contexts, list) else [contexts]:
            address = context.get("@import") if isinstance(context, dict) else context
            yield from [address] if isinstance(address, str) else []
        for value in document.values():
            yield from _remote_contexts(value)


def _check_well_formed(text: str) -> None:
    """The RDF parser takes XML that ends too early. There is no document type, so nothing is expanded or fetched."""
    try:
        expat.ParserCreate().Parse(text, True)  # noqa: FBT003 - takes no keyword
    except expat.ExpatError as error:
        problem = expat.ErrorString(error.code)
        hint = next((advice for part, advice in _HINTS.items() if part in problem), "Mend the XML there.")
        place = Place(error.lineno, error.offset + 1, _line(text, error.lineno))
        raise BodyError(f"The XML is not well-formed: {problem}.", hint=hint, place=place) from None


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _quoted_place(text: str, value: str) -> Place | None:
    """Where a value first stands in quotation marks."""
    position = min((found for quote in "\"'" if (found := text.find(quote + value + quote)) >= 0), default=-1)
    return _place(text, position) if value and position >= 0 else None


def _place(text: str, position: int) -> Place:
    start = text.rfind("\n", 0, position) + 1
    return Place(text.count("\n", 0, position) + 1, position - start + 1, _line_at(text, start))


def _line(text: str, number: int) -> str | None:
    start = 0
    for _ in range(number - 1):
        start = text.find("\n", start) + 1
    return _line_at(text, start)


def _line_at(text: str, start: int) -> str | None:
    """The line that begins there, unless it is too long to be shown."""
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r")
    return line if len(line) <= _LONGEST_EXCERPT else None
