"""Queries without a result as people write them: the part that is to blame, its place, and what to write instead."""

import json
import subprocess
import sys
import time
from dataclasses import asdict

import pyoxigraph as ox
import pytest
from itu_align.graph import emptiness, grammar
from itu_align.graph.dataset import Dataset
from itu_align.graph.emptiness import Culprit, Explanation
from itu_align.graph.errors import QueryError
from itu_align.graph.names import ID, PREFIXES, graph
from stores import published, written

HEADER = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())
HEADER += "PREFIX ex: <http://example.org/>\n"
FIRST = HEADER.count("\n") + 1
"""The line of a query behind the header."""

PATIENCE = 60.0


@pytest.fixture(scope="module")
def database(shipped: dict[str, list[ox.Triple]]) -> ox.Store:
    return published(shipped)


def explain(database: ox.Store, text: str, chosen: Dataset | None = None, seconds: float = PATIENCE) -> Explanation:
    return emptiness.explain(database, grammar.parse(HEADER + text), chosen or Dataset(), seconds=seconds)


def places(explanation: Explanation) -> list[tuple[str, int | None]]:
    return [(culprit.text, culprit.column) for culprit in explanation.culprits]


def only(explanation: Explanation) -> Culprit:
    assert explanation.empty
    assert explanation.complete
    (culprit,) = explanation.culprits
    return culprit


SHIPPED = [
    # A text without its language
    ('?l skos:prefLabel "Media" ; skos:notation ?n', 15, '"Media"', 30, '"Media"@en'),
    # A year as a text, and as a number
    ('?p a align:StudyPeriod ; align:startYear "2017"', 37, '"2017"', 53, '"2017"^^xsd:gYear'),
    ("?p a align:StudyPeriod ; align:startYear 2017", 37, "2017", 53, '"2017"^^xsd:gYear'),
    # A boolean as a text
    ('?q align:quoteChecked "true"', 15, '"true"', 34, "true"),
    # The code of a thing in place of the thing, and the IRI of a thing in another spelling
    ('?q align:sector "ITU-D"', 15, '"ITU-D"', 28, f"<{ID}body/ITU-D>"),
    (f"?q align:sector <{ID}body/itu-d>", 15, f"<{ID}body/itu-d>", 28, f"<{ID}body/ITU-D>"),
    (f"?q align:sector <{ID}body/ITU-D/>", 15, f"<{ID}body/ITU-D/>", 28, f"<{ID}body/ITU-D>"),
    (f"?q align:sector <http{ID[5:]}body/ITU-D>", 15, f"<http{ID[5:]}body/ITU-D>", 28, f"<{ID}body/ITU-D>"),
    (
        f"<{ID}action-line/C7-ehealth> skos:prefLabel ?l",
        67,
        f"<{ID}action-line/C7-ehealth>",
        12,
        f"<{ID}action-line/C7-eHealth>",
    ),
    # A misspelled property, one of another vocabulary, and one that leads elsewhere
    ("?q a align:Question ; align:titel ?t ; align:sector ?s", 34, "align:titel", 34, "dcterms:title"),
    ("?q a align:Question ; schema:title ?t", 34, "schema:title", 34, "dcterms:title"),
    ("?q a align:Question ; align:sector ?s . ?s a align:StudyGroup", 34, "align:sector", 34, "align:studiedBy"),
    # The right property, the wrong way round
    ("sdg:9.c align:object ?link", 20, "align:object", 20, "^align:object"),
    # A misspelled class, and a status of which there is none
    ("?q a align:StudyQuestion ; dcterms:title ?t", 15, "align:StudyQuestion", 17, "align:Question"),
    ("?a a align:Alignment ; align:status align:publishd", 35, "align:publishd", 48, "align:published"),
    # Conditions: datatype, letter case, an IRI as a text, the language
    ("?p align:startYear ?y FILTER(?y > 2010)", 40, "2010", 46, '"2010"^^xsd:gYear'),
    ('?e schema:startDate ?d FILTER(?d > "2017-06-01")', 41, '"2017-06-01"', 47, '"2017-06-01"^^xsd:date'),
    (
        '?q a align:Question ; dcterms:title ?t FILTER(CONTAINS(?t, "CYBERsecurity"))',
        57,
        'CONTAINS(?t, "CYBERsecurity")',
        58,
        'CONTAINS(LCASE(STR(?t)), LCASE("CYBERsecurity"))',
    ),
    ('?q dcterms:title ?t FILTER(REGEX(?t, "^cyber"))', 38, 'REGEX(?t, "^cyber")', 39, 'REGEX(STR(?t), "^cyber", "i")'),
    (
        f'?q a align:Question FILTER(STRSTARTS(?q, "{ID}"))',
        38,
        f'STRSTARTS(?q, "{ID}")',
        39,
        f'STRSTARTS(STR(?q), STR("{ID}"))',
    ),
    ('?q dcterms:title ?t FILTER(LANG(?t) = "eng")', 38, '"eng"', 50, '"en"'),
    ('?l skos:prefLabel ?t FILTER(?t IN ("Media", "Foo"))', 39, '"Media"', 47, '"Media"@en'),
    # Given values in the wrong spelling
    ('VALUES ?code { "c2" "c5" } ?line a align:ActionLine ; skos:notation ?code', 12, '"c2"', 27, '"C2"'),
    # A graph of almost that name, and another one than that which holds it
    (
        f"GRAPH <{graph('itu_question')}> {{ ?q a align:Question }}",
        12,
        f"<{graph('itu_question')}>",
        18,
        f"<{graph('itu_questions')}>",
    ),
    (
        f"GRAPH <{graph('sdg_goals')}> {{ ?q a align:Question }}",
        12,
        f"<{graph('sdg_goals')}>",
        18,
        f"<{graph('itu_questions')}>",
    ),
]


