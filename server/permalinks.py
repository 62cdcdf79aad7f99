"""Queries that can be cited, at /q: kept with the version of the data and a hash of the result as it was then."""

from dataclasses import asdict
from pathlib import Path

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request, url_for

from ..graph import permalinks
from ..graph.dataset import Dataset
from ..graph.errors import NoSuchVersionError, UnsupportedError
from ..graph.permalinks import Digest, Permalink, PermalinkError
from . import as_at, observation, protocol
from .errors import NotThereError
from .negotiation import JSON_FORMAT, prefers_page
from .sparql import DIRECT, read_operation

bp = Blueprint("permalinks", __name__)


@bp.post("/q")
def make() -> Response:
    """Keep a query with what it answers now; the link is in Location."""
    operation = read_operation(protocol.in_address() + protocol.in_body("query", DIRECT))
    g.query_text = operation.text
    dataset = Dataset(tuple(operation.default_graphs), tuple(operation.named_graphs), operation.base)
    version, result, repeatable = _digest(operation.text, dataset, operation.version, operation.seconds)
    if not repeatable:
        hint = "Leave out NOW, RAND, UUID and SERVICE."
        raise PermalinkError("This query has another answer each time, so it cannot be cited.", hint=hint)
    link = permalinks.make(_data(), operation.text, dataset, version, result)
    response = jsonify({"link": _address(link), **asdict(link)})
    response.status_code = 201
    response.headers["Location"] = _address(link)
    return response


@bp.get("/q/<name>")
def show(name: str) -> Response:
    """A kept query, and whether its answer is still the same."""
    link = permalinks.read(_data(), name)
    if link is None:
        raise NotThereError("There is no such link.", hint="POST a query to /q to make one.")
    dataset = Dataset(tuple(link.default_graphs), tuple(link.named_graphs), link.base)
    today = _compared(link, *_digest(link.query, dataset)[:2])
    then = today if today["version"] == link.version else _then(link, dataset)
    if prefers_page(request.headers.get("Accept", ""), (JSON_FORMAT,)):
        return Response(
            render_template("permalinks/link.html", link=link, today=today, then=then), mimetype="text/html"
        )
    return jsonify({"link": _address(link), **asdict(link), "today": today, "then": then})


def _compared(link: Permalink, version: int, result: Digest) -> dict[str, object]:
    return {"version": version, "result": asdict(result), "same": result == link.result}


def _then(link: Permalink, dataset: Dataset) -> dict[str, object] | None:
    """The answer worked out once more as at its version; None where this server has no such version to ask."""
    try:
        return _compared(link, *_digest(link.query, dataset, link.version)[:2])
    except (NoSuchVersionError, UnsupportedError):
        return None


def _digest(
    text: str, dataset: Dataset, version: int | None = None, seconds: float | None = None
) -> tuple[int, Digest, bool]:
    with observation.observed(text) as observed:
        job = {
            "job": "digest",
            "text": text,
            "base": dataset.base,
            "default_graphs": dataset.default,
            "named_graphs": dataset.named,
            **as_at.member(version),
        }
        with observed.ask(job, seconds) as reply:
            return reply.version, Digest(reply.header["rows"], reply.header["sha256"]), reply.header["repeatable"]


def _address(link: Permalink) -> str:
    return url_for("permalinks.show", name=link.id, _external=True)


def _data() -> Path:
    return Path(current_app.config["DATA"])
