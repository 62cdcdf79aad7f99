"""From a worker's reply to an HTTP response that cannot lie about being whole.

A short answer is one response with a length. A long one is sent while it is computed; if it breaks off, its last
bytes make it malformed in its own format, a trailer says why, and the chunked coding is left open, so that HTTP
clients report an error too (https://www.rfc-editor.org/rfc/rfc9112#section-8).
"""

import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Final, cast

from flask import Response, request

from ..graph.errors import AskerGoneError, InterruptionError
from ..graph.reply import Reply
from .cache import MAX_ENTRY

TRAILERS: Final = "itu_align.trailers"
"""In the WSGI environment: a dictionary that our server sends as trailer fields."""

COMPLETE: Final = "X-Result-Complete"
REASON: Final = "X-Result-Error"

_TAILS: Final = {
    "text/csv": '\r\n"INCOMPLETE: ',
    "text/tab-separated-values": '\n"INCOMPLETE: ',
    "text/turtle": "\n<INCOMPLETE: ",
    "application/n-triples": "\n<INCOMPLETE: ",
}
"""What is opened and never closed in formats that are whole after any line; the others end unclosed by themselves."""

Finished = Callable[[InterruptionError | None, int], None]
"""Told once, behind the last byte: what cut the answer off, if anything, and how many bytes there were."""


def deliver(reply: Reply, content_type: str, keep: Callable[[bytes], None], finished: Finished) -> Response:
    """The answer of a reply; `keep` gets the bytes of one that is short and whole."""
    chunks = reply.chunks()
    try:
        head, whole = _gather(chunks)
    except InterruptionError as error:
        finished(error, 0)
        raise
    if whole:
        keep(head)
        finished(None, len(head))
        return Response(head, content_type=content_type)
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return _spooled(head, chunks, content_type, finished)
    response = Response(_stream(head, chunks, content_type, finished), content_type=content_type)
    response.headers["Trailer"] = COMPLETE
    response.call_on_close(lambda: _abandon(reply, finished))
    return response


def _abandon(reply: Reply, finished: Finished) -> None:
    """Nobody reads on, or (HEAD) ever wanted to: behind an answer that was sent to its end this does nothing."""
    reply.close()
    finished(AskerGoneError("The asker has gone away."), 0)


def _gather(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first bytes, and whether they are all. Until then an error can still be an answer of its own."""
    pieces: list[bytes] = []
    size = 0
    for piece in chunks:
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ENTRY:
            return b"".join(pieces), False
    return b"".join(pieces), True


def _spooled(head: bytes, chunks: Iterator[bytes], content_type: str, finished: Finished) -> Response:
    """For HTTP/1.0, where the end of a body is the end of the connection: all of it first, then its length."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    size = file.write(head)
    try:
        for piece in chunks:
            size += file.write(piece)
    except InterruptionError as error:
        file.close()
        finished(error, size)
        raise
    file.seek(0)
    finished(None, size)
    response = Response(cast("IO[bytes]", file), content_type=content_type)
    response.call_on_close(file.close)
    response.content_length = size
    return response


def _stream(head: bytes, chunks: Iterator[bytes], content_type: str, finished: Finished) -> Iterator[bytes]:
    trailers: dict[str, str] | None = request.environ.get(TRAILERS)
    return _pieces(head, chunks, _TAILS.get(content_type.partition(";")[0], ""), trailers, finished)


def _pieces(
    head: bytes, chunks: Iterator[bytes], tail: str, trailers: dict[str, str] | None, finished: Finished
) -> Iterator[bytes]:
    size = len(head)
    try:
        yield head
        for piece in chunks:
            size += len(piece)
            yield piece
    except InterruptionError as error:
        finished(error, size)
        if trailers is None:  # a server that cannot send trailers: breaking off is all that it can do
            raise
        reason = str(error).encode("ascii", "replace").decode()
        trailers |= {COMPLETE: "false", REASON: reason}
        yield f"{tail}{reason}".encode() if tail else b" "
    else:
        finished(None, size)
        if trailers is not None:
            trailers[COMPLETE] = "true"
