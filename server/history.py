"""The versions of the graph at /versions, what each changed, and the list of a thing's earlier states."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for

from ..graph import history, readable
from ..graph.query import Format
from . import cache, conditional, current, delivery, memento, observation, protocol
from .errors import ProtocolError
from .memento import LINK_FORMAT, Memento, States
from .negotiation import HTML, JSON_FORMAT, choose, named, prefers_page

bp = Blueprint("history", __name__)

PATCH: Final = Format("patch", "application/rdf-patch", "rdfp")
"""The type that RDF Patch is known by (https://afs.github.io/rdf-patch/); it is not registered."""

_CHANGES: Final = (PATCH, JSON_FORMAT, HTML)
_MOST_VERSIONS: Final = 100
_MOST_MEMENTOS: Final = 1000


@bp.get("/versions")
def versions() -> Response:
    """The versions, the newest first, a page at a time."""
    observation.client()
    newest, before = current.engine().version, _before()
    start = newest if before is None else min(before - 1, newest)
    found = history.versions(_data(), start, _MOST_VERSIONS)
    more = found[-1].version if found and found[-1].version > 1 else None
    earlier = url_for(".versions", before=more, _external=True) if more else None
    if prefers_page(request.headers.get("Accept", ""), (JSON_FORMAT,)):
        response = Response(render_template("history/versions.html", versions=found, earlier=earlier, newest=newest))
    else:
        listed = [
            {
                "version": each.version,
                "created": each.created,
                "agent": each.agent,
                "operation": each.operation,
                "changes": url_for(".changes", number=each.version, _external=True),
            }
            for each in found
        ]
        response = jsonify({"newest": newest, "versions": listed, "earlier": earlier})
    if earlier:
        response.headers.add("Link", f'<{earlier}>; rel="next"')
    response.headers[conditional.VERSION] = str(newest)
    return response


@bp.get("/versions/<int:number>/changes")
def changes(number: int) -> Response:
    """What a version did to the one before it."""
    wanted = protocol.at_most_one(protocol.in_address(), "format")
    offer = named(wanted, _CHANGES) if wanted else choose(request.headers.get("Accept", ""), _CHANGES)
    with observation.observed(f"GET changes of version {number}") as observed:
        history.check(number, current.engine().version)
        key = cache.key_of("commit", offer.format.name)
        if conditional.matches(key, number):
            observed.outcome = "not_modified"
            return conditional.not_modified(key, number, fixed=True)
        format_ = readable.PAGE if offer.format is HTML else offer.format.name
        reply = observed.ask({"job": "commit", "commit": number, "format": format_})
        with reply.closing_on_error():
            if offer.format is HTML:
                page = render_template("history/changes.html", commit=json.loads(reply.read()))
                response = Response(page, mimetype=HTML.media_type)
            else:
                response = delivery.deliver(reply, offer.content_type, lambda _: None, observed.later())
        conditional.mark(response, key, number, fixed=True)
        return response


@bp.get("/timemap/id/<path:path>")
def time_map(path: str) -> Response:
    """The TimeMap of a thing (https://www.rfc-editor.org/rfc/rfc7089#section-5): the versions that changed it."""
    before = _before()
    found = memento.states([path])
    until = [each for each in found.mementos if before is None or each.version < before]
    listed, earlier = until[-_MOST_MEMENTOS:], until[:-_MOST_MEMENTOS]
    lines = [f'<{memento.address(found.path)}>; rel="original timegate"', _list_of(found, "self", listed, before)]
    if earlier:
        lines.append(_list_of(found, "timemap", earlier[-_MOST_MEMENTOS:], listed[0].version))
    ends = {found.mementos[0]: ["first"]}
    ends.setdefault(found.mementos[-1], []).append("last")
    lines += [memento.link_to(found.path, each, *ends.get(each, ())) for each in listed]
    response = Response(",\n".join(lines) + "\n", content_type=LINK_FORMAT)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _list_of(of: States, relation: str, listed: Sequence[Memento], before: int | None) -> str:
    """A link to a TimeMap, with the time that it spans."""
    span = f'; from="{listed[0].date}"; until="{listed[-1].date}"' if listed else ""
    return f'<{memento.time_map(of.path, before)}>; rel="{relation}"; type="{LINK_FORMAT}"{span}'


def _before() -> int | None:
    """From which version on backwards a list goes."""
    text = protocol.at_most_one(protocol.in_address(), "before")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 18):
        raise ProtocolError(f"'before={text[:40]}' is no version.", hint="Follow the links of the list.")
    return int(text)


def _data() -> Path:
    return Path(current_app.config["DATA"])
