"""The command `itu-align`: in this process where that is enough, as the installed script where it must be."""

import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import NEEDS_PROC, PATIENCE, SCRIPT, TRIPLE_B, BuiltData, Server, until
from itu_align.graph.errors import GraphError, InvalidGraphError, Place, TableError
from itu_align.graph.journal import commit_file, head
from itu_align.graph.store import Store
from itu_align.server import cli
from rdf import write_version

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
COMMANDS = ("build", "serve", "query", "check")


def script(*arguments: str, text: str = "", wrap: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    command = [*wrap, str(SCRIPT), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)


def in_own_mounts(mount: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The script after a `mount` command whose effect ends with it; root's writes are not stopped by chmod."""
    shell = f'{mount} && exec "$0" "$@"'
    return script(*arguments, wrap=("unshare", "--mount", "sh", "-c", shell))


@pytest.fixture(scope="session")
def can_mount() -> None:
    unshare = shutil.which("unshare")
    command = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /tmp"]
    if unshare is None or subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).returncode:
        pytest.skip("mounts of its own need root and the right to unshare (CAP_SYS_ADMIN)")


def counted(folder: Path) -> int:
    result = script("query", "-", "--format", "csv", "--data", str(folder), text=COUNT)
    assert result.returncode == 0, result.stderr
    return int(result.stdout.split()[1])


# Help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(runner: CliRunner, command: str) -> None:
    result = runner.invoke(cli.main, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example:\n    itu-align {command}" in result.stdout
    assert "--data DIR" in result.stdout


def test_the_installed_script_knows_its_version_and_imports_nothing_heavy() -> None:
    result = script("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("itu-align, version ")
    heavy = "flask pyoxigraph pyshacl rdflib rich waitress"
    code = f"import itu_align.server.cli, sys; print([m for m in '{heavy}'.split() if m in sys.modules])"
    python = SCRIPT.parent / "python"
    loaded = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert loaded.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "No such command 'absent'"),
        (["query"], "Missing argument 'FILE|-'"),
        (["query", "absent.rq"], "'absent.rq': No such file or directory"),
        (["query", "-", "--format", "excel"], "'excel' is not one of"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["serve", "--port", "x"], "'x' is not a valid integer"),
    ],
)
def test_wrong_usage_leaves_with_2(runner: CliRunner, arguments: list[str], message: str) -> None:
    result = runner.invoke(cli.main, arguments)
    assert result.exit_code == 2
    assert message in result.stderr


# query


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        ("SELECT ?s ?o { ?s <urn:p> ?o } ORDER BY ?s", [], "s        o\n-------  -----\n<urn:a>  x @en\n<urn:b>  y\n"),
        ("SELECT ?s { ?s <urn:absent> ?o }", [], "s\n-\n"),
        (
            "SELECT ('a\\u001b[2Jb' AS ?x) ('日本' AS ?y) (1 AS ?z) {}",
            [],
            "x          y     z\n---------  ----  -\na\\x1b[2Jb  日本  1\n",
        ),
        ("SELECT ?x { ?s <urn:q> ?x }", ["--format", "tsv"], '?x\n"<b>&"\n'),
        ("SELECT ?s { ?s <urn:q> ?x }", ["--format", "csv"], "s\nhttp://example.org/c\n"),
        ("ASK {}", [], "true\n"),
        ("ASK { <urn:a> <urn:a> <urn:a> }", [], "false\n"),
        ("CONSTRUCT { ?s <urn:r> 1 } { ?s <urn:q> ?o }", ["--format", "nt"], None),
    ],
)
def test_query_shows_its_answer(
    runner: CliRunner, small: Path, query: str, options: list[str], expected: str | None
) -> None:
    result = runner.invoke(cli.main, ["query", "-", *options, "--data", str(small)], input=query)
    assert (result.exit_code, result.stderr) == (0, "")
    one = '<http://example.org/c> <urn:r> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    assert result.stdout.replace("\r\n", "\n") == (one if expected is None else expected)


