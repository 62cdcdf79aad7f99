"""What an endpoint says of itself: counts worked out by hand, terms that exist, and what query editors ask for."""

from collections.abc import Iterable

import pyoxigraph as ox
import pytest
from itu_align.graph import query
from itu_align.graph.description import Description, describe
from itu_align.graph.names import ALIGN, GRAPH, ID, PREFIXES, shorten
from itu_align.graph.service_description import RESULT_FORMATS, Endpoint, service_description
from itu_align.graph.union import DefaultGraph, with_union
from rdf import turtle
from rdflib.namespace import DCAT, DCTERMS, FOAF, VOID

BASE = "https://data.example.org/"
SPARQL, VOID_DOCUMENT = BASE + "sparql", BASE + ".well-known/void"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
HEADER = f"""
PREFIX rdf: <{PREFIXES["rdf"]}> PREFIX rdfs: <{PREFIXES["rdfs"]}> PREFIX dcterms: <{DCTERMS}> PREFIX foaf: <{FOAF}>
PREFIX dcat: <{DCAT}> PREFIX void: <{VOID}> PREFIX void-ext: <http://ldf.fi/void-ext#> PREFIX align: <{ALIGN}>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> PREFIX formats: <http://www.w3.org/ns/formats/>
PREFIX in: <{VOID_DOCUMENT}#> PREFIX on: <{SPARQL}#>
"""
SD_TERMS = {
    *("Service", "Language", "Function", "Aggregate", "EntailmentRegime", "EntailmentProfile", "GraphCollection"),
    *(
        "Dataset",
        "Graph",
        "NamedGraph",
        "Feature",
        "endpoint",
        "feature",
        "defaultEntailmentRegime",
        "entailmentRegime",
    ),
    *("defaultSupportedEntailmentProfile", "supportedEntailmentProfile", "extensionFunction", "extensionAggregate"),
    *("languageExtension", "supportedLanguage", "propertyFeature", "defaultDataset", "availableGraphs", "resultFormat"),
    *("inputFormat", "defaultGraph", "namedGraph", "name", "graph", "SPARQL10Query", "SPARQL11Query", "SPARQL11Update"),
    *("DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs", "BasicFederatedQuery"),
}
"""https://www.w3.org/TR/sparql11-service-description/#vocab"""

FACTS = f"""
<{ID}question/a> a align:Question ; dcterms:title "A"@en, "B" ; align:sector <{ID}body/s> .
<{ID}question/b> a align:Question ; align:sector <{ID}body/s> .
<{ID}body/s> a align:Sector, org:Organization .
"""
"""Eight triples; with OTHERS' first one nine in the default graph."""
OTHERS = "ex:other rdfs:label 'x' ."
TABLE = f"""
<{GRAPH}facts> prov:wasDerivedFrom <{ID}table/facts> .
<{ID}table/facts> a align:Table ; dcterms:title "Facts"@en .
"""
LINKS = f"""
<{ID}mapping/1> a align:ExternalMapping ; align:subject <{ID}body/s> ; align:mappingPredicate skos:exactMatch ;
  align:object ex:S ; align:externalDataset <{ID}dataset/ex> .
<{ID}mapping/2> a align:ExternalMapping ; align:subject <{ID}body/s> ; align:mappingPredicate skos:exactMatch ;
  align:object ex:S ; align:externalDataset <{ID}dataset/ex> .
<{ID}mapping/3> a align:ExternalMapping ; align:subject ex:T ; align:mappingPredicate skos:exactMatch ;
  align:object ex:T ; align:externalDataset <{ID}dataset/ex> .
<{ID}body/s> skos:exactMatch ex:S .
<{ID}dataset/ex> a void:Dataset ; dcterms:title "Example" ; void:uriSpace "http://example.org/" .
"""
"""The second mapping repeats the first; the third has one address on both sides, so there is no triple for it."""

# As sib-swiss/sparql-editor asks (packages/sparql-editor/src/metadata.ts), without labels.
EDITOR = """
SELECT DISTINCT ?graph ?subjectClass ?prop ?objectClass ?objectDatatype ?triples
WHERE {
  {
    OPTIONAL { ?graph sd:graph ?graphDesc . ?graphDesc void:classPartition ?cp . }
    ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
    ?pp void:property ?prop .
    OPTIONAL { ?pp void:triples ?triples }
    OPTIONAL {
      { ?pp void:classPartition [ void:class ?objectClass ] . }
      UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] . }
    }
  } UNION {
    ?linkset void:subjectsTarget [ void:class ?subjectClass ] ;
      void:linkPredicate ?prop ;
      void:objectsTarget [ void:class ?objectClass ] .
  }
}
"""


