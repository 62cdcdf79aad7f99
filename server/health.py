"""For monitoring: does the server have a graph, and which."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from .current import served

bp = Blueprint("health", __name__)


@bp.get("/health")
def health() -> ResponseReturnValue:
    """The version and size of what is served; 503 where there is none."""
    now = served()
    return jsonify(status="ok", version=now.store.version, triples=now.triples)
