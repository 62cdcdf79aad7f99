"""SPARQL 1.2 where it is turned on, and refused where not.

The texts were worked out from the grammar and its notes (https://www.w3.org/TR/sparql12-query/#sparqlGrammar); the
number before each is that of the rule or note. They cover what the W3C tests in sparql12/syntax-triple-terms-positive,
-negative and version (https://github.com/w3c/rdf-tests) are named after. `§` marks the place of the first form that is
new, or of the error.
"""

import re
import subprocess
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar
from itu_align.graph.errors import QueryError
from itu_align.graph.lexer import MAX_DEPTH
from itu_align.graph.limits import MAX_CHAIN
from itu_align.graph.sparql12 import MAX_MADE, Version

PREFIX = "PREFIX : <urn:> "
QUESTIONS = sorted((files("itu_align.ontology") / "questions").iterdir(), key=str)
SHIPPED = [path for path in QUESTIONS if path.name.endswith(".rq")]

NEW = {
    "7 first": "§VERSION '1.2' ASK {}",
    "7 anywhere in the prologue": "§version \"1.2\" PREFIX a: <urn:a> VERSION '1.1' BASE <urn:b> ASK {}",
    "7 in an update": "§VERSION '1.2' INSERT DATA { :a :b :c }",
    "58 reified alone": "SELECT * { §<< ?s ?p ?o >> }",
    "58 reified alone, dot": "SELECT * { §<< ?s ?p ?o >> . }",
    "59 reified with properties": "SELECT * { §<< ?s ?p ?o >> :q/:r 1 ; a :c }",
    "58 in a template": "CONSTRUCT { §<< ?s ?p ?o >> :q 1 } WHERE { ?s ?p ?o }",
    "58 in data": "INSERT DATA { §<< :s :p :o >> . GRAPH :g { << :s :p :o ~ :r >> :q 1 } }",
    "69 in VALUES": "SELECT * { VALUES ?t { §<<( :a :b :c )>> } }",
    "69 in a row of VALUES": "SELECT * {} VALUES (?t ?u) { (§<<( :a a <<( :b :c 'x'@ar--rtl )>> )>> UNDEF) }",
    "70 reifier without a name": "SELECT * { ?s ?p ?o §~ }",
    "71 reifier named by a variable": "SELECT * { ?s ?p ?o §~ ?r }",
    "71 by an IRI": "SELECT * { ?s a ?o §~ :r }",
    "71 by a blank node": "SELECT * { ?s ?p 1, 2 §~ _:r, 3 ~ [] }",
    "86 in data": "INSERT DATA { :s :p :o §~ :r {| :q 1 |} }",
    "86 in a template": "INSERT { ?s ?p ?o §~ ?r {| :q 1 |} {| :q 2 |} } WHERE { ?s ?p ?o ~ ?r }",
    "93 after a list": "SELECT * { ?s ?p (1 2) §~ ?r ; :q [] ~ ?t }",
    "93 within brackets": "SELECT * { ?s ?p [ :p :o §~ :r ] }",
    "109 several": "SELECT * { ?s ?p ?o §~ ?r ~ {| ?a ?b |} {| ?c ?d |} ~ }",
    "110 annotation": "SELECT * { ?s ?p ?o §{| :q ?v |} }",
    "110 with a path": "SELECT * { ?s ?p ?o §{| :q/:r* ?v ; ^:u ?w |} }",
    "110 nested": "SELECT * { ?s ?p ?o §{| :q ?v {| :source << ?a ?b ?c >> |} |} }",
    "112 in CONSTRUCT WHERE": "CONSTRUCT WHERE { ?s ?p ?o §~ ?r {| ?a ?b |} }",
    "113 reified as object": "SELECT * { ?a ?b §<< ?s ?p ?o >> ~ ?r }",
    "113 reified in a list": "SELECT * { ?a ?b ( §<< ?s ?p ?o >> <<( ?s ?p ?o )>> ) }",
    "113 reified in brackets": "SELECT * { [ :p §<< ?s ?p ?o >> ] }",
    "115 triple term as object": "SELECT * { ?a ?b §<<( ?s ?p ?o )>> }",
    "115 triple term as subject": "SELECT * { §<<( ?s ?p ?o )>> ?a ?b }",
    "115 in data": "INSERT DATA { :a :b §<<( :s :p <<( :a :b _:c )>> )>> }",
    "115 deleted": "DELETE DATA { :a :b §<<( :s :p :o )>> }",
    "116 named": "SELECT * { §<< ?s ?p ?o ~ :r >> ?a ?b }",
    "116 named by nothing": "SELECT * { §<< ?s a ?o ~ >> ?a ?b }",
    "117 nested": "SELECT * { §<< << ?a ?b ?c >> ?p << ?d ?e ?f ~ ?r >> >> }",
    "118 with a triple term": "SELECT * { §<< <<( ?a ?b ?c )>> ?p <<( ?d ?e 1 )>> >> }",
    "117 literal": "SELECT * { §<< 'x' ?p true >> }",
    "120 nested": "SELECT * { ?a ?b §<<( <<( ?c ?d ?e )>> ?p <<( _:f ?g [] )>> )>> }",
    "120 literal": "SELECT * { ?a ?b §<<( 1 ?p 1.5 )>> }",
    "135 doubled": "ASK { FILTER(!§!?x) }",
    "135 with a sign": "ASK { FILTER(!§!-?x) }",
    "137 in an expression": "SELECT * { ?s ?p ?o BIND(§<<( ?s ?p ?o )>> AS ?t) }",
    "137 compared": "SELECT * { ?s ?p ?o FILTER(?s<§<<( ?s a 1 )>> || ?o IN (<<( :a :b :c )>>)) }",
    "137 ordered by": "SELECT * { ?s ?p ?o } ORDER BY (§<<( ?s ?p ?o )>>)",
    "137 grouped by": "SELECT ?t { ?s ?p ?o } GROUP BY (§<<( ?s ?p ?o )>> AS ?t)",
    "137 counted": "SELECT (COUNT(§<<( ?s ?p ?o )>>) AS ?n) { ?s ?p ?o }",
    "139 nested": "SELECT (§<<( :a :b <<( :c a 'x' )>> )>> AS ?t) {}",
    "141 of one": "ASK { FILTER(§isTRIPLE(?t) && SUBJECT(?t) = PREDICATE(?t) && OBJECT(?t) = 1) }",
    "141 of languages": "ASK { FILTER(§hasLANG(?x) && hasLANGDIR(?x) && LANGDIR(?x) = 'ltr') }",
    "141 of three": "SELECT (§TRIPLE(:a, :b, 1) AS ?t) (strlangdir('x', 'en', 'ltr') AS ?x) {}",
    "141 without brackets around": "ASK { ?s ?p ?t FILTER §isTriple # ?\n (?t) }",
    "149 in a pattern": 'SELECT * { ?s ?p \'x\'§@en--ltr. ?s ?q """y"""@ar-EG--rtl }',
    "149 in data": "INSERT DATA { :s :p 'x'§@en--ltr }",
    "note 3 without spaces": "SELECT*{§<<?s ?p ?o>>?q<<(?a<urn:x>1)>>.?s?p?o~?r{|?a?b|}}",
    "note 3 with IRIs": "SELECT * { §<<<urn:a><urn:b><urn:c>>>?q<<(<urn:a><urn:b><urn:c>)>> }",
    "note 7 named": "DELETE WHERE { §<< :s :p :o ~ ?r >> :q ?v . :s :p :o ~ :t {| :q ?w |} }",
    "note 7 in a template": "DELETE { ?s ?p ?o §~ ?r {| :q 1 |} } WHERE { ?s ?p ?o ~ ?r }",
    "note 16": "SELECT * { ?s :p/:q :o ; ?v :o §~ :r ; a :c {| :q 1 |} }",
}
"""What the specification allows, by rule."""

