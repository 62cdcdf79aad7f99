"""What is derived is what OWL 2 RL says, no more and no less."""

import random

import owlrl
import pyoxigraph as ox
import pytest
import rdflib
from itu_align.graph import schema
from itu_align.graph.errors import OntologyError
from itu_align.graph.reasoning import materialise
from rdf import turtle
from rdflib import OWL, RDF, RDFS

GENERIC_NAMES = (
    "chain",
    "domain",
    "inverse",
    "inverse-back",
    "range",
    "subclass",
    "subproperty",
    "symmetric",
    "transitive",
)
GENERIC = {name: schema.rules()[name] for name in GENERIC_NAMES}


@pytest.fixture(scope="module")
def facts(shipped: dict[str, list[ox.Triple]]) -> set[ox.Triple]:
    return {triple for name, triples in shipped.items() if name != "derived" for triple in triples}


# Each rule


@pytest.mark.parametrize(
    ("given", "derived"),
    [
        ("ex:A rdfs:subClassOf ex:B . ex:B rdfs:subClassOf ex:C . ex:x a ex:A .", "ex:x a ex:B, ex:C ."),
        ("ex:A rdfs:subClassOf owl:Thing, [ a owl:Class ], ex:A . ex:x a ex:A .", ""),
        ("ex:p rdfs:subPropertyOf ex:q . ex:q rdfs:subPropertyOf ex:r . ex:x ex:p 'v' .", "ex:x ex:q 'v' ; ex:r 'v' ."),
        ("ex:p owl:inverseOf ex:q . ex:x ex:p ex:y . ex:z ex:q ex:x .", "ex:y ex:q ex:x . ex:x ex:p ex:z ."),
        ("ex:p owl:inverseOf ex:q . ex:x ex:p 'v' ; ex:q 'w' .", ""),
        ("ex:p a owl:SymmetricProperty . ex:x ex:p ex:y, 'v' .", "ex:y ex:p ex:x ."),
        ("ex:p a owl:TransitiveProperty . ex:a ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:d .",
         "ex:a ex:p ex:c, ex:d . ex:b ex:p ex:d ."),
        ("ex:p a owl:TransitiveProperty . ex:a ex:p ex:b . ex:b ex:p ex:a .", ""),
        ("ex:p owl:propertyChainAxiom ( ex:q ex:r ) . ex:x ex:q ex:y . ex:y ex:r ex:z .", "ex:x ex:p ex:z ."),
        ("ex:p owl:propertyChainAxiom ( ex:q ex:r ex:s ) . ex:x ex:q ex:y . ex:y ex:r ex:z .", ""),
        ("ex:p rdfs:domain ex:A, owl:Thing, [ owl:unionOf ( ex:B ) ] . ex:x ex:p 'v' .", "ex:x a ex:A ."),
        ("ex:p rdfs:range ex:A, owl:Thing, [ owl:unionOf ( ex:B ) ] . ex:x ex:p ex:y, 'v' .", "ex:y a ex:A ."),
        ("ex:p rdfs:range xsd:string . ex:x ex:p 'v' .", ""),
    ],
)  # fmt: skip
def test_a_rule_derives_exactly(given: str, derived: str) -> None:
    assert set(materialise(turtle(given), GENERIC)) == turtle(derived)


def test_published_and_accepted_alignments_are_links_in_short_and_others_are_not() -> None:
    rule = {"aligns-with": schema.rules()["aligns-with"]}
    given = "".join(
        f"ex:{status} align:status align:{status} ; align:subject ex:s-{status} ; align:object ex:o . "
        for status in ("published", "accepted", "derived", "suggested", "rejected")
    )
    linked = "ex:s-published align:alignsWith ex:o . ex:s-accepted align:alignsWith ex:o ."
    assert set(materialise(turtle(given), rule)) == turtle(linked)


def test_rules_feed_each_other_until_nothing_is_new(ontology: set[ox.Triple]) -> None:
    given = turtle("ex:i sdgo:isIndicatorOf ex:t . ex:g sdgo:hasTarget ex:t .")
    derived = set(materialise(ontology | given, GENERIC))
    assert (
        turtle("ex:i align:indicatorOfGoal ex:g ; a sdgo:Indicator, skos:Concept . ex:t skos:broader ex:g .") <= derived
    )
    assert materialise(ontology | given | derived, GENERIC) == []