@pytest.mark.parametrize(
    ("pattern", "column", "written_there", "at", "instead"), SHIPPED, ids=[pattern for pattern, *_ in SHIPPED]
)
def test_the_part_is_named_and_what_to_write_instead(
    pattern: str, column: int, written_there: str, at: int, instead: str, database: ox.Store
) -> None:
    text = f"SELECT * {{ {pattern} }}"
    explanation = explain(database, text)
    culprit = explanation.culprits[0]
    assert explanation.empty
    assert (culprit.line, culprit.column) == (FIRST, column)
    assert culprit.replacement is not None
    found = culprit.replacement
    assert (found.written, found.line, found.column, found.instead) == (written_there, FIRST, at, instead)
    assert culprit.text in explanation.message
    assert list(database.query(HEADER + text[: at - 1] + instead + text[at - 1 + len(written_there) :]))


@pytest.mark.parametrize(
    ("text", "column", "kind", "effect", "reason"),
    [
        ("SELECT * { ?p align:startYear ?y FILTER(?y > '2030'^^xsd:gYear) }", 40, "FILTER", "Without it: 13 solutions.",
         "None of the 13 solutions before it fulfils it."),
        ("SELECT * { ?p align:startYear ?y FILTER(?year > 1) }", 40, "FILTER", "Without it: 13 solutions.",
         "?year has no value in any of the 13 solutions before it."),
        ("SELECT * { ?p align:startYear ?y FILTER(STRLEN(?y) > 1) }", 40, "FILTER", "Without it: 13 solutions.",
         "It cannot be computed for any of the 13 solutions"),
        ("SELECT * { ?g a sdgo:Goal FILTER NOT EXISTS { ?g skos:notation ?n } }", 34, "FILTER",
         "Without it: 17 solutions.", "Each of the 17 solutions before it has such a pattern."),
        ("SELECT * { ?g a sdgo:Goal OPTIONAL { ?g skos:notation ?n } FILTER(!BOUND(?n)) }", 66, "FILTER",
         "Without it: 17 solutions.", "None of the 17 solutions"),
        ("SELECT * { ?g a sdgo:Goal { SELECT ?g { ?g sdgo:hasTarget ?t } GROUP BY ?g HAVING(COUNT(*) > 99) } }", 29,
         "sub-select", "Nothing matches it, even alone.", "its HAVING, LIMIT or OFFSET lets none through"),
        ("SELECT * { ?g a sdgo:Goal VALUES ?n {} }", 27, "VALUES", "Nothing matches it, even alone.", "has no row"),
        ("SELECT ?g { ?g a sdgo:Goal } VALUES ?g { ex:none }", 30, "VALUES", "Without it there are solutions.",
         "other values of ?g"),
        ("SELECT ?g { ?g sdgo:hasTarget ?t } GROUP BY ?g HAVING(COUNT(?t) > 99)", 48, "HAVING",
         "The pattern before it has solutions.", "No group fulfils it."),
        ("SELECT ?g { ?g a sdgo:Goal } OFFSET 17", 30, "LIMIT", "The pattern before it has solutions.", "17 rows"),
        ("SELECT ?g { ?g a sdgo:Goal } LIMIT 0", 30, "LIMIT", "The pattern before it has solutions.", "17 rows"),
        ("CONSTRUCT { ?n a ex:T } { ?g a sdgo:Goal ; skos:notation ?n }", 11, "CONSTRUCT",
         "The pattern before it has solutions.", "a text as the subject"),
        ("DESCRIBE <http://metadata.un.org/sdg/99>", 10, "DESCRIBE", "There is nothing to describe.",
         "No statement is about it."),
        ("SELECT * { GRAPH ?g { ?q a align:Question . ?x a sdgo:Goal } }", 12, "GRAPH", "Without it: 8,789 solutions.",
         "No named graph holds the whole pattern"),
    ],
)  # fmt: skip
def test_what_no_other_text_mends_is_explained(
    text: str, column: int, kind: str, effect: str, reason: str, database: ox.Store
) -> None:
    culprit = only(explain(database, text))
    assert (culprit.line, culprit.column, culprit.kind) == (FIRST, column, kind)
    assert culprit.effect == effect
    assert reason in culprit.reason


