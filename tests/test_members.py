"""The commands of a member: what `itu-align validate` finds at home is what the server finds, and `submit` sends it."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from base import ALIGNMENT, write_base
from click.testing import CliRunner, Result
from conftest import Server
from flask import Flask
from itu_align.graph import names, tokens
from itu_align.server.cli import main

TABLE = """\
id,subject,object,relation,level,status,justification,source
x,Basel-Secretariat-and-ITU-e-waste-standards,99,relation-aimed-at,goalLevel,published,semapv:UnspecifiedMatching,
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "data")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.ttl").write_text(ALIGNMENT, "utf-8")
    (tmp_path / "Alignment.csv").write_text(TABLE, "utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.mark.usefixtures("folder")
def test_validate_says_that_a_valid_file_conforms(base: Path) -> None:
    result = run("validate", "good.ttl", "--data", str(base))
    assert (result.exit_code, result.stdout.partition(".")[0]) == (0, "Conforms")


@pytest.mark.usefixtures("folder")
def test_validate_ends_with_1_on_a_violation_and_says_where(base: Path) -> None:
    result = run("validate", "Alignment.csv", "--data", str(base))
    assert result.exit_code == 1
    assert re.search(
        r'^Alignment\.csv:2:47: Violation  Object .*\(row 2, column "object"\)$', result.stdout, re.MULTILINE
    )


@pytest.mark.usefixtures("folder")
def test_validate_speaks_french(base: Path) -> None:
    result = run("validate", "Alignment.csv", "--data", str(base), "--language", "fr")
    assert result.stdout.startswith("Non conforme")


@pytest.mark.parametrize("format_", ["json", "sarif", "turtle", "jsonld", "nt", "html"])
@pytest.mark.usefixtures("folder")
def test_validate_writes_every_format(base: Path, format_: str) -> None:
    result = run("validate", "Alignment.csv", "--data", str(base), "--format", format_)
    assert result.exit_code == 1
    assert "Alignment-object" in result.stdout


@pytest.mark.usefixtures("folder")
def test_validate_ends_with_2_where_a_file_cannot_be_read_and_shows_the_place(base: Path) -> None:
    Path("bad.ttl").write_text("<urn:a> <urn:b> <urn:c>\n<urn:d> .\n", "utf-8")
    result = run("validate", "bad.ttl", "good.ttl", "--data", str(base))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "bad.ttl" in result.stderr
    assert "line 2" in result.stderr
    assert "Next: " in result.stderr


@pytest.mark.usefixtures("folder")
def test_validate_ends_with_2_where_a_file_is_not_there(base: Path) -> None:
    result = run("validate", "absent.ttl", "--data", str(base))
    assert result.exit_code == 2
    assert "absent.ttl cannot be read: No such file or directory" in result.stderr


@pytest.mark.usefixtures("folder")
def test_validate_at_home_and_on_the_server_gives_the_same_report(base: Path, make_app: Callable[..., Flask]) -> None:
    at_home = run("validate", "Alignment.csv", "--data", str(base), "--format", "json")
    files = {"file": (io.BytesIO(TABLE.encode()), "Alignment.csv")}
    there = make_app(base).test_client().post("/validate?format=json", data=files)
    assert json.loads(at_home.stdout) == there.json


@pytest.fixture
def server(tmp_path: Path, serve: Callable[[Path], Server]) -> tuple[Server, str]:
    data = write_base(tmp_path / "data")
    token = tokens.create(data, ["submit"], names.graph("member/brs"))[1]
    return serve(data), token


@pytest.mark.usefixtures("folder")
def test_submit_sends_shows_and_proposes(server: tuple[Server, str]) -> None:
    running, token = server
    result = run("submit", "good.ttl", "--to", running.url, "--token", token, "--title", "Minutes", "--propose")
    assert (result.exit_code, result.stdout.partition(".")[0]) == (0, "Conforms")
    assert re.search(rf"^Submission \S+ is proposed: {running.url}/submissions/\S+$", result.stderr, re.MULTILINE)
    rejected = run("submit", "Alignment.csv", "--to", running.url, "--token", token)
    assert rejected.exit_code == 1
    assert "is rejected" in rejected.stderr


@pytest.mark.usefixtures("folder")
def test_submit_says_in_the_words_of_the_server_why_it_is_refused(server: tuple[Server, str]) -> None:
    running, _ = server
    result = run("submit", "good.ttl", "--to", running.url, "--token", "wrong")
    assert result.exit_code == 2
    assert "answers 401" in result.stderr
    assert "The token is not valid here." in result.stderr


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "ftp://127.0.0.1", "nothing"])
@pytest.mark.usefixtures("folder")
def test_submit_to_nobody_is_an_error(address: str) -> None:
    result = run("submit", "good.ttl", "--to", address, "--token", "x")
    assert result.exit_code == 2
    assert address in result.stderr
