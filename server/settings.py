"""Where the data lives when nobody says so, and how much a request may send."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_QUERY_BYTES: Final = 1 << 20
"""Of query text, decoded. Queries that people write have a few kilobytes."""

MAX_BODY_BYTES: Final = 4 << 20
"""Of a request's body: a form may write each byte of the query as three (`%20`)."""

MAX_GRAPH_BYTES: Final = 64 << 20
"""Of the RDF documents of a request, decompressed: what the reader of RDF takes (graph/rdfbody.py)."""


MAX_UPLOAD_BYTES: Final = 32 << 20
"""Of the files of a submission together. A table of a million cells has about ten million bytes."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """What each client may use in a window of so many seconds; 0 means without limit."""

    requests: int = 3000
    seconds: int = 120
    window: int = 60
    concurrent: int = 16


def default_data() -> Path:
    """The data folder: `$ITU_ALIGN_DATA`, else the user's own (XDG Base Directory Specification).

    A relative `$XDG_DATA_HOME` is ignored, as that specification demands.
    """
    if named := os.environ.get("ITU_ALIGN_DATA"):
        return Path(named)
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "share") / "itu-align"
