"""The record of writes: each line whole and on the disk, none forged, refusals capped."""

import json
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from itu_align.graph import audit
from itu_align.graph.audit import AuditLog, Entry
from itu_align.graph.errors import StoreError

UPDATE = Entry(
    operation="update",
    outcome="ok",
    token="5f0c2a91",
    note="nightly import",
    client="203.0.113.7",
    graphs=("urn:g", "urn:h"),
    from_version=7,
    to_version=8,
    inserted=3,
    deleted=0,
    request="r1",
)
REFUSED = Entry(operation="update", outcome="unauthorized", client="203.0.113.7")


def lines(data: Path) -> list[bytes]:
    return (data / "audit.jsonl").read_bytes().splitlines(keepends=True)


def test_a_write_is_one_json_line_with_who_when_what_and_versions(tmp_path: Path) -> None:
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = Entry(**{name: getattr(UPDATE, name) for name in UPDATE.__slots__ if name != "time"})
    AuditLog(tmp_path).write(entry)
    (line,) = lines(tmp_path)
    found = json.loads(line)
    assert before <= found.pop("time") <= datetime.now(UTC).isoformat(timespec="milliseconds")
    assert found == {
        "operation": "update",
        "outcome": "ok",
        "token": "5f0c2a91",
        "note": "nightly import",
        "client": "203.0.113.7",
        "graphs": ["urn:g", "urn:h"],
        "from_version": 7,
        "to_version": 8,
        "inserted": 3,
        "deleted": 0,
        "request": "r1",
    }


def test_what_was_written_is_read_again_in_order(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for number in range(3):
        log.write(Entry(operation="put", outcome="ok", from_version=number, graphs=["urn:é"]))
    record = audit.read(tmp_path)
    assert [(each.operation, each.from_version, list(each.graphs)) for each in record.entries] == [
        ("put", 0, ["urn:é"]),
        ("put", 1, ["urn:é"]),
        ("put", 2, ["urn:é"]),
    ]
    assert list(record.unreadable) == []


def test_a_folder_without_a_record_has_an_empty_one(tmp_path: Path) -> None:
    assert audit.read(tmp_path).entries == ()


def test_only_the_owner_may_read_the_record(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        audit.append(tmp_path, UPDATE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "audit.jsonl").stat().st_mode) == 0o600


def test_each_line_is_on_the_disk_before_write_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of the file was there whenever the disk was asked to keep it."""
    synced: list[int] = []
    monkeypatch.setattr(audit.os, "fsync", lambda number: synced.append(os.fstat(number).st_size))
    log = AuditLog(tmp_path)
    sizes = []
    for _ in range(2):
        log.write(UPDATE)
        sizes.append((tmp_path / "audit.jsonl").stat().st_size)
    assert synced == sizes


@pytest.mark.parametrize(
    "hostile",
    ['\n{"operation": "forged"}\n', "\r\x1b[2J\x00\x7f\x9b", "\u2028\u2029\u202e", '"}\\', "\udc80"],
)
def test_no_value_of_a_request_can_forge_a_line_or_move_a_cursor(tmp_path: Path, hostile: str) -> None:
    log = AuditLog(tmp_path)
    log.write(Entry(operation="update", outcome="ok", note=hostile, client=hostile, graphs=[hostile], request=hostile))
    (line,) = lines(tmp_path)
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    assert line.endswith(b"\n")
    (entry,) = audit.read(tmp_path).entries
    assert (entry.note, entry.client, list(entry.graphs)) == (hostile, hostile, [hostile])


def test_long_values_and_many_graphs_are_cut_and_say_so(tmp_path: Path) -> None:
    many = [f"urn:{number}" for number in range(101)]
    audit.append(tmp_path, Entry(operation="update", outcome="ok", client="x" * 501, graphs=many))
    (entry,) = audit.read(tmp_path).entries
    assert entry.client == "x" * 499 + "…"
    assert list(entry.graphs) == [*many[:100], "…"]


@pytest.mark.parametrize("torn", [b'{"operation": "upd', b"\xff\xfe", b"[1]", b'{"operation": "update", "other": 1}'])
def test_a_torn_line_is_counted_and_neither_it_nor_its_neighbours_are_lost(tmp_path: Path, torn: bytes) -> None:
    audit.append(tmp_path, UPDATE)
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(torn)
    record = audit.read(tmp_path)
    assert ([each.request for each in record.entries], list(record.unreadable)) == (["r1"], [2])
    audit.append(tmp_path, UPDATE)
    record = audit.read(tmp_path)
    assert ([each.request for each in record.entries], list(record.unreadable)) == (["r1", "r1"], [2])
    assert lines(tmp_path)[1] == torn + b"\n"


def test_a_part_of_a_line_that_the_disk_took_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.append(tmp_path, UPDATE)
    before = (tmp_path / "audit.jsonl").read_bytes()
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(audit.os, "write", lambda number, line: write(number, line[:10]))
        with pytest.raises(StoreError, match="only a part"):
            audit.append(tmp_path, UPDATE)
    assert (tmp_path / "audit.jsonl").read_bytes() == before


def test_a_record_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(StoreError, match=r"audit\.jsonl cannot be written") as caught:
        AuditLog(tmp_path).write(UPDATE)
    assert caught.value.hint
    with pytest.raises(StoreError, match=r"audit\.jsonl cannot be read"):
        audit.read(tmp_path)


def test_a_renamed_record_is_begun_anew(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.write(UPDATE)
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit.jsonl.1")
    log.write(UPDATE)
    assert len(lines(tmp_path)) == 1


def test_refusals_are_capped_at_sixty_a_minute_and_the_rest_is_counted(tmp_path: Path) -> None:
    time = [1000.0]
    log = AuditLog(tmp_path, lambda: time[0])
    for _ in range(100):
        log.refused(REFUSED)
    assert len(lines(tmp_path)) == 60
    time[0] += 59.9
    log.refused(REFUSED)
    assert len(lines(tmp_path)) == 60
    log.write(UPDATE)  # writes themselves are never left out
    time[0] += 0.1
    log.refused(REFUSED)
    entries = audit.read(tmp_path).entries
    assert [each.left_out for each in entries] == [0] * 60 + [41, 0]
    assert [each.outcome for each in entries[-2:]] == ["ok", "unauthorized"]


def test_threads_and_processes_write_whole_lines(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from itu_align.graph.audit import Entry, append\n"
        "for n in range(50): append(Path(sys.argv[1]), Entry(operation='restore', outcome='ok', client='x' * 400))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, tmp_path])
    log = AuditLog(tmp_path)
    threads = [threading.Thread(target=lambda: [log.write(UPDATE) for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert process.wait(timeout=60) == 0
    record = audit.read(tmp_path)
    assert list(record.unreadable) == []
    assert sorted(each.operation for each in record.entries) == ["restore"] * 50 + ["update"] * 100
