"""What an update or a write to a graph changes. Expected values are worked out by hand from the specifications.

The last tests make up data and requests, and compare with what the engine itself does with them.
"""

from collections.abc import Callable, Sequence

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itu_align.graph import changes, names, rdf12, union
from itu_align.graph.dataset import Dataset
from itu_align.graph.errors import QueryError
from itu_align.graph.union import Change, DefaultGraph

OWN, UNION = DefaultGraph.OWN, DefaultGraph.UNION
HEAD = "PREFIX : <urn:> "
BEFORE = ":d :p 1, 2 . GRAPH :g { :a :p 1 } GRAPH :h { :a :p 1, 2 }"
SUGGESTED = names.graph("suggested")


def quads(text: str) -> set[ox.Quad]:
    database = ox.Store()
    database.update(f"{HEAD} PREFIX xsd: <{names.XSD}> PREFIX rdf: <{names.RDF}> INSERT DATA {{ {text} }}")
    return set(database)


def store(text: str, policy: DefaultGraph = OWN) -> ox.Store:
    database = ox.Store()
    database.extend(union.with_union(quads(text), policy))
    return database


def run(text: str, before: str = BEFORE, policy: DefaultGraph = OWN, dataset: Dataset | None = None) -> Change:
    """The change of an update; the store must be as it was."""
    database = store(before, policy)
    content = set(database)
    change = changes.update(database, HEAD + text, policy, dataset or Dataset())
    assert set(database) == content
    return change


def does(change: Change, deleted: str = "", inserted: str = "") -> bool:
    assert len(change.deleted) == len(set(change.deleted))
    assert len(change.inserted) == len(set(change.inserted))
    return (set(change.deleted), set(change.inserted)) == (quads(deleted), quads(inserted))


def refusal(text: str, dataset: Dataset | None = None) -> QueryError:
    with pytest.raises(QueryError) as caught:
        run(text, dataset=dataset)
    assert caught.value.hint
    return caught.value


# ---- What is told


def test_only_what_really_changes_is_told() -> None:
    assert does(run("INSERT DATA { :d :p 1, 3 }"), inserted=":d :p 3")
    assert does(run("DELETE DATA { :d :p 1, 3 }"), deleted=":d :p 1")


def test_what_is_deleted_and_inserted_by_one_operation_stays() -> None:
    change = run("DELETE { ?s :p ?o } INSERT { ?s :p 1, 3 } WHERE { ?s :p ?o }")
    assert does(change, deleted=":d :p 2", inserted=":d :p 3")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { :d :p 3 } ; DELETE DATA { :d :p 3 }",
        "DELETE DATA { :d :p 1 } ; INSERT DATA { :d :p 1 }",
        "DROP ALL ; INSERT DATA { :d :p 1, 2 . GRAPH :g { :a :p 1 } GRAPH :h { :a :p 1, 2 } }",
        "",
    ],
)
def test_operations_that_undo_each_other_change_nothing(text: str) -> None:
    assert not run(text)


def test_an_operation_sees_what_those_before_it_did() -> None:
    text = "INSERT DATA { :e :p 9 } ; DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE { ?s :p ?o } ; CLEAR GRAPH :h"
    change = run(text)
    assert does(change, deleted=":d :p 1, 2 . GRAPH :h { :a :p 1, 2 }", inserted=":d :q 1, 2 . :e :q 9")


def test_an_operation_that_fails_leaves_the_store_as_it_was() -> None:
    database = store(BEFORE)
    with pytest.raises(QueryError, match="is there already"):
        changes.update(database, HEAD + "DROP DEFAULT ; INSERT DATA { :x :y :z } ; CREATE GRAPH :g", OWN)
    assert set(database) == quads(BEFORE)


