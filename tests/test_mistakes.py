"""Queries as people really break them: the place that is named and the advice that is given."""

import pytest
from itu_align.graph import grammar
from itu_align.graph.errors import QueryError
from itu_align.graph.names import PREFIXES

OPEN = "\N{LEFT DOUBLE QUOTATION MARK}"
CLOSE = "\N{RIGHT DOUBLE QUOTATION MARK}"
NARROW = "\N{NO-BREAK SPACE}"


def refusal(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        grammar.parse(text)
    return caught.value


def place_and_hint(text: str) -> tuple[int, int | None, str]:
    error = refusal(text)
    assert error.place is not None
    return error.place.line, error.place.column, error.hint


BROKEN = [
    ("SELECT ?q, ?t { ?q ?p ?t }", 10, "Between variables stands no comma."),
    ("SELECT COUNT(?q) AS ?n { ?q ?p ?t }", 8, "in brackets, with its name: (COUNT(?x) AS ?count)"),
    ("SELECT ?p COUNT(?q) { ?q ?p ?t } GROUP BY ?p", 11, "in brackets, with its name: (COUNT(?x) AS ?count)"),
    ("SELECT (COUNT(?q)) { ?q ?p ?t }", 18, "Give the value a name: (… AS ?name)"),
    ("SELECT (COUNT(?q) ?n) { ?q ?p ?t }", 19, "Between the value and its name stands AS"),
    ("SELECT DISTINCT(?q) { ?q ?p ?t }", 19, "SELECT DISTINCT ?x"),
    ("SELECT TOP 10 ?q { ?q ?p ?t }", 8, "LIMIT 10 at the end"),
    ("SELECT q { ?q ?p ?t }", 8, "Did you mean the variable ?q?"),
    ("SELECT ?q WHERE ?q ?p ?t", 17, "Patterns stand in braces here: { … }."),
    ("SELECT ?q ?q <urn:p> ?t", 14, "The patterns stand in braces: WHERE { … }."),
    ("SELECT ?q { OPTIONAL ?q ?p ?t }", 22, "Patterns stand in braces here: { … }."),
    ("SELECT ?q { ?q ?p ?t FLITER(?t = 1) }", 22, "Did you mean FILTER?"),
    ("SELECT ?q { ?q ?p ?t } ODER BY ?q", 24, "Did you mean ORDER?"),
    ("SELECT ?q { ?q ?p ?t } ORDER BY DESC ?q", 38, "DESC(?x)"),
    ("SELECT ?q { ?q ?p ?t } LIMIT 5 ORDER BY ?q", 32, "The order is: GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET."),
    ("SELECT ?q { ?q ?p ?t } LIMIT 10, 20", 32, "LIMIT 20 OFFSET 10"),
    ("SELECT ?q { ?q ?p ?t } LIMIT ten", 30, "A whole number"),
    ("SELECT ?q { ?q ?p ?t } LIMIT 5;", 31, "no sign stands at the end"),
    ("SELECT ?q { ?q ?p ?t } FILTER(?t = 1)", 24, "within the braces of WHERE { … }, which ended before it"),
    ("SELECT ?q { ?q ?p ?t } }", 24, "There are more } than {."),
    ("SELECT ?q { ?q ?p ?t FILTER ?t = 1 }", 29, "A condition stands in brackets: FILTER(?x > 1)."),
    ("SELECT ?q { ?q ?p ?t FILTER(?t => 1) }", 33, "At least is written >=."),
    ("SELECT ?q { ?q ?p ?t FILTER(?t =< 1) }", 33, "At most is written <=."),
    ("SELECT ?q { ?q ?p ?t FILTER(?t <> 1) }", 33, "Unequal is written !=."),
    ("SELECT ?q { ?q ?p ?t FILTER(?t > 1 AND ?t < 9) }", 36, "AND is written &&."),
    ("SELECT ?q { ?q ?p ?t FILTER(?t > 1 | ?t < 9) }", 36, "OR is written ||."),
    ('SELECT ?q { ?q ?p ?t FILTER(?t LIKE "%a%") }', 32, 'CONTAINS(LCASE(STR(?x)), "part")'),
    ("SELECT ?q { ?q ?p ?t FILTER(?t IS NULL) }", 32, "!BOUND(?x)"),
    ("SELECT ?q { ?q ?p ?t FILTER(NOT ?t = 1) }", 33, "!(…)"),
    ("SELECT ?q { ?q ?p ?t FILTER(NOT EXISTS(?q ?p 1)) }", 39, "Patterns stand in braces here: { … }."),
    ("SELECT ?q { ?q ?p ?t FILTER(LANG(?t) = en) }", 40, 'LANG(?x) = "en"'),
    ("SELECT ?q { ?q ?p ?t FILTER(?t IN 1, 2) }", 35, "?x IN (1, 2)"),
    ("SELECT ?q { ?q ?p ?t FILTER(LENGTH(?t) > 1) }", 29, "STRLEN(?x)"),
    ('SELECT ?q { ?q ?p ?t FILTER regex(?t "a") }', 38, "A comma is missing between the arguments."),
    ("SELECT ?q { ?q ?p ?t FILTER contains(?t) }", 40, "An argument is missing."),
    ("SELECT ?q { ?q ?p ?t regex(?t, 'a') }", 22, "Functions stand in FILTER(…)"),
    ("SELECT ?q { ?q ?p ?t BIND ?t AS ?x }", 27, "BIND(… AS ?name)"),
    ("SELECT ?q { ?q ?p ?t BIND(?x = STR(?t)) }", 39, "(… AS ?name)"),
    ("SELECT ?q { ?q ?p ?t } JOIN { ?t ?p ?q }", 24, "in the same braces are joined"),
    ("SELECT ?q { { ?q ?p 1 } UNION ?q ?p 2 }", 31, "Patterns stand in braces here: { … }."),
    ("SELECT ?q { ?q ?p 1 UNION ?q ?p 2 }", 21, "{ … } UNION { … }"),
    ("SELECT ?q { VALUES ?q { 1, 2 } }", 26, "Between the values of VALUES stands no comma."),
    ("SELECT ?q { VALUES (?q ?t) { 1 2 } }", 30, "VALUES (?x ?y) { (1 2) }"),
    ("SELECT ?q { GRAPH { ?q ?p ?t } }", 19, "GRAPH ?g { … }"),
    ("SELECT ?q { SELECT ?q { ?q ?p ?t } ?q ?r ?s }", 36, "A sub-select stands alone in braces"),
    ("SELECT ?q { ?q <urn:p> 2017-01-31 }", 28, '"2017-01-31"^^xsd:date'),
    ("SELECT ?q { ?q <urn:p> 9/2 }", 25, 'stands in quotes: "9/2"'),
    ('SELECT ?q { ?q <urn:p> "2017"^<urn:year> }', 30, '"…"^^xsd:date'),
    ("PREFIX x: <urn:> SELECT ?q { ?q x:p x:year(2017) }", 43, '"…"^^xsd:date'),
    ('SELECT ?q { ?q <urn:p> "a"^^@en }', 29, "not both"),
    ("SELECT ?q { ?q <urn:p> ?t@en }", 26, 'FILTER(LANG(?x) = "en")'),
    ('SELECT ?q { ?q <urn:p> "a"@en_GB }', 30, "joined by -: en-GB"),
    ("SELECT ?q { ?q <urn:p> 'it's' }", 28, r"A quote within a text is written \'"),
    (f"SELECT ?q {{ ?q <urn:p> {OPEN}a{CLOSE} }}", 24, "straight quotes"),
    (f"SELECT ?q {{ ?q{NARROW}<urn:p> 1 }}", 15, "an ordinary space"),
    ("SELECT ?q { ?q a http://example.org/A }", 23, "An IRI stands in angle brackets"),
    ("SELECT ?q { ?q.name ?p ?t }", 15, "?x prefix:name ?name"),
    ("SELECT ?q { ?q ?p }", 19, "needs subject, property and value"),
    ("SELECT ?q { ?q <urn:p> ?t, <urn:r> ?s }", 36, "a semicolon with another property"),
    ("SELECT ?q { ?q <urn:p> 1 ; ?q <urn:r> ?s }", 39, "before another subject stands a dot"),
    ("SELECT ?q { ?q <urn:p> 1 . . ?q ?p 2 }", 28, "One dot is enough."),
    ("SELECT ?q { ?q ?p ?t } // all", 24, "A comment begins with #."),
    ("PREFIX x <urn:> SELECT * {}", 8, "PREFIX name: <…>"),
    ("PREFIX x: <urn:>. SELECT * {}", 17, "No sign stands behind PREFIX"),
    ("@prefix x: <urn:> . SELECT * {}", 1, "without @ before"),
    ("MATCH (n) RETURN n", 1, "patterns of subject, property and value"),
    ("EXPLAIN SELECT * {}", 1, "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
]


@pytest.mark.parametrize(("text", "column", "advice"), BROKEN, ids=[text for text, _, _ in BROKEN])
def test_a_mistake_is_named_at_its_place(text: str, column: int, advice: str) -> None:
    line, found, hint = place_and_hint("# A comment\n" + text)
    assert (line, found) == (2, column)
    assert advice in hint


@pytest.mark.parametrize(
    ("prefix", "advice"),
    [
        ("skos", "Add this line at the top: PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"),
        ("dbo", "Add this line at the top: PREFIX dbo: <http://dbpedia.org/ontology/>"),
        ("wd", "Add this line at the top: PREFIX wd: <http://www.wikidata.org/entity/>"),
        ("geo", "Add this line at the top: PREFIX geo: <http://www.w3.org/2003/01/geo/wgs84_pos#>"),
        ("dct", "Add this line at the top: PREFIX dct: <http://purl.org/dc/terms/>"),
        ("aling", "Did you mean align:?"),
        ("ALIGN", "Did you mean align:?"),
        ("dctems", "Did you mean dcterms:? Then add this line at the top: PREFIX dcterms: <http://purl.org/dc/terms/>"),
        ("zz", "This endpoint's own prefixes: align, dcterms, foaf"),
        ("", "This endpoint's own prefixes: align, dcterms, foaf"),
    ],
)
def test_an_undeclared_prefix_is_told_what_to_write(prefix: str, advice: str) -> None:
    line, column, hint = place_and_hint(f"PREFIX align: <{PREFIXES['align']}>\nSELECT * {{ ?x {prefix}:thing ?y }}")
    assert (line, column) == (2, 15)
    assert hint.startswith(advice) or ("own" in advice and advice in hint)


def test_a_declared_prefix_wins_over_a_known_one_that_differs_by_case_only() -> None:
    _, _, hint = place_and_hint("PREFIX SKOS: <urn:mine:> SELECT * { ?x Skos:thing ?y }")
    assert hint == "Did you mean SKOS:?"


def test_what_the_guard_refuses_is_not_offered() -> None:
    _, _, hint = place_and_hint("SELECT * { ?x ?y ?z ) }")
    assert "OPTIONAL" in hint
    assert "SERVICE" not in hint


def test_an_invisible_character_is_shown_by_its_number() -> None:
    with pytest.raises(QueryError, match=r"`U\+00A0` has no meaning here"):
        raise refusal(f"SELECT *{NARROW}{{}}")
