"""The life of a submission over HTTP: each step is one commit, which takes derived statements along or does nothing."""

import io
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from base import ALIGNMENT, write_base
from flask import Flask
from itu_align.graph import journal, names, tokens
from itu_align.graph.canonical import dataset_hash
from itu_align.graph.store import Store
from itu_align.graph.union import is_published
from werkzeug.test import TestResponse

MEMBER = names.graph("member/brs")
ACTIVITY = "https://w3id.org/itu-align/id/activity/Basel-Secretariat-and-ITU-e-waste-standards"
GOAL = "http://metadata.un.org/sdg/11"
LINKED = f"ASK {{ <{ACTIVITY}> <https://w3id.org/itu-align/ontology#alignsWith> <{GOAL}> }}"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "data")


class Door:
    """A server over a data folder of its own, with a token for each role."""

    def __init__(self, app: Flask, data: Path) -> None:
        self.data = data
        self.client = app.test_client()
        self.member = tokens.create(data, ["submit"], MEMBER, "Basel Secretariat")[1]
        self.other = tokens.create(data, ["submit"], names.graph("member/other"), "another member")[1]
        self.reviewer = tokens.create(data, ["review"], None, "reviewer")[1]

    def submit(self, content: str | bytes, name: str = "data.ttl", token: str = "", **fields: str) -> TestResponse:
        raw = content if isinstance(content, bytes) else content.encode()
        form = {**fields, "file": (io.BytesIO(raw), name)}
        return self.client.post("/submissions", data=form, headers=self._headers(token or self.member))

    def proposed(self, content: str, **fields: str) -> str:
        """The id of a submission that waits for a decision."""
        found = self.submit(content, **fields).json
        assert found["submission"]["state"] == "validated", found["checked"]["report"]
        identifier = found["submission"]["id"]
        assert self.act(identifier, "propose", self.member).status_code == 200
        return identifier

    def act(self, identifier: str, action: str, token: str = "", **fields: object) -> TestResponse:
        headers = self._headers(token or self.reviewer)
        return self.client.post(f"/submissions/{identifier}/{action}", json=fields, headers=headers)

    def state(self, identifier: str) -> str:
        return self.client.get(f"/submissions/{identifier}").json["submission"]["state"]

    def linked(self) -> bool:
        return self.client.get("/sparql", query_string={"query": LINKED}).json["boolean"]

    def rows(self, query: str) -> list[dict[str, str]]:
        found = self.client.get("/sparql", query_string={"query": query}).json["results"]["bindings"]
        return [{name: cell["value"] for name, cell in row.items()} for row in found]

    def published_hash(self) -> str:
        recorded = Store.open(self.data).recorded()
        return dataset_hash(quad for quad in recorded if is_published(quad.graph_name))

    def _headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def door(base: Path, tmp_path: Path, make_app: Callable[..., Flask]) -> Door:
    data = tmp_path / "data"
    shutil.copytree(base, data)
    return Door(make_app(data), data)


# The way to the graph


def test_a_valid_file_is_received_and_validated_and_changes_nothing_that_is_published(door: Door) -> None:
    before = door.published_hash()
    response = door.submit(ALIGNMENT, title="Minutes of November")
    assert response.status_code == 201
    submission = response.json["submission"]
    assert response.headers["Location"].endswith(f"/submissions/{submission['id']}")
    assert [step["state"] for step in submission["steps"]] == ["received", "validated"]
    assert (submission["title"], submission["target"], submission["statements"]) == ("Minutes of November", MEMBER, 11)
    assert (door.published_hash(), door.linked()) == (before, False)


