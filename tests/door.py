"""Records, a report and a preview of the member's door, written by hand; and pages as one can look into them."""

import re
from html.parser import HTMLParser
from typing import Any

from itu_align.graph.finding import Finding, SourcePlace
from itu_align.graph.report.checked import CheckedFile
from itu_align.graph.submissions.record import Agent, Mode, State, Step, Submission, SubmittedFile

HOSTILE = '<script>alert("&")</script>'
MEMBER, REVIEWER = Agent("m1", "Study Group 5"), Agent("r1", HOSTILE)


def steps(*states: State) -> tuple[Step, ...]:
    """One step a day, the first two by the member, the others by the reviewer."""
    return tuple(
        Step(state, f"2026-03-{day:02}T10:00:00.000+00:00", MEMBER if day < 3 else REVIEWER, day + 1)
        for day, state in enumerate(states, 1)
    )


def submission(id_: str, *states: State, title: str = "Activities", **more: Any) -> Submission:  # noqa: ANN401
    """A submission of one file that has come so far."""
    values = {"mode": Mode.ADD, "revises": None, "violations": 0, "warnings": 1, **more}
    return Submission(
        id=id_,
        title=title,
        target="https://w3id.org/itu-align/graph/member/m1",
        files=(SubmittedFile(f"{HOSTILE}.csv", "CSV", 1234, "ab" * 32),),
        statements=1500,
        shapes_version="0123456789ab",
        data_version=1,
        steps=steps(*states),
        **values,
    )


VALIDATED = submission("20260301-aaaaaa", State.RECEIVED, State.VALIDATED)
REJECTED = submission("20260301-bbbbbb", State.RECEIVED, State.REJECTED, title="", violations=2)
PROPOSED = submission("20260301-cccccc", State.RECEIVED, State.VALIDATED, State.PROPOSED, title=HOSTILE)
ACCEPTED = submission(
    "20260301-dddddd", State.RECEIVED, State.VALIDATED, State.PROPOSED, State.ACCEPTED, revises="20260301-bbbbbb"
)
DECLINED = submission("20260301-eeeeee", State.RECEIVED, State.VALIDATED, State.PROPOSED, State.DECLINED)
ALL = (VALIDATED, REJECTED, PROPOSED, ACCEPTED, DECLINED)

FILE = CheckedFile("a.csv", "CSV", "ab" * 32, 60, 3)
WRONG = Finding(
    severity="Violation",
    shape="https://w3id.org/itu-align/shapes#Alignment-level",
    field="Level",
    group="Object",
    order=1,
    subject="https://w3id.org/itu-align/id/alignment/A",
    subject_label="A",
    path="https://w3id.org/itu-align/ontology#level",
    value="high",
    message="Level: exactly one of goal, target and action line level. Choose one.",
    place=SourcePlace("a.csv", 2, 3, "x,y,high", row=2, name="level"),
)
PREVIEW: dict[str, Any] = {
    "version": 7,
    "inserted": {
        "total": 1234,
        "first": [
            {
                "subject": "<https://w3id.org/itu-align/id/alignment/A>",
                "predicate": "<http://purl.org/dc/terms/date>",
                "object": '"2026"^^<http://www.w3.org/2001/XMLSchema#gYear>',
                "words": ["A", "date", "2026"],
            },
            {"subject": "_:b", "predicate": "<javascript:alert(1)>", "object": '"x"', "words": ["b", HOSTILE, HOSTILE]},
        ],
    },
    "deleted": {"total": 0, "first": []},
    "derived_inserted": 3,
    "derived_deleted": 0,
    "gained": {
        "total": 1,
        "first": [
            {
                "subject": "<https://w3id.org/itu-align/id/question/Q1>",
                "object": "<http://metadata.un.org/sdg/9.c>",
                "words": ["Question 1", "9.c"],
            }
        ],
    },
    "lost": {"total": 0, "first": []},
    "questions": [
        {
            "name": "cq01",
            "question": "Which Questions are there?",
            "columns": ["question", "title"],
            "gained": {"total": 1, "first": [["https://w3id.org/itu-align/id/question/Q1", "Question 1"]]},
            "lost": {"total": 0, "first": []},
        }
    ],
    "unchecked": ["cq02", "cq03"],
}


class Page(HTMLParser):
    """The elements of a page in their order, each with its attributes and the text inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parts: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, parts))
        if tag not in {"input", "link", "meta", "br"}:
            self._open.append((tag, parts))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag, f"</{tag}> closes nothing"
        if tag in {"th", "td"}:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for _, parts in self._open:
            parts.append(data)

    def all(self, *tags: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        """The elements with these attributes: what else they have, and their text."""
        return [
            (attrs, re.sub("[ \n]+", " ", "".join(parts)).strip())
            for tag, attrs, parts in self.elements
            if tag in tags and attributes.items() <= attrs.items()
        ]

    def one(self, tag: str, **attributes: str) -> tuple[dict[str, str], str]:
        (found,) = self.all(tag, **attributes)
        return found
