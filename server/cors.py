"""Which pages of other origins may read the answers (https://fetch.spec.whatwg.org/#http-cors-protocol).

Reading only, and never with credentials: no answer carries `Access-Control-Allow-Credentials`, and a page cannot
get leave to send an Authorization header. Flask-Cors takes origins and paths that hold certain characters for
regular expressions and answers a preflight with 200 and any method; the whole of what is wanted is smaller.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, request

from ..graph.errors import GraphError

_GET: Final = ("GET", "HEAD")
_QUERY: Final = ("GET", "HEAD", "POST")
_METHODS: Final = {
    "/sparql": _QUERY,
    "/graph-store": _GET,
    "/.well-known/void": _GET,
    "/openapi.json": _GET,
    "/q": _GET,
    "/why-empty": _QUERY,
    "/health": _GET,
}
"""Paths that only read with these methods; what lies below such a path is meant too."""

_PREFLIGHT: Final = ("Origin", "Access-Control-Request-Method")
"""What tells a preflight from any other OPTIONS."""
_ALLOWED: Final = "Accept, Accept-Datetime, Accept-Language, Content-Type, If-None-Match"
_EXPOSED: Final = (
    "Content-Location",
    "ETag",
    "Link",
    "Location",
    "Memento-Datetime",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Data-Version",
    "X-Incoming-Statements",
)
_EXPOSED_PREFIX: Final = "x-query-"
_MAX_AGE: Final = 7200
"""Seconds that a browser may remember a preflight; Chromium keeps none for longer."""

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


class OriginError(GraphError):
    """A configured origin is not written as browsers write it, so it would never match."""


@dataclass(frozen=True, slots=True)
class Cors:
    """The configured origins. With `*` every page may read, with none none may."""

    origins: frozenset[str]

    def allow(self, origin: str | None) -> str | None:
        """The value of Access-Control-Allow-Origin."""
        if "*" in self.origins:
            return "*"
        return origin if origin in self.origins else None

    @property
    def depends(self) -> bool:
        """Whether answers differ by origin, which caches must know."""
        return bool(self.origins) and "*" not in self.origins


def register(app: Flask, origins: Sequence[str]) -> None:
    """Answer preflights, and mark what the origins may read. Raises OriginError."""
    cors = Cors(frozenset(map(_checked, origins)))
    if not cors.origins:
        return

    def preflight() -> Response | None:
        asked = request.method == "OPTIONS" and all(name in request.headers for name in _PREFLIGHT)
        methods = _methods(request.path)
        return _preflight(methods) if asked and methods else None

    def mark(response: Response) -> Response:
        methods = _methods(request.path)
        return _mark(response, cors) if methods and request.method in {*methods, "OPTIONS"} else response

    app.before_request(preflight)
    app.after_request(mark)


def _checked(origin: str) -> str:
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        hint = (
            "Write scheme, host and port only and in small letters, for instance https://example.org; or '*' for all."
        )
        raise OriginError(f"{origin[:200]!r} is no origin.", hint=hint)
    return origin


def _methods(path: str) -> Sequence[str]:
    """What a page of another origin may do at a path."""
    found = (methods for start, methods in _METHODS.items() if path == start or path.startswith(start + "/"))
    return next(found, ())


def _preflight(methods: Sequence[str]) -> Response:
    """The same for each origin: without Access-Control-Allow-Origin, which `_mark` adds, it allows nothing."""
    headers = {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": _ALLOWED,
        "Access-Control-Max-Age": str(_MAX_AGE),
    }
    return Response(status=204, headers=headers)


def _mark(response: Response, cors: Cors) -> Response:
    if cors.depends:
        response.vary.add("Origin")
    if allowed := cors.allow(request.headers.get("Origin")):
        exposed = [name for name, _ in response.headers if name.lower().startswith(_EXPOSED_PREFIX)]
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers["Access-Control-Expose-Headers"] = ", ".join([*_EXPOSED, *sorted(set(exposed))])
    return response
