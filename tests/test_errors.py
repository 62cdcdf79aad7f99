"""One error shape, whichever door the error leaves by.

Over HTTP: `application/problem+json` with RFC 9457's members `type` (a name below our problem address), `title`,
`status` (the same as the answer's), `detail` and `instance` (a fresh URN), and for text input `line`, `column`,
`excerpt` and `hint`; nothing else. A browser gets the same on a page. The command line says "Error: …", the place
with a caret, and "Next: …" on stderr, and leaves with 2.
"""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from itu_align.graph.errors import GraphError, Place, QueryError
from itu_align.graph.report.excerpt import width
from itu_align.server import cli, errors
from itu_align.server.excerpts import excerpt
from itu_align.server.settings import Budgets

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MEMBERS = {"type", "title", "status", "detail", "instance"}
TEXT_MEMBERS = {"line", "column", "excerpt", "hint"}
DIRECT = "application/sparql-query"

DOORS = [
    pytest.param({"path": "/absent"}, 404, "not-found", id="unknown-path"),
    pytest.param({"path": "/%3Cscript%3E"}, 404, "not-found", id="unknown-path-with-markup"),
    pytest.param({"path": "/static/absent.css"}, 404, "not-found", id="unknown-file"),
    pytest.param({"path": "/sparql", "method": "PUT"}, 405, "method", id="wrong-method"),
    pytest.param({"path": "/health", "method": "POST"}, 405, "method", id="wrong-method-of-health"),
    pytest.param({"path": "/sparql", "method": "POST"}, 415, "media-type", id="no-content-type"),
    pytest.param(
        {"path": "/sparql", "method": "POST", "data": b"\xff", "content_type": DIRECT}, 400, "request", id="not-utf-8"
    ),
    pytest.param(
        {"path": "/sparql", "method": "POST", "data": b"#" * (5 << 20), "content_type": DIRECT},
        413,
        "too-large",
        id="large-body",
    ),
    pytest.param({"path": "/sparql", "query_string": {"query": "<script>"}}, 400, "query", id="syntax"),
    pytest.param({"path": "/sparql", "query_string": {"query": "ASK { a:b ?p ?o }"}}, 400, "query", id="prefix"),
    pytest.param({"path": "/sparql", "query_string": {"query": ["ASK {}"] * 2}}, 400, "request", id="query-twice"),
    pytest.param(
        {"path": "/sparql", "query_string": {"query": "ASK {}", "format": "csv"}}, 406, "not-acceptable", id="fit"
    ),
    pytest.param({"path": "/sparql", "query_string": {"query": "ASK {}", "format": "?"}}, 400, "format", id="format"),
]


def is_problem(problem: dict[str, Any], status: int, kind: str) -> bool:
    assert set(problem) >= MEMBERS
    assert set(problem) <= MEMBERS | TEXT_MEMBERS
    assert problem["status"] == status
    assert problem["type"] == f"https://w3id.org/itu-align/problem/{kind}"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem["instance"])
    assert all(isinstance(problem[name], str) and problem[name] for name in ("title", "detail"))
    assert "Traceback" not in problem["detail"]
    return True


@pytest.mark.parametrize(("request_", "status", "kind"), DOORS)
@pytest.mark.parametrize("accept", [None, "*/*", "text/csv", "application/problem+json", "application/json"])
def test_programs_get_a_problem(
    small_client: FlaskClient, request_: dict[str, Any], status: int, kind: str, accept: str | None
) -> None:
    response = small_client.open(**request_, headers={"Accept": accept} if accept else None)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert is_problem(json.loads(response.data), status, kind)


@pytest.mark.parametrize(("request_", "status", "kind"), DOORS)
def test_browsers_get_the_same_as_a_page(
    small_client: FlaskClient, request_: dict[str, Any], status: int, kind: str
) -> None:
    if kind == "format":
        request_ = {**request_, "query_string": {"query": "ASK {}", "format": "<script>"}}
    page = small_client.open(**request_, headers={"Accept": FIREFOX})
    assert (page.status_code, page.content_type) == (status, "text/html; charset=utf-8")
    assert f"https://w3id.org/itu-align/problem/{kind}" in page.text
    assert f"Status {status}" in page.text
    assert "<script" not in page.text
    assert "Set-Cookie" not in page.headers