def test_literals_have_the_form_in_which_the_engine_stores_them() -> None:
    text = 'INSERT DATA { :d :p "01"^^<http://www.w3.org/2001/XMLSchema#integer>, 003 }'
    assert does(run(text), inserted=":d :p 3")
    triples = [ox.Triple(ox.NamedNode("urn:d"), ox.NamedNode("urn:p"), literal("002"))]
    assert does(changes.replace_graph(store(BEFORE), ox.DefaultGraph(), triples, OWN), deleted=":d :p 1")


def literal(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(names.XSD + "integer"))


@pytest.mark.parametrize(
    "written",
    [
        '"+01"^^xsd:integer',
        '"1.50"^^xsd:decimal',
        '"1.0E0"^^xsd:double',
        '"-0.0"^^xsd:float',
        '"1"^^xsd:boolean',
        '"P1Y13M"^^xsd:yearMonthDuration',
        '"2020-01-01T24:00:00+00:00"^^xsd:dateTime',
        '"12:00:00.500"^^xsd:time',
        '"x"@EN-gb',
        '"abc"^^xsd:integer',
    ],
)
def test_a_stored_form_is_stored_as_it_is(written: str) -> None:
    once = ox.Store()
    once.extend(quads(f":a :p {written}"))
    again = ox.Store()
    again.extend(list(once))
    assert set(again) == set(once)


# ---- Data and templates


def test_declarations_add_up_and_replace_earlier_ones() -> None:
    text = "BASE <urn:one:> INSERT DATA { :d :p e:x } ; PREFIX e: <two#> BASE <http://x/y/> INSERT DATA { :d e:p <z> }"
    change = changes.update(ox.Store(), "PREFIX : <urn:> PREFIX e: <urn:e:> " + text, OWN)
    iris = {(q.predicate.value, q.object.value) for q in change.inserted}  # type: ignore[union-attr]
    assert iris == {("urn:p", "urn:e:x"), ("urn:two#p", "http://x/y/z")}


def test_variables_go_by_name_not_by_their_sign() -> None:
    change = run("DELETE { $s :p ?größe } INSERT { ?s :q $größe } WHERE { ?s :p $größe }")
    assert does(change, deleted=":d :p 1, 2", inserted=":d :q 1, 2")


def test_what_looks_like_a_variable_in_a_string_or_comment_is_none() -> None:
    change = run('INSERT { ?s :q "?s" # ?s\n } WHERE { ?s :p 1 }')
    assert does(change, inserted=':d :q "?s"')


def test_escapes_mean_the_character() -> None:
    assert does(run("INSERT { ?\\u0073 :q '\\u00E9\\n' } WHERE { ?s :p 1 }"), inserted=':d :q "é\\n"')


def test_lists_and_nested_nodes_of_a_template_are_made_for_each_row() -> None:
    change = run("INSERT { ?s :q (?o [ :r ?o ]) } WHERE { ?s :p ?o }")
    after = ":d :q (1 [ :r 1 ]), (2 [ :r 2 ])"
    assert canonical(change.inserted) == canonical(quads(after))


def canonical(content: Sequence[ox.Quad] | set[ox.Quad] | ox.Store) -> ox.Dataset:
    dataset = ox.Dataset(content)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def test_a_template_with_blank_nodes_counts_equal_rows() -> None:
    change = run("INSERT { :x :q _:b . _:b :r ?s } WHERE { ?s :p ?o }")
    assert canonical(change.inserted) == canonical(quads(":x :q [ :r :d ], [ :r :d ]"))


def test_a_label_means_one_node_in_data_and_a_new_one_in_the_next_request() -> None:
    database = ox.Store()
    first = changes.update(database, HEAD + "INSERT DATA { _:b :p 1 . GRAPH :g { _:b :p 1 } }", OWN)
    assert len({quad.subject for quad in first.inserted}) == 1
    union.apply(database, first, OWN)
    second = changes.update(database, HEAD + "INSERT DATA { _:b :p 1 }", OWN)
    assert len(second.inserted) == 1
    assert second.inserted[0].subject != first.inserted[0].subject


