"""Where the data lives when nobody says so, and how much a request may send."""

import os
from pathlib import Path
from typing import Final

MAX_QUERY_BYTES: Final = 1 << 20
"""Of query text, decoded. Queries that people write have a few kilobytes."""

MAX_BODY_BYTES: Final = 4 << 20
"""Of a request's body: a form may write each byte of the query as three (`%20`)."""


def default_data() -> Path:
    """The data folder: `$ITU_ALIGN_DATA`, else the user's own (XDG Base Directory Specification).

    A relative `$XDG_DATA_HOME` is ignored, as that specification demands.
    """
    if named := os.environ.get("ITU_ALIGN_DATA"):
        return Path(named)
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "share") / "itu-align"
