"""Tokens: made, found by their secret, expired, revoked; and no access where the list cannot be read."""

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from itu_align.graph import tokens
from itu_align.graph.tokens import TokenError, TokenFile
from itu_align.server.tokens import token as command

NOW = datetime(2031, 5, 1, tzinfo=UTC)
GRAPH = "https://w3id.org/itu-align/graph/submission-1"


def held(data: Path) -> str:
    return (data / "tokens.json").read_text("utf-8")


def test_a_token_is_found_by_its_secret_and_by_nothing_else(tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, ["admin", "review"], GRAPH, "nightly import")
    file = TokenFile(tmp_path)
    found = file.find(secret)
    assert found is not None
    assert (found, found.scopes, found.graph, found.note) == (made, {"admin", "review"}, GRAPH, "nightly import")
    for other in ("", secret[:-1], secret + "A", secret.lower(), made.id, made.sha256, "ia_é\udc80"):
        assert file.find(other) is None


def test_the_secret_has_256_random_bits_and_only_its_hash_is_stored(tmp_path: Path) -> None:
    secrets = [tokens.create(tmp_path, ["submit"])[1] for _ in range(3)]
    for secret in secrets:
        assert re.fullmatch(r"ia_[A-Za-z0-9_-]{43}", secret)  # 43 characters of base64 hold 256 bits
        assert secret not in held(tmp_path)
        assert hashlib.sha256(secret.encode()).hexdigest() in held(tmp_path)
    assert len(set(secrets)) == 3


def test_the_hash_is_not_in_the_text_of_a_token(tmp_path: Path) -> None:
    made, _ = tokens.create(tmp_path, ["submit"])
    assert made.sha256 not in repr(made)