def test_what_would_be_no_rdf_is_left_out() -> None:
    text = """INSERT { 1 :q ?s . ?o :q ?s . ?s ?o ?s . ?s :q ?unbound . GRAPH ?o { ?s :q 1 } GRAPH ?b { ?s :q 2 }
                       ?s :q "made" } WHERE { ?s :p ?o BIND(BNODE() AS ?b) }"""
    assert does(run(text), inserted=':d :q "made"')
    assert does(run("DELETE { 1 :q ?s . ?s :p ?unbound . ?s :p ?o } WHERE { ?s :p ?o }"), deleted=":d :p 1, 2")


def test_a_template_without_variables_needs_a_row() -> None:
    assert does(run("INSERT { :x :y :z } WHERE {}"), inserted=":x :y :z")
    assert does(run("DELETE { :d :p 1 } WHERE { ?s :p 2 }"), deleted=":d :p 1")
    assert not run("INSERT { :x :y :z } WHERE { :absent ?p ?o }")


def test_a_variable_may_name_the_graph() -> None:
    change = run("DELETE { GRAPH ?g { ?s :p 1 } } INSERT { GRAPH ?g { ?g :was ?s } } WHERE { GRAPH ?g { ?s :p 1 } }")
    deleted = "GRAPH :g { :a :p 1 } GRAPH :h { :a :p 1 }"
    assert does(change, deleted, "GRAPH :g { :g :was :a } GRAPH :h { :h :was :a }")


def test_delete_where_deletes_what_it_matches() -> None:
    assert does(run("DELETE WHERE { ?s :p 1 . GRAPH :h { ?a :p 2 } }"), deleted=":d :p 1 . GRAPH :h { :a :p 2 }")
    assert not run("DELETE WHERE { ?s :p 1 . GRAPH :h { ?a :p 3 } }")


def test_a_pattern_with_exists_selects_what_it_says() -> None:
    text = "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?x ?p ?o . ?x ?p 2 } } }"
    assert does(run(text, ":d :p 1, 3 . GRAPH :h { :a :p 1, 2 }"), deleted=":d :p 3")


# ---- Triple terms


def test_triple_terms_are_filled_where_they_are_turned_on() -> None:
    text = HEAD + "INSERT { << ?s :p ?o >> :by _:b . ?s :says <<( _:b :q <<( ?s :p ?o )>> )>> } WHERE { ?s :p ?o }"
    with pytest.raises(QueryError, match=r"SPARQL 1\.2"):
        changes.update(store(":d :p 1"), text, OWN)
    change = changes.update(store(":d :p 1"), text, OWN, version="1.2")
    expected = "_:r rdf:reifies <<( :d :p 1 )>> ; :by _:b . :d :says <<( _:b :q <<( :d :p 1 )>> )>>"
    assert canonical(change.inserted) == canonical(quads(expected))


def test_triple_terms_that_would_be_no_rdf_are_left_out() -> None:
    text = "INSERT { :x :q <<( ?o :p ?s )>>, <<( 1 :p ?s )>>, <<( ?s :p ?unbound )>>, 1 } WHERE { ?s :p ?o }"
    change = changes.update(store(":d :p 1"), HEAD + text, OWN, version="1.2")
    assert does(change, inserted=":x :q 1")


def test_triple_terms_do_not_grow_without_end() -> None:
    term = "<<( :a :p " * rdf12.MAX_DEPTH + "1" + " )>>" * rdf12.MAX_DEPTH
    database = ox.Store()
    database.update(f"{HEAD} INSERT DATA {{ :a :q {term} }}")
    text = HEAD + "INSERT { :a :r <<( :a :p ?o )>> } WHERE { :a :q ?o }"
    with pytest.raises(QueryError, match="nested deeper than 100"):
        changes.update(database, text, OWN, version="1.2")


# ---- Graphs of an operation


