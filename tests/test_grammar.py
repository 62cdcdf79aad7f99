"""Reading SPARQL: trees, places, the rules beside the grammar, and errors in readable words."""

from importlib.resources import files
from importlib.resources.abc import Traversable

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar
from itu_align.graph.dataset import Dataset, from_clauses
from itu_align.graph.errors import QueryError
from itu_align.graph.iri import resolve
from itu_align.graph.mapping import _FUNCTIONS

QUESTIONS = sorted((files("itu_align.ontology") / "questions").iterdir(), key=str)
MAPPINGS = sorted((files("itu_align.graph") / "mappings").iterdir(), key=str)
RULES = sorted((files("itu_align.ontology") / "rules").iterdir(), key=str)
SHIPPED = [path for path in [*QUESTIONS, *MAPPINGS, *RULES] if path.name.endswith(".rq")]


def refusal(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        grammar.parse(text)
    return caught.value


def line_and_column(error: QueryError) -> tuple[int, int | None]:
    assert error.place is not None
    return error.place.line, error.place.column


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_is_shipped_parses_and_the_engine_agrees(path: Traversable) -> None:
    text = path.read_text("utf-8")
    assert grammar.parse(text).kind in {"select_query", "construct_query", "ask_query"}
    ox.Store().query(text, custom_functions=_FUNCTIONS)


def test_there_are_82_questions() -> None:
    assert len([path for path in QUESTIONS if path.name.endswith(".rq")]) == 82


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT * {}", "select_query"),
        ("construct where { ?s a ?o }", "construct_query"),
        ("DESCRIBE <urn:a>", "describe_query"),
        ("PREFIX : <urn:> ask { :s a :o }", "ask_query"),
        ("CLEAR ALL", "update"),
        ("", "update"),
    ],
)
def test_the_kind_of_a_text(text: str, kind: str) -> None:
    assert grammar.parse(text).kind == kind


def test_a_text_is_read_once() -> None:
    assert grammar.parse("ASK { ?once ?p ?o }") is grammar.parse("ASK { ?once ?p ?o }")


def test_the_shipped_tables_are_those_of_the_grammar() -> None:
    content = (files("itu_align.graph") / grammar.TABLES).read_bytes()
    # Of another version of Lark they are not used, and the parser is made anew; that is slower but no fault.
    assert content.split()[0] == grammar.tables().split()[0], "run `make docs`"


