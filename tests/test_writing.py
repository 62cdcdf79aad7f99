"""Writing over HTTP: tokens, updates, the Graph Store Protocol, what is recorded of them, and running queries.

https://www.w3.org/TR/sparql11-protocol/#update-operation, https://www.w3.org/TR/sparql11-http-rdf-update/
"""

import gzip
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import until
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph import audit, journal, tokens
from werkzeug.test import TestResponse

UPDATE = "application/sparql-update"
FOREVER = f"SELECT (COUNT(*) AS ?n) {{ {' . '.join(f'?a{n} ?b{n} ?c{n}' for n in range(30))} }}"
"""Three triples to the power of thirty."""

INSERT = "INSERT DATA { GRAPH <urn:g> { <urn:n> <urn:p> 1 } }"


@dataclass
class Door:
    """An application over a graph of its own, with tokens for it."""

    client: FlaskClient
    data: Path
    admin: str
    bound: str

    def update(self, text: str, token: str | None = None, **more: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {token or self.admin}"}
        return self.client.post("/update", data=text, content_type=UPDATE, headers=headers, **more)

    def graph(
        self, method: str, address: str, body: str | bytes = "", media_type: str = "text/turtle", **headers: str
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.admin}", **headers}
        return self.client.open(address, method=method, data=body, content_type=media_type, headers=sent)

    def rows(self, pattern: str, columns: str = "?s ?p ?o") -> list[str]:
        query = {"query": f"SELECT {columns} {{ {pattern} }}", "format": "tsv"}
        answer = self.client.get("/sparql", query_string=query)
        return sorted(answer.text.splitlines()[1:])


@pytest.fixture
def door(small: Path, make_app: Callable[..., Flask]) -> Door:
    _, admin = tokens.create(small, ["admin"])
    _, bound = tokens.create(small, ["admin"], "urn:mine")
    return Door(make_app(small).test_client(), small, admin, bound)


def test_an_update_says_from_which_version_to_which_and_readers_see_it(door: Door) -> None:
    response = door.update(INSERT)
    assert (response.status_code, response.headers["X-Data-Version"]) == (200, "2")
    assert response.json == {"from": 1, "version": 2, "inserted": 1, "deleted": 0}
    assert door.rows("GRAPH <urn:g> { ?s ?p ?o }") == ["<urn:n>\t<urn:p>\t1"]
    form = door.client.post("/update", data={"update": INSERT}, headers={"Authorization": f"Bearer {door.admin}"})
    assert form.json == {"from": 2, "version": 2, "inserted": 0, "deleted": 0}


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer ia_wrong"}, 401), ({"Authorization": "Basic YTpi"}, 401)],
)
def test_writing_without_a_token_is_refused_and_noted(door: Door, headers: dict[str, str], status: int) -> None:
    for response in (
        door.client.post("/update", data=INSERT, content_type=UPDATE, headers=headers),
        door.client.put(
            "/graph-store?graph=urn:g", data="<a:a> <a:b> 1 .", content_type="text/turtle", headers=headers
        ),
        door.client.delete("/graph-store?default", headers=headers),
    ):
        assert response.status_code == status
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert "itu-align token create" in response.text or "Reading needs no token" in response.text
    assert journal.head(door.data) == 1
    assert {entry.outcome for entry in audit.read(door.data).entries} == {"refused"}


def test_a_token_in_the_address_or_a_cookie_gives_no_right(door: Door) -> None:
    door.client.set_cookie("Authorization", f"Bearer {door.admin}")
    response = door.client.post(f"/update?access_token={door.admin}", data=INSERT, content_type=UPDATE)
    assert response.status_code == 401


def test_a_token_for_one_graph_writes_that_graph_alone(door: Door) -> None:
    assert door.update("INSERT DATA { GRAPH <urn:mine> { <urn:n> <urn:p> 1 } }", door.bound).status_code == 200
    for text in (INSERT, "INSERT DATA { <urn:n> <urn:p> 1 }", "DROP ALL", f"{INSERT}; DROP GRAPH <urn:mine>"):
        response = door.update(text, door.bound)
        assert response.status_code == 403, text
        assert "urn:mine" in response.text
    assert journal.head(door.data) == 2


def test_an_update_by_get_is_no_method_and_a_query_to_update_is_told(door: Door) -> None:
    assert door.client.get("/update", query_string={"update": INSERT}).status_code == 405
    response = door.update("SELECT * { ?s ?p ?o }")
    assert (response.status_code, "This is a query" in response.text) == (400, True)


@pytest.mark.parametrize(
    "text", ["LOAD <http://127.0.0.1:9/>", "INSERT { ?s ?p ?o } WHERE { SERVICE <urn:x> { ?s ?p ?o } }"]
)
def test_an_update_calls_no_other_server(door: Door, text: str) -> None:
    response = door.update(text)
    assert (response.status_code, "is not allowed" in response.text) == (400, True)


def test_each_write_is_recorded_with_who_what_and_from_which_version_to_which(door: Door) -> None:
    door.update(INSERT)
    door.graph("PUT", "/graph-store?graph=urn:h", "<urn:a> <urn:b> 1 .")
    door.update("NONSENSE")
    admin = next(token.id for token in tokens.listing(door.data) if token.graph is None)
    told = [
        (e.operation, e.outcome, e.token, e.graphs, e.from_version, e.to_version) for e in audit.read(door.data).entries
    ]
    assert told == [
        ("update", "ok", admin, ["urn:g"], 1, 2),
        ("put", "ok", admin, ["urn:h"], 2, 3),
        ("update", "bad_request", admin, [], None, None),
    ]
    assert [journal.read_header(door.data, version).operation for version in (2, 3)] == ["update", "PUT"]


