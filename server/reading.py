"""The way of an answer that is short: from the client's own copy, from memory, or from a worker."""

from collections.abc import Callable

from flask import Response

from ..graph.wire import Message
from . import cache, conditional, current
from .cache import Kept
from .observation import Observed, observed


def answer(about: str, job: Message, make: Callable[[Kept], Response]) -> Response:
    """The answer that is made of a worker's; 304 where the asker has it."""
    with observed(about) as observing:
        version, fixed = _version(job), "version" in job
        key = cache.key_of(job)
        if conditional.matches(key, version):
            observing.outcome = "not_modified"
            return conditional.not_modified(key, version, fixed=fixed)
        found, version = _found(observing, job, version)
        response = make(found)
        conditional.mark(response, key, version, fixed=fixed)
        return response


def fetch(about: str, job: Message) -> Kept:
    """What a worker answers."""
    with observed(about) as observing:
        return _found(observing, job, _version(job))[0]


def _version(job: Message) -> int:
    return int(job.get("version") or current.engine().version)


def _found(observing: Observed, job: Message, version: int) -> tuple[Kept, int]:
    """The answer, and the version that it is of: a commit may have come between."""
    kept = observing.cache.get(cache.key_of(version, job))
    if kept is not None:
        observing.outcome = "cached"
        return kept, version
    with observing.ask(job) as reply:
        found = Kept(reply.header, reply.read())
    observing.cache.put(cache.key_of(reply.version, job), found.header, found.content)
    return found, reply.version
