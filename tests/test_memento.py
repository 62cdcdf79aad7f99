"""Earlier states of a thing over HTTP, header by header (https://www.rfc-editor.org/rfc/rfc7089, pattern 1.1)."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import running_app
from flask.testing import FlaskClient
from versions import A, B, History, of_thing_a
from werkzeug.test import TestResponse

ORIGINAL = "http://localhost/id/thing/A"
TIME_MAP = "http://localhost/timemap/id/thing/A"
DATES = {
    1: "Thu, 01 Jan 2026 10:00:00 GMT",
    3: "Sat, 03 Jan 2026 10:00:00 GMT",
    4: "Sun, 04 Jan 2026 10:00:00 GMT",
    5: "Mon, 05 Jan 2026 10:00:00 GMT",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with running_app(of_thing_a(tmp_path_factory.mktemp("memento") / "data")) as app:
        yield app.test_client()


def links(response: TestResponse) -> set[str]:
    """Those that are about time."""
    return {link for link in response.headers.getlist("Link") if 'rel="alternate"' not in link}


def vary(response: TestResponse) -> set[str]:
    return {name.strip().lower() for name in response.headers["Vary"].split(",")}


def memento(version: int, relations: str) -> str:
    return f'<{ORIGINAL}?version={version}>; rel="{relations}"; datetime="{DATES[version]}"'


def negotiated(client: FlaskClient, date: str, path: str = "/id/thing/A") -> TestResponse:
    return client.get(path, headers={"Accept-Datetime": date})


def test_the_original_names_itself_as_its_timegate(client: FlaskClient) -> None:
    """Section 4.1: that it negotiates in time is said with Vary and Link; it is no Memento itself."""
    response = client.get("/id/thing/A")
    assert response.status_code == 200
    assert {"accept", "accept-datetime"} <= vary(response)
    assert "Memento-Datetime" not in response.headers
    assert links(response) == {
        f'<{ORIGINAL}>; rel="original timegate"',
        f'<{TIME_MAP}>; rel="timemap"; type="application/link-format"',
    }


def test_a_date_leads_to_the_state_of_then(client: FlaskClient) -> None:
    """Section 4.1.1: 302, Location, Vary with accept-datetime, Link with original, and no Memento-Datetime."""
    response = negotiated(client, "Sat, 03 Jan 2026 18:00:00 GMT")
    assert response.status_code == 302
    assert response.headers["Location"] == f"{ORIGINAL}?version=3"
    assert "accept-datetime" in vary(response)
    assert "Memento-Datetime" not in response.headers
    assert f'<{ORIGINAL}>; rel="original timegate"' in links(response)


def test_the_state_says_of_when_it_is_and_where_its_neighbours_are(client: FlaskClient) -> None:
    """Section 4.1.1, second response: Memento-Datetime and Link, which has the time of each Memento (section 2.2.4).

    A Memento does not negotiate in time, so it does not vary by it and passes over what the client asks.
    """
    response = negotiated(client, DATES[1], "/id/thing/A?version=3")
    assert response.status_code == 200
    assert response.headers["Memento-Datetime"] == DATES[3]
    assert "accept-datetime" not in vary(response)
    assert response.headers["X-Data-Version"] == "3"
    assert '"second"@en' in response.text
    assert links(response) == {
        f'<{ORIGINAL}>; rel="original timegate"',
        f'<{TIME_MAP}>; rel="timemap"; type="application/link-format"; from="{DATES[1]}"; until="{DATES[5]}"',
        memento(1, "first prev memento"),
        memento(4, "next memento"),
        memento(5, "last memento"),
    }


@pytest.mark.parametrize(
    ("date", "version"),
    [
        ("Mon, 01 Jan 2001 00:00:00 GMT", 1),  # section 4.5.3: before the first, the first
        (DATES[1], 1),
        ("Sat, 03 Jan 2026 09:59:59 GMT", 1),
        (DATES[3], 3),  # made at 10:00:00.999, which HTTP tells as 10:00:00
        (DATES[4], 4),
        ("Mon, 05 Jan 2026 09:59:59 GMT", 4),
        ("Tue, 06 Jan 2026 10:00:01 GMT", 5),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 5),  # behind the last, the last
    ],
)
def test_the_state_in_force_is_chosen(client: FlaskClient, date: str, version: int) -> None:
    assert negotiated(client, date).headers["Location"] == f"{ORIGINAL}?version={version}"


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2026-01-03T18:00:00Z",
        "Fri, 03 Jan 2026 18:00:00 GMT",  # it was a Saturday
        "Sat, 3 Jan 2026 18:00:00 GMT",
        "sat, 03 jan 2026 18:00:00 gmt",
        "Sat, 03 Jan 2026 18:00:00 +0000",
        "Sat, 03 Jan 2026 18:00:00",
        "Sat, 03-Jan-26 18:00:00 GMT",
        "Sat Jan  3 18:00:00 2026",
        "Sat, 03 Jan 2026 25:00:00 GMT",
        "Sat, 03 Jan 2026 18:00:00 GMT, Sat, 03 Jan 2026 18:00:00 GMT",
        "Sat, 03 Jan 99999999999999999999 18:00:00 GMT",
        "Sat, 99 Jan 2026 18:00:00 GMT",
        "GMT",
        ", , ",
    ],
)
def test_a_date_that_is_none_is_refused(client: FlaskClient, date: str) -> None:
    """Section 2.1.1: RFC 1123 only, case-sensitive; section 4.5.3: else 400. It still varies by it."""
    response = negotiated(client, date)
    assert response.status_code == 400
    assert "Accept-Datetime: " in response.json["hint"]  # type: ignore[index]
    assert "accept-datetime" in vary(response)


def test_a_version_between_two_changes_shows_the_state_that_began_before_it(client: FlaskClient) -> None:
    """Version 2 changed nothing that is published of A, so it is the state of version 1."""
    response = client.get("/id/thing/A?version=2")
    assert response.headers["Memento-Datetime"] == DATES[1]
    assert response.headers["X-Data-Version"] == "2"
    assert '"first"@en' in response.text
    assert "submitted" not in response.text
    assert memento(3, "next memento") in links(response)
    assert memento(1, "first memento") in links(response)


def test_the_last_state_is_the_one_of_today(client: FlaskClient) -> None:
    response = client.get("/id/thing/A?version=6")
    assert response.headers["Memento-Datetime"] == DATES[5]
    assert response.data == client.get("/id/thing/A").data
    assert memento(5, "last memento") in links(response)
    assert not any("next" in link for link in links(response))


def test_a_state_in_which_nothing_is_said_is_a_404_of_its_time(client: FlaskClient) -> None:
    """Section 4.5.5: also the Memento of an error says of when it is."""
    response = client.get("/id/thing/A?version=4")
    assert response.status_code == 404
    assert response.headers["Memento-Datetime"] == DATES[4]
    assert memento(3, "prev memento") in links(response)


def test_before_it_was_there_it_has_no_state(client: FlaskClient) -> None:
    response = client.get("/id/thing/C?version=1")
    assert response.status_code == 404
    assert "Memento-Datetime" not in response.headers


def test_a_thing_that_is_gone_still_has_its_states(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("2026-01-01T10:00:00.000+00:00", {"one": f'{A} rdfs:label "here"@en .'})
    history.add("2026-01-02T10:00:00.000+00:00", {"one": f'{B} rdfs:label "else"@en .'})
    with running_app(tmp_path) as app:
        client = app.test_client()
        gone = client.get("/id/thing/A")
        assert gone.status_code == 404
        assert "accept-datetime" in vary(gone)
        assert f'<{ORIGINAL}>; rel="original timegate"' in links(gone)
        leads = negotiated(client, DATES[1])
        assert '"here"@en' in client.get(leads.headers["Location"]).text
        assert "version=2>" in client.get(TIME_MAP).text


def test_the_suffix_of_a_format_stays_on_the_way_back(client: FlaskClient) -> None:
    """The original is the thing, whatever format it is asked in."""
    response = negotiated(client, DATES[1], "/id/thing/A.nt")
    assert response.headers["Location"] == f"{ORIGINAL}.nt?version=1"
    assert f'<{ORIGINAL}>; rel="original timegate"' in links(response)
    shown = client.get(response.headers["Location"])
    assert shown.content_type == "application/n-triples"
    assert shown.headers["Memento-Datetime"] == DATES[1]
    assert memento(1, "first memento") in links(shown)


def test_of_what_never_was_there_is_neither_state_nor_list(client: FlaskClient) -> None:
    assert negotiated(client, DATES[1], "/id/thing/never").status_code == 404
    assert client.get("/id/thing/never?version=1").status_code == 404
    assert client.get("/timemap/id/thing/never").status_code == 404


def test_the_time_map_lists_the_versions_that_changed_the_thing(client: FlaskClient) -> None:
    """Section 5: application/link-format, with original, timegate, self and all Mementos with their times."""
    response = client.get(urlsplit(TIME_MAP).path)
    assert response.content_type == "application/link-format"
    assert response.text == ",\n".join(
        [
            f'<{ORIGINAL}>; rel="original timegate"',
            f'<{TIME_MAP}>; rel="self"; type="application/link-format"; from="{DATES[1]}"; until="{DATES[5]}"',
            memento(1, "first memento"),
            memento(3, "memento"),
            memento(4, "memento"),
            memento(5, "last memento") + "\n",
        ]
    )


def test_a_long_time_map_comes_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first; each part names the one before it and the time that it spans (section 5.1)."""
    monkeypatch.setattr("itu_align.server.history._MOST_MEMENTOS", 2)
    with running_app(of_thing_a(tmp_path)) as app:
        client = app.test_client()
        newest = client.get(TIME_MAP).text
        assert re.findall(r"version=(\d)", newest) == ["4", "5"]
        spans = f'from="{DATES[1]}"; until="{DATES[3]}"'
        assert f'<{TIME_MAP}?before=4>; rel="timemap"; type="application/link-format"; {spans}' in newest
        earlier = client.get(f"{TIME_MAP}?before=4").text
        assert re.findall(r"version=(\d)", earlier) == ["1", "3"]
        assert f'<{TIME_MAP}?before=4>; rel="self"' in earlier
        assert 'rel="timemap"' not in earlier
        assert client.get(f"{TIME_MAP}?before=x").status_code == 400


