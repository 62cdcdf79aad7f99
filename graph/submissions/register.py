"""The record of submissions in the graph `…/graph/submissions`, in PROV-O (https://www.w3.org/TR/prov-o/).

A submission is an entity, derived from its files and attributed to the token that sent it. Each step of its life is
an activity that used it, with who did it, when, why, and the version of the graph that it made.
"""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from .. import names
from .record import Agent, Mode, NoSuchSubmissionError, State, Step, Submission, SubmittedFile

REGISTER: Final = ox.NamedNode(names.graph("submissions"))
"""The graph that says what was submitted and decided. It is no part of the default graph."""


# To triples


def triples(submission: Submission) -> list[ox.Triple]:
    """The record of a submission."""
    subject = ox.NamedNode(submission.iri)
    facts: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (_RDF_TYPE, _align("Submission")),
        (_IDENTIFIER, ox.Literal(submission.id)),
        (_TITLE, ox.Literal(submission.title)),
        (_PROV + "wasAttributedTo", _agent(submission.agent)),
        (_ALIGN + "submissionState", _state(submission.state)),
        (_ALIGN + "submittedGraph", submission.graph),
        (_ALIGN + "targetGraph", ox.NamedNode(submission.target)),
        (_ALIGN + "submissionMode", ox.Literal(submission.mode)),
        (_ALIGN + "statements", ox.Literal(submission.statements)),
        (_ALIGN + "violations", ox.Literal(submission.violations)),
        (_ALIGN + "warnings", ox.Literal(submission.warnings)),
        (_ALIGN + "shapesVersion", ox.Literal(submission.shapes_version)),
        (_ALIGN + "dataVersion", ox.Literal(submission.data_version)),
    ]
    if submission.revises:
        facts.append((_PROV + "wasRevisionOf", ox.NamedNode(names.mint("submission", submission.revises))))
    parts = [_file(submission, number) for number in range(len(submission.files))]
    facts += [(_PROV + "wasDerivedFrom", ox.NamedNode(iri)) for iri, _ in parts]
    parts += [_step(submission, number) for number in range(len(submission.steps))]
    parts += [(names.mint("agent", agent.id), _agent_facts(agent)) for agent in {s.agent for s in submission.steps}]
    return list(_stated(subject, facts)) + [t for iri, held in parts for t in _stated(ox.NamedNode(iri), held)]


_Facts = list[tuple[str, ox.NamedNode | ox.Literal]]
_ALIGN: Final = names.ALIGN
_PROV: Final = names.PROV
_RDF_TYPE: Final = names.RDF + "type"
_IDENTIFIER: Final = names.DCTERMS + "identifier"
_TITLE: Final = names.DCTERMS + "title"
_LABEL: Final = names.PREFIXES["rdfs"] + "label"
_COMMENT: Final = names.PREFIXES["rdfs"] + "comment"
_TIME: Final = ox.NamedNode(names.XSD + "dateTime")


def _stated(subject: ox.NamedNode, facts: _Facts) -> Iterator[ox.Triple]:
    return (ox.Triple(subject, ox.NamedNode(predicate), value) for predicate, value in facts)


def _file(submission: Submission, number: int) -> tuple[str, _Facts]:
    file = submission.files[number]
    return names.mint("submitted-file", f"{submission.id}-{number + 1}"), [
        (_RDF_TYPE, _align("SubmittedFile")),
        (_TITLE, ox.Literal(file.name)),
        (_ALIGN + "fileKind", ox.Literal(file.kind)),
        (_ALIGN + "byteSize", ox.Literal(file.bytes)),
        (_ALIGN + "sha256", ox.Literal(file.sha256)),
    ]


def _step(submission: Submission, number: int) -> tuple[str, _Facts]:
    step = submission.steps[number]
    facts: _Facts = [
        (_RDF_TYPE, _align("SubmissionStep")),
        (_PROV + "used", ox.NamedNode(submission.iri)),
        (_PROV + "wasAssociatedWith", _agent(step.agent)),
        (_PROV + "endedAtTime", ox.Literal(step.time, datatype=_TIME)),
        (_ALIGN + "reachedState", _state(step.state)),
        (_ALIGN + "resultVersion", ox.Literal(step.version)),
    ]
    if step.reason:
        facts.append((_COMMENT, ox.Literal(step.reason)))
    return names.mint("submission-step", f"{submission.id}-{number + 1}"), facts


