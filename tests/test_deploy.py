"""The files for operators: what they call exists, and the tools that read them accept them."""

import configparser
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from conftest import PATIENCE, SCRIPT, Server, until
from itu_align.server.cli import main

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"

pytestmark = pytest.mark.skipif(not DEPLOY.is_dir(), reason="runs from a source tree only")

NEEDS_NGINX = pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx on this machine")


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"--help"}


def check_command(words: list[str]) -> None:
    """The words of an `itu-align` command, without the program's name: each command and each option exists."""
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    assert {word for word in words if word.startswith("--")} <= options(command), command.name


# systemd


@pytest.fixture
def unit() -> configparser.ConfigParser:
    """As configparser reads it; a key that is given twice is kept once."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text("itu-align.service"))
    return parser


def test_the_unit_starts_the_program_with_options_that_it_has(unit: configparser.ConfigParser) -> None:
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == SCRIPT.name
    check_command(list(words))
    assert words[words.index("--data") + 1] == f"%S/{unit['Service']['StateDirectory']}"


def test_the_program_starts_as_the_unit_starts_it(unit: configparser.ConfigParser, small: Path) -> None:
    """On another port and folder; the answer is that of the folder, and SIGTERM ends it well before systemd kills."""
    words = shlex.split(unit["Service"]["ExecStart"])[1:]
    words[words.index("--port") + 1] = "0"
    words[words.index("--data") + 1] = str(small)
    process = subprocess.Popen([SCRIPT, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"(http://127\.0\.0\.1:\d+)/sparql", line)
        assert match, line
        assert json.loads(Server(line, match[1], process).get("/health"))["status"] == "ok"
        process.terminate()
        _, errors = process.communicate(timeout=int(unit["Service"]["TimeoutStopSec"]))
        assert (process.returncode, errors) == (0, "")
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate(timeout=PATIENCE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_accepts_the_unit_and_rates_it_as_safe(tmp_path: Path) -> None:
    copy = tmp_path / "itu-align.service"
    copy.write_text(text("itu-align.service").replace("/opt/itu-align/bin/itu-align", str(SCRIPT)))
    checked = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", copy],  # of 100, where 0 is safest
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if "Unknown option" in rated.stderr or "unrecognized option" in rated.stderr:
        pytest.skip("this systemd rates no files")
    assert rated.returncode == 0, rated.stdout


def test_the_unit_leaves_room_for_limits_of_workers_and_for_their_death(unit: configparser.ConfigParser) -> None:
    """Each worker sets a limit of its own (setrlimit), and one that dies of memory must not end the service."""
    assert unit["Service"]["OOMPolicy"] == "continue"
    filters = re.findall(r"^SystemCallFilter=(.+)$", text("itu-align.service"), re.MULTILINE)
    assert filters == ["@system-service", "~@privileged"]


# The container


def instructions(name: str) -> list[str]:
    """The arguments of an instruction wherever it occurs, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", text("Containerfile"))
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def test_the_container_starts_the_program_with_options_that_it_has() -> None:
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    assert json.loads(entry) == [SCRIPT.name]
    words = json.loads(command)
    check_command(list(words))
    (port,) = instructions("EXPOSE")
    assert words[words.index("--port") + 1] == port
    assert f"127.0.0.1:{port}/health" in instructions("HEALTHCHECK")[0]


def test_the_container_is_not_root_and_keeps_its_data_in_the_volume() -> None:
    assert instructions("USER") == ["10001"]
    assert instructions("VOLUME") == ["/data"]
    assert "ITU_ALIGN_DATA=/data" in instructions("ENV")[0]
    assert "--uid 10001" in text("Containerfile")
    assert "--mode=0700 /data" in text("Containerfile")


def copied() -> list[str]:
    """The sources of the first stage's COPY instructions."""
    return [word for words in instructions("COPY") if "--from" not in words for word in words.split()[:-1]]


def test_the_container_gets_all_that_the_package_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = set(project["tool"]["setuptools"]["package-dir"].values())
    files = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    assert set(copied()) == folders | files


@pytest.mark.package
def test_the_package_builds_from_what_the_container_gets(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    result = subprocess.run(
        [*command, "--wheel-dir", tmp_path, source], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("itu_align-*.whl"))) == 1


def run_health_check(port: int) -> int:
    program, *arguments = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert program == "python"
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [sys.executable, *(word.replace(":8000", f":{port}") for word in arguments)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False).returncode


