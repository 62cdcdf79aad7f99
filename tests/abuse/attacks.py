"""A request that is meant to do harm, and the answers that it may get.

Each is refused with an error that says why, or gets the right answer. `{trap}` stands for the port of a listener on
loopback that must see no connection, `{token}` for a token that is valid where it may be sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from running import Answer, Endpoint

Check = Callable[[Answer], bool]
TRIAL = "urn:trial"
"""The graph that attacks may write to."""


@dataclass(frozen=True)
class Attack:
    """A request, the statuses that are right for it, and what a successful answer must say."""

    name: str
    statuses: frozenset[int]
    path: str = "/sparql"
    body: bytes | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    token: bool = False
    right: Check = lambda _: False
    """Judges an answer that is no error."""

    def run(self, endpoint: Endpoint, trap: int, secret: str) -> Answer:
        """Do it, with the port and the token filled in."""

        def filled(text: str) -> str:
            return text.replace("{trap}", str(trap)).replace("{token}", secret)

        headers = {name: filled(value) for name, value in self.headers.items()}
        if self.token:
            headers["Authorization"] = f"Bearer {secret}"
        body = self.body and self.body.replace(b"{trap}", str(trap).encode()).replace(b"{token}", secret.encode())
        return endpoint.ask(filled(self.path), self.method, body, headers)


def query(name: str, text: str, *statuses: int, right: Check = lambda _: False, parameters: str = "") -> Attack:
    """A query by POST, as it is."""
    headers = {"Content-Type": "application/sparql-query", "Accept": "application/sparql-results+json"}
    return Attack(name, frozenset(statuses), f"/sparql{parameters}", text.encode(), headers=headers, right=right)


def update(name: str, text: str, *statuses: int, right: Check = lambda _: False, parameters: str = "") -> Attack:
    """An update with a token that may do everything."""
    headers = {"Content-Type": "application/sparql-update"}
    path = f"/update{parameters}"
    return Attack(name, frozenset(statuses), path, text.encode(), headers=headers, token=True, right=right)


def put(name: str, body: bytes, media_type: str, *statuses: int, **headers: str) -> Attack:
    """A document for the graph of the attacks, with a token."""
    fields = {"Content-Type": media_type, **{key.replace("_", "-"): value for key, value in headers.items()}}
    path = f"/graph-store?graph={TRIAL}"
    return Attack(name, frozenset(statuses), path, body, "PUT", fields, token=True)


def get(name: str, path: str, *statuses: int, right: Check = lambda _: False, **headers: str) -> Attack:
    """A GET of an address."""
    fields = {key.replace("_", "-"): value for key, value in headers.items()}
    return Attack(name, frozenset(statuses), path, None, "GET", fields, right=right)


def rows(answer: Answer) -> list[dict[str, dict[str, str]]]:
    """The rows of an answer in JSON."""
    found: list[dict[str, dict[str, str]]] = json.loads(answer.body)["results"]["bindings"]
    return found


def no_rows(answer: Answer) -> bool:
    return rows(answer) == []


def says(truth: bool) -> Check:  # noqa: FBT001 - the answer that an ASK must have
    return lambda answer: json.loads(answer.body)["boolean"] is truth


def changed_nothing(answer: Answer) -> bool:
    done = json.loads(answer.body)
    return bool(done["from"] == done["version"] and done["inserted"] == done["deleted"] == 0)


SERVED = "http://127.0.0.1:{trap}/"
"""What must not be called."""