WRONG = {
    "8 long string": ("VERSION §'''1.2''' ASK {}", "found `'''1.2'''`"),
    "8 number": ("VERSION §1.2 ASK {}", "found `1.2`"),
    "8 language": ("VERSION '1.2'§@en ASK {}", "found `@en`"),
    "4 after the prologue": ("ASK {} §VERSION '1.2'", "found `VERSION`"),
    "61 extension of the engine": ("SELECT * { ?s ?p ?o §LATERAL { ?s ?q ?r } }", "found `LATERAL`"),
    "69 reified in VALUES": ("SELECT * { VALUES ?t { §<< :a :b :c >> } }", "`<<` cannot stand here"),
    "123 variable": ("SELECT * { VALUES ?t { <<( §?a :b :c )>> } }", r"found `\?a`"),
    "123 literal": ("SELECT * { VALUES ?t { <<( §1 :b :c )>> } }", "found `1`"),
    "123 triple term": ("SELECT * { VALUES ?t { <<( §<<( :a :b :c )>> :b :c )>> } }", "`<<` cannot stand here"),
    "124 blank node": ("SELECT * { VALUES ?t { <<( :a :b §_:c )>> } }", "found `_:c`"),
    "71 literal": ("SELECT * { ?s ?p ?o ~ §'r' }", "found `'r'`"),
    "71 triple term": ("SELECT * { ?s ?p ?o ~ §<<( :a :b :c )>> }", "`<<` cannot stand here"),
    "84 triple term": ("SELECT * { ?s §<<( :a :b :c )>> ?o }", "`<<` cannot stand here"),
    "84 reified": ("SELECT * { ?s §<< :a :b :c >> ?o }", "`<<` cannot stand here"),
    "81 reifier of a subject": ("SELECT * { ?s §~ :r ?p ?o }", "`~` has no meaning here"),
    "107 reifier in a list": ("SELECT * { ?s ?p ( :o §~ :r ) }", "`~` has no meaning here"),
    "110 empty": ("SELECT * { ?s ?p ?o {| §|} }", r"found `\|`"),
    "110 without value": ("SELECT * { ?s ?p ?o {| :q |§} }", "found `}`"),
    "110 with a subject": ("SELECT * { ?s ?p ?o {| :a :q §1 |} }", "found `1`"),
    "110 apart": ("SELECT * { ?s ?p ?o { §| :q 1 |} }", r"found `\|`"),
    "110 open": ("SELECT * { ?s ?p ?o {| :q 1 §} }", "found `}`"),
    "112 path in a template": ("CONSTRUCT { ?s ?p ?o {| :q§/:r 1 |} } WHERE { ?s ?p ?o }", "found `/`"),
    "113 triple term alone": ("SELECT * { <<( ?s ?p ?o )>> §. }", r"found `\.`"),
    "116 path": ("SELECT * { << ?s :p§/:q ?o >> }", "found `/`"),
    "116 two reifiers": ("SELECT * { << ?s ?p ?o ~ :r §~ :t >> }", "`~` has no meaning here"),
    "116 annotation": ("SELECT * { << ?s ?p ?o §{| :q 1 |} >> }", "found `{`"),
    "116 two objects": ("SELECT * { << ?s ?p ?o§, ?q >> }", "found `,`"),
    "116 blank node as property": ("SELECT * { << ?s §[] ?o >> }", r"found `\[\]`"),
    "117 list": ("SELECT * { << §(1) ?p ?o >> }", r"found `\(`"),
    "118 brackets": ("SELECT * { << ?s ?p §[ :q 1 ] >> }", r"found `\[`"),
    "119 apart": ("SELECT * { ?a ?b <<( ?s ?p ?o §) >> }", r"found `\)`"),
    "119 alternatives": ("SELECT * { ?a ?b <<( ?s :p§|:q ?o )>> }", r"found `\|`"),
    "120 nothing": ("SELECT * { ?a ?b <<( §() ?p ?o )>> }", r"found `\(\)`"),
    "121 reified": ("SELECT * { ?a ?b <<( ?s ?p §<< ?c ?d ?e >> )>> }", "`<<` cannot stand here"),
    "136 reified": ("SELECT * { BIND(§<< ?s ?p ?o >> AS ?t) }", "`<<` cannot stand here"),
    "138 blank node": ("SELECT * { BIND(<<( §[] :b :c )>> AS ?t) }", r"found `\[\]`"),
    "138 literal": ("SELECT * { BIND(<<( §'x' :b :c )>> AS ?t) }", "found `'x'`"),
    "138 triple term": ("SELECT * { BIND(<<( §<<( :a :b :c )>> :b :c )>> AS ?t) }", "`<<` cannot stand here"),
    "137 function": ("SELECT * { BIND(<<( :a §STR(1) :c )>> AS ?t) }", "found `STR`"),
    "24 bare": ("SELECT * { ?s ?p ?o } ORDER BY §<<( ?s ?p ?o )>>", "`<<` cannot stand here"),
    "13 described": ("DESCRIBE §<<( :a :b :c )>>", "`<<` cannot stand here"),
    "141 too few": ("SELECT (TRIPLE(:a, :b§) AS ?t) {}", r"found `\)`"),
    "141 too many": ("ASK { FILTER(SUBJECT(?t§, 1)) }", "found `,`"),
    "141 none": ("ASK { FILTER(OBJECT§()) }", r"found `\(\)`"),
    "149 direction": ("SELECT * { ?s ?p 'x'@en§--foo }", "found `-`"),
    "149 upper case": ("SELECT * { ?s ?p 'x'@en§--LTR }", "found `-`"),
    "note 6": ("INSERT DATA { :s :p :o ~ §?r }", "INSERT DATA cannot hold a variable"),
    "note 7 reified": ("DELETE DATA { §<< :s :p :o >> :q 1 }", "DELETE DATA cannot hold a reifier without a name"),
    "note 7 annotated": ("DELETE WHERE { :s :p :o §{| :q ?v |} }", "DELETE WHERE cannot hold a reifier without"),
    "note 7 reifier": ("DELETE { ?s ?p ?o §~ } WHERE { ?s ?p ?o }", "DELETE cannot hold a reifier without a name"),
    "note 7 second": ("DELETE DATA { :s :p :o ~ :r {| :q 1 |} §{| :q 2 |} }", "cannot hold a reifier without a name"),
    "note 7 blank node": ("DELETE DATA { :a :b <<( :s :p §_:c )>> }", "DELETE DATA cannot hold a blank node"),
    "note 8": ("SELECT * { ?s ?p ?o ~ _:r OPTIONAL { ?a ?b <<( §_:r ?c ?d )>> } }", "in another basic graph pattern"),
    "note 10": ("SELECT * { VALUES (?x §?x) { (1 2) } }", r"VALUES names \?x twice"),
    "note 12": ("SELECT * { ?s ?p ?o ~ ?r BIND(1 AS §?r) }", r"\?r is already in use"),
    "note 16 sequence": ("SELECT * { ?s :p/:q ?o, ?u §~ ?r }", "A path cannot be reified"),
    "note 16 repetition": ("SELECT * { ?s :p+ ?o §{| :q 1 |} }", "A path cannot be reified"),
    "note 16 nested": ("SELECT * { ?s ?p ?o {| :q|:r ?v §~ ?t |} }", "A path cannot be reified"),
    "note 16 inverse": ("SELECT * { ?s ^:p ?o §~ ?r }", "A path cannot be reified"),
    "note 16 brackets": ("SELECT * { ?s (:p) ?o §~ ?r }", "A path cannot be reified"),
    "19.8 grouped": (
        "SELECT (<<( ?s :p §?o )>> AS ?t) (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
        r"\?o is neither grouped",
    ),
    "RDF 1.2 subject": ("INSERT DATA { §<<( :s :p :o )>> :q 1 }", "cannot be a subject in data"),
    "RDF 1.2 subject of a triple term": ("INSERT DATA { :a :b <<( §1 :p :o )>> }", "cannot be a subject in data"),
    "RDF 1.2 subject of a reified triple": (
        "DELETE DATA { << §<<( :s :p :o )>> :p :o ~ :r >> :q 1 }",
        "cannot be a subject in data",
    ),
}
"""What the specification does not allow, by rule, and in what words it is refused."""

