"""Answers as at an older version: by every address that reads, right, and with no effect on later answers."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from pathlib import Path

import pytest
from conftest import PATIENCE, running_app
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph import tokens, wire, worker
from itu_align.graph.job import Context
from itu_align.graph.settings import Settings
from itu_align.graph.store import Store
from itu_align.graph.worker import Limits, Slot
from versions import History

QUERY = "SELECT ?o { ?s <urn:p> ?o }"
DIRECT = "application/sparql-query"
GRAPH = "https://w3id.org/itu-align/graph/one"
TWO = "https://w3id.org/itu-align/graph/two"


def of_one_value(data: Path) -> History:
    """Three versions, in which <urn:s> <urn:p> has the value "1", then "2", then "3"; the last has a second graph."""
    history = History(data)
    for number in (1, 2, 3):
        graphs = {"one": f'<urn:s> <urn:p> "{number}" .'}
        history.add(
            f"2026-01-0{number}T10:00:00.000+00:00", graphs | ({"two": "<urn:x> <urn:y> 1 ."} if number == 3 else {})
        )
    return history


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no test writes versions to."""
    return of_one_value(tmp_path_factory.mktemp("as-at") / "data").data


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[FlaskClient]:
    """One worker only, so a job that leaves it spoilt would be seen by the next."""
    with running_app(data, ENGINE=Settings(data, workers=1)) as app:
        yield app.test_client()


def values(client: FlaskClient, version: int | None = None) -> list[str]:
    parameters = {"query": QUERY, "format": "csv"} | ({} if version is None else {"version": str(version)})
    return client.get("/sparql", query_string=parameters).text.split()[1:]


def test_a_query_is_answered_as_at_each_version_and_then_as_of_today(client: FlaskClient) -> None:
    assert [values(client, version) for version in (1, None, 2, 3, None)] == [["1"], ["3"], ["2"], ["3"], ["3"]]


def test_every_way_to_ask_takes_a_version(client: FlaskClient) -> None:
    by_form = client.post("/sparql", data={"query": QUERY, "version": "2"}, headers={"Accept": "text/csv"})
    direct = client.post("/sparql?version=1", data=QUERY, content_type=DIRECT, headers={"Accept": "text/csv"})
    assert (by_form.text.split(), direct.text.split()) == (["o", "2"], ["o", "1"])
    assert (by_form.headers["X-Data-Version"], direct.headers["X-Data-Version"]) == ("2", "1")


def test_the_page_says_as_at_when_it_is_and_its_links_stay_there(client: FlaskClient) -> None:
    page = client.get("/sparql", query_string={"query": QUERY, "version": "2"}, headers={"Accept": "text/html"}).text
    assert "as at version 2" in page
    assert "&amp;format=csv&amp;version=2" in page
    assert "<td>2</td>" in page


