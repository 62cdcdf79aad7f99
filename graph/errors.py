"""Everything that can go wrong with the input, the data folder or a query, under one base.

The doors translate once: `server/errors.py` to HTTP status and problem+json (RFC 9457), `server/cli.py` to
an exit code. A programming error is none of these and is left to surface.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a text input something is: 1-based line and column (in characters), with the line itself."""

    line: int
    column: int | None = None
    excerpt: str | None = None


class GraphError(Exception):
    """Base of all errors that a user can mend. `str(error)` says what and where; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.place = place


class TableError(GraphError):
    """A source table, its metadata or one of its cells is not what it should be."""


class MappingError(GraphError):
    """A mapping query is malformed, or leaves a row of its table without any statement."""


class OntologyError(GraphError):
    """A file of the ontology or of the shapes cannot be read."""


class InvalidGraphError(GraphError):
    """The graph breaks a shape or contradicts the ontology, so it is not stored."""


class StoreError(GraphError):
    """The data folder cannot be read or written, or holds no graph yet."""


class QueryError(GraphError):
    """The text is not a SPARQL query that this endpoint can run."""


class ResultFormatError(GraphError):
    """The result of this kind of query has no such serialisation."""


class InterruptionError(GraphError):
    """Base of the reasons why an answer is not there, or not whole."""


class TimedOutError(InterruptionError):
    """The query took longer than it may."""


class OutOfMemoryError(InterruptionError):
    """The query took more memory than it may."""


class CrashedError(InterruptionError):
    """The process that worked on the query died of something else."""


class CancelledError(InterruptionError):
    """Somebody with the right to do so stopped the query."""


class AskerGoneError(InterruptionError):
    """Whoever asked is not there any more, so nobody works on."""


class BusyError(InterruptionError):
    """All workers are taken, or this query was the longest of too many."""


class AnswerTooLargeError(InterruptionError):
    """The answer has more bytes than are sent."""


class NoSuchGraphError(GraphError):
    """The graph that is asked for holds nothing."""


class NoSuchThingError(GraphError):
    """Nothing is said of the thing that is asked for."""


class NoSuchVersionError(GraphError):
    """The graph never had this version."""


class NoSuchFormError(GraphError):
    """There is no table of this name to fill in."""


class UnsupportedError(GraphError):
    """What is asked cannot be done on a server that is set up as this one."""