def stored(graphs: dict[str, str], policy: DefaultGraph = DefaultGraph.UNION) -> ox.Store:
    """A store that is read, with these graphs by IRI."""
    database = ox.Store()
    quads = (
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(name) if name else ox.DefaultGraph())
        for name, text in graphs.items()
        for t in turtle(text)
    )
    database.extend(with_union(quads, policy))
    return database


def described(graphs: dict[str, str], policy: DefaultGraph = DefaultGraph.UNION) -> Description:
    return describe(stored(graphs, policy), Endpoint(BASE, policy), 7)


def ask(triples: Iterable[ox.Triple], query: str) -> set[tuple[str, ...]]:
    """The rows of a query over these triples, IRIs as prefixed names."""
    database = ox.Store()
    database.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    solutions = database.query(HEADER + query)
    return {tuple("" if term is None else shown(term) for term in solution) for solution in solutions}


def shown(term: ox.NamedNode | ox.Literal) -> str:
    if not isinstance(term, ox.NamedNode):
        return term.value
    here = term.value.replace(VOID_DOCUMENT + "#", "in:").replace(SPARQL + "#", "on:")
    return here if here != term.value else shorten(term.value)


def holds(triples: Iterable[ox.Triple], pattern: str) -> bool:
    database = ox.Store()
    database.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return bool(database.query(f"{HEADER} ASK {{ {pattern} }}"))


@pytest.fixture(scope="module")
def small_one() -> Description:
    return described({GRAPH + "facts": FACTS, "urn:others": OTHERS})


# VoID


def test_the_data_set_is_counted(small_one: Description) -> None:
    assert holds(
        small_one.void,
        f"""in:dataset a void:Dataset ; void:triples 9 ; void:distinctSubjects 4 ; void:distinctObjects 7 ;
          void:entities 3 ; void:classes 3 ; void:properties 4 ; void:uriSpace "{ID}" ;
          void:sparqlEndpoint <{SPARQL}> ; void:dataDump <{BASE}graph-store?default> .
        <{VOID_DOCUMENT}> a void:DatasetDescription ; foaf:primaryTopic in:dataset .""",
    )


def test_class_partitions_count_things(small_one: Description) -> None:
    found = ask(small_one.void, "SELECT ?c ?n { in:dataset void:classPartition [ void:class ?c ; void:entities ?n ] }")
    assert found == {("align:Question", "2"), ("align:Sector", "1"), ("org:Organization", "1")}


def test_property_partitions_of_the_whole_count_triples_subjects_and_objects(small_one: Description) -> None:
    query = """SELECT ?p ?n ?s ?o { in:dataset void:propertyPartition
      [ void:property ?p ; void:triples ?n ; void:distinctSubjects ?s ; void:distinctObjects ?o ] }"""
    assert ask(small_one.void, query) == {
        ("rdf:type", "4", "3", "3"),
        ("dcterms:title", "2", "1", "2"),
        ("align:sector", "2", "2", "1"),
        ("rdfs:label", "1", "1", "1"),
    }


def test_property_partitions_of_a_class_count_only_its_things(small_one: Description) -> None:
    query = """SELECT ?c ?p ?n ?s ?o { in:dataset void:classPartition [ void:class ?c ; void:propertyPartition
      [ void:property ?p ; void:triples ?n ; void:distinctSubjects ?s ; void:distinctObjects ?o ] ] }"""
    assert ask(small_one.void, query) == {
        ("align:Question", "rdf:type", "2", "2", "1"),
        ("align:Question", "dcterms:title", "2", "1", "2"),
        ("align:Question", "align:sector", "2", "2", "1"),
        ("align:Sector", "rdf:type", "2", "1", "2"),
        ("org:Organization", "rdf:type", "2", "1", "2"),
    }


