"""Pages of other origins: configured ones may read, none may write or send credentials."""

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from itu_align.server import cors
from itu_align.server.cors import OriginError

A, B = "https://a.example", "http://localhost:3000"
ALLOW = "Access-Control-Allow-Origin"
READ = [
    "/sparql",
    "/graph-store",
    "/graph-store/x",
    "/.well-known/void",
    "/openapi.json",
    "/q/abc",
    "/why-empty",
    "/health",
]
OTHER = ["/update", "/metrics", "/", "/sparqlx", "/tokens"]


def client_of(*origins: str) -> FlaskClient:
    app = Flask(__name__)
    cors.register(app, origins)
    methods = ["GET", "POST", "PUT", "DELETE"]

    @app.route("/", methods=methods, defaults={"path": ""})
    @app.route("/<path:path>", methods=methods)
    def view(path: str) -> Response:
        return Response(path, headers={"X-Query-Rewritten": "exists", "X-Data-Version": "7", "X-Other": "1"})

    return app.test_client()


def preflight(client: FlaskClient, path: str, origin: str | None, method: str | None = "GET") -> Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers={name: value for name, value in headers.items() if value is not None})


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("origin", [A, B])
def test_a_configured_origin_may_read(path: str, origin: str) -> None:
    response = client_of(A, B).get(path, headers={"Origin": origin})
    assert response.headers[ALLOW] == origin
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://b.example",
        "http://a.example",
        "https://a.example:8443",
        "https://a.example.evil.example",
        "https://evil.example/https://a.example",
        "https://aXexample",
        "HTTPS://A.EXAMPLE",
        "null",
        "*",
        "",
        None,
    ],
)
def test_no_other_origin_may_read_and_caches_are_told(origin: str | None) -> None:
    response = client_of(A, B).get("/sparql", headers={} if origin is None else {"Origin": origin})
    assert (response.status_code, response.text) == (200, "sparql")
    assert ALLOW not in response.headers
    assert "Access-Control-Expose-Headers" not in response.headers
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [A, "null", None])
def test_with_a_star_everybody_may_read_by_one_answer_for_all(origin: str | None) -> None:
    response = client_of("*").get("/sparql", headers={} if origin is None else {"Origin": origin})
    assert response.headers[ALLOW] == "*"
    assert "Vary" not in response.headers


def test_with_no_origin_configured_nothing_is_said() -> None:
    client = client_of()
    assert ALLOW not in client.get("/sparql", headers={"Origin": A}).headers
    assert ALLOW not in preflight(client, "/sparql", A).headers
    assert "Vary" not in client.get("/sparql", headers={"Origin": A}).headers


@pytest.mark.parametrize("path", OTHER)
@pytest.mark.parametrize("configured", [A, "*"])
def test_what_does_not_only_read_is_closed_to_all_origins(path: str, configured: str) -> None:
    client = client_of(configured)
    for response in (client.get(path, headers={"Origin": A}), preflight(client, path, A)):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_the_answer_to_a_write_is_not_shown_to_a_page(method: str) -> None:
    response = client_of("*").open("/graph-store", method=method, headers={"Origin": A})
    assert ALLOW not in response.headers


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/sparql", "GET, HEAD, POST"),
        ("/why-empty", "GET, HEAD, POST"),
        ("/graph-store", "GET, HEAD"),
        ("/q", "GET, HEAD"),
        ("/.well-known/void", "GET, HEAD"),
        ("/health", "GET, HEAD"),
    ],
)
def test_a_preflight_is_answered_with_what_may_be_done(path: str, methods: str) -> None:
    response = preflight(client_of(A), path, A, "POST")
    assert (response.status_code, response.data) == (204, b"")
    assert {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")} == {
        ALLOW: A,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Accept, Accept-Datetime, Accept-Language, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "7200",
        "Access-Control-Expose-Headers": (
            "Content-Location, ETag, Link, Location, Memento-Datetime, RateLimit, RateLimit-Policy, Retry-After,"
            " X-Data-Version, X-Incoming-Statements"
        ),
    }


def test_a_preflight_of_another_origin_gets_no_leave() -> None:
    response = preflight(client_of(A), "/sparql", "https://b.example")
    assert response.status_code == 204
    assert ALLOW not in response.headers


@pytest.mark.parametrize(("origin", "method"), [(None, None), (A, None), (None, "GET")])
def test_an_options_request_that_is_no_preflight_is_answered_by_the_route(origin: str, method: str) -> None:
    response = preflight(client_of(A), "/sparql", origin, method)
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) >= {"GET", "POST"}
    assert "Access-Control-Allow-Methods" not in response.headers


def test_the_fields_of_ours_are_shown_to_the_page() -> None:
    exposed = client_of(A).get("/sparql", headers={"Origin": A}).headers["Access-Control-Expose-Headers"]
    expected = {"ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Data-Version", "X-Query-Rewritten"}
    expected |= {"Content-Location", "Location", "Memento-Datetime", "X-Incoming-Statements"}
    assert set(exposed.split(", ")) == expected


@pytest.mark.parametrize("configured", [A, "*"])
def test_credentials_are_never_allowed(configured: str) -> None:
    client = client_of(configured)
    for response in (client.get("/sparql", headers={"Origin": A, "Cookie": "a=b"}), preflight(client, "/sparql", A)):
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "authorization" not in response.headers.get("Access-Control-Allow-Headers", "").lower()


def test_errors_are_readable_too() -> None:
    app = Flask(__name__)
    cors.register(app, [A])
    response = app.test_client().get("/sparql", headers={"Origin": A})
    assert (response.status_code, response.headers[ALLOW]) == (404, A)


@pytest.mark.parametrize(
    "origin", [A, B, "https://xn--bcher-kva.example", "http://[::1]:8000", "http://127.0.0.1", "*"]
)
def test_an_origin_as_browsers_write_it_is_taken(origin: str) -> None:
    cors.register(Flask(__name__), [origin])


@pytest.mark.parametrize(
    "origin",
    ["", "a.example", "https://a.example/", "https://A.example", "https://a.example:", "https://*.a.example", "null"],
)
def test_an_origin_that_would_never_match_is_an_error(origin: str) -> None:
    with pytest.raises(OriginError, match="is no origin") as caught:
        cors.register(Flask(__name__), [A, origin])
    assert "https://example.org" in caught.value.hint