def test_the_health_check_succeeds_with_the_server_and_fails_without(
    serve: Callable[[Path], Server], small: Path
) -> None:
    server = serve(small)
    port = int(server.url.rpartition(":")[2])
    assert run_health_check(port) == 0
    server.process.terminate()
    server.process.wait(timeout=PATIENCE)
    assert run_health_check(port) == 1


# The reverse proxy


def nginx_config(folder: Path, port: int, upstream: int) -> Path:
    """The shipped file on loopback, without TLS, in a main file that keeps everything in the folder."""
    shipped = text("nginx.conf").replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    shipped = re.sub(r"^\s*ssl_certificate.*$", "", shipped, flags=re.MULTILINE)
    assert "http://127.0.0.1:8000" in shipped
    (folder / "site.conf").write_text(shipped.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{upstream}"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    (folder / "main.conf").write_text(
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'}; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary} include {folder / 'site.conf'}; }}\n"
    )
    return folder / "main.conf"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Upstream:
    """A server that begins an answer and breaks off, and keeps the header that it was asked with."""

    def __init__(self) -> None:
        self.asked = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        self._socket.settimeout(PATIENCE)
        with self._socket, self._socket.accept()[0] as connection:
            while b"\r\n\r\n" not in self.asked and (received := connection.recv(65536)):
                self.asked += received
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na,b\r\n\r\n")

    def close(self) -> None:
        self._thread.join(timeout=PATIENCE)


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[int, Upstream]]:
    """Nginx by the shipped file before such a server; both are stopped by what they were started with."""
    upstream, port = Upstream(), free_port()
    command = ["nginx", "-p", tmp_path, "-e", tmp_path / "error.log", "-c", nginx_config(tmp_path, port, upstream.port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def listens() -> bool:
        with socket.socket() as sock:
            return process.poll() is not None or sock.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens)
        assert process.poll() is None, process.communicate(timeout=PATIENCE)[1]
        yield port, upstream
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
        upstream.close()


@NEEDS_NGINX
def test_behind_the_proxy_a_broken_answer_is_broken_and_the_client_cannot_name_itself(
    proxied: tuple[int, Upstream],
) -> None:
    port, upstream = proxied
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        lies = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Host: evil.example\r\n"
        connection.sendall(f"GET /sparql HTTP/1.1\r\nHost: graph.example.org\r\n{lies}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    header, _, body = answer.partition(b"\r\n\r\n")
    assert header.startswith(b"HTTP/1.1 200 ")
    assert b"transfer-encoding: chunked" in header.lower()
    assert body == b"5\r\na,b\r\n\r\n"  # without the last chunk, `0`, that would make it whole
    asked = upstream.asked.lower()
    assert asked.startswith(b"get /sparql http/1.1\r\n")
    assert re.findall(rb"x-forwarded-for: ([^\r]*)", asked) == [b"127.0.0.1"]
    assert re.findall(rb"x-forwarded-host: ([^\r]*)", asked) == [b"graph.example.org"]


def test_the_proxy_waits_longer_than_a_query_may_take() -> None:
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", text("nginx.conf"))
    default = next(each.default for each in main.commands["serve"].params if each.name == "max_timeout")
    assert int(seconds) > default


# The page


def test_the_commands_on_the_page_exist() -> None:
    page = text("README.md")
    # In `podman exec itu-align itu-align token …` the first is the name of the container.
    commands = re.findall(r"(?<![\w/.-])(?:/opt/itu-align/bin/)?itu-align ((?:token|serve|build|check)\b[^`\n]*)", page)
    assert {command.split()[0] for command in commands} == {"token", "serve"}
    for command in commands:
        check_command(shlex.split(command))


def test_the_variables_on_the_page_are_options_of_serve() -> None:
    found = set(re.findall(r"ITU_ALIGN_SERVE_([A-Z_]+)", text("README.md")))
    names = {str(parameter.name).upper() for parameter in main.commands["serve"].params}
    assert {"PROXIES", "ORIGIN", "HOST"} <= found <= names
    assert main.context_settings["auto_envvar_prefix"] == "ITU_ALIGN"


def test_the_files_that_the_page_names_are_there() -> None:
    for name in re.findall(r"\]\(([^)#]+)\)", text("README.md")):
        assert (DEPLOY / name).is_file()
    assert {path.name for path in DEPLOY.iterdir()} == {"README.md", "Containerfile", "itu-align.service", "nginx.conf"}