def test_tables_of_another_grammar_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_stamp", lambda: b"another\n")
    grammar._parser.cache_clear()
    try:
        assert grammar._parser().parse("ASK {}").data == "start"
    finally:
        grammar._parser.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { FILTER(?a<?b&&?c>?d) }",
        "SELECT * { ?s <urn:p><urn:o> FILTER(?a<=<urn:a>) }",
        "SELECT*{ ?s a<urn:o>; <urn:p>+ -1, 1.e0, .5 FILTER(1+1-1 = +1) }LIMIT10",
        'SELECT * { ?s ?p \'SERVICE\', """a"b"""@en-GB, \'x\'^^<urn:t> # LOAD\n }',
        "PREFIX a.b: <urn:> SELECT * { a.b:c.d ?p a.b:%41\\,x, a.b: }",
        "SELECT * { ?s !(<urn:p>|^<urn:q>)/^(<urn:r>|a)*/<urn:s>? ?o }",
        "SELECT (COUNT(DISTINCT *) AS ?n) (GROUP_CONCAT(?x ; SEPARATOR = ',') AS ?l) { ?x ?p ?o }",
        "SELECT * { ?s ?p (1 [ <urn:p> () ] _:a) . FILTER(?s != ?p) ?s ?p _:a }",
        "SELECT ?g (SUM(?x) AS ?sum) { ?x ?p ?y } GROUP BY (STR(?y) AS ?g) HAVING (SUM(?x) > 1)",
    ],
)
def test_forms_that_are_easily_misread(text: str) -> None:
    assert grammar.parse(text)
    ox.Store().query(text)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("SELECT * { BIND(1 AS ?x) BIND(2 AS ?x) }", 36, r"\?x is already in use"),
        ("SELECT (1 AS ?x) { ?x ?p ?o }", 14, r"\?x is already in use"),
        ("SELECT (1 AS ?x) (2 AS ?x) {}", 24, r"\?x is already in use"),
        ("SELECT * { SELECT (?s AS ?o) { ?s ?p ?o } }", 26, r"\?o is already in use"),
        ("SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }", 8, r"\?s is neither grouped nor aggregated"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", 1, r"SELECT \* cannot be grouped"),
        ("SELECT * { FILTER(COUNT(*) > 1) }", 19, "cannot stand in FILTER"),
        ("SELECT * { VALUES (?x ?y) { (1) } }", 29, "has 1 values for 2 variables"),
        ("SELECT * { ?s ?p _:a OPTIONAL { ?s ?q _:a } }", 39, "in another basic graph pattern"),
        ("PREFIX a: <urn:> ASK { a:b c:d 1 }", 28, "prefix c: is not declared"),
        ("INSERT DATA { ?s <urn:p> 1 }", 15, "INSERT DATA cannot hold a variable"),
        ("DELETE DATA { _:a <urn:p> 1 }", 15, "DELETE DATA cannot hold a blank node"),
        ("DELETE WHERE { [] <urn:p> 1 }", 16, "DELETE WHERE cannot hold a blank node"),
        ("DELETE { ?s <urn:p> (1) } WHERE { ?s ?p ?o }", 21, "DELETE cannot hold a blank node"),
        ("INSERT DATA { _:a a 1 } ; INSERT DATA { _:a a 1 }", 41, "in another INSERT DATA"),
    ],
)
def test_rules_beside_the_grammar(text: str, column: int, message: str) -> None:
    error = refusal(text)
    assert line_and_column(error) == (1, column)
    with pytest.raises(QueryError, match=message):
        raise error
    with pytest.raises(SyntaxError):
        (ox.Store().update if "DATA" in text or "DELETE" in text else ox.Store().query)(text)


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("SELCT * {}", 1, "found `SELCT`", "Did you mean SELECT?"),
        ("SELECT * { ?s ?p 1 FILTR(?s) }", 20, "found `FILTR`", "Did you mean FILTER?"),
        ("SELECT (STRLN(?x) AS ?y) {}", 9, "found `STRLN`", "Did you mean STRLEN?"),
        ("SELECT * { ?s a Person }", 17, "found `Person`", "a name has a prefix"),
        ("SELECT * { ?s ?p ?o ?t ?p ?o }", 21, r"found `\?t`", "A dot seems to be missing"),
        ("SELECT * { ?s ?p ?o ; ?p }", 26, "found `}`", "a variable, an IRI, a string, a number"),
        ("SELECT * { ?s ?p (1 2 }", 23, "found `}`", "the `(` in line 1, column 18"),
        ("SELECT * { ?s ?p ?o", 20, "`{` in line 1, column 10 is not closed", "Close it with `}`"),
        ("SELECT", 7, "ends too early", "a variable"),
        ("SELECT * { ?s ?p <http://a b> }", 18, "IRI never ends", "Close it with `>`"),
        ("SELECT * { ?s ?p 'abc }", 18, "string never ends", "begin and end it with '''"),
        ('SELECT * { ?s ?p """abc" }', 18, "string never ends", 'Close it with """'),
        ("SELECT * { ?s ?p 'a\\q' }", 20, r"`\\q` is no escape", "written twice"),
        ("SELECT * { FILTER(?a == 1) }", 23, "found `=`", "with one ="),
        ("SELECT * { FILTER(?a & ?b) }", 22, "`&` has no meaning", "&&"),
        ("SELECT * { ?s ?p \N{LEFT DOUBLE QUOTATION MARK}a }", 18, "no meaning", "straight quotes"),
        ("SELECT * { ?s ?p '\\uD800' }", 19, "escape is no character", "character itself"),
        ("SELECT * { << ?s ?p ?o >> ?q ?r }", 12, "triple term of SPARQL 1.2", "Only SPARQL 1.1"),
        ("SELECT (SUM(MAX(?x)) AS ?y) {}", 13, "cannot stand in another aggregate", "sub-select"),
        ("ASK {} # \\u005Cu000A SERVICE", 10, "escape is no character", "character itself"),
    ],
)
def test_errors_in_readable_words(text: str, column: int, message: str, hint: str) -> None:
    error = refusal(text)
    with pytest.raises(QueryError, match=message):
        raise error
    assert line_and_column(error) == (1, column)
    assert hint in error.hint


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    error = refusal("# \\u00E9\r\nSEL\\u0045CT * {\r\n  ?s \\u003Fp ?o, }\r\n")
    assert line_and_column(error) == (3, 18)
    assert error.place is not None
    assert error.place.excerpt == "  ?s \\u003Fp ?o, }"


