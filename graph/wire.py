"""Frames between the server and its query workers, over a Unix socket.

A frame is one letter, the length of what follows (4 bytes, big-endian), and that many bytes. The server sends a job
(`J`, JSON) and its body (`B`, bytes). The worker answers with who it is (`W`, JSON), then a header (`H`, JSON), data
(`D`, bytes), and an end (`E`, empty) or an error (`X`, JSON). An answer without `E` or `X` is not whole.
"""

import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from . import errors
from .errors import GraphError, Place

_HEAD: Final = struct.Struct("!cI")
_SLICE: Final = 0.25
"""Seconds between two looks at whether the asker is still there."""

Message = dict[str, Any]


class EndOfStreamError(Exception):
    """The other side closed the connection; `started` tells whether it had begun to answer."""


class StillWaitingError(Exception):
    """Nothing came until the deadline."""


def pack(letter: bytes, content: bytes | Message) -> bytes:
    """One frame."""
    if isinstance(content, dict):
        content = json.dumps(content, separators=(",", ":")).encode()
    return _HEAD.pack(letter, len(content)) + content


def pack_error(error: GraphError) -> bytes:
    """A frame that carries an error to the other side; `unpack_error` is its reverse."""
    place = asdict(error.place) if error.place else None
    return pack(b"X", {"class": type(error).__name__, "message": str(error), "hint": error.hint, "place": place})


def unpack_error(message: Message) -> GraphError:
    """The error of an `X` frame, of its own class."""
    kind = _classes().get(message["class"], GraphError)
    place = Place(**message["place"]) if message["place"] else None
    error = kind.__new__(kind)  # some are made of other things than their text
    GraphError.__init__(error, message["message"], hint=message["hint"], place=place)
    return error


class Connection:
    """One side of a connection, reading whole frames; it waits in slices so that it can notice who went away."""

    def __init__(self, sock: socket.socket, gone: Callable[[], bool] | None = None) -> None:
        self._socket = sock
        self._gone = gone or (lambda: False)
        self._buffer = bytearray()

    def send(self, frames: bytes) -> None:
        """Send packed frames."""
        self._socket.sendall(frames)

    def receive(self, until: float | None = None) -> tuple[bytes, bytes]:
        """Letter and content of the next frame; `until` is a deadline on the monotonic clock.

        Raises EndOfStreamError where the stream ends, StillWaitingError past the deadline, and AskerGoneError.
        """
        self._fill(_HEAD.size, until)
        letter, length = _HEAD.unpack_from(self._buffer)
        self._fill(_HEAD.size + length, until)
        content = bytes(memoryview(self._buffer)[_HEAD.size : _HEAD.size + length])
        del self._buffer[: _HEAD.size + length]
        return letter, content

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _fill(self, size: int, until: float | None) -> None:
        while len(self._buffer) < size:
            wait = _SLICE if until is None else min(_SLICE, until - time.monotonic())
            if wait <= 0:
                raise StillWaitingError
            self._socket.settimeout(wait)
            try:
                piece = self._socket.recv(1 << 18)
            except TimeoutError:
                if self._gone():
                    raise errors.AskerGoneError("The asker has gone away.") from None
                continue
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise EndOfStreamError
            self._buffer += piece


def _classes() -> dict[str, type[GraphError]]:
    """All errors by name."""
    found: dict[str, type[GraphError]] = {}
    todo: list[type[GraphError]] = [GraphError]
    while todo:
        kind = todo.pop()
        found[kind.__name__] = kind
        todo += kind.__subclasses__()
    return found
