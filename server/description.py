"""What the endpoint says of itself: service description, VoID with DCAT, OpenAPI. Made once for each version.

https://www.w3.org/TR/sparql11-service-description/ and https://www.w3.org/TR/void/
"""

from threading import Lock
from typing import Final, cast

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, jsonify, request, url_for

from ..graph import query
from ..graph.engine import Engine
from . import cache, conditional, current, observation, openapi
from .negotiation import choose, named

bp = Blueprint("description", __name__)

_EXTENSION: Final = "itu-align.descriptions"
_KEPT: Final = 8
_PARTS: Final = ("service", "void")


class Descriptions:
    """The texts of the newest version that was asked for, as N-Triples, by the address that they speak of.

    The address is what the client says in Host, so only some are kept, and making one counts as a query of theirs.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[tuple[int, str], dict[str, bytes]] = {}

    def get(self, base_url: str) -> tuple[int, dict[str, bytes]]:
        """The version, and what is said of service and data; a worker makes it where the data has changed."""
        engine = current.engine()
        version = engine.version
        with self._lock:
            found = self._made.get((version, base_url))
        if found is not None:
            return version, found
        version, made = _make(engine, base_url)
        with self._lock:
            kept = [(key, texts) for key, texts in self._made.items() if key[0] == version]
            self._made = dict([*kept, ((version, base_url), made)][-_KEPT:])
        return version, made


def _make(engine: Engine, base_url: str) -> tuple[int, dict[str, bytes]]:
    endpoint = {"base_url": base_url, "updates": True, "federation": bool(engine.settings.endpoints)}
    with observation.observed(f"description of {base_url}") as observed:
        job = {"job": "describe", "endpoint": endpoint}
        with engine.ask(job, seconds=engine.settings.most_seconds, client=observed.client) as reply:
            content = reply.read()
    first = reply.header["sizes"][0]
    return reply.version, dict(zip(_PARTS, (content[:first], content[first:]), strict=True))


def register(app: Flask) -> None:
    """Give the application its descriptions."""
    app.extensions[_EXTENSION] = Descriptions()


def service() -> Response:
    """The answer to a GET of the endpoint that brings no query."""
    return _answer("service")


@bp.get("/.well-known/void")
def void() -> Response:
    """The data set: partitions by class and property, link sets, graphs, and its record for catalogues."""
    return _answer("void")


@bp.get("/openapi.json")
def api() -> Response:
    """The paths of this server."""
    return jsonify(openapi.document(url_for("sparql.home", _external=True).rstrip("/")))


def _answer(part: str) -> Response:
    descriptions = cast("Descriptions", current_app.extensions[_EXTENSION])
    base_url = url_for("sparql.home", _external=True)
    version, made = descriptions.get(base_url)
    formats = query.FORMATS_OF["graph"]
    wanted = request.args.get("format")
    offer = named(wanted, formats) if wanted else choose(request.headers.get("Accept", ""), formats)
    key = cache.key_of(version, part, base_url, offer.format.name)
    if conditional.matches(key, version):
        return conditional.not_modified(key, version)
    triples = (quad.triple for quad in ox.parse(made[part], format=ox.RdfFormat.N_TRIPLES))
    response = Response(query.triples_as(triples, offer.format), content_type=offer.content_type)
    conditional.mark(response, key, version)
    return response