def test_the_editor_completes_from_the_bare_get(small_one: Description) -> None:
    title, sector = ("align:Question", "dcterms:title"), ("align:Question", "align:sector")
    assert ask(small_one.service, EDITOR) == {
        ("", *title, "", "rdf:langString", "2"),
        ("", *title, "", "xsd:string", "2"),
        ("", *sector, "align:Sector", "", "2"),
        ("", *sector, "org:Organization", "", "2"),
        ("", "align:Question", "rdf:type", "", "", "2"),
        ("", "align:Sector", "rdf:type", "", "", "2"),
        ("", "org:Organization", "rdf:type", "", "", "2"),
    }


def test_what_classes_are_themselves_is_no_completion() -> None:
    found = described({GRAPH + "facts": FACTS, GRAPH + "ontology": "align:Question a owl:Class ."})
    assert {row[3] for row in ask(found.service, EDITOR) if row[2] == "rdf:type"} == {""}


def test_parts_of_a_property_count_their_own_triples(small_one: Description) -> None:
    query = "SELECT ?kind ?n { ?part void-ext:datatype|void:class ?kind ; void:triples ?n }"
    expected = {("rdf:langString", "1"), ("xsd:string", "1"), ("align:Sector", "2"), ("org:Organization", "2")}
    assert ask(small_one.void, query) == expected


def test_vocabularies_are_the_namespaces_of_terms_in_use(small_one: Description) -> None:
    used = {f"<{PREFIXES[prefix]}>" for prefix in ("rdf", "rdfs", "dcterms", "align", "org")}
    assert ask(small_one.void, "SELECT ?v { in:dataset void:vocabulary ?v }") == {(each,) for each in used}


def test_examples_are_things_of_ours_of_classes_of_ours() -> None:
    elsewhere = "sdg:1 a align:Goal . <urn:table> a align:Table ."
    found = described({GRAPH + "facts": FACTS, GRAPH + "elsewhere": elsewhere}).void
    resources = ask(found, "SELECT ?r { in:dataset void:exampleResource ?r }")
    assert resources == {(f"<{ID}question/a>",), (f"<{ID}body/s>",)}


def test_named_graphs_are_counted_and_are_subsets(small_one: Description) -> None:
    query = """SELECT ?g ?n ?s ?o ?p ?c { in:dataset void:subset ?g . ?g void:triples ?n ; void:distinctSubjects ?s ;
      void:distinctObjects ?o ; void:properties ?p ; void:classes ?c }"""
    assert ask(small_one.void, query) == {
        ("in:graph!facts", "8", "3", "6", "3", "3"),
        ("in:graph!%3Curn:others%3E", "1", "1", "1", "1", "0"),
    }


def test_a_graph_that_is_not_published_is_described_but_no_subset() -> None:
    found = described({GRAPH + "facts": FACTS, GRAPH + "suggested": OTHERS})
    node = f"<{VOID_DOCUMENT}#graph!suggested>"
    assert holds(found.service, f"{node} void:triples 1 . ?named sd:name <{GRAPH}suggested> ; sd:graph {node}")
    assert ask(found.void, "SELECT ?g { in:dataset void:subset ?g }") == {("in:graph!facts",)}
    assert holds(found.void, "in:dataset void:triples 8")


def test_a_default_graph_of_its_own_has_no_subsets() -> None:
    found = described({"": OTHERS, GRAPH + "facts": FACTS}, DefaultGraph.OWN)
    assert holds(
        found.void, "in:dataset void:triples 1 ; void:classes 0 . <" + VOID_DOCUMENT + "#graph!facts> void:triples 8"
    )
    assert ask(found.void, "SELECT ?g { in:dataset void:subset ?g }") == set()


def test_a_triple_that_stands_in_two_graphs_is_counted_once() -> None:
    assert holds(described({GRAPH + "facts": FACTS, GRAPH + "again": FACTS}).void, "in:dataset void:triples 8")


def test_an_anonymous_class_and_a_graph_without_iri_are_left_out() -> None:
    database = stored({GRAPH + "facts": "ex:thing a [ a owl:Restriction ] ."})
    database.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal("o"), ox.BlankNode("g")))
    found = describe(database, Endpoint(BASE), 7)
    classes = ask(found.void, "SELECT ?c { in:dataset void:classPartition/void:class ?c }")
    assert classes == {("owl:Restriction",)}
    assert ask(found.service, "SELECT ?name { ?graph sd:name ?name }") == {(f"<{GRAPH}facts>",)}
    assert holds(found.void, "in:dataset void:classes 2")


