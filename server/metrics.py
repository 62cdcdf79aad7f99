"""What happens here in numbers, for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

Each application has a registry of its own. What is counted is counted as it happens; what is a state (workers,
memory, the version) is read when somebody scrapes.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ..graph.errors import GraphError

Outcome = Literal[
    "ok",
    "cached",
    "not_modified",
    "bad_request",
    "timeout",
    "memory",
    "crash",
    "cancelled",
    "busy",
    "too_large",
]
"""How a query can end."""

UpdateOutcome = Literal["ok", "bad_request", "refused", "timeout", "memory", "crash", "busy", "too_large", "error"]
"""How a write can end."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class State:
    """What a scrape reads; what is None or empty is left out."""

    workers: Mapping[str, int] = field(default_factory=dict)
    """By state, for instance idle and busy."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """Resident bytes by kind of process, for instance loader and workers."""
    version: int | None = None
    triples: int | None = None
    store_bytes: int | None = None
    running: int | None = None


class Metrics:
    """The numbers of one application."""

    def __init__(self, read: Callable[[], State]) -> None:
        self._registry = CollectorRegistry()
        self._queries = Counter("itu_align_queries", "Queries by how they ended.", ["outcome"], registry=self._registry)
        self._seconds = Histogram(
            "itu_align_query_seconds", "Time from query to answer.", buckets=_BUCKETS, registry=self._registry
        )
        self._updates = Counter("itu_align_updates", "Writes by how they ended.", ["outcome"], registry=self._registry)
        self._responses = Counter(
            "itu_align_http_responses", "Responses by class of status.", ["status"], registry=self._registry
        )
        for outcome in get_args(Outcome):  # from the start, or a rate would miss the first of a kind
            self._queries.labels(outcome)
        for outcome in get_args(UpdateOutcome):
            self._updates.labels(outcome)
        ProcessCollector(registry=self._registry)
        self._registry.register(_StateCollector(read))

    def query(self, outcome: Outcome, seconds: float) -> None:
        """Count a query that has ended."""
        self._queries.labels(outcome).inc()
        self._seconds.observe(seconds)

    def update(self, outcome: UpdateOutcome) -> None:
        """Count a write that has ended."""
        self._updates.labels(outcome).inc()

    def response(self, status: int) -> None:
        """Count a response."""
        self._responses.labels(f"{status // 100}xx").inc()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """All numbers, with the media type; OpenMetrics for a scraper whose Accept header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _StateCollector(Collector):
    """Gauges made anew for each scrape."""

    def __init__(self, read: Callable[[], State]) -> None:
        self._read = read

    def describe(self) -> list[Metric]:
        """Nothing, so that registering reads nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The state; where it cannot be read the other numbers are still worth having, so a gauge says that."""
        try:
            state = self._read()
        except GraphError:
            yield GaugeMetricFamily("itu_align_ready", "Whether a graph is served.", value=0)
            return
        yield GaugeMetricFamily("itu_align_ready", "Whether a graph is served.", value=1)
        yield from _labelled("itu_align_workers", "Query workers by state.", "state", state.workers)
        yield from _labelled("itu_align_memory_bytes", "Resident memory of the processes.", "process", state.memory)
        yield from _single("itu_align_data_version", "The version of the data that is served.", state.version)
        yield from _single("itu_align_triples", "Triples of the default graph.", state.triples)
        yield from _single("itu_align_store_bytes", "Bytes of the data folder on disk.", state.store_bytes)
        yield from _single("itu_align_running_queries", "Queries at work.", state.running)


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily(name, text, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    yield family


def _single(name: str, text: str, value: int | None) -> Iterator[Metric]:
    if value is not None:
        yield GaugeMetricFamily(name, text, value=value)


def folder_bytes(folder: Path) -> int:
    """The sizes of all files of a folder together; files may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
