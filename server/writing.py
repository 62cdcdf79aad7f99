"""Around each write: the token that allows it, and the line in the record of writes, also where it is refused."""

import json
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Response, request

from ..graph.audit import Entry
from ..graph.errors import GraphError, StoreError
from ..graph.names import OWN_GRAPH
from ..graph.reply import Written
from ..graph.tokens import Token
from . import access, observation
from .conditional import VERSION
from .limits import TooManyRequestsError
from .metrics import UpdateOutcome

_SCOPES = ("admin",)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Write:
    """A write that a token allows."""

    operation: str
    client: str
    token: Token

    @property
    def agent(self) -> str:
        """Who is named in the commit."""
        return f"token {self.token.id}"

    def allow(self, graphs: Sequence[str]) -> None:
        """Refuse graphs that are not the token's; told which ones the write really touches."""
        access.check_graphs(self.token, [_plain(graph) for graph in graphs])

    def done(self, written: Written, status: int = 200) -> Response:
        """Note it, and answer."""
        self.note(written)
        members = {
            "version": written.version,
            "from": written.before,
            "inserted": written.inserted,
            "deleted": written.deleted,
        }
        response = Response(json.dumps(members) + "\n", status, mimetype="application/json")
        response.headers[VERSION] = str(written.version)
        return response

    def note(self, written: Written) -> None:
        """Note what was written."""
        self._note("ok", written)

    def failed(self, error: GraphError) -> None:
        """Note that it came to nothing."""
        self._note(_outcome(error), None)

    def _note(self, outcome: UpdateOutcome, written: Written | None) -> None:
        watching = observation.observer()
        watching.metrics.update(outcome)
        entry = Entry(
            self.operation,
            outcome,
            token=self.token.id,
            note=self.token.note,
            client=request.remote_addr,
            graphs=[_plain(graph) for graph in written.graphs] if written else (),
            from_version=written.before if written else None,
            to_version=written.version if written else None,
            inserted=written.inserted if written else None,
            deleted=written.deleted if written else None,
        )
        try:
            watching.audit.write(entry)
        except StoreError as error:  # what was committed is committed, and the commit names its agent too
            _log.error("%s %s", error, error.hint)


@contextmanager
def observed(operation: str, *scopes: str) -> Generator[Write]:
    """A write from the check of its token, which must have one of the scopes (admin), to its line in the record."""
    try:
        client = observation.client()
        token = access.require(*(scopes or _SCOPES))
    except (access.UnauthorizedError, access.ForbiddenError):
        watching = observation.observer()
        watching.metrics.update("refused")
        watching.audit.refused(Entry(operation, "refused", client=request.remote_addr))
        raise
    write = Write(operation, client, token)
    try:
        yield write
    except GraphError as error:
        write.failed(error)
        raise


def _outcome(error: GraphError) -> UpdateOutcome:
    if isinstance(error, access.ForbiddenError | TooManyRequestsError):
        return "refused"
    outcome = observation.outcome_of(error)
    return "error" if outcome in {"cached", "not_modified", "cancelled"} else outcome  # type: ignore[return-value]


def _plain(graph: str) -> str:
    """The IRI of a graph as a token names it; the default graph goes by the name of what holds its own triples."""
    return OWN_GRAPH if graph == "DEFAULT" else graph.strip("<>")