def test_what_only_the_engine_refuses_is_told_in_its_words() -> None:
    text = "ASK { <urn:a> <urn:b> \\u0022\\u0022 ;\n <http://[x> 1 }"
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(grammar.parse(text).source.text)
    error = grammar.explain(text, caught.value)
    with pytest.raises(QueryError, match=r"IRI parsing failed\."):
        raise error
    assert line_and_column(error)[0] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT ?x ?x { ?x ?p ?o }", "Duplicated variable name in SELECT"),
        ("SELECT * {} LIMIT 99999999999999999999999", "The query limit should be a non negative integer"),
        ("SELECT (1 AS ?x) {} VALUES ?x { 1 }", "The SELECT overrides an existing variable"),
    ],
)
def test_the_engines_own_rules_are_told_as_a_sentence(text: str, message: str) -> None:
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(text)
    with pytest.raises(QueryError, match=message):
        raise grammar.explain(text, caught.value)


def test_an_unknown_message_of_the_engine_is_passed_on() -> None:
    assert "odd" in str(grammar.explain("ASK {}", SyntaxError("odd")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { ?s ?p 'FROM <urn:a>' }", Dataset()),
        ("SELECT * FROM <urn:a> FROM NAMED <urn:b> {}", Dataset(("urn:a",), ("urn:b",))),
        ("BASE <http://a.b/c/d> ASK FROM <../e> {}", Dataset(("http://a.b/e",))),
        ("PREFIX p: <http://a.b/> DESCRIBE * FROM p:c\\,d FROM p: {}", Dataset(("http://a.b/c,d", "http://a.b/"))),
        ("BASE <http://a.b/c/> BASE <d/> PREFIX p: <e#> ASK FROM p:f {}", Dataset(("http://a.b/c/d/e#f",))),
        ("CONSTRUCT { ?s ?p ?o } FROM NAM\\u0045D <urn:\\u0061> WHERE {}", Dataset((), ("urn:a",))),
    ],
)
def test_the_dataset_of_a_query(text: str, expected: Dataset) -> None:
    assert from_clauses(grammar.parse(text)) == expected


@pytest.mark.parametrize(
    ("reference", "resolved"),
    [
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../..", "http://a/"),
        ("../../../g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g..", "http://a/b/c/g.."),
    ],
)
def test_references_resolve_as_in_the_examples_of_rfc_3986(reference: str, resolved: str) -> None:
    assert resolve(reference, "http://a/b/c/d;p?q") == resolved


def test_a_base_of_any_scheme_serves() -> None:
    assert resolve("#b", "urn:a:x") == "urn:a:x#b"
    assert resolve("b", "tag:a") == "tag:b"
    assert resolve("b", "x://a") == "x://a/b"