def test_minus_that_takes_everything_away_is_told_before_the_pattern_itself(database: ox.Store) -> None:
    text = "SELECT * { ?g a sdgo:Goal MINUS { ?g skos:notation ?n } }"
    culprit, *others = explain(database, text).culprits
    assert (culprit.kind, culprit.column, culprit.effect) == ("MINUS", 27, "Without it: 17 solutions.")
    assert [other.text for other in others] == ["?g a sdgo:Goal"]


def test_examples_are_the_values_that_exist_most_frequent_first(database: ox.Store) -> None:
    culprit = only(explain(database, "SELECT * { ?q a align:Question ; align:sector sdg:9 }"))
    found = [(example.of, example.value, example.count) for example in culprit.examples]
    # The numbers of Questions of the table itu_questions by Sector
    expected = [
        ("align:sector", f"<{ID}body/{code}>", n) for code, n in (("ITU-T", 275), ("ITU-R", 196), ("ITU-D", 46))
    ]
    assert found == expected


def test_examples_for_a_property_are_those_of_the_subjects_nearest_name_first(database: ox.Store) -> None:
    culprit = only(explain(database, "SELECT * { ?g a sdgo:Goal ; align:color ?c }"))
    assert culprit.examples[0].value == "align:colour"
    assert culprit.examples[0].count == 17


def test_a_step_of_a_path_that_leads_nowhere_is_told_with_what_stands_there(database: ox.Store) -> None:
    culprit = only(explain(database, "SELECT * { ?q align:studyPeriod/skos:notation ?n }"))
    assert culprit.column == 15
    assert culprit.reason == "What align:studyPeriod leads to has no skos:notation."
    assert "dcterms:identifier" in {example.value for example in culprit.examples}


def test_several_faults_are_all_named_each_with_its_remedy(database: ox.Store) -> None:
    explanation = explain(database, "SELECT * { ?l align:subjct ?s ; align:objct ?o . ?s a align:ActionLin }")
    found = [(c.column, c.replacement and c.replacement.instead) for c in explanation.culprits]
    assert found == [(15, "align:subject"), (33, "align:object"), (53, "align:ActionLine")]
    assert "2 other parts" in explanation.message


def test_a_fault_in_brackets_a_branch_a_sub_select_or_exists_is_found_inside(database: ox.Store) -> None:
    for text, column in [
        ('SELECT * { ?q align:sector [ skos:notation "ITU D" ] }', 30),
        ("SELECT * { ?g a sdgo:Goal { SELECT ?g { ?g sdgo:hasTargets ?t } } }", 44),
        ("SELECT * { ?g a sdgo:Goal FILTER EXISTS { ?g sdgo:hasTargets ?t } }", 46),
        (f"SELECT * {{ GRAPH <{graph('sdg_targets')}> {{ ?t a sdgo:Targets }} }}", 70),
    ]:
        culprit = only(explain(database, text))
        assert culprit.column == column
        assert culprit.replacement is not None
    union = explain(database, "SELECT * { { ?q a align:Questions } UNION { ?q a align:Documents } }")
    assert places(union) == [("?q a align:Questions", 17), ("?q a align:Documents", 48)]


def test_a_count_of_nothing_is_explained_as_well(database: ox.Store) -> None:
    explanation = explain(database, "SELECT (COUNT(*) AS ?n) { ?q a align:Questoin }")
    assert only(explanation).column == 30
    assert explanation.message.startswith("The result is one row, but it counts no solutions. ")


def test_ask_and_describe_with_a_pattern_are_explained_like_select(database: ox.Store) -> None:
    for head in ("ASK", "DESCRIBE ?q", "CONSTRUCT { ?q a ex:Q }"):
        culprit = only(explain(database, f"{head} {{ ?q a align:Questoin }}"))
        assert culprit.text == "?q a align:Questoin"
    assert only(explain(database, "CONSTRUCT WHERE { ?q a align:Questoin }")).column == 22