def test_with_names_the_graph_of_pattern_and_templates() -> None:
    change = run(
        "WITH :h DELETE { ?s :p ?o } INSERT { GRAPH :n { ?s :p ?o } } WHERE { ?s :p ?o GRAPH :g { ?s :p ?o } }"
    )
    assert does(change, "GRAPH :h { :a :p 1 }", "GRAPH :n { :a :p 1 }")


def test_using_replaces_with_for_the_pattern_only() -> None:
    change = run("WITH :h DELETE { ?s :p ?o } USING :g WHERE { ?s :p ?o }")
    assert does(change, deleted="GRAPH :h { :a :p 1 }")
    assert not run("WITH :h DELETE { ?s :p ?o } USING NAMED :g WHERE { ?s :p ?o }")


def test_using_hides_the_other_graphs() -> None:
    assert not run("DELETE { ?s :p 2 } USING :g WHERE { ?s :p 2 }")
    assert not run("INSERT { :x :y :z } USING :g WHERE { GRAPH ?g { ?s ?p ?o } }")
    change = run("INSERT { :x :y ?g } USING NAMED :h WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert does(change, inserted=":x :y :h")


def test_several_using_graphs_are_merged_without_duplicates() -> None:
    change = run("INSERT { [] :saw ?o } USING :g USING :h WHERE { ?s :p ?o }")
    assert canonical(change.inserted) == canonical(quads("[] :saw 1 . [] :saw 2"))


@pytest.mark.parametrize("text", ["DELETE { ?s :p ?o } WHERE { ?s :p ?o }", "DELETE WHERE { ?s :p ?o }"])
def test_the_dataset_of_the_request_stands_for_using(text: str) -> None:
    before = ":a :p 1, 2 . GRAPH :g { :a :p 1 }"
    assert does(run(text, before, dataset=Dataset(("urn:g",))), deleted=":a :p 1")
    assert not run(text, before, dataset=Dataset((), ("urn:g",)))


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { :a :b :c } USING :g WHERE {}",
        "INSERT { :a :b :c } USING NAMED :g WHERE {}",
        "CLEAR ALL ; WITH :g INSERT { :a :b :c } WHERE {}",
    ],
)
def test_two_choices_of_graphs_are_refused(text: str) -> None:
    error = refusal(text, Dataset(("urn:g",)))
    assert "the request chooses others" in str(error)
    assert error.place is not None
    assert error.place.column == len(HEAD) + text.index("WITH" if "WITH" in text else "INSERT") + 1


# ---- Whole graphs


@pytest.mark.parametrize("verb", ["CLEAR", "DROP"])
@pytest.mark.parametrize(
    ("target", "deleted"),
    [
        ("DEFAULT", ":d :p 1, 2"),
        ("GRAPH :g", "GRAPH :g { :a :p 1 }"),
        ("NAMED", "GRAPH :g { :a :p 1 } GRAPH :h { :a :p 1, 2 }"),
        ("ALL", BEFORE),
        ("GRAPH :absent", ""),
        ("SILENT GRAPH :absent", ""),
    ],
)
def test_clear_and_drop_delete_what_a_graph_holds(verb: str, target: str, deleted: str) -> None:
    assert does(run(f"{verb} {target}"), deleted)


def test_create_makes_nothing_and_refuses_a_graph_that_is_there() -> None:
    assert not run("CREATE GRAPH :absent ; CREATE SILENT GRAPH :g")
    assert str(refusal("CREATE GRAPH :g")) == "The graph <urn:g> is there already."


