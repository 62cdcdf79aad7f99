"""The web application: settings, the store, the blueprints, the errors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response

from . import errors, health, sparql
from .current import EXTENSION, CurrentStore
from .settings import MAX_BODY_BYTES, default_data

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application for a data folder (`DATA`), which is opened with the first request, not here."""
    app = Flask(__name__)
    app.config.from_mapping(DATA=default_data(), MAX_CONTENT_LENGTH=MAX_BODY_BYTES)
    app.config.from_mapping(config or {})
    app.extensions[EXTENSION] = CurrentStore(Path(app.config["DATA"]))
    errors.register(app)
    app.register_blueprint(sparql.bp)
    app.register_blueprint(health.bp)
    app.after_request(_finish)
    return app


def _finish(response: Response) -> Response:
    """What holds for every answer. Each may also be a page, if only an error's: so all vary by Accept."""
    response.headers.update(_HEADERS)
    response.vary.add("Accept")
    return response
