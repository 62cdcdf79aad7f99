"""Stage 3: what follows from the statements, and whether they contradict each other.

`materialise` derives what queries rely on by the rules in `ontology/rules/`, which are those of OWL 2 RL
(https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules) and our own.
`check_consistency` asks HermiT, a complete OWL 2 DL reasoner, which owlready2 brings along and which needs Java.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from . import schema
from .errors import OntologyError, Place
from .names import RDF, XSD, shorten

_Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_OWL = "http://www.w3.org/2002/07/owl#"
_RDF_TYPE = ox.NamedNode(RDF + "type")
_DATATYPES = frozenset(
    [RDF + "langString"]
    + [XSD + name for name in ("string", "integer", "decimal", "boolean", "dateTime", "double", "float", "anyURI")]
)
_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_HERMIT = "org.semanticweb.HermiT.cli.CommandLine"
_ONTOLOGY = ox.NamedNode(_OWL + "Ontology")
_NOTHING = _OWL + "Nothing"
_MALFORMED = re.compile(r"MalformedLiteralException: Literal (.*) is malformed")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ANSWER = "Classes equivalent to"
_MEMORY = "-Xmx2g"
_PATIENCE = 600

_CAUSES = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT DISTINCT ?thing ?property ?first ?second {
  { ?axiom owl:members/rdf:rest*/rdf:first ?first, ?second BIND(rdf:type AS ?property) }
  UNION { ?first owl:disjointWith ?second BIND(rdf:type AS ?property) }
  UNION { ?axiom owl:distinctMembers/rdf:rest*/rdf:first ?first, ?second . ?property a owl:FunctionalProperty }
  UNION { ?property a owl:FunctionalProperty, owl:DatatypeProperty }
  ?thing ?property ?first, ?second
  FILTER(STR(?first) < STR(?second))
} ORDER BY ?thing ?property ?first ?second LIMIT 10
"""


@dataclass(frozen=True, slots=True)
class ConsistencyReport:
    """`consistent` is None where nothing was checked; `detail` says in words what was found or why not.

    `causes` names the first things in two disjoint classes or with two different values of a functional
    property. HermiT itself gives no reasons, so a contradiction of another form has none here.
    """

    consistent: bool | None
    unsatisfiable: tuple[str, ...]
    detail: str
    causes: tuple[str, ...] = ()


def materialise(triples: Iterable[ox.Triple], rules: Mapping[str, str] | None = None) -> list[ox.Triple]:
    """What follows from the triples by the rules and is not among them, sorted.

    The rules (those of the ontology folder if none are given) run in turn until none adds anything, so each must
    be monotone (more triples never take a conclusion away) and make no blank nodes (there would always be new
    ones). Raises OntologyError where one is no SPARQL.
    """
    store = ox.Store()
    store.extend(_quads(triples))
    rules = schema.rules() if rules is None else rules
    derived: set[ox.Triple] = set()
    while new := {triple for name in rules for triple in _apply(name, rules[name], store)}:
        derived |= new
    return sorted(derived, key=str)


def _apply(name: str, rule: str, store: ox.Store) -> set[ox.Triple]:
    """Add the rule's new conclusions to the store at once, so that the next rule sees them."""
    try:
        conclusions: set[ox.Triple] = set(store.query(rule))  # type: ignore[arg-type]
    except SyntaxError as error:
        raise _rule_error(error, name, rule) from None
    new = {triple for triple in conclusions if ox.Quad(*triple) not in store}
    store.extend(_quads(new))
    return new


def _quads(triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)


def _rule_error(error: SyntaxError, name: str, rule: str) -> OntologyError:
    match = _POSITION.match(str(error))
    if match is None:
        return OntologyError(f"ontology/rules/{name}.rq: {error}.")
    line, column = int(match[1]), int(match[2])
    excerpt = rule.splitlines()[line - 1]
    message = f"ontology/rules/{name}.rq, line {line}, column {column}: {match[3]}."
    return OntologyError(message, hint=f"Mend the rule there: {excerpt.strip()}", place=Place(line, column, excerpt))