def test_only_the_owner_may_read_the_file_and_nothing_else_is_left(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        tokens.create(tmp_path, ["admin"])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"tokens.json", "tokens.lock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    tokens.create(tmp_path, ["admin"])
    for name in ("tokens.json", "tokens.lock"):
        found = (tmp_path / name).stat()
        assert (found.st_uid, found.st_gid) == (12345, 12346)


def test_a_token_is_refused_from_the_second_of_its_expiry_on(tmp_path: Path) -> None:
    _, secret = tokens.create(tmp_path, ["submit"], expires=NOW)
    for moment, valid in ((NOW - timedelta(seconds=1), True), (NOW, False), (NOW + timedelta(days=1), False)):
        assert (TokenFile(tmp_path, lambda moment=moment: moment).find(secret) is not None) is valid


def test_a_token_expires_while_the_server_runs(tmp_path: Path) -> None:
    time = [NOW - timedelta(seconds=1)]
    _, secret = tokens.create(tmp_path, ["submit"], expires=NOW)
    file = TokenFile(tmp_path, lambda: time[0])
    assert file.find(secret)
    time[0] = NOW
    assert file.find(secret) is None


def test_an_expiry_in_another_time_zone_is_the_same_moment(tmp_path: Path) -> None:
    made, _ = tokens.create(tmp_path, ["submit"], expires=datetime.fromisoformat("2031-05-01T05:30:00+05:30"))
    assert made.expires == NOW
    assert "2031-05-01T00:00:00+00:00" in held(tmp_path)


def test_create_and_revoke_are_seen_by_a_running_reader(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    assert file.find("ia_x") is None
    first, one = tokens.create(tmp_path, ["admin"])
    assert file.find(one) == first
    second, two = tokens.create(tmp_path, ["admin"])
    assert (file.find(one), file.find(two)) == (first, second)
    assert tokens.revoke(tmp_path, first.id) == first
    assert (file.find(one), file.find(two)) == (None, second)
    (tmp_path / "tokens.json").unlink()
    assert file.find(two) is None


def test_listing_keeps_the_order_and_shows_expired_ones(tmp_path: Path) -> None:
    ids = [tokens.create(tmp_path, ["submit"], note=str(number))[0].id for number in range(4)]
    assert [(each.id, each.note) for each in tokens.listing(tmp_path)] == list(zip(ids, "0123", strict=True))
    assert tokens.listing(tmp_path / "absent") == []


def test_revoking_an_unknown_id_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    tokens.create(tmp_path, ["admin"])
    before = held(tmp_path)
    with pytest.raises(TokenError, match="no token 'abc'") as caught:
        tokens.revoke(tmp_path, "abc")
    assert "token list" in caught.value.hint
    assert held(tmp_path) == before


@pytest.mark.parametrize(
    ("scopes", "graph", "note", "expires", "message"),
    [
        ([], None, "", None, "asked was: none"),
        (["root"], None, "", None, "asked was: root"),
        (["admin", "root"], None, "", None, "asked was: admin, root"),
        (["submit"], "submission-1", "", None, "no absolute IRI"),
        (["submit"], "urn:a b", "", None, "no absolute IRI"),
        (["submit"], "urn:a\n", "", None, "no absolute IRI"),
        (["submit"], None, "a\nb", None, "cannot be printed"),
        (["submit"], None, "a\x1b[2Jb", None, "cannot be printed"),
        (["submit"], None, "x" * 201, None, "201 characters"),
        (["submit"], None, "", datetime(2020, 1, 1, tzinfo=UTC), "is past"),
        (["submit"], None, "", NOW.replace(tzinfo=None), "has no time zone"),
    ],
)
def test_a_wrong_wish_is_refused_with_a_hint_and_nothing_is_written(
    tmp_path: Path, scopes: list[str], graph: str | None, note: str, expires: datetime | None, message: str
) -> None:
    with pytest.raises(TokenError, match=message) as caught:
        tokens.create(tmp_path, scopes, graph, note, expires)
    assert caught.value.hint
    assert not (tmp_path / "tokens.json").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text.replace('"admin"', '"root"'),
        lambda text: text.replace('["admin"]', "[]"),
        lambda text: text.replace('["admin"]', '"admin"'),
        lambda text: text.replace('"graph"', '"grap"'),
        lambda text: text.replace('"graph": null', '"graph": 7'),
        lambda text: re.sub(r'"sha256": "[^"]*"', '"sha256": ""', text),
        lambda text: re.sub(r'"expires": null', '"expires": "2031-05-01T00:00:00"', text),
        lambda text: re.sub(r'"expires": null', '"expires": "soon"', text),
        lambda _: "",
        lambda _: "[]",
        lambda _: "null",
        lambda _: '{"tokens": 1}',
        lambda _: '{"tokens": [1]}',
        lambda _: "\N{SNOWMAN}",
    ],
)
def test_a_damaged_file_is_an_error_and_never_access(tmp_path: Path, change: "object") -> None:
    file = TokenFile(tmp_path)
    _, secret = tokens.create(tmp_path, ["admin"])
    assert file.find(secret)
    text = held(tmp_path)
    compact = json.dumps(json.loads(text))
    damaged = change(compact)  # type: ignore[operator]
    assert damaged != compact
    (tmp_path / "tokens.json").write_text(damaged, "utf-8")
    for ask in (file.find, TokenFile(tmp_path).find):
        for _ in range(2):  # the second time too: nothing old is remembered in its place
            with pytest.raises(TokenError, match=re.escape(str(tmp_path / "tokens.json"))) as caught:
                ask(secret)
            assert "restore it from a backup" in caught.value.hint
    with pytest.raises(TokenError):
        tokens.create(tmp_path, ["admin"])
    assert (tmp_path / "tokens.json").read_text("utf-8") == damaged  # not overwritten
    (tmp_path / "tokens.json").write_text(text, "utf-8")
    assert file.find(secret)


def test_a_folder_in_the_files_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").mkdir()
    with pytest.raises(TokenError, match="cannot be read"):
        TokenFile(tmp_path).find("ia_x")


def test_what_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenError, match="cannot be written") as caught:
        tokens.create(tmp_path / "file" / "data", ["admin"])
    assert "user that runs the server" in caught.value.hint


