"""The web application: settings, the engine, the blueprints, the errors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from ..graph.audit import AuditLog
from ..graph.settings import Settings
from . import (
    access,
    compression,
    cors,
    description,
    emptiness,
    entities,
    errors,
    graph_store,
    health,
    history,
    observation,
    permalinks,
    queries,
    sparql,
    submissions,
    update,
)
from .cache import Cache
from .current import EXTENSION, CurrentEngine, engine_of
from .limits import Limits
from .metrics import Metrics
from .settings import MAX_BODY_BYTES, Budgets, default_data
from .slowlog import SlowLog

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_CACHE_BYTES: Final = 64 << 20


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application for a data folder (`DATA`), whose engine starts with the first request, not here.

    `ENGINE` holds the engine's settings, `BUDGETS` what a client may use, `ORIGINS` whose pages may read,
    `SLOW_SECONDS` from when on a query is noted.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        DATA=default_data(),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        ORIGINS=(),
        PROXIES=0,
        BUDGETS=Budgets(),
        SLOW_SECONDS=1.0,
    )
    app.config.from_mapping(config or {})
    data = Path(app.config["DATA"])
    engine = app.extensions[EXTENSION] = CurrentEngine(app.config.get("ENGINE") or Settings(data))
    errors.register(app)
    access.register(app, data)
    watching = observation.Observer(
        Limits(app.config["BUDGETS"]),
        Metrics(lambda: health.state(engine.get(), data)),
        SlowLog(data, app.config["SLOW_SECONDS"]),
        AuditLog(data),
        Cache(_CACHE_BYTES),
    )
    observation.register(app, watching)
    description.register(app)
    for module in (sparql, emptiness, permalinks, update, graph_store, queries, description, health, submissions):
        app.register_blueprint(module.bp)
    for module in (entities, history):
        app.register_blueprint(module.bp)
    app.after_request(_finish)
    if app.config["PROXIES"]:
        hops = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    cors.register(app, app.config["ORIGINS"])
    compression.register(app)
    return app


def close(app: Flask) -> None:
    """End the processes of an application and give its files back."""
    engine_of(app).close()
    observation.observer_of(app).slow.close()


def _finish(response: Response) -> Response:
    """What holds for every answer. Each may also be a page, if only an error's: so all vary by Accept."""
    response.headers.update(_HEADERS)
    response.vary.add("Accept")
    return response