@pytest.mark.parametrize(
    ("text", "deleted", "inserted"),
    [
        ("ADD :g TO :h", "", ""),
        ("ADD :h TO :g", "", "GRAPH :g { :a :p 2 }"),
        ("ADD DEFAULT TO GRAPH :n", "", "GRAPH :n { :d :p 1, 2 }"),
        ("COPY :g TO :h", "GRAPH :h { :a :p 2 }", ""),
        ("COPY :h TO DEFAULT", ":d :p 1, 2", ":a :p 1, 2"),
        ("MOVE :g TO :h", "GRAPH :h { :a :p 2 } GRAPH :g { :a :p 1 }", ""),
        ("MOVE DEFAULT TO :n", ":d :p 1, 2", "GRAPH :n { :d :p 1, 2 }"),
        ("ADD :g TO :g ; COPY :g TO :g ; MOVE :g TO :g ; MOVE DEFAULT TO DEFAULT", "", ""),
    ],
)
def test_add_copy_and_move(text: str, deleted: str, inserted: str) -> None:
    assert does(run(text), deleted, inserted)


@pytest.mark.parametrize("verb", ["ADD", "COPY", "MOVE"])
def test_a_misspelled_source_empties_no_graph(verb: str) -> None:
    error = refusal(f"{verb} :absent TO :g")
    assert str(error) == f"There is no graph <urn:absent> to {verb}."
    assert not run(f"{verb} SILENT :absent TO :g")


def test_an_empty_default_graph_can_be_copied() -> None:
    before = "GRAPH :g { :a :p 1 }"
    assert does(run("COPY DEFAULT TO :g", before), deleted=before)


# ---- Refusals


def test_queries_and_what_calls_out_are_refused() -> None:
    assert "This is a query" in str(refusal("SELECT * {}"))
    assert "LOAD is not allowed" in str(refusal("CLEAR ALL ; LOAD <urn:x>"))
    assert "SERVICE is not allowed" in str(refusal("DELETE { ?s ?p ?o } WHERE { SERVICE <urn:x> { ?s ?p ?o } }"))


@pytest.mark.parametrize(
    ("text", "wrong", "message"),
    [
        (
            "CLEAR ALL ;\nINSERT DATA { :a :p :o, 1 .\n 2 :p :o }",
            "2 :p",
            "A literal cannot be the subject of a triple.",
        ),
        ("CLEAR ALL ;\nCOPY :g TO\n <rel>", "<rel>", "<rel> cannot name a graph: No scheme found in an absolute IRI."),
        ("INSERT { ?s :p '''\n''', ?o } USING <rel> WHERE {}", "<rel>", "<rel> cannot name a graph: No scheme found"),
    ],
)
def test_errors_tell_the_place_in_the_whole_text(text: str, wrong: str, message: str) -> None:
    error = refusal(text)
    lines = (HEAD + text).splitlines()
    line = next(number for number, line in enumerate(lines, 1) if wrong in line)
    assert str(error).startswith(message)
    assert error.place is not None
    assert (error.place.line, error.place.column) == (line, lines[line - 1].index(wrong) + 1)


@pytest.mark.parametrize("text", ["INSERT DATA { :a :p <rel> }", "INSERT { ?s :p <rel> } WHERE { ?s :p :o }"])
def test_what_only_the_engine_finds_is_told_with_its_line(text: str) -> None:
    error = refusal(f"CLEAR ALL ;\n{text}")
    assert error.place is not None
    assert (error.place.line, error.place.excerpt) == (2, text)
    assert 1 <= (error.place.column or 0) - text.index("<rel>") <= len("<rel>") + 1


def test_what_the_engine_cannot_evaluate_is_told() -> None:
    assert "<urn:f> is not supported" in str(refusal("INSERT { ?s :p ?x } WHERE { ?s :p ?o BIND(:f(?o) AS ?x) }"))


# ---- The default graph as a union