def test_an_empty_store_is_described() -> None:
    assert holds(described({}).void, "in:dataset void:triples 0 ; void:entities 0 ; void:classes 0")


def test_links_to_another_data_set_count_the_triples_that_are_there() -> None:
    found = described({GRAPH + "facts": FACTS, GRAPH + "external_crosswalk": LINKS}).void
    target = f"<{ID}dataset/ex>"
    assert holds(
        found,
        f"""in:dataset void:subset ?links . ?links a void:Linkset ; void:triples 1 ;
          void:linkPredicate <{PREFIXES["skos"]}exactMatch> ; void:target in:dataset, {target} ;
          void:subjectsTarget in:dataset ; void:objectsTarget {target} .
        {target} a void:Dataset ; dcterms:title "Example" ; void:uriSpace "http://example.org/" .""",
    )
    assert ask(found, "SELECT (COUNT(?links) AS ?n) { ?links a void:Linkset }") == {("1",)}


def test_licences_are_those_of_the_graphs() -> None:
    ontology = f"ex:ontology a owl:Ontology ; dcterms:license <{CC_BY}> ."
    graphs = {GRAPH + "facts": FACTS, GRAPH + "provenance": TABLE, GRAPH + "ontology": ontology}
    found = described(graphs).void
    query = "SELECT ?of ?licence { ?of dcterms:license ?licence }"
    assert ask(found, query) == {
        ("in:graph!facts", f"<{CC0}>"),
        ("in:graph!ontology", f"<{CC_BY}>"),
        ("in:dataset", f"<{CC0}>"),
        ("in:dataset", f"<{CC_BY}>"),
    }
    assert holds(found, "<" + VOID_DOCUMENT + '#graph!facts> dcterms:title "Facts"@en ; dcterms:rights in:rights')


# DCAT


def test_the_catalogue_record_has_version_access_and_no_publisher(small_one: Description) -> None:
    assert holds(
        small_one.void,
        f"""in:dataset a dcat:Dataset ; dcat:version "7" ; dcterms:title ?title ; dcterms:description ?text ;
          dcat:keyword "SDG"@en ; dcat:landingPage <{BASE}> ; dcterms:rights/rdfs:label ?terms ;
          dcat:distribution [ a dcat:Distribution ; dcat:accessURL <{SPARQL}> ; dcat:accessService on:service ],
            [ a dcat:Distribution ; dcat:downloadURL <{BASE}graph-store?default> ] .
        on:service a dcat:DataService ; dcat:endpointURL <{SPARQL}> ; dcat:servesDataset in:dataset ;
          dcat:endpointDescription <{BASE}openapi.json> ;
          dcterms:conformsTo <https://www.w3.org/TR/sparql11-protocol/> .""",
    )
    assert not holds(small_one.service, "?x dcterms:publisher|dcterms:creator ?y")


# Service description


def test_the_query_service_offers_what_it_has(small_one: Description) -> None:
    assert holds(
        small_one.service,
        f"""on:service a sd:Service ; sd:endpoint <{SPARQL}> ; sd:supportedLanguage sd:SPARQL11Query ;
          sd:resultFormat formats:SPARQL_Results_JSON, formats:SPARQL_Results_XML, formats:SPARQL_Results_CSV,
            formats:SPARQL_Results_TSV, formats:Turtle, formats:N-Triples, formats:RDF_XML, formats:JSON-LD ;
          sd:defaultDataset [ a sd:Dataset ; sd:defaultGraph in:dataset ; sd:namedGraph
            [ a sd:NamedGraph ; sd:name <{GRAPH}facts> ; sd:graph [ a sd:Graph ; void:triples 8 ] ] ] .
        in:dataset a sd:Graph ; void:triples 9""",
    )


def test_formats_are_those_that_answers_come_in() -> None:
    types = [each.media_type for each in query.FORMATS]
    engine = (ox.QueryResultsFormat.from_media_type(each) or ox.RdfFormat.from_media_type(each) for each in types)
    assert {iri.rpartition("/")[2] for iri in RESULT_FORMATS} == {each.iri.rpartition("/")[2] for each in engine}


