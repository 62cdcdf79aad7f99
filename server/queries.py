"""What is being worked on at /queries, and how to stop it; for whoever holds an admin token."""

import time
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify

from . import access, current
from .errors import NotThereError

bp = Blueprint("queries", __name__)

_SHOWN = 10_000
"""Characters of a query's text."""


@bp.get("/queries")
def running() -> Response:
    """The queries and writes at work, longest first."""
    access.require("admin")
    now = time.time()
    return jsonify(
        [
            {
                "id": str(each.id),
                "since": datetime.fromtimestamp(each.started, UTC).isoformat(timespec="milliseconds"),
                "seconds": round(now - each.started, 3),
                "allowed": each.seconds,
                "client": each.client,
                "query": each.text[:_SHOWN],
            }
            for each in sorted(current.engine().running(), key=lambda each: each.started)
        ]
    )


@bp.delete("/queries/<int:number>")
def cancel(number: int) -> Response:
    """Stop one; whoever asked it is told so."""
    access.require("admin")
    if not current.engine().cancel(number):
        raise NotThereError(f"No query {number} is running.", hint="It may have ended; GET /queries lists what runs.")
    return Response(status=204)