def test_what_is_written_to_a_union_goes_to_its_own_graph() -> None:
    own = f"GRAPH <{names.OWN_GRAPH}>"
    assert does(run("INSERT DATA { :a :p 1, 9 }", policy=UNION, before=UNITED), inserted=f"{own} {{ :a :p 1, 9 }}")
    assert does(run("DELETE DATA { :d :p 1 . :a :p 2 }", policy=UNION, before=UNITED), deleted=f"{own} {{ :d :p 1 }}")
    assert does(run("CLEAR DEFAULT", policy=UNION, before=UNITED), deleted=f"{own} {{ :d :p 1 }}")
    assert does(run("COPY :g TO DEFAULT", policy=UNION, before=UNITED), f"{own} {{ :d :p 1 }}", f"{own} {{ :a :p 1 }}")


UNITED = f"""GRAPH <{names.OWN_GRAPH}> {{ :d :p 1 }} GRAPH :g {{ :a :p 1 }} GRAPH :h {{ :a :p 1, 2 }}
             GRAPH <{SUGGESTED}> {{ :s :p 1 }}"""


def test_patterns_see_the_union() -> None:
    change = run("INSERT { GRAPH :n { ?s :q ?o } } WHERE { ?s :p ?o }", policy=UNION, before=UNITED)
    assert does(change, inserted="GRAPH :n { :d :q 1 . :a :q 1, 2 }")
    change = run("ADD DEFAULT TO :n", policy=UNION, before=UNITED)
    assert does(change, inserted="GRAPH :n { :d :p 1 . :a :p 1, 2 }")


def test_a_pattern_over_the_union_deletes_from_its_own_graph_only() -> None:
    change = run("DELETE WHERE { ?s ?p ?o }", policy=UNION, before=UNITED)
    assert does(change, deleted=f"GRAPH <{names.OWN_GRAPH}> {{ :d :p 1 }}")


def test_clear_named_leaves_what_was_written_to_the_default_graph() -> None:
    named = f"GRAPH :g {{ :a :p 1 }} GRAPH :h {{ :a :p 1, 2 }} GRAPH <{SUGGESTED}> {{ :s :p 1 }}"
    assert does(run("CLEAR NAMED", policy=UNION, before=UNITED), deleted=named)
    assert does(run("DROP ALL", policy=UNION, before=UNITED), deleted=UNITED)


def test_moving_the_default_graph_moves_its_own_graph_and_copies_the_rest() -> None:
    change = run("MOVE DEFAULT TO :n", policy=UNION, before=UNITED)
    own = f"GRAPH <{names.OWN_GRAPH}> {{ :d :p 1 }}"
    assert does(change, own, "GRAPH :n { :d :p 1 . :a :p 1, 2 }")
    assert not run(f"MOVE DEFAULT TO <{names.OWN_GRAPH}>", policy=UNION, before=UNITED)


def test_a_later_operation_sees_the_union_of_what_earlier_ones_left() -> None:
    text = "CLEAR GRAPH :h ; INSERT { GRAPH :n { ?s :q ?o } } WHERE { ?s :p ?o }"
    change = run(text, policy=UNION, before=UNITED)
    assert does(change, "GRAPH :h { :a :p 1, 2 }", "GRAPH :n { :d :q 1 . :a :q 1 }")


# ---- Graph store protocol


def triples(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in quads(text)]


@pytest.mark.parametrize(
    ("write", "deleted", "inserted"),
    [
        (changes.replace_graph, "GRAPH :h { :a :p 2 }", "GRAPH :h { :a :p 3 }"),
        (changes.extend_graph, "", "GRAPH :h { :a :p 3 }"),
    ],
)
def test_a_graph_is_replaced_or_extended(
    write: Callable[[ox.Store, ox.NamedNode, list[ox.Triple], DefaultGraph], Change], deleted: str, inserted: str
) -> None:
    change = write(store(BEFORE), ox.NamedNode("urn:h"), triples(":a :p 1, 3"), OWN)
    assert does(change, deleted, inserted)


def test_a_graph_is_dropped() -> None:
    assert does(changes.drop_graph(store(BEFORE), ox.NamedNode("urn:h"), OWN), deleted="GRAPH :h { :a :p 1, 2 }")
    assert not changes.drop_graph(store(BEFORE), ox.NamedNode("urn:absent"), OWN)


