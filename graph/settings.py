"""How an engine works. Light to import, since the command line shows the defaults."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .outbound import Endpoint
    from .sparql12 import Version


@dataclass(frozen=True, slots=True)
class Settings:
    """How an engine works; all may be set by the operator."""

    data: Path
    workers: int = max(2, os.cpu_count() or 1) + 1
    """Processes ready for short queries."""
    long: int = 8
    """Queries that may run beside them for long."""
    seconds: float = 30.0
    """What a query may take where it does not say."""
    most_seconds: float = 300.0
    """What it may ask for with `timeout=`."""
    patience: float = 10.0
    """Seconds that a query waits for a free worker."""
    memory: int = 1 << 30
    """Bytes that a query may take; 0 for no limit."""
    answer: int = 256 << 20
    """Bytes that an answer may have; 0 for no limit."""
    readers: str = "memory"
    """`memory`, or `disk` for a graph that is larger."""
    sparql: "Version" = "1.1"
    """The version of SPARQL that is read."""
    endpoints: tuple["Endpoint", ...] = ()
    """What SERVICE may ask."""