def _agent_facts(agent: Agent) -> _Facts:
    facts: _Facts = [(_RDF_TYPE, ox.NamedNode(_PROV + "Agent")), (_IDENTIFIER, ox.Literal(agent.id))]
    return [*facts, (_LABEL, ox.Literal(agent.note))] if agent.note else facts


def _agent(agent: Agent) -> ox.NamedNode:
    return ox.NamedNode(names.mint("agent", agent.id))


def _align(name: str) -> ox.NamedNode:
    return ox.NamedNode(_ALIGN + name)


def _state(state: State) -> ox.NamedNode:
    return _align(f"{state}Submission")


# And back


def read(database: ox.Store, identifier: str) -> Submission:
    """The record of a submission; raises NoSuchSubmissionError."""
    subject = ox.NamedNode(names.mint("submission", identifier))
    facts = _facts(database, subject)
    if not facts:
        hint = "GET /submissions lists them."
        raise NoSuchSubmissionError(f"There is no submission {identifier[:80]!r}.", hint=hint)
    revised = facts.get(_PROV + "wasRevisionOf")
    return Submission(
        id=facts[_IDENTIFIER],
        title=facts[_TITLE],
        target=facts[_ALIGN + "targetGraph"],
        mode=Mode(facts[_ALIGN + "submissionMode"]),
        revises=revised.rpartition("/")[2] if revised else None,
        files=tuple(_read_files(database, identifier)),
        statements=int(facts[_ALIGN + "statements"]),
        violations=int(facts[_ALIGN + "violations"]),
        warnings=int(facts[_ALIGN + "warnings"]),
        shapes_version=facts[_ALIGN + "shapesVersion"],
        data_version=int(facts[_ALIGN + "dataVersion"]),
        steps=tuple(_read_steps(database, identifier)),
    )


def read_all(database: ox.Store) -> list[Submission]:
    """All submissions, the newest first."""
    kind = (ox.NamedNode(_RDF_TYPE), _align("Submission"), REGISTER)
    found = [read(database, _name(quad.subject)) for quad in database.quads_for_pattern(None, *kind)]
    return sorted(found, key=lambda each: (each.steps[0].version, each.id), reverse=True)


def _facts(database: ox.Store, subject: ox.NamedNode) -> dict[str, str]:
    """What is recorded of a thing, by predicate; properties with several values are asked for otherwise."""
    quads = database.quads_for_pattern(subject, None, None, REGISTER)
    return {quad.predicate.value: _text(quad.object) for quad in quads}


def _read_files(database: ox.Store, identifier: str) -> Iterator[SubmittedFile]:
    for facts in _numbered(database, "submitted-file", identifier):
        size = int(facts[_ALIGN + "byteSize"])
        yield SubmittedFile(facts[_TITLE], facts[_ALIGN + "fileKind"], size, facts[_ALIGN + "sha256"])


def _read_steps(database: ox.Store, identifier: str) -> Iterator[Step]:
    for facts in _numbered(database, "submission-step", identifier):
        agent = _facts(database, ox.NamedNode(facts[_PROV + "wasAssociatedWith"]))
        yield Step(
            State(facts[_ALIGN + "reachedState"].removeprefix(_ALIGN).removesuffix("Submission")),
            facts[_PROV + "endedAtTime"],
            Agent(agent[_IDENTIFIER], agent.get(_LABEL, "")),
            int(facts[_ALIGN + "resultVersion"]),
            facts.get(_COMMENT, ""),
        )


def _numbered(database: ox.Store, kind: str, identifier: str) -> Iterator[dict[str, str]]:
    """The parts of a submission by their number, from 1 to the first that is not there."""
    number = 1
    while facts := _facts(database, ox.NamedNode(names.mint(kind, f"{identifier}-{number}"))):
        yield facts
        number += 1


def _text(term: object) -> str:
    return str(getattr(term, "value", term))


def _name(subject: object) -> str:
    return _text(subject).rpartition("/")[2]
