"""Turtle with its prefixes in order and, where the text is short enough to know, only those that are used.

The engine writes all prefixes, in an order that changes from run to run.
"""

from types import TracebackType
from typing import IO, Final

_HELD: Final = 1 << 16
"""Bytes that are kept back to see which prefixes they use."""


class TurtleOutput:
    """Between the engine and an output; the text goes on when it is long enough, or at the end."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._held: bytearray | None = bytearray()

    def write(self, content: bytes) -> int:
        """Take a piece of the text."""
        if self._held is None:
            return self._output.write(content)
        self._held += content
        if len(self._held) > _HELD:
            self._release(only_used=False)
        return len(content)

    def flush(self) -> None:
        """What is kept back stays so: only the end of the text tells which prefixes it uses."""

    def __enter__(self) -> IO[bytes]:
        return self  # type: ignore[return-value]  # it has what the engine calls: write and flush

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None) -> None:
        if kind is None and self._held is not None:
            self._release(only_used=True)

    def _release(self, *, only_used: bool) -> None:
        lines = bytes(self._held or b"").splitlines(keepends=True)
        self._held = None
        declared = [line for line in lines if line.startswith(b"@prefix ")]
        body = b"".join(line for line in lines if not line.startswith(b"@prefix "))
        used = [line for line in sorted(declared) if not only_used or line.split()[1] in body]
        self._output.write(b"".join(used) + body)
