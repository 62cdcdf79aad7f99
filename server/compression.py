"""Compressed answers: zstd, br or gzip, as the Accept-Encoding header weighs them (RFC 9110, section 12.5.3).

A body that breaks off leaves the compressed stream without its end, so no reader can take the part for the whole.
Flask-Compress was tried first: it sends gzip to a client that excludes it (`gzip;q=0`), and never closes the
iterable of a streamed body, which here holds a query worker.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]
from flask import Flask, Response, request

from .delivery import COMPLETE, TRAILERS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MINIMUM: Final = 1024
"""Bytes from which compressing pays: less fits into one packet anyway."""

_GZIP_LEVEL: Final = 1
_BR_QUALITY: Final = 4
_ZSTD_LEVEL: Final = 3
"""Measured on SPARQL results in JSON: zstd 3 makes 540 MB/s 16 times smaller, brotli 4 75 MB/s 17 times, gzip 1
230 MB/s 13 times, gzip 6 50 MB/s 17 times. Processors are scarcer here than bytes."""

_TYPES: Final = re.compile(
    r"text/.+|image/svg\+xml|application/(?:.+\+(?:json|xml)|json|xml|javascript|n-triples|n-quads|trig|sparql-query)"
)
_ELEMENT: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")
_OWN_TAG: Final = re.compile(r'--(?:zstd|br|gzip)"')
_TAG_FIELDS: Final = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH")
_SENT_TAGS: Final = "itu-align.if-none-match"


class _Compressor(Protocol):
    """A stream in one coding. `pause` gives all that came so far and leaves the stream open, `end` closes it."""

    def compress(self, data: bytes) -> bytes: ...

    def pause(self) -> bytes: ...

    def end(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(_GZIP_LEVEL, wbits=zlib.MAX_WBITS + 16)

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def pause(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=_BR_QUALITY)

    def compress(self, data: bytes) -> bytes:
        return bytes(self._stream.process(data))

    def pause(self) -> bytes:
        return bytes(self._stream.flush())

    def end(self) -> bytes:
        return bytes(self._stream.finish())


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstd.ZstdCompressor(level=_ZSTD_LEVEL)

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def pause(self) -> bytes:
        return self._stream.flush(zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._stream.flush()


_COMPRESSORS: Final[Mapping[str, Callable[[], _Compressor]]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}
"""In the order of our liking, for clients that like them equally."""


def register(app: Flask) -> None:
    """Compress the answers of an application.

    Other functions that the application calls before and after requests may come in any order with this, as long
    as they leave bodies and entity tags alone.
    """
    app.before_request(_restore_tags)
    app.after_request(_compress)


def choose(accept: str | None) -> str:
    """The coding that the header likes best, `identity` for none.

    Where nothing that we have is acceptable, not even `identity`, the answer goes out as it is: the RFC leaves
    that to the server, and an answer serves a client better than an error about its packaging.
    """
    weights = _weights(accept or "")
    offered = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in _COMPRESSORS}
    best = max(offered, key=offered.__getitem__)
    return best if offered[best] > 0 and offered[best] >= weights.get("identity", 0.0) else "identity"


def _refuses_identity(accept: str | None) -> bool:
    weights = _weights(accept or "")
    return weights.get("identity", weights.get("*", 1.0)) == 0


def _weights(accept: str) -> Mapping[str, float]:
    """Codings with their weights. An element that cannot be read is as good as absent."""
    found = (_ELEMENT.fullmatch(element.strip(" \t")) for element in accept.split(","))
    weights = {match[1].lower(): float(match[2] or 1) for match in found if match}
    if "x-gzip" in weights:  # the same by another name (RFC 9110, section 8.4.1.3)
        weights.setdefault("gzip", weights["x-gzip"])
    return weights


def _restore_tags() -> None:
    """Let the application compare entity tags as it made them, without the coding that `_compress` adds."""
    request.environ[_SENT_TAGS] = request.environ.get("HTTP_IF_NONE_MATCH", "")
    for name in _TAG_FIELDS:
        if sent := request.environ.get(name):
            request.environ[name] = _OWN_TAG.sub('"', sent)


def _compress(response: Response) -> Response:
    if response.status_code == 304:
        _tag_as_sent(response)
        response.vary.add("Accept-Encoding")
        return response
    if not _compressible(response):
        return response
    response.vary.add("Accept-Encoding")
    accept = request.headers.get("Accept-Encoding")
    coding = choose(accept)
    if coding != "identity" and (_large(response) or _refuses_identity(accept)):
        response.headers["Content-Encoding"] = coding
        _tag(response, coding)
        _encode(response, coding)
    return response


def _compressible(response: Response) -> bool:
    """Whether the answer has a body whose kind gets smaller, and that nobody has encoded or cut yet."""
    return (
        response.status_code >= 200
        and response.status_code not in {204, 206}
        and _TYPES.fullmatch(response.mimetype or "") is not None
        and "Content-Encoding" not in response.headers
        and not response.cache_control.no_transform
    )


def _large(response: Response) -> bool:
    """A stream counts as large: nobody knows its length."""
    if response.is_sequence:
        return len(response.get_data()) >= _MINIMUM
    return response.content_length is None or response.content_length >= _MINIMUM


def _encode(response: Response, coding: str) -> None:
    """Replace the body. Of a stream nobody knows the length beforehand."""
    compressor = _COMPRESSORS[coding]()
    if response.is_sequence:
        data = compressor.compress(response.get_data())
        response.set_data(data + compressor.end())
        return
    response.headers.pop("Content-Length", None)
    response.direct_passthrough = False
    if close := getattr(response.response, "close", None):
        response.call_on_close(close)  # not by the generator: one that never began does not run its `finally`
    response.response = _stream(response.iter_encoded(), compressor, request.environ.get(TRAILERS, {}))


def _stream(chunks: Iterable[bytes], compressor: _Compressor, trailers: Mapping[str, str]) -> Iterator[bytes]:
    """The compressed chunks. Where one raises, or the trailer fields tell of a break, the end is never written."""
    for chunk in chunks:
        if data := compressor.compress(chunk):
            yield data
    yield compressor.pause() if trailers.get(COMPLETE) == "false" else compressor.end()


def _tag(response: Response, coding: str) -> None:
    """Another coding is another representation, so its strong tag differs (RFC 9110, section 8.8.3.3)."""
    tag, weak = response.get_etag()
    if tag is not None and not weak:
        response.set_etag(f"{tag}--{coding}")


def _tag_as_sent(response: Response) -> None:
    """Not modified is the representation that the client has, under the tag that it has it by."""
    tag, weak = response.get_etag()
    if tag is None or weak:
        return
    sent = request.environ.get(_SENT_TAGS, "")
    preferred = choose(request.headers.get("Accept-Encoding"))
    for coding in (preferred, *_COMPRESSORS):
        if f'"{tag}--{coding}"' in sent:
            response.set_etag(f"{tag}--{coding}")
            return
