"""The record of writes: `audit.jsonl` in the data folder, one JSON object a line, on the disk before `write` returns.

Attempts that were refused stand in it too, but at most sixty a minute: a stranger who knocks a million times
must neither fill the disk nor keep it busy. How many were left out is said in the next line.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from .errors import StoreError

_FILE: Final = "audit.jsonl"
_REFUSALS: Final = 60
_MINUTE: Final = 60.0
_MAX_TEXT: Final = 500
_MAX_GRAPHS: Final = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One write, or an attempt: who, when, what, from which version to which."""

    operation: str
    outcome: str
    token: str | None = None
    note: str | None = None
    client: str | None = None
    graphs: Sequence[str] = ()
    from_version: int | None = None
    to_version: int | None = None
    inserted: int | None = None
    deleted: int | None = None
    request: str | None = None
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    left_out: int = 0
    """Refused attempts before this line that have none of their own."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the file holds. A line that cannot be read was torn by a crash, or is not ours."""

    entries: Sequence[Entry]
    unreadable: Sequence[int]
    """Numbers of the lines, from 1."""


class AuditLog:
    """Appends to the record of a data folder; for any number of threads, and beside other processes."""

    def __init__(self, data: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._data = data
        self._clock = clock
        self._lock = Lock()
        self._minute = clock()
        self._refusals = 0
        self._left_out = 0

    def write(self, entry: Entry) -> None:
        """Append a line and wait until the disk has it. Raises StoreError where it cannot be written."""
        with self._lock:
            self._append(entry)

    def refused(self, entry: Entry) -> None:
        """Append an attempt that was refused, unless this minute has had its share of those."""
        with self._lock:
            now = self._clock()
            if now - self._minute >= _MINUTE:
                self._minute, self._refusals = now, 0
            self._refusals += 1
            if self._refusals <= _REFUSALS:
                self._append(entry)
            else:
                self._left_out += 1

    def _append(self, entry: Entry) -> None:
        append(self._data, replace(entry, left_out=self._left_out))
        self._left_out = 0


def append(data: Path, entry: Entry) -> None:
    """Add one line, whole or not at all. For a single write; a server uses AuditLog."""
    line = _line(entry)
    try:
        number = os.open(data / _FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            _write_whole(number, line)
        finally:
            os.close(number)
    except OSError as error:
        hint = "Check the folder's rights and the free space (df)."
        raise StoreError(f"The record of writes {data / _FILE} cannot be written: {error}.", hint=hint) from error


def read(data: Path) -> Record:
    """All entries, oldest first. Torn lines are counted, not hidden."""
    try:
        lines = (data / _FILE).read_bytes().split(b"\n")
    except FileNotFoundError:
        return Record((), ())
    except OSError as error:
        raise StoreError(f"The record of writes {data / _FILE} cannot be read: {error}.") from error
    entries = [_entry(line) for line in lines]
    unreadable = [at for at, (line, entry) in enumerate(zip(lines, entries, strict=True), 1) if line and entry is None]
    return Record([entry for entry in entries if entry is not None], unreadable)


def _line(entry: Entry) -> bytes:
    """JSON in ASCII, so no character of a request can begin a line, move a cursor or look like another."""
    graphs = [_cut(name) for name in entry.graphs[:_MAX_GRAPHS]]
    members = {name: _cut(value) if isinstance(value, str) else value for name, value in asdict(entry).items()}
    members["graphs"] = [*graphs, "…"] if len(entry.graphs) > _MAX_GRAPHS else graphs
    kept = {name: value for name, value in members.items() if value is not None and (name, value) != ("left_out", 0)}
    return json.dumps(kept).encode("ascii") + b"\n"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _write_whole(number: int, line: bytes) -> None:
    """After a torn line a new one is begun. What a full disk took only a part of is taken back."""
    end = os.lseek(number, 0, os.SEEK_END)
    if end and os.pread(number, 1, end - 1) != b"\n":
        line = b"\n" + line
    try:
        if os.write(number, line) != len(line):
            raise OSError("only a part of the line was written")  # noqa: TRY301 - one place undoes both
        os.fsync(number)
    except OSError:
        os.ftruncate(number, end)
        raise


def _entry(line: bytes) -> Entry | None:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None
