"""What a query may not do here, read from its tree: call other servers, load from the web, change the graph.

The engine has no switch for the first two, so this is the only door (docs/decisions.md). The text that the engine
gets is the one that was read here; where SERVICE is allowed, `route` puts the address of the gateway into it, which
asks in the engine's place (gateway.py).
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from lark import Tree

from . import grammar, outbound, rules
from .errors import QueryError
from .grammar import Query
from .prologue import Prologue
from .sparql12 import Version
from .unreadable import empty

_FROM_GATEWAY = re.compile(r"http://127\.0\.0\.1:\d+/\S* with payload:\n([^\n]+)\n?(.*)", re.DOTALL)
_OF_GATEWAY = re.compile(r"http://127\.0\.0\.1:\d+/")


class ServiceError(QueryError):
    """An endpoint that SERVICE names did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Services:
    """The endpoints that SERVICE may name, by IRI, and the address of the gateway that asks them."""

    allowed: tuple[str, ...] = ()
    gateway: str = ""


NOWHERE: Final = Services()


class _Call(NamedTuple):
    """A SERVICE or LOAD, what it names (the IRI empty for a variable), and whether it stands inside another."""

    node: rules.Node
    target: rules.Node
    iri: str
    inner: bool


def check_query(text: str, services: Services = NOWHERE, version: Version = "1.1") -> Query:
    """The tree of a query that may run; raises QueryError where it may not, or is none."""
    query = grammar.parse(text, version=version)
    check(query, services)
    if query.kind == "update":
        if not query.body.children:
            raise empty(query.source)
        hint = "Ask with SELECT, ASK, CONSTRUCT or DESCRIBE."
        message = "This is an update; here the graph is only read."
        raise QueryError(message, hint=hint, place=query.source.place(query.body.meta.start_pos))
    return query


def check(query: Query, services: Services = NOWHERE) -> None:
    """Refuse LOAD, and SERVICE unless it names an allowed endpoint, wherever they stand, in queries and updates."""
    for call in _calls(query):
        if refusal := _refusal(call, services):
            message, hint = refusal
            raise QueryError(message, hint=hint, place=query.source.place(call.node.meta.start_pos))


def route(query: Query, services: Services) -> str:
    """The text for the engine, in which each SERVICE names the gateway in place of the endpoint.

    The address holds a fresh token, by which the gateway knows the calls of one run; never show it. Raises QueryError
    as `check` does: no SERVICE leaves here with an address that was not checked.
    """
    check(query, services)
    text, run = query.source.text, secrets.token_hex(8)
    for call in reversed([*_calls(query)]):
        address = f"<{services.gateway}/{run}/{_index(call.iri, services)}>"
        text = text[: call.target.meta.start_pos] + address + text[call.target.meta.end_pos :]
    return text


def explain(error: RuntimeError | OSError) -> ServiceError | None:
    """What the gateway said, out of the error that the engine made of it; None for an error of another kind.

    The engine's own words hold the gateway's address, so they must not be shown.
    """
    if match := _FROM_GATEWAY.search(str(error)):
        return ServiceError(match[1], hint=match[2].strip())
    if isinstance(error, ConnectionError) or _OF_GATEWAY.search(str(error)):
        return ServiceError("SERVICE: the other endpoints cannot be asked now.", hint="Try again in a moment.")
    return None


def _calls(query: Query) -> Iterator[_Call]:
    """Each SERVICE and LOAD in the order of the text, its IRI by the BASE and PREFIX declarations before it."""
    prologue, end = Prologue(), 0
    for node in rules.walk(query.tree):
        prologue.declare(node)
        if node.data in {"service_graph_pattern", "load"}:
            target = next(child for child in node.children if isinstance(child, Tree))
            iri = prologue.iri(target) if target.data == "iri" else ""
            yield _Call(node, target, iri, node.meta.start_pos < end)
            end = max(end, node.meta.end_pos)


def _refusal(call: _Call, services: Services) -> tuple[str, str] | None:
    """Message and hint where a call is not allowed."""
    if call.node.data == "load":
        return (
            "LOAD is not allowed: this endpoint fetches nothing.",
            "Fetch the document yourself and send its triples.",
        )
    if not services.allowed:
        hint = "Ask the other endpoint yourself and join the answers."
        return "SERVICE is not allowed: this endpoint calls no other server.", hint
    allowed = f"Allowed: {', '.join(services.allowed)}."
    if call.target.data == "var":
        return "SERVICE cannot be asked of a variable here: the endpoint must be written out.", allowed
    if call.inner:
        return "A SERVICE inside another one is not passed on.", "Put one beside the other: their rows are joined."
    if _index(call.iri, services) is None:
        return f"SERVICE <{call.iri}> is not allowed here.", allowed
    return None


def _index(iri: str, services: Services) -> int | None:
    """The number of the allowed endpoint that an IRI means; its own spelling of the address goes no further."""
    location = outbound.locate(iri)
    same = (index for index, allowed in enumerate(services.allowed) if outbound.locate(allowed) == location)
    return next(same, None) if location else None
