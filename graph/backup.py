"""A data folder as one file, and back: taken while a server writes, and believed only after it was checked.

The record is a folder of files that never change, so a backup needs no lock: it holds every commit up to the newest
one when it began. `manifest.json` in it has the SHA-256 of each file, and of all quads of the graph, sorted.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from . import journal
from .errors import GraphError
from .store import Store

_MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_BESIDE: Final = ("dataset.json", "tokens.json", "audit.jsonl")
_FOLDERS: Final = ("permalinks", "files")
Progress = Callable[[str, int, int], None]


class BackupError(GraphError):
    """The file is no backup, is damaged, or does not hold what it says."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: its newest version, how many quads that has, and their hash."""

    version: int
    quads: int
    sha256: str


def backup(data: Path, target: Path, report: Progress) -> Contents:
    """Write a backup of a data folder, and read it again to see that it is whole.

    Raises StoreError where there is no graph, BackupError where the file cannot be written; a file of that name is
    replaced only by a whole one.
    """
    store = Store.open(data)
    contents = _contents(store)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _write(data, contents, file, report)
            file.flush()
            os.fsync(file.fileno())
        with tarfile.open(unfinished) as archive:
            _check(archive)
        unfinished.replace(target)
    except (OSError, tarfile.TarError) as error:
        hint = "Name a file in a folder that can be written and has room (df)."
        raise BackupError(f"The backup {target} cannot be written: {error}.", hint=hint) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return contents


def restore(source: Path, data: Path, report: Progress) -> Contents:
    """Make a data folder from a backup; it is there whole and checked, or not at all.

    Raises BackupError where the folder is in use already, or where anything in the file is not as its manifest says.
    """
    if data.exists() and any(data.iterdir()):
        hint = "Restore into a new folder, look at it with 'itu-align check', then put it in the place of the other."
        raise BackupError(f"{data} is not empty.", hint=hint)
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{data.name}.", dir=data.parent))
    except OSError as error:
        raise BackupError(f"{data} cannot be written: {error}.", hint="Check the folder's rights.") from error
    try:
        contents = _unpack(source, folder, report)
        report("check", 1, 2)
        if _contents(Store.open(folder)) != contents:
            raise BackupError(f"The graph in {source} is not the one that was saved.", hint="Use another backup.")
        folder.chmod(0o755)
        folder.replace(data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report("check", 2, 2)
    return contents


def _write(data: Path, contents: Contents, file: io.BufferedWriter, report: Progress) -> None:
    """The files one by one, then the manifest."""
    files = list(_files(data, contents.version))
    hashes: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="w") as archive:
        for done, path in enumerate(files):
            report("files", done, len(files))
            content = path.read_bytes()
            name = path.relative_to(data).as_posix()
            hashes[name] = hashlib.sha256(content).hexdigest()
            _add(archive, name, content)
        manifest = {"format": _FORMAT, "contents": asdict(contents), "files": hashes}
        _add(archive, _MANIFEST, json.dumps(manifest, indent=1).encode())
    report("files", len(files), len(files))


def _files(data: Path, version: int) -> Iterator[Path]:
    yield from (journal.commit_file(data, number) for number in range(1, version + 1))
    yield from (path for name in _BESIDE if (path := data / name).is_file())
    yield from (path for name in _FOLDERS for path in sorted((data / name).glob("*")) if path.is_file())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _unpack(source: Path, folder: Path, report: Progress) -> Contents:
    try:
        with tarfile.open(source) as archive:
            manifest = _check(archive)
            for done, name in enumerate(manifest["files"]):
                report("files", done, len(manifest["files"]))
                archive.extract(name, folder, filter="data")
            return Contents(**manifest["contents"])
    except (OSError, tarfile.TarError, TypeError) as error:
        raise BackupError(f"{source} cannot be read as a backup: {error}.", hint="Use another backup.") from error


def _check(archive: tarfile.TarFile) -> dict[str, Any]:
    """The manifest, when every file is there once and has its hash."""
    members = archive.getmembers()
    manifest = _manifest(archive)
    names = [member.name for member in members if member.name != _MANIFEST]
    if sorted(names) != sorted(manifest["files"]):
        raise BackupError("The backup does not hold the files that its manifest names.", hint="Use another backup.")
    for member in members:
        file = archive.extractfile(member)
        expected = manifest["files"].get(member.name)
        if expected and (file is None or hashlib.sha256(file.read()).hexdigest() != expected):
            raise BackupError(f"{member.name} in the backup is damaged.", hint="Use another backup.")
    return manifest


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    try:
        file = archive.extractfile(_MANIFEST)
        manifest: dict[str, Any] = json.loads(file.read()) if file else {}
        known = manifest["format"] == _FORMAT and isinstance(manifest["files"], dict)
    except (KeyError, ValueError, TypeError):
        known, manifest = False, {}
    if not known:
        hint = "Name a file that 'itu-align backup' has written, with this version or an earlier one."
        raise BackupError("The file holds no manifest that can be read here.", hint=hint)
    return manifest


def _contents(store: Store) -> Contents:
    lines = sorted((ox.serialize(store.recorded(), format=ox.RdfFormat.N_QUADS) or b"").splitlines())
    return Contents(store.version, len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest())