def test_the_default_graph_of_a_union_is_replaced_in_its_own_graph() -> None:
    change = changes.replace_graph(store(UNITED, UNION), ox.DefaultGraph(), triples(":a :p 1"), UNION)
    own = f"GRAPH <{names.OWN_GRAPH}>"
    assert does(change, f"{own} {{ :d :p 1 }}", f"{own} {{ :a :p 1 }}")


# ---- Applying


def test_a_graph_that_loses_its_last_triple_is_no_longer_named() -> None:
    database = store(BEFORE)
    union.apply(database, Change(list(quads("GRAPH :g { :a :p 1 } GRAPH :h { :a :p 2 }"))), OWN)
    assert set(database.named_graphs()) == {ox.NamedNode("urn:h")}


# ---- Compared with the engine

IRIS = st.sampled_from([":a", ":b", ":c"])
PREDICATES = st.sampled_from([":p", ":q"])
GRAPHS = st.sampled_from([":g", ":h", ":n"])
OBJECTS = st.sampled_from([":a", ":b", "1", "01", "1.0", '"x"', '"x"@en', "true"])
LABELS = st.sampled_from(["_:x", "_:y"])


def triple(
    subject: st.SearchStrategy[str], predicate: st.SearchStrategy[str], object_: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.tuples(subject, predicate, object_).map(lambda parts: " ".join(parts) + " .")


def block(triples_: st.SearchStrategy[str], graphs: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(triples_, min_size=1, max_size=3).map(" ".join)
    named = st.tuples(graphs, inside).map(lambda parts: f"GRAPH {parts[0]} {{ {parts[1]} }}")
    return st.lists(st.one_of(inside, named), min_size=1, max_size=3).map(" ".join)


DATA = block(triple(IRIS | LABELS, PREDICATES, OBJECTS | LABELS), GRAPHS)
GROUND = block(triple(IRIS, PREDICATES, OBJECTS), GRAPHS)
VARIABLES = st.sampled_from(["?s", "?p", "?o", "?x"])
DELETES = block(triple(VARIABLES | IRIS, VARIABLES | PREDICATES, VARIABLES | OBJECTS), GRAPHS | st.just("?g"))
NEW = st.sampled_from(["_:x", "[]", "[ :q ?o ]", "(?s 1)"])
INSERTS = block(
    triple(VARIABLES | IRIS | NEW, VARIABLES | PREDICATES, VARIABLES | OBJECTS | NEW), GRAPHS | st.just("?g")
)
PATTERNS = st.sampled_from(
    [
        "?s ?p ?o",
        "?s :p ?o",
        "?s ?p 1",
        "GRAPH ?g { ?s ?p ?o }",
        "GRAPH :g { ?s ?p ?o }",
        "?s ?p ?o OPTIONAL { GRAPH ?g { ?o ?x ?s } }",
        "{ ?s :p ?o } UNION { GRAPH ?g { ?s :q ?o } }",
        "?s ?p ?o FILTER NOT EXISTS { ?o ?x ?s }",
        "VALUES (?s ?p) { (:a :p) (UNDEF :q) } ?s ?p ?x",
        "SELECT ?s (COUNT(*) AS ?o) { ?s ?p ?any } GROUP BY ?s",
        "",
    ]
)
WITH = st.sampled_from(["", "", "WITH :g ", "WITH :n "])
USING = st.sampled_from(["", "", "", "USING :h ", "USING NAMED :g ", "USING :g USING NAMED :h USING NAMED :n "])
MODIFY = st.tuples(WITH, st.none() | DELETES, st.none() | INSERTS, USING, PATTERNS).filter(lambda p: p[1] or p[2])
PLACES = GRAPHS | st.just("DEFAULT")
TARGETS = st.sampled_from(["DEFAULT", "NAMED", "ALL", "GRAPH :g", "GRAPH :h"])
OPERATIONS = st.one_of(
    DATA.map("INSERT DATA {{ {} }}".format),
    GROUND.map("DELETE DATA {{ {} }}".format),
    DELETES.map("DELETE WHERE {{ {} }}".format),
    MODIFY.map(
        lambda parts: (
            parts[0]
            + (f"DELETE {{ {parts[1]} }} " if parts[1] else "")
            + (f"INSERT {{ {parts[2]} }} " if parts[2] else "")
            + f"{parts[3]}WHERE {{ {parts[4]} }}"
        )
    ),
    st.tuples(st.sampled_from(["CLEAR", "DROP"]), TARGETS).map(" SILENT ".join),
    st.tuples(st.sampled_from(["ADD", "COPY", "MOVE"]), PLACES, PLACES).map(lambda p: f"{p[0]} {p[1]} TO {p[2]}"),
)


def possible(database: ox.Store, operation: str) -> bool:
    """Not ADD, COPY or MOVE from a graph without triples, with which the engine succeeds."""
    verb, source, *_ = operation.split()
    graph = ox.NamedNode(f"urn:{source[1:]}") if verb in {"ADD", "COPY", "MOVE"} and source != "DEFAULT" else None
    return graph is None or any(database.quads_for_pattern(None, None, None, graph))


@settings(deadline=None, max_examples=300)
@given(data=DATA, operations=st.lists(OPERATIONS, min_size=1, max_size=4))
def test_any_request_does_what_the_engine_does(data: str, operations: list[str]) -> None:
    before = quads(data)
    expected, database = ox.Store(), ox.Store()
    expected.extend(before)
    database.extend(before)
    stored = set(database)
    done: list[str] = []
    for number, operation in enumerate(operations):
        if possible(expected, operation):
            done.append(operation.replace("_:", f"_:n{number}"))  # a label belongs to one INSERT DATA
            expected.update(HEAD + done[-1])
    change = changes.update(database, HEAD + " ; ".join(done), OWN)
    assert set(database) == stored
    assert set(change.deleted) <= stored
    assert stored.isdisjoint(change.inserted)
    union.apply(database, change, OWN)
    assert canonical(database) == canonical(expected)
    assert set(database.named_graphs()) == {q.graph_name for q in database} - {ox.DefaultGraph()}
    union.apply(database, change.reversed(), OWN)
    assert set(database) == stored


UNION_GRAPHS = st.sampled_from([":g", ":h", f"<{names.OWN_GRAPH}>", f"<{SUGGESTED}>"])
UNION_DATA = block(triple(IRIS, PREDICATES, OBJECTS), UNION_GRAPHS)
UNION_OPERATIONS = (
    OPERATIONS | UNION_DATA.map("INSERT DATA {{ {} }}".format) | UNION_DATA.map("DELETE DATA {{ {} }}".format)
)


@settings(deadline=None, max_examples=150)
@given(operations=st.lists(UNION_OPERATIONS, min_size=1, max_size=6))
def test_the_default_graph_stays_the_union_of_the_published_graphs(operations: list[str]) -> None:
    database = ox.Store()
    for operation in operations:
        if not possible(database, operation):
            continue
        before = set(database)
        change = changes.update(database, HEAD + operation, UNION)
        assert set(database) == before
        assert set(change.deleted) <= before
        assert before.isdisjoint(change.inserted)
        union.apply(database, change, UNION)
        named = {quad for quad in database if quad.graph_name != ox.DefaultGraph()}
        assert named == {q for q in before if q.graph_name != ox.DefaultGraph()} - set(change.deleted) | set(
            change.inserted
        )
        published = {quad.triple for quad in named if quad.graph_name != ox.NamedNode(SUGGESTED)}
        assert {q.triple for q in database.quads_for_pattern(None, None, None, ox.DefaultGraph())} == published
