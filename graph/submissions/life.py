"""The steps of a submission's life. Each says what it changes in the whole graph, as one change: all of it or none.

Published statements, what follows from them (the graph `derived`) and the record of the step go into the same commit.
The store is this process's own and is changed on the way; the change that is returned is what is to be committed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from .. import names, union
from ..intake.source import File
from ..report.formats import Checked
from ..store import Store
from ..union import Change
from . import blobs, examination, merging, register
from .merging import Making
from .record import (
    Agent,
    ConflictError,
    Decision,
    NotAllowedError,
    Request,
    State,
    Step,
    Submission,
    SubmissionError,
    SubmittedFile,
)

_RESERVED: Final = ("ontology", "derived", "provenance", "examples", "default")
_MOST_TEXT: Final = 2000


@dataclass(frozen=True, slots=True)
class Work:
    """What a step works on, who takes it, and when."""

    store: Store
    data: Path
    agent: Agent
    time: str

    @property
    def database(self) -> ox.Store:
        """The store, whose content may be changed."""
        return self.store.database

    def step(self, state: State, reason: str = "") -> Step:
        """The step that this work is: it makes the next version."""
        return Step(state, self.time, self.agent, self.store.version + 1, reason)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A submission after a step, and all that the step changes."""

    submission: Submission
    change: Change
    checked: Checked | None = None


def receive(work: Work, request: Request, files: Sequence[File]) -> Outcome:
    """Take files in: their statements in a graph of their own, and whether they keep to the shapes.

    Raises IntakeError where one cannot be read; then nothing is kept.
    """
    _check_text("title", request.title)
    _check_target(request.target)
    goes = _effect_taken_back(work, _checked_revised(work, request)) if request.revises else Change()
    examined = examination.examine(
        work.store, files, target=request.target, mode=request.mode, language=request.language, goes=goes
    )
    if not examined.triples:
        hint = "A table needs its header and one row; see the templates at /templates."
        raise SubmissionError("The files hold no statement.", hint=hint)
    submission = _received(work, request, files, examined.checked)
    held = [ox.Quad(t.subject, t.predicate, t.object, submission.graph) for t in examined.triples]
    return Outcome(submission, Change([], [*held, *_register(submission)]), examined.checked)


def decide(work: Work, decision: Decision) -> Outcome:
    """Take the step that is asked for; raises ConflictError where the submission is not in a state for it."""
    submission = register.read(work.database, decision.id)
    _check_text("reason", decision.reason)
    action = _ACTIONS[decision.action]
    if not decision.reviewer and not (action.by_sender and submission.agent.id == work.agent.id):
        message = f"Only {'who sent it or ' if action.by_sender else ''}a reviewer can {decision.action} a submission."
        raise NotAllowedError(message, hint="Use the token that sent it, or one with the scope review.")
    if submission.state not in action.states:
        raise _wrong_state(submission, decision.action, action)
    if action.needs_reason and not decision.reason.strip():
        raise SubmissionError(f"To {decision.action} needs a reason.", hint="Say it in one sentence, for the member.")
    return action.take(work, submission, decision)


def actions(state: State) -> list[str]:
    """What can be done with a submission in this state."""
    return [name for name, action in _ACTIONS.items() if state in action.states]


# Receiving


def _received(work: Work, request: Request, files: Sequence[File], checked: Checked) -> Submission:
    counts = checked.report.by_severity()
    state = State.VALIDATED if checked.report.conforms else State.REJECTED
    described = zip(files, checked.files, strict=True)
    return Submission(
        id=request.id,
        title=request.title,
        target=request.target,
        mode=request.mode,
        revises=request.revises,
        files=tuple(
            SubmittedFile(each.name, each.kind, each.bytes, blobs.keep(work.data, file.content))
            for file, each in described
        ),
        statements=sum(each.triples for each in checked.files),
        violations=counts["Violation"],
        warnings=counts["Warning"],
        shapes_version=checked.shapes_version,
        data_version=work.store.version,
        steps=(work.step(State.RECEIVED), work.step(state)),
    )


def _check_target(target: str) -> None:
    graph = ox.NamedNode(target)
    if not union.is_published(graph) or target in map(names.graph, _RESERVED):
        message = f"<{target}> is not a graph of a member."
        raise SubmissionError(message, hint="The operator gives a token its graph: 'itu-align token create --graph'.")


def _checked_revised(work: Work, request: Request) -> Submission:
    revised = register.read(work.database, str(request.revises))
    if revised.target != request.target:
        message = f"Submission {revised.id} went to <{revised.target}>, this one goes to <{request.target}>."
        raise SubmissionError(message, hint="Only submissions to one's own graph can be replaced.")
    if revised.state in {State.UNDONE, State.SUPERSEDED, State.WITHDRAWN, State.DECLINED}:
        message = f"Submission {revised.id} is {revised.state} already."
        raise SubmissionError(message, hint="Send this one without 'revises'.")
    return revised


def _check_text(name: str, text: str) -> None:
    if len(text) > _MOST_TEXT:
        message = f"The {name} has {len(text):,} characters; at most {_MOST_TEXT:,} are kept."
        raise SubmissionError(message, hint="Say it shorter.")


# Deciding


def _propose(work: Work, submission: Submission, decision: Decision) -> Outcome:
    return _only_recorded(work, submission, work.step(State.PROPOSED, decision.reason))


def _withdraw(work: Work, submission: Submission, decision: Decision) -> Outcome:
    return _only_recorded(work, submission, work.step(State.WITHDRAWN, decision.reason))