@pytest.mark.parametrize(
    ("endpoint", "features"),
    [
        (Endpoint(BASE), {"UnionDefaultGraph"}),
        (Endpoint(BASE, DefaultGraph.OWN), set()),
        (Endpoint(BASE, federation=True), {"UnionDefaultGraph", "BasicFederatedQuery"}),
    ],
)
def test_features_are_those_of_the_settings(endpoint: Endpoint, features: set[str]) -> None:
    found = ask(service_description(endpoint, 0, {}), "SELECT ?f { on:service sd:feature ?f }")
    assert {name.rpartition("#")[2].rstrip(">") for (name,) in found} == features


def test_updates_are_a_service_of_their_own_where_they_are_offered() -> None:
    query = "SELECT ?at ?language { ?service a sd:Service ; sd:endpoint ?at ; sd:supportedLanguage ?language }"
    sd = "http://www.w3.org/ns/sparql-service-description#"
    reading = (f"<{SPARQL}>", f"<{sd}SPARQL11Query>")
    writing = (f"<{BASE}update>", f"<{sd}SPARQL11Update>")
    assert ask(service_description(Endpoint(BASE), 0, {}), query) == {reading}
    both = service_description(Endpoint(BASE, updates=True), 0, {})
    assert ask(both, query) == {reading, writing}
    assert holds(both, f"?s sd:endpoint <{BASE}update> ; sd:inputFormat formats:Turtle, formats:JSON-LD")


# All of it


def test_each_term_is_one_of_its_vocabulary(small_one: Description) -> None:
    terms = {str(namespace): set(map(str, dir(namespace))) for namespace in (DCAT, DCTERMS, FOAF, VOID)}
    terms = {namespace: {local(name) for name in known} for namespace, known in terms.items()}
    terms[str(DCAT)] |= {"version"}  # new in DCAT 3
    terms[str(VOID)] |= {"class"}  # no attribute in Python
    terms["http://www.w3.org/ns/sparql-service-description#"] = SD_TERMS
    terms["http://ldf.fi/void-ext#"] = {"datatypePartition", "datatype"}
    used = {t.predicate.value for t in small_one.service}
    used |= {t.object.value for t in small_one.service if t.predicate.value == PREFIXES["rdf"] + "type"}
    assert {
        term for term in used for known in terms if term.startswith(known) and local(term) not in terms[known]
    } == set()


def local(term: str) -> str:
    return term.rpartition("#")[2].rpartition("/")[2]


def test_no_node_is_blank_and_the_order_is_always_the_same(small_one: Description) -> None:
    again = described({"urn:others": OTHERS, GRAPH + "facts": FACTS})
    assert again == small_one
    assert small_one.service == sorted(set(small_one.service), key=str)
    assert not [
        t for t in small_one.service if isinstance(t.subject, ox.BlankNode) or isinstance(t.object, ox.BlankNode)
    ]


def test_the_bare_get_holds_the_description_of_the_data(small_one: Description) -> None:
    assert set(small_one.void) < set(small_one.service)


def test_one_address_stands_for_one_partition_only() -> None:
    """Two classes whose IRIs differ in characters that an address must escape."""
    text = "<urn:a!b> a <urn:C!D> . <urn:c> a <urn:C%21D> ."
    query = "SELECT ?partition (COUNT(?c) AS ?n) { ?partition void:class ?c } GROUP BY ?partition"
    assert [n for _, n in ask(described({GRAPH + "x": text}).void, query)] == ["1", "1"]


def test_the_shipped_graph_links_each_goal_to_its_https_address(shipped: dict[str, list[ox.Triple]]) -> None:
    database = ox.Store()
    quads = (
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(GRAPH + name)) for name in shipped for t in shipped[name]
    )
    database.bulk_extend(with_union(quads, DefaultGraph.UNION))
    found = describe(database, Endpoint(BASE), 1).void
    query = """SELECT ?n { ?links void:linkPredicate <http://schema.org/sameAs> ; void:triples ?n ;
      void:objectsTarget [ void:uriSpace "https://metadata.un.org/sdg/" ] }"""
    assert ask(found, query) == {("17",)}
    assert holds(found, "in:dataset void:classPartition [ void:class align:Question ; void:entities 517 ]")