def test_an_old_answer_has_a_tag_of_its_own_that_a_commit_does_not_change(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(of_one_value(tmp_path).data).test_client()
    address = {"query": QUERY, "version": "1"}
    first = client.get("/sparql", query_string=address)
    tag = first.headers["ETag"]
    assert tag.startswith('W/"1-')
    assert client.get("/sparql", query_string={"query": QUERY}).headers["ETag"] != tag
    token = tokens.create(tmp_path, ["admin"])[1]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/update", data={"update": "CLEAR ALL"}, headers=headers).json["version"] == 4  # type: ignore[index]
    again = client.get("/sparql", query_string=address)
    assert (again.headers["ETag"], again.data) == (tag, first.data)
    same = client.get("/sparql", query_string=address, headers={"If-None-Match": tag})
    assert (same.status_code, same.headers["X-Data-Version"]) == (304, "1")
    assert values(client) == []


@pytest.mark.parametrize(
    "path", ["/sparql?query=ASK%7B%7D", "/why-empty?query=ASK%7B%7D", "/graph-store?default", "/id/x?"]
)
@pytest.mark.parametrize("version", ["0", "4", "99", "123456789012345678"])
def test_a_version_that_never_was_is_not_found(client: FlaskClient, path: str, version: str) -> None:
    response = client.get(f"{path}&version={version}")
    assert response.status_code == 404
    assert response.json["detail"] == f"There is no version {version}; the newest is 3."  # type: ignore[index]


@pytest.mark.parametrize("version", ["", "x", "-1", "+1", "1.0", "1e0", " 1", "١", "1" * 19, "1&version=1"])
def test_a_version_that_is_no_number_is_refused(client: FlaskClient, version: str) -> None:
    written = version.replace("+", "%2B")
    response = client.get(f"/sparql?query=ASK%20%7B%7D&version={written}")
    assert response.status_code == 400
    assert "version" in response.json["detail"]  # type: ignore[index]


def test_a_graph_is_read_as_at_a_version_and_may_not_be_there_yet(client: FlaskClient) -> None:
    old = client.get("/graph-store", query_string={"graph": GRAPH, "version": "2", "format": "nt"})
    assert (old.text, old.headers["X-Data-Version"]) == ('<urn:s> <urn:p> "2" .\n', "2")
    default = client.get("/graph-store?default&version=1&format=nt")
    assert default.text == '<urn:s> <urn:p> "1" .\n'
    assert client.get("/graph-store", query_string={"graph": TWO, "version": "2"}).status_code == 404
    assert client.get("/graph-store", query_string={"graph": TWO, "version": "3"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_an_old_version_cannot_be_written(client: FlaskClient, data: Path, method: str) -> None:
    headers = {"Authorization": f"Bearer {tokens.create(data, ['admin'])[1]}"}
    address = {"graph": GRAPH, "version": "1"}
    response = client.open(
        "/graph-store", method=method, query_string=address, headers=headers, content_type="text/turtle"
    )
    assert (response.status_code, response.json["detail"]) == (400, "Only the newest version can be written.")  # type: ignore[index]
    assert values(client) == ["3"]


def test_an_empty_answer_is_explained_as_at_a_version(client: FlaskClient) -> None:
    address = {"query": 'ASK { <urn:s> <urn:p> "3" }', "version": "1"}
    response = client.get("/why-empty", query_string=address)
    assert response.headers["X-Data-Version"] == "1"
    assert response.json["empty"] is True  # type: ignore[index]
    today = client.get("/why-empty", query_string={"query": address["query"]})
    assert today.headers["X-Data-Version"] == "3"
    assert today.json["empty"] is False  # type: ignore[index]


def test_a_citation_is_checked_as_at_its_version_beside_today(client: FlaskClient) -> None:
    made = client.post("/q?version=1", data=QUERY, content_type=DIRECT)
    assert made.json["version"] == 1  # type: ignore[index]
    shown = client.get(made.headers["Location"]).json
    assert shown is not None
    assert (shown["then"]["version"], shown["then"]["same"], shown["then"]["result"]) == (1, True, shown["result"])
    assert (shown["today"]["version"], shown["today"]["same"]) == (3, False)
    page = client.get(made.headers["Location"], headers={"Accept": "text/html"}).text
    assert "as at version 1, the answer is the one that was cited" in page
    assert "&amp;version=1" in page


def test_with_readers_on_disk_only_the_newest_version_is_answered(tmp_path: Path) -> None:
    of_one_value(tmp_path)
    with running_app(tmp_path, ENGINE=Settings(tmp_path, readers="disk")) as app:
        client = app.test_client()
        assert values(client, 3) == ["3"]
        refused = client.get("/sparql", query_string={"query": QUERY, "version": "2"})
        assert refused.status_code == 501
        assert "--readers memory" in refused.json["hint"]  # type: ignore[index]
        link = client.post("/q", data=QUERY, content_type=DIRECT).headers["Location"]
        History.add(_continued(tmp_path), "2026-01-04T10:00:00.000+00:00", {"one": '<urn:s> <urn:p> "4" .'})
        assert client.get(link).json["then"] is None  # type: ignore[index]
        assert "cannot answer as at version 3" in client.get(link, headers={"Accept": "text/html"}).text


def _continued(data: Path) -> History:
    """The history of a folder that has one already."""
    history = History(data)
    history._quads, history._version = set(Store.open_in_memory(data, 3).recorded()), 3
    return history


@pytest.mark.parametrize("asker_stays", [True, False])
@pytest.mark.parametrize(("version", "again"), [(3, True), (2, False)])
def test_a_worker_that_went_back_is_not_used_again(
    tmp_path: Path, version: int, *, again: bool, asker_stays: bool
) -> None:
    """Also where the asker goes away before the answer."""
    of_one_value(tmp_path)
    context, slot = Context(Store.open(tmp_path), data=tmp_path), Slot(mmap(-1, Slot.SIZE), 0)
    ours, theirs = socket.socketpair()
    with ours, theirs, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(worker._serve, wire.Connection(ours), context, slot, Limits(0, 0))
        assert wire.Connection(theirs).receive()[0] == b"W"
        if not asker_stays:
            theirs.shutdown(socket.SHUT_RD)
        job = {"job": "read-graph", "graph": GRAPH, "format": "nt", "version": version, "id": 1, "seconds": 30}
        theirs.sendall(wire.pack(b"J", job) + wire.pack(b"B", b""))
        assert serving.result(PATIENCE) is again


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/graph-store?default"])
def test_an_answer_as_at_a_version_may_be_kept_and_that_of_today_must_be_asked_for_again(
    client: FlaskClient, path: str
) -> None:
    then, now = client.get(f"{path}&version=1"), client.get(path)
    assert (then.headers["Cache-Control"], now.headers["Cache-Control"]) == ("public, max-age=86400", "no-cache")
    again = client.get(f"{path}&version=1", headers={"If-None-Match": then.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "public, max-age=86400")
