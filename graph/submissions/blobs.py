"""The files of submissions as they were sent, in `files/` of the data folder under the SHA-256 of their bytes.

A file that is there is whole and is never changed, so it may be kept before the commit that names it: one that no
commit names (the commit failed) is found again when the same bytes are sent.
"""

import gzip
import hashlib
from pathlib import Path
from typing import Final

from .. import journal
from ..errors import StoreError

FOLDER: Final = "files"


def keep(data: Path, content: bytes) -> str:
    """Keep the bytes of a file; its name, their SHA-256 in hexadecimal digits, is returned."""
    name = hashlib.sha256(content).hexdigest()
    path = _path(data, name)
    if not path.exists():
        with journal.translated(data):
            path.parent.mkdir(exist_ok=True)
            journal.write_file(path, gzip.compress(content, compresslevel=6, mtime=0))
    return name


def read(data: Path, name: str) -> bytes:
    """The bytes of a file that was kept; raises StoreError where they are not there or not whole."""
    path = _path(data, name)
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        hint = "Bring the file back from a backup ('itu-align restore')."
        raise StoreError(f"The submitted file {path} cannot be read: {error}.", hint=hint) from error
    if hashlib.sha256(content).hexdigest() != name:
        raise StoreError(f"The submitted file {path} is damaged.", hint="Bring it back from a backup.")
    return content


def _path(data: Path, name: str) -> Path:
    return data / FOLDER / f"{name}.gz"
