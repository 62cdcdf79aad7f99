"""The list of versions and what each changed, over HTTP."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import running_app
from flask.testing import FlaskClient
from itu_align.graph import journal
from versions import History

GRAPH = "https://w3id.org/itu-align/graph/one"
PATCH = f"""\
H version "2" .
H created "2026-01-02T10:00:00.000+00:00" .
H agent "token b" .
H operation "PUT" .
H previous "1" .
TX .
D <urn:s> <urn:p> "1" <{GRAPH}> .
A <urn:s> <urn:p> "<b>2" <{GRAPH}> .
TC .
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = History(tmp_path_factory.mktemp("versions") / "data")
    history.add("2026-01-01T10:00:00.000+00:00", {"one": '<urn:s> <urn:p> "1" .'}, agent="a", operation="build")
    history.add("2026-01-02T10:00:00.000+00:00", {"one": '<urn:s> <urn:p> "<b>2" .'}, agent="token b", operation="PUT")
    history.add("2026-01-03T10:00:00.000+00:00", {}, agent="<i>c", operation="DELETE")
    return history.data


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[FlaskClient]:
    with running_app(data) as app:
        yield app.test_client()


def test_versions_are_listed_with_who_made_them_when_and_by_what(client: FlaskClient) -> None:
    assert client.get("/versions").json == {
        "newest": 3,
        "earlier": None,
        "versions": [
            {
                "version": number,
                "created": f"2026-01-0{number}T10:00:00.000+00:00",
                "agent": agent,
                "operation": operation,
                "changes": f"http://localhost/versions/{number}/changes",
            }
            for number, agent, operation in ((3, "<i>c", "DELETE"), (2, "token b", "PUT"), (1, "a", "build"))
        ],
    }


def test_a_long_list_comes_in_parts_that_are_linked(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("itu_align.server.history._MOST_VERSIONS", 2)
    first = client.get("/versions")
    assert first.json is not None
    assert ([each["version"] for each in first.json["versions"]], first.json["earlier"]) == (
        [3, 2],
        "http://localhost/versions?before=2",
    )
    assert first.headers["Link"] == '<http://localhost/versions?before=2>; rel="next"'
    rest = client.get(first.json["earlier"])
    assert rest.json is not None
    assert ([each["version"] for each in rest.json["versions"]], rest.json["earlier"]) == ([1], None)
    assert "Link" not in rest.headers
    assert 'rel="next" href="http://localhost/versions?before=2"' in client.get("/versions", headers=HTML).text


@pytest.mark.parametrize(("before", "numbers"), [("99", [3, 2, 1]), ("2", [1]), ("1", []), ("0", [])])
def test_a_list_may_begin_anywhere(client: FlaskClient, before: str, numbers: list[int]) -> None:
    response = client.get(f"/versions?before={before}")
    assert response.status_code == 200
    assert [each["version"] for each in response.json["versions"]] == numbers  # type: ignore[index]


@pytest.mark.parametrize("before", ["", "x", "-1", "1&before=2"])
def test_a_list_that_begins_at_no_version_is_refused(client: FlaskClient, before: str) -> None:
    assert client.get(f"/versions?before={before}").status_code == 400


@pytest.mark.parametrize(
    "asked", [{}, {"headers": {"Accept": "application/rdf-patch"}}, {"query_string": "format=patch"}]
)
def test_a_change_is_sent_as_rdf_patch(client: FlaskClient, asked: dict[str, dict[str, str]]) -> None:
    response = client.get("/versions/2/changes", **asked)  # type: ignore[arg-type]
    assert (response.content_type, response.text) == ("application/rdf-patch", PATCH)
    assert response.headers["X-Data-Version"] == "2"


def test_a_change_is_sent_as_json(client: FlaskClient) -> None:
    term = {"subject": "<urn:s>", "predicate": "<urn:p>", "graph": f"<{GRAPH}>"}
    assert client.get("/versions/2/changes", headers={"Accept": "application/json"}).json == {
        "version": 2,
        "created": "2026-01-02T10:00:00.000+00:00",
        "agent": "token b",
        "operation": "PUT",
        "total": {"deleted": 1, "inserted": 1},
        "deleted": [{**term, "object": '"1"'}],
        "inserted": [{**term, "object": '"<b>2"'}],
    }


HTML = {"Accept": "text/html"}


def test_pages_show_the_same_and_keep_texts_texts(client: FlaskClient) -> None:
    versions = client.get("/versions", headers=HTML).text
    assert "&lt;i&gt;c" in versions
    assert 'href="/versions/2/changes"' in versions
    changes = client.get("/versions/2/changes", headers=HTML).text
    assert "&lt;b&gt;2" in changes
    assert "<b>" not in changes
    assert "token b" in changes


def test_a_change_that_a_client_has_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/versions/2/changes").headers["ETag"]
    assert client.get("/versions/2/changes", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/versions/1/changes", headers={"If-None-Match": tag}).status_code == 200
    as_json = {"If-None-Match": tag, "Accept": "application/json"}
    assert client.get("/versions/2/changes", headers=as_json).status_code == 200


@pytest.mark.parametrize("number", ["0", "4", "99999999999999999999"])
def test_a_version_that_never_was_has_no_changes(client: FlaskClient, number: str) -> None:
    response = client.get(f"/versions/{number}/changes")
    assert response.status_code == 404
    assert response.json["detail"] == f"There is no version {number}; the newest is 3."  # type: ignore[index]


@pytest.mark.parametrize("path", ["/versions/2/changes?format=turtle", "/versions/2/changes?format=nix"])
def test_a_format_that_a_change_has_not_is_refused(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code in {400, 406}
    assert "patch, json, html" in response.json["hint"]  # type: ignore[index]


@pytest.mark.parametrize("accept", ["application/rdf-patch", "application/json"])
def test_a_damaged_commit_is_told(tmp_path: Path, accept: str) -> None:
    """Cut in the middle; what the disk is like is no concern of a stranger."""
    history = History(tmp_path)
    history.add("2026-01-01T10:00:00.000+00:00", {"one": " ".join(f"<urn:{n}> <urn:p> {n} ." for n in range(2000))})
    with running_app(tmp_path) as app:
        client = app.test_client()
        assert client.get("/versions").status_code == 200
        file = journal.commit_file(tmp_path, 1)
        text = gzip.decompress(file.read_bytes())
        file.write_bytes(gzip.compress(text)[:200])
        response = client.get("/versions/1/changes", headers={"Accept": accept})
        assert response.status_code == 503
        assert str(tmp_path) not in response.text