def test_a_query_with_a_result_is_said_to_have_one(database: ox.Store) -> None:
    for text in ("SELECT * { ?q a align:Question }", "ASK { ?q a align:Question }", "DESCRIBE sdg:9"):
        assert explain(database, text) == Explanation(
            empty=False, message="The query has a result.", culprits=(), complete=True
        )


def test_graphs_that_do_not_hold_the_pattern_are_named(database: ox.Store) -> None:
    query = "FROM <{}> {{ ?q a align:Question }}"
    near = only(explain(database, f"SELECT * {query.format(graph('itu_question'))}"))
    assert (near.kind, near.column) == ("FROM", 15)
    assert near.replacement is not None
    assert near.replacement.instead == f"<{graph('itu_questions')}>"
    other = only(explain(database, f"SELECT * {query.format(graph('sdg_goals'))}"))
    assert other.reason == "The chosen graphs do not hold this pattern."
    assert [(example.value, example.count) for example in other.examples] == [(f"<{graph('itu_questions')}>", 517)]


def test_graphs_of_the_request_have_no_place_in_the_query(database: ox.Store) -> None:
    chosen = Dataset((graph("sdg_goals"), graph("sdg_targets")))
    culprit = only(explain(database, "SELECT * { ?q a align:Question }", chosen))
    assert (culprit.line, culprit.column) == (None, None)
    assert culprit.text == f"<{graph('sdg_goals')}> <{graph('sdg_targets')}>"


def test_several_default_graphs_are_asked_as_one() -> None:
    database = written(one="ex:a ex:p ex:b .", two="ex:b ex:q ex:c . ex:a ex:p ex:b .", three="ex:c ex:r ex:d .")
    chosen = Dataset((graph("one"), graph("two")))
    culprit = only(explain(database, "SELECT * { ?x ex:p ?y . ?y ex:q ?z FILTER(?z = ex:d) }", chosen))
    assert (culprit.kind, culprit.effect) == ("FILTER", "Without it: 1 solution.")


def test_parts_that_contradict_each_other_are_each_named() -> None:
    database = written(one="ex:a a ex:A ; ex:p ex:x . ex:b a ex:B ; ex:q ex:x .")
    explanation = explain(database, "SELECT * { ?x a ex:A ; ex:q ex:x }")
    assert sorted(places(explanation)) == [("?x a ex:A", 15), ("?x ex:q ex:x", 24)]
    assert {culprit.effect for culprit in explanation.culprits} == {"Without it: 1 solution."}


def test_where_no_single_part_is_enough_the_pattern_is_built_up() -> None:
    database = written(one="ex:a ex:p 1 ; ex:q 1 . ex:b ex:p 2 ; ex:r 1 . ex:c ex:p 3 ; ex:s 1 .")
    explanation = explain(database, "SELECT * { ?x ex:p ?n ; ex:q 1 ; ex:r 1 ; ex:s 1 }")
    assert places(explanation) == [("?x ex:r 1", 34), ("?x ex:s 1", 43)]
    assert [culprit.effect for culprit in explanation.culprits] == [
        "The 2 parts taken before it have 1 solution together; with it there are none."
    ] * 2


def test_the_same_reading_in_two_kinds_of_terms_is_explained() -> None:
    database = written(one='ex:a ex:code "x" . ex:b ex:label "x"@en .')
    explanation = explain(database, "SELECT * { ?a ex:code ?c . ?b ex:label ?c }")
    reasons = {culprit.text: culprit.reason for culprit in explanation.culprits}
    assert reasons["?b ex:label ?c"].startswith('ex:label has "x"@en; in the rest of the query ?c is "x".')


def test_properties_of_a_text_do_not_exist() -> None:
    database = written(one='ex:a ex:title "x" ; ex:sees ex:b . ex:b ex:label "y" .')
    explanation = explain(database, "SELECT * { ?a ex:title ?t . ?t ex:label ?l }")
    reasons = {culprit.column: culprit.reason for culprit in explanation.culprits}
    assert reasons[32] == "?t is a text or number in the rest of the query; these have no properties."


def test_a_condition_that_depends_on_the_culprit_is_not_blamed() -> None:
    database = written(one='ex:a a ex:A ; ex:title "x" .')
    query = "SELECT * { ?a a ex:A ; ex:titel ?t BIND(STR(?t) AS ?s) FILTER(CONTAINS(?s, 'x')) }"
    culprit = only(explain(database, query))
    assert (culprit.text, culprit.column) == ("?a ex:titel ?t", 24)


