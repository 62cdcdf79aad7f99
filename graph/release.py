"""A version of the graph as files to publish: the dataset, what it is, what changed, and the hashes of all of it.

The same version always gives the same bytes: statements are canonical and sorted (`canonical.py`), no clock is read.
A folder or file is there whole or not at all. Suggestions and submissions stay at home unless they are asked for.
"""

import gzip
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, Literal, cast

import pyoxigraph as ox

from . import difference, history, journal, names, release_record, union
from .canonical import canonical_nquads, lines_hash
from .errors import GraphError
from .release_record import File
from .store import Store, load
from .union import Change, DefaultGraph

Format = Literal["nq", "trig", "ttl"]
Progress = Callable[[str, int, int], None]

_NAME: Final = "itu-align-"
_MEDIA_TYPES: Final = {"nq": "application/n-quads", "trig": "application/trig"}
_WRITTEN: Final = {"trig": ox.RdfFormat.TRIG, "ttl": ox.RdfFormat.TURTLE}
_STEPS: Final = 5


class ReleaseError(GraphError):
    """The files cannot be written there."""


@dataclass(frozen=True, slots=True)
class Since:
    """The version from which a changelog counts, and why that one."""

    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the version, how many statements, and the SHA-256 of their canonical N-Quads."""

    version: int
    statements: int
    sha256: str


def export(data: Path, version: int, target: Path, form: Format, *, everything: bool = False) -> Exported:
    """Write a version as one file, compressed where its name ends in `.gz`; Turtle has all graphs as one.

    Raises NoSuchVersionError, CanonicalizationError, and ReleaseError where the file cannot be written.
    """
    quads = _kept(_store(data, version).recorded(), everything=everything)
    lines = canonical_nquads(quads if form != "ttl" else (ox.Quad(*quad.triple) for quad in quads))
    with _refusing(target), journal.whole(target) as file:
        _write(lines, form, file, compressed=target.suffix == ".gz")
    return Exported(version, len(lines), lines_hash(lines))


def release(  # noqa: PLR0913 - what is released, and where to
    data: Path, version: int, folder: Path, report: Progress, *, since: int | None = None, everything: bool = False
) -> tuple[Exported, Since]:
    """Write a version as a folder; `since` is the version from which its changelog counts.

    Without `since` that is the newest older release in a folder beside this one. Raises NoSuchVersionError,
    CanonicalizationError, and ReleaseError where the folder is in use or cannot be written.
    """
    with _refusing(folder):
        if folder.exists() and any(folder.iterdir()):
            raise ReleaseError(f"{folder} is not empty.", hint="Name a new folder: a release is never changed.")
        counted = _since(folder, version, since)
    report("read", 0, _STEPS)
    quads = _kept(_store(data, version).recorded(), everything=everything)
    lines = canonical_nquads(quads)
    exported = Exported(version, len(lines), lines_hash(lines))
    with _refusing(folder), _whole_folder(folder) as unfinished:
        files = []
        for done, (form, media_type) in enumerate(_MEDIA_TYPES.items()):
            report(form, 1 + done, _STEPS)
            name = f"{_NAME}{version}.{form}.gz"
            with journal.whole(unfinished / name) as file:
                _write(lines, cast("Format", form), file, compressed=True)
            files.append(_measured(unfinished / name, media_type))
        report("dcat", 3, _STEPS)
        header = journal.read_header(data, version)
        record = release_record.turtle(quads, header, files, exported.sha256)
        journal.write_file(unfinished / release_record.FILE, record)
        report("changes", 4, _STEPS)
        changes = _changelog(data, version, counted, quads, everything=everything)
        journal.write_file(unfinished / "CHANGELOG.md", changes.encode())
        journal.write_file(unfinished / "SHA256SUMS", _sums(unfinished).encode())
    report("changes", _STEPS, _STEPS)
    return exported, counted


def _store(data: Path, version: int) -> Store:
    history.check(version, journal.head(data) or 0)
    policy = journal.policy(data)
    return Store(load(data, version, policy), version, policy)


def _kept(quads: Iterable[ox.Quad], *, everything: bool) -> list[ox.Quad]:
    """The statements of all graphs, or of those that are published; so is a default graph that is no union."""
    return [
        quad
        for quad in quads
        if everything or union.is_published(quad.graph_name) or isinstance(quad.graph_name, ox.DefaultGraph)
    ]


def _write(lines: Sequence[bytes], form: Format, file: IO[bytes], *, compressed: bool) -> None:
    """Canonical N-Quads in one of the formats. What stands behind a `GzipFile` stays open when that is closed."""
    written = cast("IO[bytes]", gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if compressed else file
    if form == "nq":
        written.writelines(lines)
    else:
        quads = sorted(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS), key=lambda quad: str(quad.graph_name))
        statements = quads if form == "trig" else (quad.triple for quad in quads)
        ox.serialize(statements, written, _WRITTEN[form], prefixes={**names.PREFIXES})
    if compressed:
        written.close()


def _measured(path: Path, media_type: str) -> File:
    content = path.read_bytes()
    return File(path.name, media_type, len(content), hashlib.sha256(content).hexdigest())


def _since(folder: Path, version: int, since: int | None) -> Since:
    """The version that was asked for, else the newest older one among the releases beside the folder."""
    if since is not None:
        if since > version:
            hint = "Name an older one."
            raise ReleaseError(f"The changelog of version {version} cannot count from version {since}.", hint=hint)
        return Since(since, "as asked for with --since")
    beside = [
        (number, path.parent.name)
        for path in folder.parent.glob(f"*/{_NAME}*.nq.gz")
        if 0 < (number := _number(path)) < version and not path.parent.name.startswith(".")
    ]
    if beside:
        number, name = max(beside)
        return Since(number, f"the release in {name} beside this one")
    return Since(0, "no earlier release lies beside this one")


def _number(path: Path) -> int:
    """The version that the file of a release holds; 0 for a file that is none."""
    text = path.name.removeprefix(_NAME).removesuffix(".nq.gz")
    return int(text) if text.isdecimal() and text.isascii() else 0


def _changelog(data: Path, version: int, since: Since, quads: Sequence[ox.Quad], *, everything: bool) -> str:
    """What changed, in words; not who did it. They stand in a block of text: what members wrote is no Markdown."""
    change = history.net(data, since.version, version)
    change = Change(*(_kept(each, everything=everything) for each in (change.deleted, change.inserted)))
    database = ox.Store()
    database.bulk_extend(quads)
    store = Store(database, version, DefaultGraph.OWN)
    headers = (replace(difference.header(data, number), agent="") for number in (since.version, version))
    lines = "\n".join(difference.words(difference.difference(store, change, *headers)))
    before = f"version {since.version}" if since.version else "the beginning"
    return (
        f"# Version {version}\n\nWhat changed since {before} ({since.reason}); all of it:"
        f" `itu-align diff {since.version} {version} --all`.\n\n```text\n{lines}\n```\n"
    )


def _sums(folder: Path) -> str:
    """The hashes of the files, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


@contextmanager
def _whole_folder(folder: Path) -> Generator[Path]:
    """A folder to fill, which gets its name when all of it is on the disk."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        unfinished.replace(folder)
        journal.sync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _refusing(target: Path) -> Generator[None]:
    """What the file system refuses becomes a ReleaseError."""
    try:
        yield
    except OSError as error:
        hint = "Name one in a folder that can be written and has room (df)."
        raise ReleaseError(f"{target} cannot be written: {error}.", hint=hint) from error
