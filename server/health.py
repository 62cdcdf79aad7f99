"""For monitoring: is the server alive, does it have a graph and which, and its numbers for Prometheus."""

from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from ..graph.engine import Engine
from . import current, observation
from .metrics import State, folder_bytes

bp = Blueprint("health", __name__)


@bp.get("/health")
@bp.get("/health/ready")
def ready() -> ResponseReturnValue:
    """The version and size of what is served; 503 where there is none."""
    engine = current.engine()
    return jsonify(status="ok", version=engine.version, triples=engine.triples)


@bp.get("/health/live")
def live() -> ResponseReturnValue:
    """Whether the process answers at all, with a graph or without."""
    return jsonify(status="ok")


@bp.get("/metrics")
def metrics() -> Response:
    """The numbers in the text format of Prometheus."""
    content, content_type = observation.observer().metrics.render(request.headers.get("Accept", ""))
    return Response(content, content_type=content_type)


def state(engine: Engine, data: Path) -> State:
    """What a scrape reads of the engine and its folder."""
    now = engine.state()
    return State(
        workers=now["workers"],
        memory={"loader": now["memory"]},
        version=now["version"],
        triples=engine.triples if engine.triples >= 0 else None,
        store_bytes=folder_bytes(data),
        running=len(engine.running()),
    )