def test_a_condition_in_a_conjunction_is_found_alone() -> None:
    database = written(one="ex:a ex:p 1 ; ex:q 2 .")
    culprit = only(explain(database, "SELECT * { ?a ex:p ?p ; ex:q ?q FILTER(?p = 1 && ?q > 2 && ?q < 9) }"))
    assert (culprit.text, culprit.column) == ("FILTER(?q > 2)", 50)


def test_bind_that_names_a_value_differently_is_told() -> None:
    database = written(one="ex:a ex:p ex:b .")
    query = 'SELECT * { BIND("b" AS ?b) ?a ex:p ?b }'
    reasons = {culprit.kind: culprit.reason for culprit in explain(database, query).culprits}
    assert reasons["BIND"] == "The rest of the query has other values of ?b."


def test_a_stored_text_that_looks_like_sparql_stays_a_text() -> None:
    value = '\\u0022 } # "\n'
    database = ox.Store()
    database.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal(value, language="en")))
    query = f"SELECT * {{ ?a <urn:p> {ox.Literal(value)} }}"
    explanation = emptiness.explain(database, grammar.parse(query), Dataset(), seconds=PATIENCE)
    assert explanation.culprits[0].column == 15


def test_advice_keeps_to_the_prefixes_that_the_query_declares(database: ox.Store) -> None:
    query = grammar.parse("SELECT * { ?p <https://w3id.org/itu-align/ontology#startYear> '2017' }")
    (culprit,) = emptiness.explain(database, query, Dataset(), seconds=PATIENCE).culprits
    assert culprit.replacement is not None
    assert culprit.replacement.instead == '"2017"^^<http://www.w3.org/2001/XMLSchema#gYear>'


def test_a_deep_and_long_pattern_is_explained() -> None:
    database = written(one="ex:a ex:p 1 .")
    triples = " . ".join(f"?x{index} ex:p {index % 2}" for index in range(100))
    explanation = explain(database, f"SELECT * {{ {'{' * 90} {triples} {'}' * 90} }}")
    assert [culprit.column for culprit in explanation.culprits] == [107 + 26 * index for index in range(5)]


def test_an_explanation_is_json(database: ox.Store) -> None:
    explanation = explain(database, 'SELECT * { ?l skos:prefLabel "Media" ; skos:notation ?n }')
    read = json.loads(json.dumps(asdict(explanation)))
    assert read["culprits"][0]["replacement"] == {
        "written": '"Media"', "line": FIRST, "column": 30, "instead": '"Media"@en'
    }  # fmt: skip
    assert read["culprits"][0]["examples"][0] == {"of": "skos:prefLabel", "value": '"Media"@en', "count": 1}


def test_an_update_is_refused(database: ox.Store) -> None:
    with pytest.raises(QueryError, match="An update has no result"):
        explain(database, "CLEAR ALL")


def test_another_server_is_never_asked() -> None:
    text = "SELECT * { ?s ?p ?o OPTIONAL { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } } }"
    explanation = explain(ox.Store(), text)
    assert "SERVICE cannot be explained" in explanation.message
    assert explanation.culprits == ()


SLOW = """
import json, sys
from dataclasses import asdict
import pyoxigraph as ox
from itu_align.graph import emptiness, grammar
from itu_align.graph.dataset import Dataset
database = ox.Store()
database.load(sys.argv[1], format=ox.RdfFormat.N_TRIPLES)
explanation = emptiness.explain(database, grammar.parse(sys.argv[2]), Dataset(), seconds=1)
print(json.dumps(asdict(explanation)))
"""


def test_the_time_is_kept_and_what_was_found_is_told() -> None:
    triples = "".join(f'<urn:{number}> <urn:p> "{number}" .\n' for number in range(400))
    # 400 to the power of 4 combinations, of which the condition lets none through
    cross = " . ".join(f"?x{index} <urn:p> ?y{index}" for index in range(4))
    query = f"SELECT * {{ {cross} FILTER(CONCAT(?y0, ?y1, ?y2, ?y3) = 'none') ?x0 <urn:q> ?z }}"
    start = time.monotonic()
    # In a process of its own, since the engine cannot be stopped
    result = subprocess.run(
        [sys.executable, "-c", SLOW, triples, query], capture_output=True, check=True, timeout=PATIENCE
    )
    assert time.monotonic() - start < 20
    read = json.loads(result.stdout)
    assert read["complete"] is False
    assert [(culprit["text"], culprit["column"]) for culprit in read["culprits"]] == [("?x0 <urn:q> ?z", 130)]
