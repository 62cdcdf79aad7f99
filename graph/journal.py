"""Stage 4a: the record, a folder of commits. Each is a file that is there whole or not at all, and never changes.

`commits/<version>.rdfp.gz` is what the version did to the one before it, as RDF Patch: quads that really went and
came, so any version can be had from any other, forwards and backwards. A commit is acknowledged when its file has
its name; all else in a data folder (snapshots, Oxigraph folders) is made from the commits and can be made again.
"""

import fcntl
import gzip
import json
import os
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from . import patch
from .errors import StoreError
from .union import Change, DefaultGraph

_COMMITS: Final = "commits"
_ENDING: Final = ".rdfp.gz"
_SETTINGS: Final = "dataset.json"
_FORMAT: Final = 1
_PIECE: Final = 1 << 16
_PATIENCE: Final = 30.0
"""Seconds that a writer waits for another one. A write takes milliseconds; a build commits within a second."""


@dataclass(frozen=True, slots=True)
class Header:
    """About a commit: what made it, by whom and when."""

    version: int
    created: str
    agent: str
    operation: str


def create(data: Path, policy: DefaultGraph) -> None:
    """Make a data folder, or find that it is one already; raises StoreError where it cannot be written."""
    with translated(data):
        (data / _COMMITS).mkdir(parents=True, exist_ok=True)
        if not (data / _SETTINGS).exists():
            write_file(data / _SETTINGS, json.dumps({"format": _FORMAT, "default_graph": policy}).encode() + b"\n")


def policy(data: Path) -> DefaultGraph:
    """What the default graph of this folder is."""
    try:
        settings = json.loads((data / _SETTINGS).read_text("utf-8"))
        return {_FORMAT: DefaultGraph(settings["default_graph"])}[settings["format"]]
    except FileNotFoundError:
        return DefaultGraph.UNION
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = 'It should hold {"format": 1, "default_graph": "union"} or "own".'
        raise StoreError(f"{data / _SETTINGS} cannot be read: {error}.", hint=hint) from error


def head(data: Path, known: int = 0) -> int | None:
    """The newest version, None where nothing was ever written; quick where a version is known to be there."""
    if known:
        while commit_file(data, known + 1).exists():
            known += 1
        return known
    try:
        names = [path.name for path in (data / _COMMITS).iterdir()]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{data} cannot be read: {error}.", hint="Check the folder's rights.") from error
    return max((int(stem) for name in names if (stem := name.removesuffix(_ENDING)).isdigit()), default=None)


@contextmanager
def writing(data: Path) -> Generator[int]:
    """Hold the data folder for one writer, who is given the newest version (0 for none)."""
    with translated(data):
        lock = (data / "lock").open("a")
    with lock:
        _take(lock.fileno(), data)
        yield head(data) or 0


def append(data: Path, header: Header, body: Iterable[bytes]) -> Path:
    """Write a commit, inside `writing`; it is on the disk when this returns. Raises StoreError, and leaves nothing."""
    path = commit_file(data, header.version)
    with translated(data), whole(path) as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(patch.header_lines({**_texts(header), "previous": str(header.version - 1)}))
        for piece in body:
            packed.write(piece)
        packed.write(patch.FOOTER)
    return path


def new_header(version: int, agent: str, operation: str) -> Header:
    """A header of this moment."""
    return Header(version, datetime.now(UTC).isoformat(timespec="milliseconds"), agent, operation)


def read(data: Path, version: int) -> Change:
    """What a version changed; raises StoreError where its file is damaged or missing."""
    path = commit_file(data, version)
    try:
        with gzip.open(path) as file:
            return patch.read_change(file)
    except (OSError, EOFError, ValueError, SyntaxError) as error:
        raise _damaged(path, error) from error


def read_header(data: Path, version: int) -> Header:
    """Who made a version, when, and by what."""
    with opened(data, version) as (header, _):
        return header


@contextmanager
def opened(data: Path, version: int) -> Generator[tuple[Header, Iterator[bytes]]]:
    """The header of a commit and the lines behind it, to be read one by one; a damaged file becomes a StoreError."""
    path = commit_file(data, version)
    try:
        with gzip.open(path) as file:
            found = patch.headers(file)
            yield Header(version, found["created"], found["agent"], found["operation"]), iter(file)
    except (OSError, EOFError, KeyError, ValueError, SyntaxError) as error:
        raise _damaged(path, error) from error


def text(data: Path, version: int) -> Iterator[bytes]:
    """A commit as it is written, RDF Patch, in pieces; raises StoreError where its file is damaged."""
    path = commit_file(data, version)
    try:
        with gzip.open(path) as file:
            while piece := file.read(_PIECE):
                yield piece
    except (OSError, EOFError) as error:
        raise _damaged(path, error) from error


def commit_file(data: Path, version: int) -> Path:
    """Where the commit of a version lies."""
    return data / _COMMITS / f"{version:09d}{_ENDING}"


def write_file(path: Path, content: bytes) -> None:
    """Write a small file so that it is there whole or as it was."""
    with whole(path) as file:
        file.write(content)


@contextmanager
def translated(data: Path) -> Generator[None]:
    """What the file system refuses becomes a StoreError."""
    try:
        yield
    except OSError as error:
        hint = "Check the folder's rights and the free space (df), or name another folder with --data."
        kept = " What was served before is still served." if head_or_none(data) else ""
        raise StoreError(f"{data} cannot be written: {error}.", hint=hint + kept) from error


def head_or_none(data: Path) -> int | None:
    """The newest version where the folder can be read at all."""
    try:
        return head(data)
    except StoreError:
        return None


@contextmanager
def whole(path: Path) -> Generator[BinaryIO]:
    """A file to fill, which gets its name when all of it is on the disk."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take(lock: int, data: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                hint = "Wait until the other writer has ended, or stop it."
                raise StoreError(f"Somebody else has been writing to {data} for long.", hint=hint) from None
            time.sleep(0.005)


def _texts(header: Header) -> dict[str, str]:
    return {
        "version": str(header.version),
        "created": header.created,
        "agent": header.agent,
        "operation": header.operation,
    }


def _damaged(path: Path, error: Exception) -> StoreError:
    hint = "Bring the file back from a backup ('itu-align restore'); a commit never changes once it is written."
    return StoreError(f"The commit {path} cannot be read: {error}.", hint=hint)
