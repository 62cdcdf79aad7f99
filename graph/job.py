"""What a job of a query worker is: it reads a message and a body, works on a store, and writes to a sink."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from . import patch
from .sparql12 import Version
from .store import Store
from .union import Change
from .wire import Message


class Sink(Protocol):
    """Where an answer goes: one header, then bytes."""

    def begin(self, header: Message) -> None:
        """Say what will follow; errors after this can only cut the answer off."""
        ...

    def write(self, content: bytes) -> int:
        """Take a piece of the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a job works on, and what this server allows."""

    store: Store
    version: Version = "1.1"
    """The SPARQL that is read."""
    data: Path = Path()
    """The data folder, for what is kept beside the graph: its commits, and the files of submissions."""


Job = Callable[[Context, Message, bytes, Sink], None]


def send_change(change: Change, sink: Sink, *, existed: bool = True, details: Any = None) -> None:  # noqa: ANN401 - JSON
    """Answer with a change, to be committed by `Engine.write`; the details go to whoever asked for it."""
    graphs = sorted({str(quad.graph_name) for quad in (*change.deleted, *change.inserted)})
    counts = {"deleted": len(change.deleted), "inserted": len(change.inserted)}
    sink.begin({**counts, "graphs": graphs, "existed": existed, "details": details})
    for line in patch.body_lines(change):
        sink.write(line)
