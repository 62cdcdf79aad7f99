"""SPARQL 1.1 Update at /update, by POST and with a token (https://www.w3.org/TR/sparql11-protocol/#update-operation)."""

from typing import Final

from flask import Blueprint, Response, g, request

from . import current, protocol, writing

bp = Blueprint("update", __name__)

DIRECT: Final = "application/sparql-update"
_HINT: Final = "POST the update as application/sparql-update, or as the field 'update' of a form."


@bp.post("/update")
def update() -> Response:
    """Run an update; the answer says from which version to which."""
    with writing.observed("update") as write:
        parameters = protocol.in_address() + protocol.in_body("update", DIRECT)
        text = protocol.text(parameters, "update", _HINT)
        g.query_text = text
        job = {
            "job": "update",
            "text": text,
            "base": request.base_url,
            "default_graphs": protocol.all_of(parameters, "using-graph-uri"),
            "named_graphs": protocol.all_of(parameters, "using-named-graph-uri"),
        }
        done = current.engine().write(
            job, agent=write.agent, operation="update", allow=write.allow, seconds=protocol.seconds(parameters)
        )
        return write.done(done)