def test_acceptance_takes_what_follows_along_in_one_commit(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    head = journal.head(door.data)
    response = door.act(identifier, "accept", reason="as in the minutes")
    assert (response.status_code, journal.head(door.data)) == (200, (head or 0) + 1)
    assert door.linked()
    change = journal.read(door.data, (head or 0) + 1)
    linking = [quad for quad in change.inserted if quad.predicate.value.endswith("#alignsWith")]
    assert [(q.subject.value, q.object.value, q.graph_name.value) for q in linking] == [
        (ACTIVITY, GOAL, names.graph("derived"))
    ]


def test_who_sent_and_who_decided_is_one_query_away(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    door.act(identifier, "accept", reason="as in the minutes")
    query = """
      PREFIX align: <https://w3id.org/itu-align/ontology#> PREFIX prov: <http://www.w3.org/ns/prov#>
      PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
      SELECT ?state ?who ?why WHERE { GRAPH <https://w3id.org/itu-align/graph/submissions> {
        ?step prov:used ?submission ; align:reachedState ?state ; prov:wasAssociatedWith/rdfs:label ?who ;
          align:resultVersion ?version . ?submission align:targetGraph <%s> .
        OPTIONAL { ?step rdfs:comment ?why } } } ORDER BY ?version ?state
    """
    found = [(row["state"].rpartition("#")[2], row["who"], row.get("why")) for row in door.rows(query % MEMBER)]
    assert found == [
        ("receivedSubmission", "Basel Secretariat", None),
        ("validatedSubmission", "Basel Secretariat", None),
        ("proposedSubmission", "Basel Secretariat", None),
        ("acceptedSubmission", "reviewer", "as in the minutes"),
    ]


def test_the_statements_as_they_were_sent_are_a_graph_of_their_own_outside_the_default_graph(door: Door) -> None:
    identifier = door.submit(ALIGNMENT).json["submission"]["id"]
    inside = f"GRAPH <{names.graph(f'submission/{identifier}')}> {{ ?s ?p ?o }}"
    assert door.rows(f"SELECT (COUNT(*) AS ?n) {{ {inside} }}") == [{"n": "11"}]
    assert door.rows(f"SELECT ?s {{ {inside} ?s ?p ?o }}") == []


def test_a_file_with_a_violation_is_kept_as_rejected_and_cannot_be_proposed(door: Door) -> None:
    response = door.submit(ALIGNMENT.replace("sdg:11", "sdg:99"))
    assert (response.status_code, response.json["submission"]["state"]) == (201, "rejected")
    found = response.json["checked"]["report"]["findings"]
    finding = next(each for each in found if each["shape"] == names.SHAPE + "Alignment-object")
    assert (finding["place"]["file"], finding["place"]["line"], finding["place"]["column"]) == ("data.ttl", 12, 16)
    refused = door.act(response.json["submission"]["id"], "propose", door.member)
    assert refused.status_code == 409
    assert "is rejected" in refused.json["detail"]


def test_a_file_that_cannot_be_read_is_refused_with_its_place_and_nothing_is_kept(door: Door) -> None:
    before = journal.head(door.data)
    response = door.submit(ALIGNMENT.replace("align:Alignment ;", "align:Alignment ;;;, "))
    assert response.status_code == 400
    assert response.json["line"] == 9
    assert (journal.head(door.data), list((door.data / "files").glob("*"))) == (before, [])


# Taking back


def test_accept_undo_accept_again_brings_the_published_dataset_back_each_time(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    before = door.published_hash()
    assert door.act(identifier, "accept").status_code == 200
    accepted = door.published_hash()
    assert accepted != before
    assert door.act(identifier, "undo", reason="too early").status_code == 200
    assert (door.published_hash(), door.linked(), door.state(identifier)) == (before, False, "undone")
    assert door.act(identifier, "accept", reason="now").status_code == 200
    assert (door.published_hash(), door.linked(), door.state(identifier)) == (accepted, True, "accepted")


def test_undo_needs_a_reason(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    door.act(identifier, "accept")
    refused = door.act(identifier, "undo")
    assert (refused.status_code, door.linked()) == (400, True)
    assert "needs a reason" in refused.json["detail"]


def test_undo_of_what_was_changed_since_is_refused_and_says_what(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    door.act(identifier, "accept")
    admin = tokens.create(door.data, ["admin"])[1]
    update = f'DELETE WHERE {{ GRAPH <{MEMBER}> {{ ?s ?p "the minutes say so" }} }}'
    done = door.client.post("/update", data={"update": update}, headers={"Authorization": f"Bearer {admin}"})
    assert done.json["deleted"] == 1
    refused = door.act(identifier, "undo", reason="wrong")
    assert refused.status_code == 409
    assert "the minutes say so" in refused.json["detail"]


def test_a_revision_supersedes_when_it_is_accepted_and_its_undo_restores_the_first(door: Door) -> None:
    first = door.proposed(ALIGNMENT)
    door.act(first, "accept")
    with_first = door.published_hash()
    second = door.proposed(ALIGNMENT.replace("the minutes say so", "page 3 of the minutes"), revises=first)
    assert door.act(second, "accept").status_code == 200
    assert (door.state(first), door.state(second)) == ("superseded", "accepted")
    said = f"SELECT ?what {{ GRAPH <{MEMBER}> {{ ?a <https://w3id.org/itu-align/ontology#statement> ?what }} }}"
    assert door.rows(said) == [{"what": "page 3 of the minutes"}]
    assert door.act(second, "undo", reason="the first was right").status_code == 200
    assert (door.state(first), door.published_hash()) == ("accepted", with_first)
    assert door.act(first, "undo", reason="neither").status_code == 200
    assert door.rows(said) == []


def test_replace_takes_away_what_the_members_graph_said_of_the_same_subjects(door: Door) -> None:
    door.act(door.proposed(ALIGNMENT), "accept")
    shorter = ALIGNMENT.replace('  align:statement "the minutes say so" ;\n', '  align:statement "page 3" ;\n')
    identifier = door.proposed(shorter, mode="replace")
    assert door.act(identifier, "accept").status_code == 200
    said = f"SELECT ?what {{ GRAPH <{MEMBER}> {{ ?a <https://w3id.org/itu-align/ontology#statement> ?what }} }}"
    assert door.rows(said) == [{"what": "page 3"}]


# Who may


def test_a_member_cannot_decide_nor_touch_the_submission_of_another(door: Door) -> None:
    identifier = door.submit(ALIGNMENT).json["submission"]["id"]
    assert door.act(identifier, "propose", door.other).status_code == 403
    assert door.act(identifier, "propose", door.member).status_code == 200
    assert door.act(identifier, "accept", door.member).status_code == 403
    assert door.act(identifier, "withdraw", door.other).status_code == 403
    assert door.state(identifier) == "proposed"


def test_without_a_token_nothing_is_received(door: Door) -> None:
    response = door.client.post("/submissions", data={"file": (io.BytesIO(ALIGNMENT.encode()), "data.ttl")})
    assert response.status_code == 401
    assert door.client.get("/submissions").json == []


def test_a_token_for_a_graph_that_is_not_a_members_is_refused(door: Door) -> None:
    token = tokens.create(door.data, ["submit"], names.graph("derived"))[1]
    response = door.submit(ALIGNMENT, token=token)
    assert (response.status_code, response.json["title"]) == (400, "The submission cannot be taken")


def test_only_ones_own_submission_can_be_revised(door: Door) -> None:
    first = door.proposed(ALIGNMENT)
    response = door.submit(ALIGNMENT, token=door.other, revises=first)
    assert response.status_code == 400
    assert MEMBER in response.json["detail"]


def test_a_reviewer_who_declines_says_why_and_the_member_can_read_it(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    assert door.act(identifier, "decline").status_code == 400
    assert door.act(identifier, "decline", reason="no such minutes").status_code == 200
    step = door.client.get(f"/submissions/{identifier}").json["submission"]["steps"][-1]
    assert (step["state"], step["reason"], step["agent"]["note"]) == ("declined", "no such minutes", "reviewer")


# Two at once


def test_of_two_conflicting_submissions_accepted_at_once_one_wins_and_the_other_learns_what_changed(door: Door) -> None:
    new = ALIGNMENT.replace("e-waste-aimed-at-11-again", "same-thing")
    pair = [door.proposed(new.replace("the minutes say so", words)) for words in ("first words", "second words")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda identifier: door.act(identifier, "accept"), pair))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    winner = pair[[answer.status_code for answer in answers].index(200)]
    words = "first words" if winner == pair[0] else "second words"
    assert words in loser.json["detail"]
    assert {door.state(identifier) for identifier in pair} == {"accepted", "proposed"}


def test_a_conflict_is_refused_by_the_shapes_even_where_the_reviewer_has_seen_the_change(door: Door) -> None:
    new = ALIGNMENT.replace("e-waste-aimed-at-11-again", "same-thing")
    pair = [door.proposed(new.replace("the minutes say so", words)) for words in ("first words", "second words")]
    door.act(pair[0], "accept")
    refused = door.act(pair[1], "accept", version=journal.head(door.data))
    assert refused.status_code == 409
    assert "Statement" in refused.json["detail"]


def test_a_submission_is_accepted_once(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: door.act(identifier, "accept").status_code, range(2)))
    assert sorted(answers) == [200, 409]


# Looking at it first


def test_the_preview_says_what_acceptance_then_does(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT)
    before = journal.head(door.data)
    found = door.client.get(f"/submissions/{identifier}/preview").json
    assert (found["version"], journal.head(door.data)) == (before, before)
    assert (found["inserted"]["total"], found["deleted"]["total"], found["lost"]["total"]) == (11, 0, 0)
    assert found["gained"]["first"] == [
        {
            "subject": f"<{ACTIVITY}>",
            "object": f"<{GOAL}>",
            "words": ["Basel Secretariat and ITU e-waste standards", "Sustainable cities and communities"],
        }
    ]
    door.act(identifier, "accept", version=found["version"])
    change = journal.read(door.data, (before or 0) + 1)
    published = [quad for quad in change.inserted if is_published(quad.graph_name)]
    assert len(published) == found["inserted"]["total"] + found["derived_inserted"]


def test_the_preview_of_a_submission_that_breaks_a_shape_by_now_lists_the_findings(door: Door) -> None:
    new = ALIGNMENT.replace("e-waste-aimed-at-11-again", "same-thing")
    pair = [door.proposed(new.replace("the minutes say so", words)) for words in ("first words", "second words")]
    door.act(pair[0], "accept")
    found = door.client.get(f"/submissions/{pair[1]}/preview").json
    shapes = [finding["shape"].rpartition("#")[2] for finding in found["report"]["findings"]]
    assert "Alignment-statement" in shapes


# What is kept


def test_the_file_can_be_had_again_byte_for_byte_and_is_never_a_page(door: Door) -> None:
    content = ALIGNMENT.replace("the minutes", "<script>alert(1)</script>").encode()
    identifier = door.submit(content).json["submission"]["id"]
    response = door.client.get(f"/submissions/{identifier}/files/1")
    assert response.data == content
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.mimetype == "application/octet-stream"


def test_the_feed_holds_decisions_only(door: Door) -> None:
    identifier = door.proposed(ALIGNMENT, title="Minutes & more")
    door.act(identifier, "accept", reason="good")
    response = door.client.get("/submissions.atom")
    assert response.mimetype == "application/atom+xml"
    assert response.text.count("<entry>") == 2
    assert "Minutes &amp; more" in response.text


def test_an_unknown_submission_is_not_found(door: Door) -> None:
    assert door.client.get("/submissions/nothing").status_code == 404
    assert door.act("nothing", "accept").status_code == 404


def test_validate_keeps_nothing_and_gives_the_same_findings_as_a_submission(door: Door) -> None:
    content = ALIGNMENT.replace("sdg:11", "sdg:99")
    before = journal.head(door.data)
    checked = door.client.post("/validate?format=json", data={"file": (io.BytesIO(content.encode()), "data.ttl")})
    assert (checked.status_code, journal.head(door.data)) == (200, before)
    kept = door.submit(content).json["submission"]["id"]
    again = door.client.get(f"/submissions/{kept}/report?format=json")
    first, second = (json.loads(each.text) for each in (checked, again))
    assert first["findings"] == second["findings"] != []
