"""The log of slow queries: which ones, what stands in a line, rotation, and no forged lines."""

import json
import logging
import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from itu_align.server.slowlog import SlowLog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SlowLog]:
    slow = SlowLog(tmp_path)
    yield slow
    slow.close()


def write(log: SlowLog, seconds: float = 2.0, text: str = "ASK {}") -> None:
    log.record(seconds, text, outcome="ok", client="203.0.113.7", version=7)


def lines(data: Path, name: str = "slow.jsonl") -> list[dict[str, object]]:
    raw = (data / name).read_bytes()
    assert raw.endswith(b"\n")
    return [json.loads(line) for line in raw[:-1].split(b"\n")]


def test_a_line_holds_what_the_query_was_and_cost(log: SlowLog, tmp_path: Path) -> None:
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    log.record(
        1.23456, "ASK {}", outcome="timeout", client="token:5f0c2a91", version=7, rows=3, size=99, rewritten=True
    )
    (found,) = lines(tmp_path)
    assert before <= str(found.pop("time")) <= datetime.now(UTC).isoformat(timespec="milliseconds")
    assert found == {
        "seconds": 1.235,
        "outcome": "timeout",
        "rows": 3,
        "bytes": 99,
        "client": "token:5f0c2a91",
        "version": 7,
        "rewritten": True,
        "text": "ASK {}",
        "characters": 6,
        "cut": False,
    }


@pytest.mark.parametrize(("threshold", "slow"), [(1.0, [1.0, 1.5]), (0.0, [0.0, 0.999, 1.0, 1.5]), (2.0, [])])
def test_only_queries_from_the_threshold_on_are_written(tmp_path: Path, threshold: float, slow: list[float]) -> None:
    log = SlowLog(tmp_path, threshold)
    for seconds in (0.0, 0.999, 1.0, 1.5):
        write(log, seconds)
    log.close()
    assert (tmp_path / "slow.jsonl").exists() is bool(slow)
    assert not slow or [each["seconds"] for each in lines(tmp_path)] == slow


@pytest.mark.parametrize(("length", "cut"), [(10_000, False), (10_001, True), (1_000_000, True)])
def test_a_long_text_is_cut_and_marked(log: SlowLog, tmp_path: Path, length: int, cut: bool) -> None:  # noqa: FBT001
    write(log, text="é" * length)
    (found,) = lines(tmp_path)
    assert (found["text"], found["characters"], found["cut"]) == ("é" * 10_000, length, cut)


@pytest.mark.parametrize("text", ['\n{"seconds": 9}\n', "\r\x1b[2J\x00\x7f\x9b", "\u2028\u202e", '"}\\', "\udc80"])
def test_no_text_can_forge_a_line_or_move_a_cursor(log: SlowLog, tmp_path: Path, text: str) -> None:
    write(log, text=text)
    raw = (tmp_path / "slow.jsonl").read_bytes()
    assert all(0x20 <= byte < 0x7F for byte in raw[:-1])
    assert [each["text"] for each in lines(tmp_path)] == [text]


def test_only_the_owner_may_read_it(log: SlowLog, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(log)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "slow.jsonl").stat().st_mode) == 0o600


def test_the_file_is_rotated_by_size_and_old_ones_are_dropped(tmp_path: Path) -> None:
    log = SlowLog(tmp_path, max_bytes=1000, backups=2)
    for number in range(50):
        write(log, text=str(number))
    log.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["slow.jsonl", "slow.jsonl.1", "slow.jsonl.2"]
    assert all((tmp_path / name).stat().st_size <= 1000 for name in names)
    kept = [each["text"] for name in ("slow.jsonl.2", "slow.jsonl.1", "slow.jsonl") for each in lines(tmp_path, name)]
    assert kept == [str(number) for number in range(50 - len(kept), 50)]


def test_a_restart_appends(tmp_path: Path) -> None:
    for text in ("one", "two"):
        log = SlowLog(tmp_path)
        write(log, text=text)
        log.close()
    assert [each["text"] for each in lines(tmp_path)] == ["one", "two"]


def test_threads_write_whole_lines(log: SlowLog, tmp_path: Path) -> None:
    threads = [threading.Thread(target=lambda: [write(log, text="x" * 500) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [each["text"] for each in lines(tmp_path)] == ["x" * 500] * 400


def test_a_file_that_cannot_be_written_costs_the_line_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "slow.jsonl").mkdir()
    log = SlowLog(tmp_path)
    with caplog.at_level(logging.WARNING):
        write(log)
    log.close()
    assert "log of slow queries cannot be written" in caplog.text
    assert "IsADirectoryError" in caplog.text