def test_what_the_model_promises_is_derived(ontology: set[ox.Triple]) -> None:
    given = turtle("""
        ex:q align:studiedInCharter ex:c . ex:c align:charterOf ex:g .
        ex:q align:continuesPartOf ex:p . ex:p align:continues ex:o .
        ex:s schema:superEvent ex:t . ex:t schema:superEvent ex:f .
        ex:d align:twinOf ex:e . ex:new dcterms:replaces ex:old .
        ex:sg15 org:subOrganizationOf ex:itu-t . ex:itu-t org:subOrganizationOf ex:itu .
    """)
    expected = turtle("""
        ex:q align:studiedBy ex:g ; align:continues ex:p ; align:descendsFrom ex:p, ex:o . ex:p align:continuedBy ex:q .
        ex:g a align:StudyGroup, align:ItuBody, org:Organization ; align:charter ex:c .
        ex:s align:withinEvent ex:t, ex:f . ex:e align:twinOf ex:d . ex:old dcterms:isReplacedBy ex:new .
        ex:sg15 org:transitiveSubOrganizationOf ex:itu .
    """)
    assert expected <= set(materialise(ontology | given))


def test_the_result_does_not_depend_on_the_order_of_the_triples(ontology: set[ox.Triple]) -> None:
    given = sorted(ontology | turtle("ex:s schema:superEvent ex:t . ex:t schema:superEvent ex:f ."), key=str)
    shuffled = random.Random(1).sample(given, len(given))
    assert materialise(shuffled) == materialise(given) == sorted(materialise(given), key=str)


def test_a_rule_that_is_no_sparql_is_an_error_with_its_place() -> None:
    with pytest.raises(OntologyError, match=r"ontology/rules/bad.rq, line 2, column 7: ") as caught:
        materialise([], {"bad": "CONSTRUCT { ?a ?b ?c }\nWHERE [ ?a ?b ?c ]"})
    assert "WHERE [" in caught.value.hint


# The same as owlrl, which knows all rules of OWL 2 RL


def to_rdflib(triples: set[ox.Triple]) -> rdflib.Graph:
    text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=text, format="nt")


READ_BY_RULES = {RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, RDF.first, RDF.rest, RDF.type}
READ_BY_RULES |= {OWL.inverseOf, OWL.propertyChainAxiom}
UNREAD_TYPES = {OWL.Ontology, OWL.NamedIndividual, OWL.AllDifferent, OWL.AllDisjointClasses}
UNREAD_TYPES |= {OWL.FunctionalProperty, OWL.AsymmetricProperty, OWL.IrreflexiveProperty}


def axioms(ontology: set[ox.Triple]) -> rdflib.Graph:
    """Only the axioms that the rules read: the others make owlrl slow, and yield differences and equalities only."""
    graph = rdflib.Graph()
    for triple in to_rdflib(ontology):
        if triple[1] in READ_BY_RULES and triple[2] not in UNREAD_TYPES:
            graph.add(triple)
    return graph


def owlrl_says(axioms: rdflib.Graph, data: rdflib.Graph) -> set[tuple[rdflib.term.Node, ...]]:
    """What owlrl derives about the things of the data, but for what our rules leave out on purpose."""
    graph = axioms + data
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    things = {term for s, p, o in data for term in ((s,) if p == RDF.type else (s, o))} - set(axioms.subjects())
    return {
        (s, p, o)
        for s, p, o in graph
        if s in things
        and isinstance(s, rdflib.URIRef)  # owlrl gives literals as subjects
        and p != OWL.sameAs  # everything is the same as itself
        and not (p == RDF.type and (isinstance(o, rdflib.BNode) or o in (OWL.Thing, RDFS.Resource)))
        and (s != o or (s, p, o) in data)  # a transitive property that goes round
    }


def assert_same_as_owlrl(ontology: set[ox.Triple], data: set[ox.Triple]) -> set[tuple[rdflib.term.Node, ...]]:
    ours = set(to_rdflib(data | set(materialise(ontology | data, GENERIC))))
    theirs = owlrl_says(axioms(ontology), to_rdflib(data))
    assert ours - theirs == set(), "derived without reason"
    assert theirs - ours == set(), "not derived"
    return theirs