def _decline(work: Work, submission: Submission, decision: Decision) -> Outcome:
    return _only_recorded(work, submission, work.step(State.DECLINED, decision.reason))


def _accept(work: Work, submission: Submission, decision: Decision) -> Outcome:
    """The statements go to the target graph, and those of the submission that it revises go from there."""
    seen = decision.seen or submission.data_version
    subjects = {str(triple.subject) for triple in statements(work.database, submission)}
    since = merging.changed_since(work.data, seen, work.store.version, subjects)
    if since:
        message = f"Since version {seen} others have changed what {submission.id} is about; {merging.in_words(since)}."
        raise ConflictError(message, hint="Look at the preview as it is now, then decide again.")
    making = take_in(work, submission)
    _refuse_new_violations(making, submission, seen)
    revised = _revised(work, submission)
    if revised is not None:
        _record(making, revised, work.step(State.SUPERSEDED, f"replaced by {submission.id}"))
    return _recorded(making, submission, work.step(State.ACCEPTED, decision.reason))


def take_in(work: Work, submission: Submission) -> Making:
    """The published graph with the submission: its statements, without those that it revises, and what follows."""
    making = Making(work.database)
    revised = _revised(work, submission)
    if revised is not None:
        making.make(_effect_taken_back(work, revised))
    target = ox.NamedNode(submission.target)
    triples = statements(work.database, submission)
    making.make(merging.merged(work.database, triples, target, submission.mode))
    making.make(merging.derived_change(work.database))
    return making


def _undo(work: Work, submission: Submission, decision: Decision) -> Outcome:
    """What the acceptance did is taken back, and a submission that it superseded is again what it was."""
    making = Making(work.database)
    making.make(_effect_taken_back(work, submission))
    making.make(merging.derived_change(work.database))
    _refuse_new_violations(making, submission, submission.data_version)
    revised = _revised(work, submission)
    if revised is not None and revised.state is State.SUPERSEDED:
        _record(making, revised, work.step(revised.steps[-2].state, f"{submission.id} was undone"))
    return _recorded(making, submission, work.step(State.UNDONE, decision.reason))


def statements(database: ox.Store, submission: Submission) -> list[ox.Triple]:
    """What was sent."""
    return [quad.triple for quad in database.quads_for_pattern(None, None, None, submission.graph)]


def _refuse_new_violations(making: Making, submission: Submission, seen: int) -> None:
    report = examination.new_findings(making.database, making.so_far())
    if not report.conforms:
        first = report.violations[0]
        more = f" and {len(report.violations) - 1} more" if len(report.violations) > 1 else ""
        message = f"The graph would break its shapes, which it did not in version {seen}: {first.text()}{more}."
        raise ConflictError(message, hint=f"Look at the preview of {submission.id}: it lists them all.")


def _revised(work: Work, submission: Submission) -> Submission | None:
    return register.read(work.database, submission.revises) if submission.revises else None


def _effect_taken_back(work: Work, submission: Submission) -> Change:
    """What goes and comes back when a submission is no longer in the graph; nothing where it is not in it."""
    if submission.state is not State.ACCEPTED or submission.accepted is None:
        return Change()
    return merging.taken_back(work.database, work.data, submission.accepted, submission.target)


def _only_recorded(work: Work, submission: Submission, step: Step) -> Outcome:
    return _recorded(Making(work.database), submission, step)


def _recorded(making: Making, submission: Submission, step: Step) -> Outcome:
    after = _record(making, submission, step)
    return Outcome(after, making.so_far())


def _record(making: Making, submission: Submission, step: Step) -> Submission:
    """Write a step into the register."""
    after = submission.after(step)
    old, new = (_register(each) for each in (submission, after))
    making.make(Change([quad for quad in old if quad not in new], [quad for quad in new if quad not in old]))
    return after


def _register(submission: Submission) -> dict[ox.Quad, None]:
    return {ox.Quad(t.subject, t.predicate, t.object, register.REGISTER): None for t in register.triples(submission)}


@dataclass(frozen=True, slots=True)
class _Action:
    """A step that can be asked for: from which states, by whom, and what it does."""

    take: Callable[[Work, Submission, Decision], Outcome]
    states: frozenset[State]
    by_sender: bool = False
    needs_reason: bool = False


_ACTIONS: Final[Mapping[str, _Action]] = {
    "propose": _Action(_propose, frozenset({State.VALIDATED}), by_sender=True),
    "withdraw": _Action(_withdraw, frozenset({State.VALIDATED, State.REJECTED, State.PROPOSED}), by_sender=True),
    "accept": _Action(_accept, frozenset({State.PROPOSED, State.UNDONE})),
    "decline": _Action(_decline, frozenset({State.PROPOSED}), needs_reason=True),
    "undo": _Action(_undo, frozenset({State.ACCEPTED}), needs_reason=True),
}


def _wrong_state(submission: Submission, name: str, action: _Action) -> ConflictError:
    last = submission.steps[-1]
    who = last.agent.note or last.agent.id
    message = f"Submission {submission.id} is {submission.state} (by {who}, {last.time}); it cannot be {_DONE[name]}."
    return ConflictError(message, hint=f"To {name} it, it must be {' or '.join(sorted(action.states))}.")


_DONE: Final = {
    "propose": "proposed",
    "withdraw": "withdrawn",
    "accept": "accepted",
    "decline": "declined",
    "undo": "undone",
}
