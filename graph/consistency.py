"""Whether the statements contradict each other or a class can have no member, asked of an OWL 2 DL reasoner.

owlready2 runs HermiT (http://www.hermit-reasoner.com/), which is complete for OWL 2 DL and needs Java.
"""

import re
import shutil
import tempfile
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TypeAlias

import owlready2
import pyoxigraph as ox

from .names import BASE, RDF, XSD, shorten
from .reasoning import materialise

_Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_RDF_TYPE = ox.NamedNode(RDF + "type")
_ONTOLOGY = ox.NamedNode("http://www.w3.org/2002/07/owl#Ontology")
_DATATYPES = frozenset(
    [RDF + "langString"]
    + [XSD + name for name in ("string", "integer", "decimal", "boolean", "dateTime", "double", "float", "anyURI")]
)
_MALFORMED = re.compile(r"MalformedLiteralException: Literal (.*) is malformed")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

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


def check_consistency(triples: Iterable[ox.Triple]) -> ConsistencyReport:
    """Whether the triples contradict each other; hand it those of the whole import closure, as none is fetched.

    HermiT refuses datatypes outside the OWL 2 map, among them xsd:date, xsd:gYear and xsd:gYearMonth
    (https://www.w3.org/TR/owl2-syntax/#Datatype_Maps). In its copy of the triples such literals are strings of
    the same text, so two different dates still differ; nothing in the ontology compares dates.
    """
    kept = list(triples)
    if shutil.which("java") is None:
        return ConsistencyReport(None, (), "not checked: no Java runtime found")
    report = _ask(kept)
    return replace(report, causes=_causes(kept)) if report.consistent is False else report


def _ask(triples: Collection[ox.Triple]) -> ConsistencyReport:
    world = owlready2.World()  # of its own: owlready2 would keep the triples in a world that all share
    content = ox.serialize(_for_reasoner(triples), format=ox.RdfFormat.N_TRIPLES) or b""
    try:
        world.get_ontology(BASE + "checked").load(fileobj=BytesIO(content))
        with _temporary_folder():
            owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return ConsistencyReport(consistent=False, unsatisfiable=(), detail="the statements contradict each other")
    except owlready2.OwlReadyOntologyParsingError as error:
        # The triples are well-formed N-Triples, so what owlready2 cannot read is a number that is none.
        return ConsistencyReport(consistent=False, unsatisfiable=(), detail=f"malformed literal: {error.__cause__}")
    except owlready2.OwlReadyJavaError as error:
        return _failure(str(error))
    classes = tuple(sorted(c.iri for c in world.inconsistent_classes() if c is not owlready2.Nothing))
    detail = f"but without possible members: {', '.join(classes)}" if classes else "and every class can have members"
    return ConsistencyReport(consistent=True, unsatisfiable=classes, detail=f"consistent, {detail}")


def _failure(message: str) -> ConsistencyReport:
    """A literal that its datatype does not allow is a contradiction; anything else is no answer."""
    if malformed := _MALFORMED.search(message):
        return ConsistencyReport(consistent=False, unsatisfiable=(), detail=f"malformed literal: {malformed[1]}")
    reason = message.removeprefix("Java error message is:").strip().partition("\n")[0]
    return ConsistencyReport(None, (), f"not checked: HermiT stopped with: {reason}")


@contextmanager
def _temporary_folder() -> Generator[None]:
    """A folder for the reasoner's files: owlready2 leaves its own behind where it finds a contradiction."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _causes(triples: Collection[ox.Triple]) -> tuple[str, ...]:
    store = ox.Store()
    everything = [*triples, *materialise(triples)]
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in everything)
    solutions = store.query(_CAUSES)
    return tuple(" ".join(map(_shown, solution)) for solution in solutions)  # type: ignore[union-attr]


def _shown(term: _Term) -> str:
    if isinstance(term, ox.NamedNode):
        return shorten(term.value)
    return term.value if isinstance(term, ox.Literal) else str(term)


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