def test_an_address_in_other_letters_is_encoded_in_headers(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add(
        "2026-01-01T10:00:00.000+00:00", {"one": '<https://w3id.org/itu-align/id/award/Система> rdfs:label "x" .'}
    )
    with running_app(tmp_path) as app:
        client = app.test_client()
        encoded = "%D0%A1%D0%B8%D1%81%D1%82%D0%B5%D0%BC%D0%B0"
        response = negotiated(client, DATES[1], "/id/award/Система")
        assert response.headers["Location"] == f"http://localhost/id/award/{encoded}?version=1"
        shown = client.get(response.headers["Location"])
        assert shown.headers["Content-Location"] == f"/id/award/{encoded}.ttl?version=1"


def test_a_new_version_is_a_new_state_at_once(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("2026-01-01T10:00:00.000+00:00", {"one": f'{A} rdfs:label "old"@en .'})
    with running_app(tmp_path) as app:
        client = app.test_client()
        assert negotiated(client, DATES[5]).headers["Location"] == f"{ORIGINAL}?version=1"
        history.add("2026-01-03T10:00:00.000+00:00", {"one": f'{A} rdfs:label "new"@en .'})
        assert negotiated(client, DATES[5]).headers["Location"] == f"{ORIGINAL}?version=2"
        assert '"old"@en' in client.get(f"{ORIGINAL}?version=1").text
        assert f'<{ORIGINAL}?version=2>; rel="last memento"; datetime="{DATES[3]}"' in client.get(TIME_MAP).text
