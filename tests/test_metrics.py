"""The numbers for Prometheus, read back by its own parser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from itu_align.graph.errors import StoreError
from itu_align.server.metrics import Metrics, State, folder_bytes
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

STATE = State(
    workers={"idle": 3, "busy": 1},
    memory={"loader": 1000, "workers": 2500},
    version=7,
    triples=51_016,
    store_bytes=9_000_000,
    running=1,
)
Samples = dict[tuple[str, str], float]


def samples(metrics: Metrics) -> Samples:
    """Value by name and label."""
    content, _ = metrics.render()
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in read_text(content.decode())
        for sample in family.samples
    }


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: STATE)


def test_queries_are_counted_by_outcome_from_zero_on(metrics: Metrics) -> None:
    for outcome in ("ok", "ok", "timeout"):
        metrics.query(outcome, 0.1)  # type: ignore[arg-type]
    found = samples(metrics)
    counts = {label: value for (name, label), value in found.items() if name == "itu_align_queries_total"}
    assert counts == {
        "ok": 2,
        "cached": 0,
        "not_modified": 0,
        "bad_request": 0,
        "timeout": 1,
        "memory": 0,
        "crash": 0,
        "cancelled": 0,
        "busy": 0,
        "too_large": 0,
    }


def test_the_time_of_queries_is_a_histogram(metrics: Metrics) -> None:
    for seconds in (0.0005, 0.001, 0.02, 3.0, 100.0):
        metrics.query("ok", seconds)
    found = samples(metrics)
    buckets = {label: value for (name, label), value in found.items() if name == "itu_align_query_seconds_bucket"}
    assert {label: buckets[label] for label in ("0.001", "0.01", "0.025", "2.5", "5.0", "60.0", "+Inf")} == {
        "0.001": 2,
        "0.01": 2,
        "0.025": 3,
        "2.5": 3,
        "5.0": 4,
        "60.0": 4,
        "+Inf": 5,
    }
    assert found["itu_align_query_seconds_count", ""] == 5
    assert found["itu_align_query_seconds_sum", ""] == pytest.approx(103.0215)


def test_updates_and_responses_are_counted(metrics: Metrics) -> None:
    metrics.update("ok")
    metrics.update("refused")
    for status in (200, 204, 304, 404, 429, 503):
        metrics.response(status)
    found = samples(metrics)
    assert found["itu_align_updates_total", "ok"] == 1
    assert found["itu_align_updates_total", "refused"] == 1
    assert found["itu_align_updates_total", "timeout"] == 0
    classes = {label: value for (name, label), value in found.items() if name == "itu_align_http_responses_total"}
    assert classes == {"2xx": 2, "3xx": 1, "4xx": 2, "5xx": 1}


def test_the_state_is_read_when_somebody_scrapes() -> None:
    states = [STATE, State(workers={"idle": 4}, version=8)]
    metrics = Metrics(lambda: states[0])
    found = samples(metrics)
    assert found["itu_align_ready", ""] == 1
    assert (found["itu_align_workers", "idle"], found["itu_align_workers", "busy"]) == (3, 1)
    assert (found["itu_align_memory_bytes", "loader"], found["itu_align_memory_bytes", "workers"]) == (1000, 2500)
    assert found["itu_align_data_version", ""] == 7
    assert found["itu_align_triples", ""] == 51_016
    assert found["itu_align_store_bytes", ""] == 9_000_000
    assert found["itu_align_running_queries", ""] == 1
    del states[0]
    found = samples(metrics)
    assert (found["itu_align_workers", "idle"], found["itu_align_data_version", ""]) == (4, 8)
    assert ("itu_align_workers", "busy") not in found
    assert ("itu_align_triples", "") not in found


def test_making_the_metrics_reads_no_state() -> None:
    def unread() -> State:
        raise AssertionError

    Metrics(unread)


def test_without_a_graph_the_other_numbers_are_still_there() -> None:
    def broken() -> State:
        raise StoreError("no graph")

    metrics = Metrics(broken)
    metrics.query("bad_request", 0.1)
    found = samples(metrics)
    assert found["itu_align_ready", ""] == 0
    assert found["itu_align_queries_total", "bad_request"] == 1
    assert ("itu_align_data_version", "") not in found


def test_each_application_counts_for_itself(metrics: Metrics) -> None:
    other = Metrics(lambda: STATE)
    other.query("ok", 0.1)
    assert samples(metrics)["itu_align_queries_total", "ok"] == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_the_process_itself_is_measured(metrics: Metrics) -> None:
    found = samples(metrics)
    assert found["process_resident_memory_bytes", ""] > 1_000_000
    assert found["process_open_fds", ""] >= 3


@pytest.mark.parametrize(
    ("accept", "media_type", "read"),
    [
        ("", "text/plain", read_text),
        ("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "text/plain", read_text),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "application/openmetrics-text",
            read_openmetrics,
        ),
    ],
)
def test_the_format_is_the_one_that_the_scraper_asks_for(
    metrics: Metrics, accept: str, media_type: str, read: Callable[[str], object]
) -> None:
    content, content_type = metrics.render(accept)
    assert content_type.partition(";")[0] == media_type
    families = {family.name for family in read(content.decode())}  # type: ignore[attr-defined]
    assert {"itu_align_queries", "itu_align_query_seconds", "itu_align_data_version"} <= families


def test_the_size_of_a_folder_is_that_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x" * 1000)
    (tmp_path / "c").write_bytes(b"x" * 24)
    assert folder_bytes(tmp_path) == 1024
    assert folder_bytes(tmp_path / "absent") == 0


def test_a_link_counts_as_itself(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (folder / "link").symlink_to(tmp_path / "large")
    (folder / "loop").symlink_to(folder)
    assert folder_bytes(folder) < 1000