def test_an_interrupted_write_leaves_the_old_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = tokens.create(tmp_path, ["admin"])

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(tokens.os, "fsync", fails)
        with pytest.raises(TokenError, match="No space left"):
            tokens.create(tmp_path, ["admin"])
    assert TokenFile(tmp_path).find(secret)
    assert {path.name for path in tmp_path.iterdir()} == {"tokens.json", "tokens.lock"}


def test_processes_that_create_at_once_lose_none(tmp_path: Path) -> None:
    """Without the lock some would write over what another has just written."""
    program = (
        "import sys; from pathlib import Path; from itu_align.graph import tokens\n"
        "for n in range(20): tokens.create(Path(sys.argv[1]), ['submit'], note=sys.argv[2])"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, tmp_path, str(n)]) for n in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    listed = tokens.listing(tmp_path)
    assert sorted(each.note for each in listed) == ["0"] * 20 + ["1"] * 20 + ["2"] * 20
    assert len({each.id for each in listed}) == 60


def test_readers_see_each_list_whole_while_it_is_rewritten(tmp_path: Path) -> None:
    kept, secret = tokens.create(tmp_path, ["admin"])
    file, done, wrong = TokenFile(tmp_path), threading.Event(), []

    def read() -> None:
        while not done.is_set():
            if file.find(secret) != kept:
                wrong.append(1)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(30):
        tokens.revoke(tmp_path, tokens.create(tmp_path, ["submit"])[0].id)
    done.set()
    for reader in readers:
        reader.join(timeout=60)
    assert wrong == []


# The command


def test_the_command_prints_the_secret_alone_on_stdout(tmp_path: Path, runner: CliRunner) -> None:
    arguments = ["create", "--scope", "admin", "--scope", "submit", "--note", "me", "--data", str(tmp_path)]
    result = runner.invoke(command, arguments)
    found = TokenFile(tmp_path).find(result.stdout.strip())
    assert found is not None
    assert (found.scopes, found.note, found.graph, found.expires) == ({"admin", "submit"}, "me", None, None)
    assert f"Token {found.id} allows admin and submit." in result.stderr
    assert result.stdout.strip() not in result.stderr


def test_the_command_lists_without_secrets_and_marks_expired_ones(tmp_path: Path, runner: CliRunner) -> None:
    secret = runner.invoke(command, ["create", "--scope", "submit", "--graph", GRAPH, "--data", str(tmp_path)]).stdout
    runner.invoke(command, ["create", "--scope", "admin", "--expires", "2099-01-02", "--data", str(tmp_path)])
    (tmp_path / "tokens.json").write_text(held(tmp_path).replace("2099-01-02", "2009-01-02"))
    result = runner.invoke(command, ["list", "--data", str(tmp_path)])
    header, _, first, second = result.stdout.splitlines()
    assert header.split() == ["id", "scopes", "graph", "created", "expires", "note"]
    one, two = tokens.listing(tmp_path)
    assert first.split() == [one.id, "submit", GRAPH, one.created.strftime("%Y-%m-%d"), "never"]
    assert second.split() == [two.id, "admin", "any", two.created.strftime("%Y-%m-%d"), "2009-01-02", "(expired)"]
    assert secret.strip() not in result.stdout
    assert one.sha256 not in result.stdout


def test_the_command_revokes(tmp_path: Path, runner: CliRunner) -> None:
    made, secret = tokens.create(tmp_path, ["admin"])
    result = runner.invoke(command, ["revoke", made.id, "--data", str(tmp_path)])
    assert result.stdout == f"Token {made.id} is revoked.\n"
    assert TokenFile(tmp_path).find(secret) is None


@pytest.mark.parametrize("name", ["create", "list", "revoke"])
def test_each_command_has_help_with_an_example(runner: CliRunner, name: str) -> None:
    text = runner.invoke(command, [name, "--help"]).stdout
    assert f"itu-align token {name}" in text.partition("Example:")[2]
    assert "--data DIR" in text
