"""The OpenAPI document is valid, and says of the server what is so."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itu_align.server import errors
from itu_align.server.app import create_app
from itu_align.server.limits import Budgets
from itu_align.server.openapi import document
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

DOCUMENT = document("https://data.example.org/")
RESPONSES = DOCUMENT["components"]["responses"]


def unnamed(path: str) -> str:
    """A path without the names of its variable parts, in Flask's or in OpenAPI's notation."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", path)


def test_document_is_valid_openapi_3_1() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["servers"] == [{"url": "https://data.example.org"}]


def test_document_has_the_paths_and_methods_of_the_application(tmp_path: Path) -> None:
    """HEAD goes with GET and OPTIONS with all; static files are no interface."""
    rules = create_app({"DATA": tmp_path, "TESTING": True}).url_map.iter_rules()
    routes = {
        (unnamed(rule.rule), method.lower())
        for rule in rules
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {
        (unnamed(path), method)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method not in {"parameters", "head"}
    }
    assert documented == routes


def test_the_graph_store_protocol_is_whole() -> None:
    """https://www.w3.org/TR/sparql11-http-rdf-update/#graph-management"""
    for path in ("/graph-store", "/graph-store/{path}"):
        assert set(DOCUMENT["paths"][path]) == {"parameters", "get", "head", "put", "post", "delete"}


def test_what_changes_or_administers_needs_a_token_and_nothing_else_does() -> None:
    secured = {
        (path, method)
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        if method != "parameters" and operation.get("security") == [{"token": []}]
    }
    stores = [
        (path, method) for path in ("/graph-store", "/graph-store/{path}") for method in ("put", "post", "delete")
    ]
    members = [("/submissions", "post"), ("/submissions/{id}/{action}", "post")]
    assert secured == {("/update", "post"), ("/queries", "get"), ("/queries/{id}", "delete"), *stores, *members}


def test_the_problem_schema_has_the_members_of_a_problem() -> None:
    properties = DOCUMENT["components"]["schemas"]["Problem"]["properties"]
    assert set(properties) == {field.name for field in fields(errors.Problem)}


def test_each_status_of_an_error_is_described() -> None:
    statuses = {kind.status for kind in (*errors._KINDS.values(), *errors._HTTP.values())}
    assert {f"Problem{status}" for status in statuses} == set(RESPONSES)


def test_answers_and_bodies_come_in_the_types_of_the_protocol() -> None:
    """https://www.w3.org/TR/sparql11-protocol/#query-operation"""
    sparql = DOCUMENT["paths"]["/sparql"]
    assert set(sparql["post"]["requestBody"]["content"]) == {
        "application/x-www-form-urlencoded",
        "application/sparql-query",
    }
    update = DOCUMENT["paths"]["/update"]["post"]["requestBody"]["content"]
    assert set(update) == {"application/x-www-form-urlencoded", "application/sparql-update"}
    form = update["application/x-www-form-urlencoded"]["schema"]
    assert set(form["properties"]) == {"update", "using-graph-uri", "using-named-graph-uri", "timeout"}
    assert form["required"] == ["update"]
    assert {"application/sparql-results+json", "text/csv", "text/turtle", "text/html"} <= set(
        sparql["get"]["responses"]["200"]["content"]
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/sparql?query=SELEKT", 400),
        ("get", "/graph-store", 400),
        ("post", "/update?update=CLEAR%20ALL", 401),
        ("post", "/sparql?query=ASK%7B%7D", 415),
        ("delete", "/update", 405),
        ("get", "/nowhere", 404),
    ],
)
def test_a_real_problem_fits_the_schema(small_client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = small_client.open(path, method=method)
    assert answer.status_code == status
    schema = DOCUMENT["components"]["schemas"]["Problem"]
    assert [error.message for error in OAS31Validator(schema).iter_errors(answer.get_json())] == []
    assert answer.mimetype in RESPONSES[f"Problem{status}"]["content"]
    assert set(answer.get_json()) <= set(schema["properties"])


def test_a_real_answer_has_the_headers_that_are_described(small: Path, make_app: Callable[..., Flask]) -> None:
    answer = make_app(small, BUDGETS=Budgets()).test_client().get("/sparql?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D")
    described = DOCUMENT["paths"]["/sparql"]["get"]["responses"]["200"]
    assert answer.mimetype in described["content"]
    always = {"X-Data-Version", "ETag", "RateLimit", "RateLimit-Policy"}
    assert always <= set(described["headers"])
    assert always <= {name for name, _ in answer.headers}
    security = {"X-Content-Type-Options"}
    ours = {name for name, _ in answer.headers if name.startswith("X-")} - security
    assert ours <= set(described["headers"])