def test_the_caret_stands_under_the_column_however_long_the_line(small_client: FlaskClient) -> None:
    query = "ASK { " + "?s ?p ?o . " * 400 + "x:y ?p ?o }"
    problem = small_client.post("/sparql", data=query, content_type=DIRECT).get_json(force=True)
    assert problem["column"] == 6 + 11 * 400 + 1
    assert len(problem["excerpt"]) < 120
    assert "x:y ?p ?o }" in problem["excerpt"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place(1, 1, "abc"), ("abc", "^")),
        (Place(1, 4, "abc"), ("abc", "   ^")),
        (Place(1, 3, "\tabc"), ("\tabc", "\t ^")),
        (Place(1, 3, "日本x"), ("日本x", "    ^")),
        (Place(1, 3, "e\u0301x"), ("e\u0301x", " ^")),
        (Place(1, 2, "a\x1b[2J"), ("a\\x1b[2J", " ^")),
        (Place(1, 3, "a\x1b[2J"), ("a\\x1b[2J", "     ^")),
        (Place(1, 101, "a" * 300), ("…" + "a" * 100 + "…", " " * 61 + "^")),
        (Place(1, None, "abc"), None),
        (Place(1), None),
    ],
)
def test_an_excerpt_with_its_caret(place: Place, expected: tuple[str, str] | None) -> None:
    assert excerpt(place) == expected


def test_width_counts_columns() -> None:
    assert [width(text) for text in ("abc", "日本", "e\u0301", "")] == [3, 4, 1, 0]


def test_our_own_mistake_tells_the_asker_only_an_identifier(
    small: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("itu_align.graph.engine.Engine.ask", fail)
    client = make_app(small).test_client()
    with caplog.at_level(logging.ERROR):
        response = client.get("/sparql", query_string={"query": "ASK {}"})
    problem = json.loads(response.data)
    assert is_problem(problem, 500, "internal")
    assert problem["detail"] == "internal error"
    assert "secret" not in response.text
    assert problem["instance"] in caplog.text
    assert "secret of the house" in caplog.text


def test_our_own_mistake_gives_the_client_its_place_back(
    small: Path, monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask]
) -> None:
    """One query at once is allowed; a second mistake would be 429 if the first had kept the place."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("itu_align.graph.engine.Engine.ask", fail)
    client = make_app(small, BUDGETS=Budgets(0, 0, concurrent=1)).test_client()
    assert [client.get("/sparql?query=ASK%7B%7D").status_code for _ in range(2)] == [500, 500]


def test_no_graph_is_503_and_keeps_the_path_of_the_folder_to_itself(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    client = make_app(tmp_path / "hidden").test_client()
    for path in ("/health", "/sparql?query=ASK%7B%7D"):
        response = client.get(path)
        assert response.status_code == 503
        assert is_problem(json.loads(response.data), 503, "no-graph")
        assert "hidden" not in response.text


def test_a_subclass_has_the_status_of_its_base_and_an_unknown_error_is_ours(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    app = make_app(tmp_path)

    class NarrowQueryError(QueryError):
        pass

    def raises(error: GraphError) -> None:
        raise error

    app.add_url_rule("/narrow", view_func=lambda: raises(NarrowQueryError("x")), endpoint="narrow")
    app.add_url_rule("/unknown", view_func=lambda: raises(GraphError("secret")), endpoint="unknown")
    client = app.test_client()
    assert is_problem(json.loads(client.get("/narrow").data), 400, "query")
    assert is_problem(json.loads(client.get("/unknown").data), 500, "internal")
    assert "secret" not in client.get("/unknown").text


def test_a_redirect_is_no_error(tmp_path: Path, make_app: Callable[..., Flask]) -> None:
    app = make_app(tmp_path)
    app.add_url_rule("/folder/", view_func=lambda: "x", endpoint="folder")
    assert app.test_client().get("/folder").status_code == 308


@pytest.mark.parametrize(
    ("query", "what", "place", "next_step"),
    [
        pytest.param(
            "ASK { a:b ?p ?o }", "The prefix a: is not declared.", "line 1, column 7", "PREFIX a:", id="prefix"
        ),
        pytest.param("ASK {", "The query ends, but the `{`", "line 1, column 6", "Close it", id="syntax"),
        pytest.param(
            "ASK { SERVICE <urn:x> {} }", "SERVICE is not allowed", "line 1, column 7", "yourself", id="service"
        ),
    ],
)
def test_the_command_line_says_what_where_and_next(
    runner: CliRunner, small: Path, query: str, what: str, place: str, next_step: str
) -> None:
    result = runner.invoke(cli.main, ["query", "-", "--data", str(small)], input=query)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, where, excerpt_line, caret, last = result.stderr.splitlines()
    assert first.startswith(f"Error: {what}")
    assert where == f"  at <stdin>, {place}"
    column = int(place.rpartition(" ")[2])
    assert excerpt_line == f"  1 | {query.splitlines()[0]}"
    assert caret == "    | " + " " * (column - 1) + "^"
    assert last.startswith("Next: ")
    assert next_step in last


def test_every_kind_has_its_own_name() -> None:
    names = [kind.name for kind in set(errors._KINDS.values())]
    assert len(names) == len(set(names))