ENGINE_REFUSES = {"7 in a later operation": "INSERT DATA { :a :b :c } ; §VERSION '1.2' INSERT DATA { :a :b :c }"}
"""What the specification allows, and pyoxigraph 0.5.13 does not read."""

ENGINE_READS = frozenset(
    {"61 extension of the engine", "138 literal", "138 triple term", "note 16 inverse", "note 16 brackets"}
)
"""What pyoxigraph 0.5.13 reads beyond the specification."""

SAME = [
    "ASK { FILTER(?a<<urn:b>) }",
    "ASK { FILTER(?a<<(x)>) }",
    "ASK { FILTER((?a)>?b||?c<?d&&(1)>(2)) }",
    "SELECT * { ?s (:a|:b) ?o {} }",
    "PREFIX subject: <urn:s> SELECT ?object { ?object subject:predicate ?version, subject: }",
    "PREFIX ltr: <urn:f> SELECT ('x'@en--ltr:f(1) AS ?y) ('x'@en--1 AS ?z) {}",
    "ASK { FILTER(!(!?x) && !-1 && - -1 = 1) }",
]
"""Texts of SPARQL 1.1 that hold the signs and words of 1.2."""

DEEP = MAX_DEPTH - 1
LARGEST = {
    "triple terms": "ASK { :s :p " + "<<( :a :b " * DEEP + "?o" + " )>>" * DEEP + " }",
    "subjects": "ASK { :s :p " + "<<( " * DEEP + "?o" + " :a :b )>>" * DEEP + " }",
    "reified objects": "ASK { " + "<< :a :b " * DEEP + "?o" + " >>" * DEEP + " :p :o }",
    "reified subjects": "ASK { " + "<< " * DEEP + "?o" + " :a :b >>" * DEEP + " :p :o }",
    "annotations": "ASK { :s :p :o " + "{| :a :b " * DEEP + "|}" * DEEP + " }",
    "values": "SELECT * { VALUES ?t { " + "<<( :a :b " * (DEEP - 1) + "1" + " )>>" * (DEEP - 1) + " } }",
    "expressions": "SELECT (" + "<<( :a :b " * DEEP + "1" + " )>>" * DEEP + " AS ?t) {}",
    "functions": "SELECT (" + "TRIPLE(:a,:b," * DEEP + "1" + ")" * DEEP + " AS ?t) {}",
    "made one in another": "SELECT ?t5 { BIND(1 AS ?t0) "
    + "".join(f"BIND({'<<( :a :b ' * 98}?t{i}{' )>>' * 98} AS ?t{i + 1}) " for i in range(MAX_MADE // 98))
    + "}",
    "not": "ASK { FILTER(" + "!" * (MAX_CHAIN - 1) + "true) }",
    "template": "CONSTRUCT { :s :p :o " + "{| :a :b |}" * 5000 + " } {}",
}
TOO_MUCH = {
    "triple terms": ("ASK { :s :p " + "<<( :a :b " * MAX_DEPTH + "?o" + " )>>" * MAX_DEPTH + " }", "nested deeper"),
    "reified": ("ASK { " + "<< :a :b " * MAX_DEPTH + "?o" + " >>" * MAX_DEPTH + " }", "nested deeper"),
    "annotations": ("ASK { :s :p :o " + "{| :a :b " * MAX_DEPTH + "|}" * MAX_DEPTH + " }", "nested deeper"),
    "made": (
        "SELECT * { ?s ?p ?o FILTER(?o IN (" + "<<( :a :b 1 )>>, " * MAX_MADE + "TRIPLE(:a, :b, 1))) }",
        "More than 500 triple terms",
    ),
    "not": ("ASK { FILTER(" + "!" * (MAX_CHAIN + 2) + "true) }", "More than 500 operators in a row"),
    "reifiers": ("ASK { :s :p :o " + "~ " * (MAX_CHAIN + 1) + "}", "More than 500 patterns in a row"),
}
RUN = """
import sys, threading
import pyoxigraph as ox
from itu_align.graph import grammar

def ask():
    answer = ox.Store().query(grammar.parse(sys.stdin.read(), version="1.2").source.text)
    print(answer.serialize(format=ox.RdfFormat.N_TRIPLES if isinstance(answer, ox.QueryTriples) else
                           ox.QueryResultsFormat.JSON)[:0].decode() + "answered")

thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""


def marked(text: str) -> tuple[str, int, int]:
    """The text with its prefix, and line and column of the mark."""
    before, _, after = (PREFIX + text).partition("§")
    return before + after, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def refusal(text: str, version: Version = "1.1") -> QueryError:
    with pytest.raises(QueryError) as caught:
        grammar.parse(text, version=version)
    return caught.value


def engine_reads(text: str) -> bool:
    store = ox.Store()
    try:
        (store.update if re.search("INSERT|DELETE", text) else store.query)(text)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("name", [*NEW, *ENGINE_REFUSES])
def test_a_new_form_is_read_where_it_is_turned_on(name: str) -> None:
    text, _, _ = marked((NEW | ENGINE_REFUSES)[name])
    assert grammar.parse(text, version="1.2").source.text == text
    assert engine_reads(text) == (name in NEW)


@pytest.mark.parametrize("name", [*NEW, *ENGINE_REFUSES])
def test_a_new_form_is_refused_where_it_is_not_turned_on(name: str) -> None:
    text, line, column = marked((NEW | ENGINE_REFUSES)[name])
    error = refusal(text)
    with pytest.raises(QueryError, match=r"of SPARQL 1\.2\.$"):
        raise error
    assert error.place is not None
    assert (error.place.line, error.place.column) == (line, column)
    assert "--sparql-12" in error.hint


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_sparql_12_is_refused(name: str) -> None:
    marked_text, message = WRONG[name]
    text, line, column = marked(marked_text)
    error = refusal(text, "1.2")
    with pytest.raises(QueryError, match=message):
        raise error
    assert error.place is not None
    assert (error.place.line, error.place.column) == (line, column)
    assert error.hint
    assert "1.1" not in f"{error} {error.hint}"
    assert engine_reads(text) == (name in ENGINE_READS)


@pytest.mark.parametrize("name", sorted(WRONG.keys() - {"note 10"}))
def test_a_text_that_is_neither_version_is_refused_where_12_is_not_turned_on(name: str) -> None:
    assert refusal(marked(WRONG[name][0])[0]).hint


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ("VERSION '1.2' ASK {}", "a VERSION declaration"),
        ("ASK { << ?s ?p ?o >> }", "a reified triple, which stands for a triple term"),
        ("ASK { ?a ?b <<( ?s ?p ?o )>> }", "a triple term"),
        ("ASK { VALUES ?t { <<( :s :p :o )>> } }", "a triple term"),
        ("ASK { FILTER(?t = <<( :s :p :o )>>) }", "a triple term"),
        ("ASK { ?s ?p ?o ~ ?r }", "a reifier"),
        ("ASK { ?s ?p ?o {| :q 1 |} }", "an annotation"),
        ("ASK { FILTER(isTRIPLE(?t)) }", "a function"),
        ("ASK { FILTER(!!?x) }", "an operator right behind another, a form"),
        ("ASK { ?s ?p 'x'@en--ltr }", "a base direction"),
        ("ASK { FILTER(!!?x) << ?s ?p ?o >> }", "an operator right behind another, a form"),
    ],
)
def test_a_refusal_names_the_first_new_form(form: str, what: str) -> None:
    assert str(refusal(PREFIX + form)) == f"This is {what} of SPARQL 1.2."


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("ASK { §<< ?s ?p ?o }", "<<"),
        ("ASK { §<< ?s ?p ?o", "<<"),
        ("ASK { ?s ?p ?o §{| ?a ?b }", r"{\|"),
        ("ASK { ?s ?p ?o §~ ?r . ?x ?y }", "~"),
        ("ASK { ?s ?p 'x'§@en--ltr FILTR(?s) }", "@en--ltr"),
        ("§VERSION 1.2 ASK {}", "VERSION"),
    ],
)
def test_a_mistake_behind_a_new_form_does_not_hide_it(text: str, sign: str) -> None:
    text, _, column = marked(text)
    error = refusal(text)
    with pytest.raises(QueryError, match=rf"`{sign}` belongs to SPARQL 1\.2"):
        raise error
    assert error.place is not None
    assert error.place.column == column


@pytest.mark.parametrize("text", SAME)
def test_a_text_of_11_that_holds_new_signs_or_words_is_read_as_ever(text: str) -> None:
    tree = grammar.parse(PREFIX + text).tree
    assert not list(tree.scan_values(lambda token: token.type.endswith("_12")))
    assert grammar.parse(PREFIX + text, version="1.2").tree == tree


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_query_is_the_same_in_both_versions(path: Traversable) -> None:
    text = path.read_text("utf-8")
    assert grammar.parse(text, version="1.2").tree == grammar.parse(text).tree


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("SELECT * { ?s a Object 'x' }", 17, "found `Object`", "a name has a prefix"),
        ("SELECT * { FILTER(subject = 1) ?subject ?p ?o }", 19, "found `subject`", "the variable ?subject"),
        ("SELECT * { FILTER(SUBJECT1(?x)) }", 19, "found `SUBJECT1`", "a name has a prefix"),
        ("SELECT * { ?s ~ ?o }", 15, "`~` has no meaning here", ""),
        ("SELECT * { FILTER((?a)>>?b) }", 24, "found `>`", "a variable"),
    ],
)
def test_a_new_word_or_sign_where_it_cannot_stand_is_what_it_was_in_11(
    text: str, column: int, message: str, hint: str
) -> None:
    error = refusal(text)
    with pytest.raises(QueryError, match=message):
        raise error
    assert error.place is not None
    assert error.place.column == column
    assert hint in error.hint
    assert "1.2" not in f"{error} {error.hint}"


def test_new_signs_are_named_as_expected_only_where_they_are_read() -> None:
    text = "SELECT * { ?s ?p ?o ?q }"
    assert "`~`" in refusal(text, "1.2").hint
    assert "`~`" not in refusal(text).hint


def test_new_functions_are_proposed_only_where_they_are_read() -> None:
    text = "SELECT * { FILTER(SUBJCT(?x)) }"
    assert "Did you mean SUBJECT?" in refusal(text, "1.2").hint
    assert "SUBJECT" not in refusal(text).hint


def test_a_function_without_brackets_is_told_so() -> None:
    assert "Brackets stand behind ISTRIPLE." in refusal("ASK { FILTER(isTriple ?x) }", "1.2").hint


def test_what_was_read_as_12_is_still_refused_as_11() -> None:
    text = "ASK { ?kept ?p <<( ?s ?p ?o )>> }"
    assert grammar.parse(text, version="1.2") is grammar.parse(text, version="1.2")
    assert "a triple term of SPARQL 1.2" in str(refusal(text))
    assert grammar.parse(text, version="1.2").kind == "ask_query"


def test_what_only_the_engine_refuses_is_explained_by_the_version_that_was_read() -> None:
    text = "ASK { <<( <http://[x> ?p ?o )>> ?a ?b }"
    with pytest.raises(SyntaxError) as caught:
        ox.Store().query(grammar.parse(text, version="1.2").source.text)
    assert str(grammar.explain(text, caught.value, version="1.2")) == "IRI parsing failed."
    assert "SPARQL 1.2" in str(grammar.explain(text, caught.value))


@pytest.mark.parametrize("name", LARGEST)
def test_the_engine_survives_the_largest_in_a_thread(name: str) -> None:
    command = [sys.executable, "-c", RUN]
    process = subprocess.run(
        command, input=PREFIX + LARGEST[name], capture_output=True, text=True, check=False, timeout=120
    )
    assert process.stdout == "answered\n", process.stderr


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_larger_is_refused(name: str) -> None:
    text, message = TOO_MUCH[name]
    with pytest.raises(QueryError, match=message):
        grammar.parse(PREFIX + text, version="1.2")