def test_the_rules_give_what_owlrl_gives_on_a_graph_that_uses_each_kind_of_axiom(ontology: set[ox.Triple]) -> None:
    data = turtle("""
        ex:q1 a align:Question ; align:studiedInCharter ex:c1 ; align:continuesPartOf ex:q2 .
        ex:q2 align:continues ex:q3 . ex:q3 align:continuedBy ex:q2 . ex:q3 align:continues ex:q4 .
        ex:c1 align:charterOf ex:sg ; align:studyPeriod ex:p .
        ex:sg org:subOrganizationOf ex:t . ex:t org:subOrganizationOf ex:itu .
        ex:i sdgo:isIndicatorOf ex:t1, ex:t2 ; skos:prefLabel "indicator"@en . ex:g sdgo:hasTarget ex:t1 .
        ex:t2 sdgo:isTargetOf ex:g2 ; skos:exactMatch ex:other ; align:writtenAs "t 2" .
        ex:s a align:WsisSession ; schema:superEvent ex:f . ex:f schema:superEvent ex:y . ex:y schema:superEvent ex:f .
        ex:d align:twinOf ex:e . ex:m a align:MatrixLink ; align:subject ex:l ; prov:wasDerivedFrom ex:n .
        ex:change org:originalOrganization ex:sg, ex:sg2 ; org:resultingOrganization ex:sg3 .
    """)
    theirs = assert_same_as_owlrl(ontology, data)
    assert len(theirs) > 2 * len(data)


def test_the_rules_give_what_owlrl_gives_on_the_shipped_graph(ontology: set[ox.Triple], facts: set[ox.Triple]) -> None:
    """On one thing in three and its links to others: the whole takes owlrl some minutes.

    Statements that no rule reads (literals of properties without a property above, web addresses) are left out.
    """
    read = {t.subject for t in ontology if t.predicate.value in READ_AS_PREMISE}
    premises = {t for t in facts - ontology if t.predicate.value == str(RDF.type) or t.predicate in read}
    chosen = set(sorted({t.subject.value for t in premises})[::3])
    data = {t for t in premises if t.subject.value in chosen}
    theirs = assert_same_as_owlrl(ontology, data)
    assert len(theirs) > len(data) > 2_000


READ_AS_PREMISE = {str(p) for p in (RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.inverseOf, OWL.propertyChainAxiom)}


# The shipped graph


def test_what_is_derived_from_the_shipped_facts_is_about_things_and_not_about_terms(
    shipped: dict[str, list[ox.Triple]], ontology: set[ox.Triple]
) -> None:
    individuals = {t.subject for t in ontology if t.object.value == str(OWL.NamedIndividual)}
    terms = {t.subject for t in ontology} - individuals
    assert len(shipped["derived"]) > 1_000
    assert [t for t in shipped["derived"] if t.subject in terms] == []


def test_what_is_derived_adds_nothing_empty(shipped: dict[str, list[ox.Triple]], facts: set[ox.Triple]) -> None:
    derived = set(shipped["derived"])
    assert derived & facts == set()
    assert [t for t in derived if t.subject == t.object] == []
    assert [t for t in derived if t.object.value in (str(OWL.Thing), str(RDFS.Resource))] == []


def test_a_functional_property_has_one_value_for_each_thing(
    shipped: dict[str, list[ox.Triple]], ontology: set[ox.Triple]
) -> None:
    """HermiT would take two values for one thing with two names, unless they are said to be different."""
    functional = {t.subject for t in ontology if t.object.value == str(OWL.FunctionalProperty)}
    values: dict[tuple[object, object], set[object]] = {}
    for triple in {t for triples in shipped.values() for t in triples if t.predicate in functional}:
        values.setdefault((triple.subject, triple.predicate), set()).add(triple.object)
    assert values
    assert {key: found for key, found in values.items() if len(found) > 1} == {}


def test_a_rule_that_is_no_construct_is_named() -> None:
    with pytest.raises(OntologyError, match=r"ontology/rules/all.rq is no CONSTRUCT"):
        materialise([], {"all": "SELECT * { ?s ?p ?o }"})
