"""The queries that took long: `slow.jsonl` in the data folder, one JSON object a line, rotated by size.

The text of a query is in it, and a text can name what is confidential: only the owner may read the file.
"""

import json
import logging
import os
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FILE: Final = "slow.jsonl"
_MAX_BYTES: Final = 10_000_000
_BACKUPS: Final = 3
_MAX_TEXT: Final = 10_000
_log = logging.getLogger(__name__)


class SlowLog:
    """Writes the queries that take at least `threshold` seconds; for any number of threads."""

    def __init__(
        self, data: Path, threshold: float = 1.0, *, max_bytes: int = _MAX_BYTES, backups: int = _BACKUPS
    ) -> None:
        self._threshold = threshold
        self._handler = _File(data / _FILE, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", delay=True)

    def record(  # noqa: PLR0913 - the columns of the log
        self,
        seconds: float,
        text: str,
        *,
        outcome: str,
        client: str,
        version: int | None,
        rows: int | None = None,
        size: int | None = None,
        rewritten: bool = False,
    ) -> None:
        """Write a line if the query took long. Of its text only the beginning is kept, with its length beside it."""
        if seconds < self._threshold:
            return
        members = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "seconds": round(seconds, 3),
            "outcome": outcome,
            "rows": rows,
            "bytes": size,
            "client": client,
            "version": version,
            "rewritten": rewritten,
            "text": text[:_MAX_TEXT],
            "characters": len(text),
            "cut": len(text) > _MAX_TEXT,
        }
        self._handler.handle(_line({name: value for name, value in members.items() if value is not None}))

    def close(self) -> None:
        """Give the file back; a later line opens it again."""
        self._handler.close()


class _File(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return open(number, "a", encoding=self.encoding)  # noqa: PTH123 - pathlib opens no descriptors

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - a name of logging's
        """A full disk costs the line, not the answer."""
        _log.warning("The log of slow queries cannot be written.", exc_info=True)


def _line(members: dict[str, object]) -> logging.LogRecord:
    """JSON in ASCII: no character of a query can begin a line or move a cursor."""
    return logging.LogRecord(__name__, logging.INFO, "", 0, json.dumps(members), None, None)
