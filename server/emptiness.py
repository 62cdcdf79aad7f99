"""Why a query has no result, at /why-empty: the same parameters as a query, answered with what takes the rows away."""

import json

from flask import Blueprint, Response, g, render_template, request

from . import conditional, observation, protocol
from .negotiation import JSON_FORMAT, prefers_page
from .sparql import DIRECT, read_operation

bp = Blueprint("emptiness", __name__)


@bp.route("/why-empty", methods=["GET", "POST"])
def why_empty() -> Response:
    """Which parts of the query leave nothing over, why, and what to write instead."""
    parameters = protocol.in_address()
    if request.method == "POST":
        parameters += protocol.in_body("query", DIRECT)
    operation = read_operation(parameters)
    g.query_text = operation.text
    with observation.observed(operation.text) as observed:
        job = {**operation.job(), "job": "explain-empty"}
        with observed.ask(job, operation.seconds) as reply:
            explanation = json.loads(reply.read())
            version = {conditional.VERSION: str(reply.version)}
    if prefers_page(request.headers.get("Accept", ""), (JSON_FORMAT,)):
        page = render_template("sparql/empty.html", text=operation.text, explanation=explanation)
        return Response(page, mimetype="text/html", headers=version)
    text = json.dumps(explanation, ensure_ascii=False) + "\n"
    return Response(text, mimetype="application/json", headers=version)
