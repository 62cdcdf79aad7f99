"""Things at their own addresses, /id/…, as a page or as RDF, now and as at any version; the ontology and the shapes.

Which format is sent is told by Accept or by a suffix (`.ttl`). A key may itself end in `.ttl`, so a suffix counts only
where nothing is said of the address as it stands. Earlier states: `memento.py`.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ..graph import names, query, readable
from ..graph.errors import GraphError
from ..graph.query import Format
from . import as_at, memento, protocol, reading
from .cache import Kept
from .errors import NotThereError
from .negotiation import HTML, Offer, choose

bp = Blueprint("entities", __name__)

INCOMING: Final = "X-Incoming-Statements"
"""How many of the statements that have the thing as object are listed, and how many there are."""

_FORMATS: Final = (*query.FORMATS_OF["graph"], HTML)
_SUFFIXES: Final = {each.extension: Offer(each.media_type, each) for each in _FORMATS}

_Readings = Sequence[tuple[str, Offer | GraphError]]
"""What an address may mean: the path of a thing, and the format to send it in."""


@bp.get("/id/<path:path>")
def thing(path: str) -> BaseResponse:
    """What is said of a thing; with Accept-Datetime, the way to what was said then."""
    version = as_at.asked(protocol.in_address())
    if version is not None:
        return _memento(path, version)
    g.mark = partial(memento.mark_original, path=path)
    moment = memento.asked()
    if moment is None:
        return _answer(path, None)
    found = memento.states([each for each, _ in _readings(path)])
    g.mark = partial(memento.mark_original, path=found.path)
    return redirect(memento.address(path, found.at(moment).version), 302)


@bp.get("/ontology", defaults={"name": "ontology"})
@bp.get("/ontology.<suffix>", defaults={"name": "ontology"})
@bp.get("/shapes", defaults={"name": "shapes"})
@bp.get("/shapes.<suffix>", defaults={"name": "shapes"})
def vocabulary(name: str, suffix: str = "") -> Response:
    """The ontology or the shapes, whole."""
    parameters = protocol.in_address()
    if name == "shapes":
        as_at.refuse(parameters, "The shapes come with the program and have no versions here.")
    version = as_at.asked(parameters)
    offer = _certain(_with_suffix(suffix) if suffix else _accepted())
    job = {"job": "vocabulary", "name": name, "format": _name(offer), **as_at.member(version)}

    def address(suffix: str) -> str:
        return url_for(".vocabulary", name=name, suffix=suffix, version=version)

    def make(found: Kept) -> Response:
        content: str | bytes
        if offer.format is HTML:
            terms = json.loads(found.content)
            shown = {"name": name, "terms": terms, "version": version}
            content = render_template("entities/vocabulary.html", formats=_others(HTML), **shown)
        else:
            content = found.content
        return _response(content, offer, address)

    return reading.answer(f"GET /{name}", job, make)


@bp.after_request
def _mark(response: Response) -> Response:
    """Also an error says what it is a state of: a thing may be gone now, or have been gone then."""
    if mark := g.pop("mark", None):
        mark(response)
    return response


def _memento(path: str, version: int) -> Response:
    found = memento.states([each for each, _ in _readings(path)])
    shown = found.until(version)
    if shown is not None:
        g.mark = partial(memento.mark_memento, of=found, shown=shown)
    return _answer(path, version)


def _answer(path: str, version: int | None) -> Response:
    readings = _readings(path)
    candidates = [(names.ID + each, _name(offer)) for each, offer in readings]
    job = {"job": "thing", "candidates": candidates, **as_at.member(version)}
    return reading.answer(f"GET /id/{path}", job, partial(_shown, readings, version))


def _shown(readings: _Readings, version: int | None, found: Kept) -> Response:
    path = found.header["iri"].removeprefix(names.ID)
    offer = _certain(dict(readings)[path])
    content: str | bytes = found.content
    if version is None:
        g.mark = partial(memento.mark_original, path=path)
    if offer.format is HTML:
        entity, time_map = json.loads(content), memento.time_map(path)
        shown = {"entity": entity, "path": path, "version": version, "time_map": time_map}
        content = render_template("entities/thing.html", formats=_others(HTML), **shown)
    response = _response(content, offer, lambda suffix: url_for(".thing", path=f"{path}.{suffix}", version=version))
    response.headers[INCOMING] = "{shown} of {total}".format_map(found.header["incoming"])
    return response


def _response(content: str | bytes, offer: Offer, address: Callable[[str], str]) -> Response:
    """The content, with the address that always has this format, and those of the others (RFC 9110, section 8.7)."""
    response = Response(content, content_type=offer.content_type)
    response.headers["Content-Location"] = address(offer.format.extension)
    for suffix, media_type in _others(offer.format):
        response.headers.add("Link", f'<{address(suffix)}>; rel="alternate"; type="{media_type}"')
    return response


def _others(shown: Format) -> list[tuple[str, str]]:
    """The other formats by suffix and media type."""
    return [(each.extension, each.media_type) for each in _FORMATS if each is not shown]


def _readings(path: str) -> _Readings:
    """As it stands, in a format that the client likes; then without a suffix that names a format."""
    stem, _, suffix = path.rpartition(".")
    offer = _SUFFIXES.get(suffix)
    return [(path, _accepted()), *([(stem, offer)] if offer else [])]


def _accepted() -> Offer | GraphError:
    """An error waits until it is known that Accept decides."""
    try:
        return choose(request.headers.get("Accept", ""), _FORMATS)
    except GraphError as error:
        return error


def _with_suffix(suffix: str) -> Offer:
    if suffix not in _SUFFIXES:
        raise NotThereError(f"There is no format {suffix[:40]!r}.", hint=f"Available: {', '.join(_SUFFIXES)}.")
    return _SUFFIXES[suffix]


def _certain(offer: Offer | GraphError) -> Offer:
    if isinstance(offer, GraphError):
        raise offer
    return offer


def _name(offer: Offer | GraphError) -> str | None:
    """What a worker calls the format."""
    if isinstance(offer, GraphError):
        return None
    return readable.PAGE if offer.format is HTML else offer.format.name