def check_consistency(triples: Iterable[ox.Triple]) -> ConsistencyReport:
    """Whether an OWL 2 DL reasoner finds a contradiction or a class that can have no member.

    HermiT refuses datatypes outside the OWL 2 map, among them xsd:date, xsd:gYear and xsd:gYearMonth
    (https://www.w3.org/TR/owl2-syntax/#Datatype_Maps). In its copy of the triples such literals are strings of
    the same text, so two different dates still differ; nothing in the ontology compares dates.
    It reads no imports: hand it the triples of the whole closure.
    """
    kept = list(triples)
    java = shutil.which("java")
    if java is None:
        return ConsistencyReport(None, (), "not checked: no Java runtime found")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        ox.serialize(_for_reasoner(kept), file, format=ox.RdfFormat.N_TRIPLES)
        command = [java, _MEMORY, "-cp", str(hermit_jar()), _HERMIT, "-U", "--no-prefixes", file.as_uri()]
        report = _ask(command)
    return replace(report, causes=_causes(kept)) if report.consistent is False else report


def _ask(command: list[str]) -> ConsistencyReport:
    try:
        # The program, its arguments and the folder are ours; no shell is between.
        result = subprocess.run(  # noqa: S603
            command, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return ConsistencyReport(None, (), f"not checked: HermiT gave no answer in {_PATIENCE} seconds")
    return _read_answer(result)


def _causes(triples: Collection[ox.Triple]) -> tuple[str, ...]:
    store = ox.Store()
    store.extend(_quads(triples))
    store.extend(_quads(materialise(triples)))
    solutions = store.query(_CAUSES)
    return tuple(" ".join(map(_shown, solution)) for solution in solutions)  # type: ignore[union-attr]


def _shown(term: _Term) -> str:
    if isinstance(term, ox.NamedNode):
        return shorten(term.value)
    return term.value if isinstance(term, ox.Literal) else str(term)


def hermit_jar() -> Path:
    """HermiT with the OWL API, as owlready2 ships them; owlready2 is not imported, so it keeps no state."""
    spec = find_spec("owlready2")
    if spec is None or spec.origin is None:
        message = "owlready2, which brings the reasoner HermiT, is not installed."
        raise OntologyError(message, hint="Install the project again: make install.")
    return Path(spec.origin).parent / "hermit" / "HermiT.jar"


def _for_reasoner(triples: Collection[ox.Triple]) -> Iterator[ox.Triple]:
    """Without ontology headers, whose imports HermiT would fetch, and with literals that it accepts."""
    headers = {triple.subject for triple in triples if triple.predicate == _RDF_TYPE and triple.object == _ONTOLOGY}
    for triple in triples:
        if triple.subject not in headers:
            yield ox.Triple(triple.subject, triple.predicate, _accepted(triple.object))


def _accepted(term: _Term) -> _Term:
    """Control characters are replaced too: HermiT calls a text with one malformed, since XML 1.0 forbids them."""
    if not isinstance(term, ox.Literal):
        return term
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", term.value)
    if term.language is not None:
        return ox.Literal(text, language=term.language)
    return ox.Literal(text, datatype=term.datatype) if term.datatype.value in _DATATYPES else ox.Literal(text)


def _read_answer(result: subprocess.CompletedProcess[str]) -> ConsistencyReport:
    if "InconsistentOntologyException" in result.stderr:
        return ConsistencyReport(consistent=False, unsatisfiable=(), detail="the statements contradict each other")
    if malformed := _MALFORMED.search(result.stderr):
        return ConsistencyReport(consistent=False, unsatisfiable=(), detail=f"malformed literal: {malformed[1]}")
    if result.returncode or _ANSWER not in result.stdout:
        reason = next(iter(result.stderr.splitlines()), "no answer")
        return ConsistencyReport(None, (), f"not checked: HermiT stopped with: {reason}")
    lines = result.stdout.split(_ANSWER, 1)[1].splitlines()[1:]
    classes = tuple(sorted({line.strip() for line in lines} - {"", _NOTHING}))
    detail = f"but without possible members: {', '.join(classes)}" if classes else "and every class can have members"
    return ConsistencyReport(consistent=True, unsatisfiable=classes, detail=f"consistent, {detail}")