def test_a_graph_is_made_replaced_extended_and_taken_away(door: Door) -> None:
    address = "/graph-store?graph=urn:h"
    assert door.client.get(address).status_code == 404
    assert door.graph("PUT", address, "<urn:a> <urn:b> 1 .").status_code == 201
    assert door.graph("PUT", address, "<urn:a> <urn:b> 2 .").status_code == 200
    assert door.graph("POST", address, "<urn:a> <urn:b> 3 .").status_code == 200
    read = door.client.get(address, headers={"Accept": "application/n-triples"})
    integer = "http://www.w3.org/2001/XMLSchema#integer"
    assert sorted(read.text.splitlines()) == [f'<urn:a> <urn:b> "{n}"^^<{integer}> .' for n in (2, 3)]
    head = door.client.head(address, headers={"Accept": "application/n-triples"})
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", read.headers["ETag"])
    assert door.graph("DELETE", address).status_code == 200
    assert door.graph("DELETE", address).status_code == 404


def test_a_graph_may_be_named_by_its_own_address_and_a_post_without_a_name_makes_one(door: Door) -> None:
    assert door.graph("PUT", "/graph-store/person/1.ttl", "<> a <urn:Person> .").status_code == 201
    name = "<http://localhost/graph-store/person/1.ttl>"
    assert door.rows("GRAPH ?g { ?s a <urn:Person> }", "?g ?s") == [f"{name}\t{name}"]
    made = door.graph("POST", "/graph-store", "<urn:a> <urn:b> 1 .")
    assert made.status_code == 201
    assert door.client.get(made.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("address", "body", "media_type", "status"),
    [
        ("/graph-store", "<a:a> <a:b> 1 .", "text/turtle", 400),
        ("/graph-store?graph=urn:h&default", "<a:a> <a:b> 1 .", "text/turtle", 400),
        ("/graph-store?graph=relative", "<a:a> <a:b> 1 .", "text/turtle", 400),
        ("/graph-store?graph=urn:h", "<a:a> <a:b> ", "text/turtle", 400),
        ("/graph-store?graph=urn:h", "a,b", "text/csv", 415),
        ("/graph-store?graph=urn:h", "<a:a> <a:b> 1 .", "text/turtle; charset=latin-1", 415),
        ("/graph-store?graph=urn:h", "<a:a> <a:b> <<( <a:a> <a:b> 1 )>> .", "text/turtle", 400),
        ("/graph-store?graph=urn:h", '<!DOCTYPE x [<!ENTITY a "b">]><x/>', "application/rdf+xml", 400),
    ],
)
def test_a_body_that_cannot_be_taken_is_told_and_changes_nothing(
    door: Door, address: str, body: str, media_type: str, status: int
) -> None:
    response = door.graph("PUT", address, body, media_type)
    assert response.status_code == status
    assert json.loads(response.data)["hint"]
    assert journal.head(door.data) == 1


def test_a_place_in_a_body_is_told_with_its_line(door: Door) -> None:
    problem = json.loads(door.graph("PUT", "/graph-store?graph=urn:h", "<a:a> <a:b> 1 .\n<a:a> x:y 1 .").data)
    assert (problem["line"], problem["column"], problem["excerpt"]) == (2, 7, "<a:a> x:y 1 .")


def test_a_compressed_body_and_a_form_with_files_are_read(door: Door) -> None:
    packed = gzip.compress(b"<urn:a> <urn:b> 1 .")
    assert door.graph("PUT", "/graph-store?graph=urn:h", packed, **{"Content-Encoding": "gzip"}).status_code == 201
    files = [(io.BytesIO(f"<urn:a> <urn:b> {n} .".encode()), f"{n}.ttl", "text/turtle") for n in (2, 3)]
    form = door.client.post(
        "/graph-store?graph=urn:h",
        data={"one": files[0], "two": files[1]},
        content_type="multipart/form-data",
        headers={"Authorization": f"Bearer {door.admin}"},
    )
    assert form.status_code == 200
    assert door.rows("GRAPH <urn:h> { ?s ?p ?o }") == [f"<urn:a>\t<urn:b>\t{n}" for n in (1, 2, 3)]


def test_a_running_query_is_listed_and_stopped_by_an_admin_only(door: Door) -> None:
    answers: list[TestResponse] = []
    asking = door.client.application.test_client()
    thread = threading.Thread(target=lambda: answers.append(asking.get("/sparql", query_string={"query": FOREVER})))
    thread.start()
    admin = {"Authorization": f"Bearer {door.admin}"}
    until(lambda: bool(door.client.get("/queries", headers=admin).json))
    assert door.client.get("/queries").status_code == 401
    listed = door.client.get("/queries", headers=admin).json
    assert [each["query"] for each in listed] == [FOREVER]  # type: ignore[union-attr]
    address = f"/queries/{listed[0]['id']}"  # type: ignore[index]
    assert door.client.delete(address).status_code == 401
    until(lambda: door.client.delete(address, headers=admin).status_code == 204)
    thread.join(timeout=30)
    assert (answers[0].status_code, "stopped by an administrator" in answers[0].text) == (503, True)
    assert door.client.delete(address, headers=admin).status_code == 404
