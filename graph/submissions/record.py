"""What is recorded of a submission, and what can be asked for. `register.py` writes it into the graph."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import pyoxigraph as ox

from .. import names
from ..errors import GraphError

CANDIDATE: Final = names.graph("member/candidate")
"""Where the statements of files would go that are only checked."""


class State(StrEnum):
    """How far a submission has come (`align:SubmissionState`)."""

    RECEIVED = "received"
    VALIDATED = "validated"
    REJECTED = "rejected"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    UNDONE = "undone"


class Mode(StrEnum):
    """What becomes of the statements that the target graph holds about the same subjects: they stay, or go."""

    ADD = "add"
    REPLACE = "replace"


class SubmissionError(GraphError):
    """A submission cannot be made as it is asked for, or its record cannot be read."""


class NoSuchSubmissionError(GraphError):
    """There is no submission of this name."""


class NotAllowedError(GraphError):
    """Somebody else than the sender, or a reviewer, asks for a step (403)."""


class ConflictError(GraphError):
    """The submission or the graph is not any more as whoever decides has seen it (409)."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who did something: the id of a token, and what the operator noted of it."""

    id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """A file as it was sent."""

    name: str
    kind: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a submission's life. `version` is the version of the graph that it made."""

    state: State
    time: str
    agent: Agent
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """All that is recorded of a submission. `steps` are in order; the last one's state is the submission's."""

    id: str
    title: str
    target: str
    mode: Mode
    revises: str | None
    files: tuple[SubmittedFile, ...]
    statements: int
    violations: int
    warnings: int
    shapes_version: str
    data_version: int
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """How far it has come."""
        return self.steps[-1].state

    @property
    def agent(self) -> Agent:
        """Who sent it."""
        return self.steps[0].agent

    @property
    def iri(self) -> str:
        """Its address."""
        return names.mint("submission", self.id)

    @property
    def graph(self) -> ox.NamedNode:
        """The graph that holds its statements as they were sent."""
        return ox.NamedNode(names.graph(f"submission/{self.id}"))

    @property
    def accepted(self) -> int | None:
        """The version in which a reviewer took it in, the last time; None where that never was.

        A submission that is accepted again because a later one was undone has its effect from before.
        """
        versions = [None, *(self._taken_in(index) for index in range(len(self.steps)))]
        return next((version for version in reversed(versions) if version is not None), None)

    def _taken_in(self, index: int) -> int | None:
        step = self.steps[index]
        again = self.steps[index - 1].state is State.SUPERSEDED
        return step.version if step.state is State.ACCEPTED and not again else None

    def after(self, step: Step) -> "Submission":
        """The submission one step on."""
        return replace(self, steps=(*self.steps, step))


# What is asked for


ACTIONS: Final = ("propose", "withdraw", "accept", "decline", "undo")
"""The steps that can be asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a member asks for: a name for the submission, where its statements should go, and how."""

    id: str
    title: str
    target: str
    mode: Mode = Mode.ADD
    revises: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is asked for a submission, why, and which version of the graph was looked at for it."""

    id: str
    action: str
    reason: str = ""
    seen: int | None = None
    reviewer: bool = False
    """Whether who asks may decide about the submissions of others."""


# As JSON


def as_json(submission: Submission) -> dict[str, Any]:
    """The record as plain values, for people and scripts."""
    return {
        "id": submission.id,
        "iri": submission.iri,
        "title": submission.title,
        "state": submission.state,
        "agent": {"id": submission.agent.id, "note": submission.agent.note},
        "graph": submission.graph.value,
        "target": submission.target,
        "mode": submission.mode,
        "revises": submission.revises,
        "files": [
            {"name": each.name, "kind": each.kind, "bytes": each.bytes, "sha256": each.sha256}
            for each in submission.files
        ],
        "statements": submission.statements,
        "violations": submission.violations,
        "warnings": submission.warnings,
        "shapesVersion": submission.shapes_version,
        "dataVersion": submission.data_version,
        "steps": [
            {
                "state": step.state,
                "time": step.time,
                "agent": {"id": step.agent.id, "note": step.agent.note},
                "version": step.version,
                "reason": step.reason,
            }
            for step in submission.steps
        ],
    }


def from_json(data: dict[str, Any]) -> Submission:
    """The record that `as_json` wrote."""
    return Submission(
        id=data["id"],
        title=data["title"],
        target=data["target"],
        mode=Mode(data["mode"]),
        revises=data["revises"],
        files=tuple(SubmittedFile(**each) for each in data["files"]),
        statements=data["statements"],
        violations=data["violations"],
        warnings=data["warnings"],
        shapes_version=data["shapesVersion"],
        data_version=data["dataVersion"],
        steps=tuple(
            Step(State(each["state"]), each["time"], Agent(**each["agent"]), each["version"], each["reason"])
            for each in data["steps"]
        ),
    )