def test_query_from_a_file_in_every_format(runner: CliRunner, small: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.rq"
    for query, formats in (
        ("SELECT * { ?s ?p ?o }", ("table", "json", "xml", "csv", "tsv")),
        ("CONSTRUCT WHERE { ?s ?p ?o }", ("turtle", "nt", "rdfxml", "jsonld")),
    ):
        file.write_text(query, "utf-8")
        for name in formats:
            result = runner.invoke(cli.main, ["query", str(file), "--format", name, "--data", str(small)])
            assert result.exit_code == 0, result.stderr
            assert "example.org/c" in result.stdout


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        (b"ASK { }\xff", [], "not UTF-8: byte 0xFF at offset 7"),
        (
            b"ASK {",
            [],
            "Error: The query ends, but the `{` in line 1, column 5 is not closed.\n  at <stdin>, line 1, column 6\n",
        ),
        (b"ASK {}", ["--format", "csv"], "cannot be written as csv.\nNext: Available: json, xml."),
        (b"CONSTRUCT WHERE { ?s ?p ?o }", ["--format", "table"], "Only the answer to a SELECT query is a table."),
    ],
)
def test_query_tells_what_is_wrong(
    runner: CliRunner, small: Path, query: bytes, options: list[str], message: str
) -> None:
    result = runner.invoke(cli.main, ["query", "-", *options, "--data", str(small)], input=query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_query_without_a_graph_says_how_to_get_one(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(cli.main, ["query", "-", "--data", str(tmp_path / "none")], input="ASK {}")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path / 'none'} holds no graph yet.\nNext: Run 'itu-align build'")
    assert not (tmp_path / "none").exists()


def test_the_folder_comes_from_the_environment(runner: CliRunner, small: Path) -> None:
    result = runner.invoke(cli.main, ["query", "-"], input="ASK {}", env={"ITU_ALIGN_DATA": str(small)})
    assert result.stdout == "true\n"


# build and check


def test_build_prints_every_graph_and_the_sum(built: BuiltData, store: Store) -> None:
    parts = [line.rsplit(maxsplit=1) for line in built.output.splitlines()]
    rows = {name.strip(): count for name, count in parts}
    for iri, count in store.counts().items():
        assert rows[iri.rpartition("/")[2]] == f"{count:,}"
    assert rows["all together"] == f"{len(store):,}"
    assert built.output.endswith(f"Version 1 is built in {built.folder}.\n")
    assert "Building" not in built.errors  # no bar where stderr is no terminal


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (InvalidGraphError("It breaks a shape.", hint="Mend it."), 1, "Error: It breaks a shape.\nNext: Mend it.\n"),
        (
            TableError("goals.csv: 'x' is no date.", hint="Write 2015-09-25.", place=Place(2, 3, "a,x")),
            2,
            "Error: goals.csv: 'x' is no date.\n  at line 2, column 3\n  2 | a,x\n    |   ^\nNext: Write 2015-09-25.\n",
        ),
    ],
    ids=["finding", "unreadable"],
)
def test_build_shows_an_error_and_leaves_with_its_code(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: GraphError, code: int, shown: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("itu_align.graph.build.build", refuse)
    result = runner.invoke(cli.main, ["build", "--data", str(tmp_path)])
    assert (result.exit_code, result.stderr) == (code, shown)


def test_check_finds_the_shipped_graph_good(data: Path) -> None:
    result = script("check", "--data", str(data))
    assert result.returncode == 0, result.stdout + result.stderr
    outcomes = [line[line.index("  ") :].split()[0] for line in result.stdout.splitlines()[2:]]
    assert set(outcomes) <= {"good", "hint", "warning", "skipped"}
    assert outcomes[:2] == ["good", "good"]  # it opens, and the commits make it


def test_check_finds_a_snapshot_that_the_commits_do_not_make(runner: CliRunner, small: Path) -> None:
    """One quad is taken out of the snapshot: it and its copy in the default graph are missed."""
    snapshot = small / "snapshots" / "000000001.nq.gz"
    lines = gzip.decompress(snapshot.read_bytes()).splitlines(keepends=True)
    snapshot.write_bytes(gzip.compress(b"".join(line for line in lines if b"urn:a" not in line)))
    result = runner.invoke(cli.main, ["check", "--data", str(small)])
    assert result.exit_code == 1
    lines_ = {line[:22].strip(): line[22:].split() for line in result.stdout.splitlines()}
    assert lines_["commits make the graph"] == ["finding", "2", "quads", "differ"]


def test_check_without_a_graph_leaves_with_2(runner: CliRunner, tmp_path: Path) -> None:
    assert runner.invoke(cli.main, ["check", "--data", str(tmp_path)]).exit_code == 2


# Damage: the old version must go on being served


def test_damaged_files_are_told(runner: CliRunner, small: Path) -> None:
    commit_file(small, 2).write_bytes(b"no gzip")
    result = runner.invoke(cli.main, ["query", "-", "--data", str(small)], input="ASK {}")
    assert result.exit_code == 2
    assert "000000002.rdfp.gz cannot be read" in result.stderr
    assert "itu-align restore" in result.stderr


@NEEDS_PROC
@pytest.mark.parametrize("moment", ["reading", "writing", "written"])
def test_a_build_killed_in_the_middle_leaves_the_old_version_served_and_the_next_build_succeeds(
    serve: Callable[[Path], Server], small: Path, moment: str
) -> None:
    server, commits = serve(small), small / "commits"
    process = subprocess.Popen([SCRIPT, "build", "--data", small], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reached: dict[str, Callable[[], bool]] = {
        "reading": lambda: "pyoxigraph" in Path(f"/proc/{process.pid}/maps").read_text(),
        "writing": lambda: any(commits.glob(".*")),
        "written": lambda: commit_file(small, 2).exists(),
    }
    try:
        until(lambda: reached[moment]() or process.poll() is not None)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    survived = head(small)
    # In the middle of writing the file may get its name before the signal comes.
    assert survived in {"reading": {1}, "writing": {1, 2}, "written": {2}}[moment]
    assert counted(small) == json.loads(server.get("/health"))["triples"] == len(Store.open(small))
    if moment == "writing":
        result = script("build", "--data", str(small))
        assert result.returncode == 0, result.stderr
        assert counted(small) > 10_000
    else:  # the same last stage, without the minutes of the others
        before = counted(small)
        write_version(small, {"g": [TRIPLE_B]})  # stands in `one` as well
        assert counted(small) == before
    health = json.loads(server.get("/health"))
    assert (health["version"], health["triples"]) == (head(small), counted(small))


@pytest.mark.usefixtures("can_mount")
def test_a_read_only_data_folder_serves_and_refuses_a_build(small: Path) -> None:
    read_only = f"mount --bind {small} {small} && mount -o remount,ro,bind {small}"
    query = in_own_mounts(read_only, "query", "--format", "csv", "--data", str(small), str(_file(small, COUNT)))
    assert (query.returncode, query.stdout.split()) == (0, ["n", "3"])
    build = in_own_mounts(read_only, "build", "--data", str(small))
    assert build.returncode == 2
    assert "Read-only file system" in build.stderr
    assert "What was served before is still served." in build.stderr
    assert counted(small) == 3


@pytest.mark.usefixtures("can_mount")
def test_a_full_disk_stops_a_build_and_the_old_version_is_still_there(small: Path, tmp_path: Path) -> None:
    """The folder is copied to a file system with room for the old version but not for a new one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    kilobytes = sum(file.stat().st_blocks for file in small.rglob("*")) // 2
    mount = f"mount -t tmpfs -o size={kilobytes + 120}k tmpfs {disk} && cp -r {small}/. {disk}"
    query = _file(tmp_path, COUNT)
    both = f'"$0" "$@"; echo "left with $?" >&2; exec "$0" query --format csv --data {disk} {query}; :'
    wrap = ("unshare", "--mount", "sh", "-c", f"{mount} && {{ {both}\n}}")
    result = script("build", "--data", str(disk), wrap=wrap)
    assert "left with 2" in result.stderr, result.stderr
    assert "cannot be written" in result.stderr
    assert "free space" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout.split() == ["n", "3"]


def _file(folder: Path, text: str) -> Path:
    file = folder / "query.rq"
    file.write_text(text, "utf-8")
    return file


def test_a_port_in_use_is_told_before_anything_is_built(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = script("serve", "--port", str(port), "--data", str(tmp_path / "new"))
    assert result.returncode == 2
    assert result.stderr == (
        f"Error: Port {port} on 127.0.0.1 is in use.\nNext: Stop the other server, or choose another --port.\n"
    )
    assert not (tmp_path / "new").exists()


def test_a_privileged_port_and_a_foreign_address_are_told(
    runner: CliRunner, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = runner.invoke(cli.main, ["serve", "--host", "192.0.2.1", "--port", "0", "--data", str(small)])
    assert result.exit_code == 2
    assert "This machine cannot listen on '192.0.2.1'" in result.stderr

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.bind", refuse)
    result = runner.invoke(cli.main, ["serve", "--port", "80", "--data", str(small)])
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Port 80 is reserved for the system's administrator.\nNext: Choose a --port")
