"""Queries that can be cited: text, graphs, version of the data, and a hash of the result as it was then.

A link is a small file in the data folder, named by what it holds, so the same citation made twice is one.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from . import journal
from .dataset import Dataset
from .errors import GraphError
from .query import JSON, N_TRIPLES, Answer, Term

_FOLDER: Final = "permalinks"
_MOST: Final = 100_000
_MAX_TEXT: Final = 64 << 10
_ID_LENGTH: Final = 16


class PermalinkError(GraphError):
    """A query cannot be kept: it is too long, there are too many already, or it has no answer that could be cited."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A result in short: how many rows (or triples; 1 for yes or no), and the SHA-256 of them all in any order."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Permalink:
    """A query as it was cited."""

    id: str
    created: str
    query: str
    default_graphs: Sequence[str]
    named_graphs: Sequence[str]
    base: str
    version: int
    result: Digest


def digest(answer: Answer) -> Digest:
    """The hash of a result that does not depend on the order of its rows or on the names of blank nodes.

    Triples are canonicalised (https://www.w3.org/TR/rdf-canon/); in rows each blank node counts as the same one.
    """
    if answer.kind == "table":
        variables, rows = answer.rows()
        return _hashed(["\t".join(variables)], ("\t".join(map(_term, row)) for row in rows))
    if answer.kind == "boolean":
        return Digest(1, hashlib.sha256(answer.serialise(JSON)).hexdigest())
    dataset = ox.Dataset(ox.parse(answer.serialise(N_TRIPLES), format=ox.RdfFormat.N_TRIPLES))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256)
    return _hashed([], (str(quad) for quad in dataset))


def make(data: Path, text: str, dataset: Dataset, version: int, result: Digest) -> Permalink:
    """Keep a citation; raises PermalinkError where it is too long or there are too many, StoreError on a full disk."""
    if len(text) > _MAX_TEXT:
        message = f"The query has {len(text):,} characters; at most {_MAX_TEXT:,} are kept."
        raise PermalinkError(message, hint="Cite a shorter query.")
    what = json.dumps([text, dataset.default, dataset.named, dataset.base, version, asdict(result)])
    name = hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_LENGTH]
    found = read(data, name)
    if found is not None:
        return found
    created = datetime.now(UTC).isoformat(timespec="seconds")
    link = Permalink(name, created, text, list(dataset.default), list(dataset.named), dataset.base, version, result)
    with journal.translated(data):
        folder = data / _FOLDER
        folder.mkdir(exist_ok=True)
        if sum(1 for _ in folder.iterdir()) >= _MOST:
            hint = "Ask the operator to take away links that nobody needs."
            raise PermalinkError(f"There are {_MOST:,} links already.", hint=hint)
        journal.write_file(folder / f"{name}.json", json.dumps(asdict(link), indent=1).encode())
    return link


def read(data: Path, name: str) -> Permalink | None:
    """The citation of this id, None where there is none."""
    if len(name) != _ID_LENGTH or not name.isalnum():
        return None
    try:
        members = json.loads((data / _FOLDER / f"{name}.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Permalink(**{**members, "result": Digest(**members["result"])})


def _hashed(head: Sequence[str], lines: Iterable[str]) -> Digest:
    ordered = sorted(lines)
    content = "\n".join([*head, *ordered]).encode("utf-8", "surrogatepass")
    return Digest(len(ordered), hashlib.sha256(content).hexdigest())


def _term(term: Term | None) -> str:
    if term is None:
        return ""
    return "_:" if isinstance(term, ox.BlankNode) else str(term).replace("\n", "\\n").replace("\t", "\\t")
