"""What a query may not do here, read from its tree: call other servers, load from the web, change the graph.

The engine has no switch for the first two, so this is the only door (docs/decisions.md). The text that the engine
gets is the one that was read here.
"""

from . import grammar, rules
from .errors import QueryError
from .grammar import Query
from .unreadable import empty


def check_query(text: str) -> Query:
    """The tree of a query that may run; raises QueryError where it may not, or is none."""
    query = grammar.parse(text)
    check(query)
    if query.kind == "update":
        if not query.body.children:
            raise empty(query.source)
        hint = "Ask with SELECT, ASK, CONSTRUCT or DESCRIBE."
        message = "This is an update; here the graph is only read."
        raise QueryError(message, hint=hint, place=query.source.place(query.body.meta.start_pos))
    return query


def check(query: Query) -> None:
    """Refuse SERVICE and LOAD wherever they stand, in queries and updates."""
    for node in rules.walk(query.tree):
        if node.data == "service_graph_pattern":
            message = "SERVICE is not allowed: this endpoint calls no other server."
            hint = "Ask the other endpoint yourself and join the answers."
            raise QueryError(message, hint=hint, place=query.source.place(node.meta.start_pos))
        if node.data == "load":
            message = "LOAD is not allowed: this endpoint fetches nothing."
            hint = "Fetch the document yourself and send its triples."
            raise QueryError(message, hint=hint, place=query.source.place(node.meta.start_pos))
