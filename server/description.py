"""What the endpoint says of itself: service description, VoID with DCAT, OpenAPI. Made once for each version.

https://www.w3.org/TR/sparql11-service-description/ and https://www.w3.org/TR/void/
"""

from threading import Lock
from typing import Final, cast

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, jsonify, request, url_for

from ..graph import query
from . import cache, conditional, current, openapi
from .negotiation import choose, named

bp = Blueprint("description", __name__)

_EXTENSION: Final = "itu-align.descriptions"
_PARTS: Final = ("service", "void")


class Descriptions:
    """The texts of the newest version that was asked for, as N-Triples, by the address that they speak of."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[tuple[int, str], dict[str, bytes]] = {}

    def get(self, base_url: str) -> tuple[int, dict[str, bytes]]:
        """The version, and what is said of service and data; a worker makes it where the data has changed."""
        engine = current.engine()
        with self._lock:
            found = self._made.get((engine.version, base_url))
            if found is not None:
                return engine.version, found
            endpoint = {"base_url": base_url, "updates": True, "federation": bool(engine.settings.endpoints)}
            with engine.ask({"job": "describe", "endpoint": endpoint}) as reply:
                content = reply.read()
            first = reply.header["sizes"][0]
            made = dict(zip(_PARTS, (content[:first], content[first:]), strict=True))
            self._made = {(reply.version, base_url): made}
            return reply.version, made


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
