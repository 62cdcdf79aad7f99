"""Who may do what: only the Authorization header counts, and each refusal says what is missing (RFC 6750)."""

from pathlib import Path

import pytest
from flask import Flask
from itu_align.graph import tokens
from itu_align.graph.tokens import Token, TokenError
from itu_align.server import access
from itu_align.server.access import ForbiddenError, RefusedError, UnauthorizedError

GRAPH = "https://w3id.org/itu-align/graph/submission-1"


@pytest.fixture
def web(tmp_path: Path) -> Flask:
    """An application that knows the tokens of an empty data folder, and nothing else."""
    app = Flask(__name__)
    access.register(app, tmp_path)
    return app


def ask(web: Flask, scope: str, header: str | None = None, **more: object) -> Token:
    headers = {} if header is None else {"Authorization": header}
    with web.test_request_context("/update", method="POST", headers=headers, **more):  # type: ignore[arg-type]
        return access.require(scope)


def refusal(web: Flask, scope: str, header: str | None = None, **more: object) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        ask(web, scope, header, **more)
    return caught.value


@pytest.mark.parametrize("written", ["Bearer {}", "bearer {}", "BEARER   {}"])
def test_a_token_with_the_scope_is_given_back(web: Flask, tmp_path: Path, written: str) -> None:
    made, secret = tokens.create(tmp_path, ["admin"])
    assert ask(web, "admin", written.format(secret)) == made


@pytest.mark.parametrize("header", [None, "", "Basic dTpw", "Digest x"])
def test_without_a_token_the_answer_is_a_bare_challenge(web: Flask, header: str | None) -> None:
    """Section 3.1: a request without authentication information gets no error code."""
    error = refusal(web, "admin", header)
    assert isinstance(error, UnauthorizedError)
    assert error.headers == {"WWW-Authenticate": 'Bearer realm="itu-align"'}
    assert "itu-align token create --scope admin" in error.hint


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer {}x", "Bearer {} {}", "Bearer {}, Bearer {}", 'Bearer "{}"', "Bearer{}"],
)
def test_a_token_that_is_not_valid_is_named_so(web: Flask, tmp_path: Path, header: str) -> None:
    _, secret = tokens.create(tmp_path, ["admin"])
    error = refusal(web, "admin", header.replace("{}", secret))
    assert isinstance(error, UnauthorizedError)
    assert error.headers == {"WWW-Authenticate": 'Bearer realm="itu-align", error="invalid_token"'}
    assert secret not in str(error) + error.hint


def test_a_revoked_token_is_not_valid_any_more(web: Flask, tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, ["admin"])
    assert ask(web, "admin", f"Bearer {secret}")
    tokens.revoke(tmp_path, made.id)
    assert isinstance(refusal(web, "admin", f"Bearer {secret}"), UnauthorizedError)


@pytest.mark.parametrize("scope", ["submit", "review", "admin"])
def test_no_scope_holds_another(web: Flask, tmp_path: Path, scope: str) -> None:
    others = sorted({"submit", "review", "admin"} - {scope})
    _, secret = tokens.create(tmp_path, others)
    error = refusal(web, scope, f"Bearer {secret}")
    assert isinstance(error, ForbiddenError)
    challenge = f'Bearer realm="itu-align", error="insufficient_scope", scope="{scope}"'
    assert error.headers == {"WWW-Authenticate": challenge}
    assert str(error) == f"This token allows {others[0]} and {others[1]}; this needs {scope}."
    assert f"--scope {scope}" in error.hint


def test_a_token_elsewhere_than_in_the_header_has_no_power(web: Flask, tmp_path: Path) -> None:
    """Section 2.2 and 2.3 know a form field and a query parameter; neither is read, nor is any cookie."""
    _, secret = tokens.create(tmp_path, ["admin"])
    for more in (
        {"query_string": {"access_token": secret}},
        {"data": {"access_token": secret}},
        {"environ_overrides": {"HTTP_COOKIE": f"access_token={secret}; Authorization=Bearer {secret}"}},
        {"environ_overrides": {"HTTP_PROXY_AUTHORIZATION": f"Bearer {secret}"}},
    ):
        assert isinstance(refusal(web, "admin", None, **more), UnauthorizedError)


def test_a_damaged_list_of_tokens_refuses_everybody(web: Flask, tmp_path: Path) -> None:
    _, secret = tokens.create(tmp_path, ["admin"])
    (tmp_path / "tokens.json").write_text("{")
    with pytest.raises(TokenError):
        ask(web, "admin", f"Bearer {secret}")
    assert isinstance(refusal(web, "admin"), UnauthorizedError)


# Graphs


def bound(tmp_path: Path, graph: str | None) -> Token:
    return tokens.create(tmp_path, ["admin"], graph)[0]


@pytest.mark.parametrize("graphs", [[], [GRAPH], ["urn:other"], [GRAPH, "urn:other"], None])
def test_a_token_without_a_graph_may_change_any(tmp_path: Path, graphs: list[str] | None) -> None:
    access.check_graphs(bound(tmp_path, None), graphs)


@pytest.mark.parametrize("graphs", [[], [GRAPH], [GRAPH, GRAPH]])
def test_a_token_for_a_graph_may_change_that_one(tmp_path: Path, graphs: list[str]) -> None:
    access.check_graphs(bound(tmp_path, GRAPH), graphs)


@pytest.mark.parametrize(
    ("graphs", "named"),
    [
        (["urn:other"], "<urn:other>"),
        ([GRAPH, "urn:other"], "<urn:other>"),
        ([GRAPH + "/", GRAPH.upper()], f"<{GRAPH.upper()}>, <{GRAPH}/>"),
        ([f"urn:{n}" for n in range(5)], "<urn:0>, <urn:1>, <urn:2>, …"),
        (None, "others"),
    ],
)
def test_a_token_for_a_graph_may_change_no_other(tmp_path: Path, graphs: list[str] | None, named: str) -> None:
    with pytest.raises(ForbiddenError) as caught:
        access.check_graphs(bound(tmp_path, GRAPH), graphs)
    assert str(caught.value) == f"This token may change <{GRAPH}> only, and this would change {named}."
    assert caught.value.headers == {"WWW-Authenticate": 'Bearer realm="itu-align", error="insufficient_scope"'}


# Who is counted


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
    ],
)
def test_the_address_that_is_counted(address: str | None, expected: str) -> None:
    assert access.network(address) == expected


def test_a_valid_token_is_counted_by_itself_and_any_other_by_its_address(web: Flask, tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, ["submit"])
    expected = {f"Bearer {secret}": f"token:{made.id}", "Bearer wrong": "203.0.113.7", "": "203.0.113.7"}
    for header, name in expected.items():
        environment = {"REMOTE_ADDR": "203.0.113.7"}
        headers = {"Authorization": header} if header else {}
        with web.test_request_context("/", headers=headers, environ_overrides=environment):
            assert access.client() == name


def test_what_the_client_says_of_its_address_does_not_count(web: Flask) -> None:
    headers = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1", "X-Real-IP": "198.51.100.1"}
    with web.test_request_context("/", headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}):
        assert access.client() == "203.0.113.7"
