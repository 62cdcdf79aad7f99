"""The application: what holds for every answer, and which version it serves while others build."""

import json
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph.journal import commit_file
from itu_align.graph.store import Store
from itu_align.server.app import create_app
from itu_align.server.settings import default_data
from rdf import write_version

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def triples(count: int) -> list[ox.Triple]:
    return [ox.Triple(ox.NamedNode(f"urn:{n}"), ox.NamedNode("urn:p"), ox.Literal(n)) for n in range(count)]


def health(client: FlaskClient) -> dict[str, object]:
    response = client.get("/health")
    assert response.status_code == 200, response.text
    found: dict[str, object] = json.loads(response.data)
    return found


@pytest.mark.parametrize("path", ["/health", "/sparql", "/sparql?query=ASK%7B%7D", "/absent", "/static/style.css"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_every_answer_has_the_security_headers_and_no_cookie(small_client: FlaskClient, path: str, accept: str) -> None:
    response = small_client.get(path, headers={"Accept": accept}, buffered=True)
    assert {name: response.headers.get(name) for name in SECURITY} == SECURITY
    assert "Set-Cookie" not in response.headers


def test_pages_need_nothing_that_the_policy_forbids(small_client: FlaskClient) -> None:
    for path in ("/sparql", "/sparql?query=SELECT*%7B?s?p?o%7D", "/sparql?query=x"):
        page = small_client.get(path, headers={"Accept": "text/html"}).text
        assert not any(forbidden in page for forbidden in ("<script", "<style", " style=", "<img", " onclick"))
        assert '<link rel="stylesheet" href="/static/style.css">' in page
        assert '<html lang="en">' in page
        assert "<label for=" in page


def test_health_tells_version_and_size(small_client: FlaskClient) -> None:
    assert health(small_client) == {"status": "ok", "version": 1, "triples": 3}


def test_health_of_the_shipped_graph(client: FlaskClient, store: Store) -> None:
    assert health(client) == {"status": "ok", "version": store.version, "triples": len(store)}


def test_the_application_starts_without_a_graph_and_serves_the_first_that_is_built(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(tmp_path).test_client()
    assert client.get("/health").status_code == 503
    write_version(tmp_path, {"g": triples(2)})
    assert health(client) == {"status": "ok", "version": 1, "triples": 2}


def test_a_rebuild_is_served_without_restart(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    write_version(tmp_path, {"g": triples(2)})
    client = make_app(tmp_path).test_client()
    assert health(client)["triples"] == 2
    for number in (2, 3, 4):
        write_version(tmp_path, {"g": triples(number + 1)})
        assert health(client) == {"status": "ok", "version": number, "triples": number + 1}


@pytest.mark.parametrize("damage", ["garbage", "empty", "folder gone"])
def test_the_old_version_is_served_on_when_the_new_cannot_be_read(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture, make_app: Callable[..., Flask]
) -> None:
    folder = tmp_path / "data"
    write_version(folder, {"g": triples(2)})
    client = make_app(folder).test_client()
    assert health(client)["triples"] == 2
    if damage == "folder gone":
        shutil.rmtree(folder)
    else:
        commit_file(folder, 2).write_bytes(b"" if damage == "empty" else b"\x1f\x8b no gzip")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert health(client) == {"status": "ok", "version": 1, "triples": 2}
            assert client.get("/sparql?query=SELECT*%7B?s?p?o%7D&format=csv").text.count("\r\n") == 3
    assert caplog.text.count("still serving version 1") == (damage != "folder gone")


def test_a_failing_build_leaves_the_served_version(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    write_version(tmp_path, {"g": triples(2)})
    client = make_app(tmp_path).test_client()

    def breaks() -> object:
        yield from triples(1)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  (ours, two lines above)
        write_version(tmp_path, {"g": breaks()})  # type: ignore[dict-item]
    assert health(client) == {"status": "ok", "version": 1, "triples": 2}


def test_many_threads_during_rebuilds_see_whole_versions(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    """Version n has n triples: an answer that mixes two versions would have another number."""
    write_version(tmp_path, {"g": triples(1)})
    app = make_app(tmp_path)
    seen: set[tuple[object, object]] = set()
    done = threading.Event()

    def ask() -> None:
        client = app.test_client()
        while not done.is_set():
            answer = health(client)
            seen.add((answer["version"], answer["triples"]))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(2, 8):
        write_version(tmp_path, {"g": triples(number)})
    done.set()
    for thread in threads:
        thread.join(timeout=60)
    assert seen
    assert all(version == count for version, count in seen)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"ITU_ALIGN_DATA": "/a", "XDG_DATA_HOME": "/b"}, "/a"),
        ({"XDG_DATA_HOME": "/b"}, "/b/itu-align"),
        ({"XDG_DATA_HOME": "relative"}, "/home/u/.local/share/itu-align"),
        ({"XDG_DATA_HOME": ""}, "/home/u/.local/share/itu-align"),
        ({}, "/home/u/.local/share/itu-align"),
    ],
)
def test_the_default_folder(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name in ("ITU_ALIGN_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/u")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_data() == Path(expected)
    assert create_app().config["DATA"] == Path(expected)


def test_root_leads_to_the_query_form(client: FlaskClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (303, "/sparql")
