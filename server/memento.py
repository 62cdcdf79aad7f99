"""Earlier states of a thing over HTTP: Memento (https://www.rfc-editor.org/rfc/rfc7089), its pattern 1.1.

The address of a thing is its own TimeGate: with `Accept-Datetime` it redirects to the address with `?version=`, a
Memento. A state begins with the version that changed what is said of the thing, and those versions are its Mementos.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from flask import Response, request, url_for
from werkzeug.http import http_date

from ..graph.names import ID
from . import reading
from .errors import ProtocolError

ACCEPT: Final = "Accept-Datetime"
LINK_FORMAT: Final = "application/link-format"
"""https://www.rfc-editor.org/rfc/rfc6690#section-7.3"""

_DATETIME: Final = "Memento-Datetime"


@dataclass(frozen=True, slots=True)
class Memento:
    """A state of a thing: the version that it begins with, and when that was, to the second as HTTP tells time."""

    version: int
    time: datetime

    @property
    def date(self) -> str:
        """The time as HTTP writes it."""
        return http_date(self.time)


@dataclass(frozen=True, slots=True)
class States:
    """All states of a thing, oldest first; `path` is its address below /id/."""

    path: str
    mementos: Sequence[Memento]

    def at(self, moment: datetime) -> Memento:
        """The one of this moment; before the first it is the first (section 4.5.3)."""
        return next((each for each in reversed(self.mementos) if each.time <= moment), self.mementos[0])

    def until(self, version: int) -> Memento | None:
        """The one that a version shows; None where the thing was not there yet."""
        return next((each for each in reversed(self.mementos) if each.version <= version), None)


def states(paths: Sequence[str]) -> States:
    """The states of the first of these paths of which anything was ever said; raises NoSuchThingError."""
    candidates = [ID + path for path in paths]
    found = reading.fetch(f"states of {paths[0]}", {"job": "mementos", "candidates": candidates})
    mementos = [Memento(version, _second(created)) for version, created in json.loads(found.content)]
    return States(found.header["iri"].removeprefix(ID), mementos)


def asked() -> datetime | None:
    """What `Accept-Datetime` asks for; raises ProtocolError where it is no date of RFC 1123 (section 2.1.1)."""
    text = request.headers.get(ACCEPT)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        if http_date(moment) == text.strip():
            return moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    hint = f"Write it as '{ACCEPT}: Tue, 20 Mar 2001 20:35:00 GMT'."
    raise ProtocolError(f"'{ACCEPT}: {text[:60]}' is no date of HTTP.", hint=hint)


def address(path: str, version: int | None = None) -> str:
    """The absolute address of a thing, or of a Memento of it."""
    return url_for("entities.thing", path=path, version=version, _external=True)


def time_map(path: str, before: int | None = None) -> str:
    """The absolute address of the list of its Mementos."""
    return url_for("history.time_map", path=path, before=before, _external=True)


def mark_original(response: Response, path: str) -> None:
    """Say that this address negotiates in time, and where its Mementos are listed."""
    response.vary.add(ACCEPT)
    response.headers.add("Link", f'<{address(path)}>; rel="original timegate"')
    response.headers.add("Link", f'<{time_map(path)}>; rel="timemap"; type="{LINK_FORMAT}"')


def mark_memento(response: Response, of: States, shown: Memento) -> None:
    """Say of which time this is, of what, and where its neighbours are (section 2.2)."""
    response.headers[_DATETIME] = shown.date
    first, last = of.mementos[0], of.mementos[-1]
    span = f'from="{first.date}"; until="{last.date}"'
    response.headers.add("Link", f'<{address(of.path)}>; rel="original timegate"')
    response.headers.add("Link", f'<{time_map(of.path)}>; rel="timemap"; type="{LINK_FORMAT}"; {span}')
    for link in _neighbours(of, shown):
        response.headers.add("Link", link)


def _neighbours(of: States, shown: Memento) -> Iterator[str]:
    position = of.mementos.index(shown)
    relations: dict[Memento, list[str]] = {of.mementos[0]: ["first"]}
    relations.setdefault(of.mementos[-1], []).append("last")
    if position > 0:
        relations.setdefault(of.mementos[position - 1], []).append("prev")
    if position + 1 < len(of.mementos):
        relations.setdefault(of.mementos[position + 1], []).append("next")
    for memento in sorted(relations, key=lambda each: each.version):
        yield link_to(of.path, memento, *relations[memento])


def link_to(path: str, memento: Memento, *relations: str) -> str:
    """A link to a Memento, which always tells its time (section 2.2.4)."""
    words = " ".join([*relations, "memento"])
    return f'<{address(path, memento.version)}>; rel="{words}"; datetime="{memento.date}"'


def _second(created: str) -> datetime:
    return datetime.fromisoformat(created).replace(microsecond=0)
