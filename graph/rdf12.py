"""What RDF 1.2 adds to data: triple terms, and texts with a base direction (https://www.w3.org/TR/rdf12-concepts/).

The engine's parsers read both, in each format and whatever the document announces, so what they read is looked at.
"""

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox

MAX_DEPTH: Final = 100
"""Triple terms within one another. Updates can put a stored one into a new one; the engine ends at some 9,000."""

Statement = ox.Triple | ox.Quad


def first_new(statements: Iterable[Statement]) -> Statement | None:
    """The first statement that RDF 1.1 does not have; only an object can be new."""
    return next((statement for statement in statements if _is_new(statement.object)), None)


def has_triple_terms(statements: Iterable[Statement]) -> bool:
    """Whether a triple term is the object of one of them, which some formats (JSON-LD) cannot hold."""
    return any(isinstance(statement.object, ox.Triple) for statement in statements)


def is_too_deep(statement: Statement) -> bool:
    """Whether its object is a triple term that holds others deeper than MAX_DEPTH."""
    term = statement.object
    for _ in range(MAX_DEPTH):
        if not isinstance(term, ox.Triple):
            return False
        term = term.object
    return isinstance(term, ox.Triple)


def _is_new(term: object) -> bool:
    return isinstance(term, ox.Triple) or (isinstance(term, ox.Literal) and term.direction is not None)
