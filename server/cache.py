"""Answers kept in memory by what was asked of which version. A commit makes a new version, so nothing goes stale."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Final

from ..graph.wire import Message

MAX_ENTRY: Final = 1 << 20
"""Bytes of an answer that is kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer: the header that its worker gave, and its bytes."""

    header: Message
    content: bytes


class Cache:
    """The answers used last, up to a number of bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Kept | None:
        """The answer under a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: str, header: Message, content: bytes) -> None:
        """Keep an answer; those not used for longest make room."""
        if len(content) > min(MAX_ENTRY, self._capacity):
            return
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._size += len(content) - (len(replaced.content) if replaced else 0)
            self._kept[key] = Kept(header, content)
            while self._size > self._capacity:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.content)


def key_of(*parts: object) -> str:
    """One key for all that an answer depends on."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
