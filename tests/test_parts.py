"""Patterns without one of their parts: the text that remains, and what depends on the part."""

from importlib.resources import files

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar, parts


def written(text: str, version: grammar.Version = "1.1") -> tuple[parts.Writer, grammar.Query, list[parts.Part]]:
    query = grammar.parse("PREFIX ex: <http://example.org/> ASK " + text, version=version)
    group = max(query.tree.find_data("group_graph_pattern"), key=lambda node: node.meta.end_pos - node.meta.start_pos)
    return parts.Writer(query.source), query, parts.parts_of(group)


@pytest.mark.parametrize(
    ("left_out", "rest"),
    [
        ("1", "{ ?s ex:p [ ex:q ?y ; ex:r 2 ] ; ex:s (1 2) . [ a ex:A ] ex:t 4 FILTER(?y = 1 && ?y < 3) }"),
        ("?y", "{ ?s ex:p 1, [ ex:r 2 ] ; ex:s (1 2) . [ a ex:A ] ex:t 4 FILTER(?y = 1 && ?y < 3) }"),
        ("(1 2)", "{ ?s ex:p 1, [ ex:q ?y ; ex:r 2 ] . [ a ex:A ] ex:t 4 FILTER(?y = 1 && ?y < 3) }"),
        ("ex:A", "{ ?s ex:p 1, [ ex:q ?y ; ex:r 2 ] ; ex:s (1 2) . [  ] ex:t 4 FILTER(?y = 1 && ?y < 3) }"),
        ("4", "{ ?s ex:p 1, [ ex:q ?y ; ex:r 2 ] ; ex:s (1 2) . [ a ex:A ] FILTER(?y = 1 && ?y < 3) }"),
        ("?y < 3", "{ ?s ex:p 1, [ ex:q ?y ; ex:r 2 ] ; ex:s (1 2) . [ a ex:A ] ex:t 4 FILTER(?y = 1 && (true)) }"),
    ],
)
def test_the_rest_is_as_it_was_written(left_out: str, rest: str) -> None:
    text = "{ ?s ex:p 1, [ ex:q ?y ; ex:r 2 ] ; ex:s (1 2) . [ a ex:A ] ex:t 4 FILTER(?y = 1 && ?y < 3) }"
    writer, query, found = written(text)
    (part,) = (each for each in found if writer.slice(each.node) == left_out)
    remaining = writer.write(query.tree, parts.drop([part])).split(" ASK ")[1]
    assert " ".join(remaining.split()) == " ".join(rest.split())
    ox.Store().query(writer.write(query.tree, parts.drop([part])))


def test_conditions_go_with_the_only_part_that_gives_their_variable_a_value() -> None:
    text = "{ ?s ex:p ?x ; ex:q ?y . ?y ex:r ?z BIND(STR(?z) AS ?t) FILTER(?t = 'a') FILTER(?y = 1) FILTER(?x = 1) }"
    writer, query, found = written(text)
    group = next(iter(query.tree.find_data("group_graph_pattern")))
    lost = {
        writer.slice(part.node): [writer.slice(orphan.node) for orphan in parts.orphans(group, part, found)]
        for part in found
        if isinstance(part, parts.Triple)
    }
    assert lost == {"?x": ["(?x = 1)"], "?y": [], "?z": ["(?t = 'a')"]}


def test_every_part_can_be_left_out_of_every_shipped_query() -> None:
    texts = [path.read_text("utf-8") for path in (files("itu_align.ontology") / "questions").iterdir()]
    for query in (grammar.parse(text) for text in texts if "PREFIX" in text):
        writer = parts.Writer(query.source)
        for group in query.tree.find_data("group_graph_pattern"):
            found = parts.parts_of(group)
            assert writer.write(group, parts.NO_EDITS) == writer.slice(group)
            for part in found:
                ox.Store().query(writer.write(query.tree, parts.drop([part])))
                others = [other for other in found if other is not part]
                ox.Store().query(writer.write(query.tree, parts.drop(others)))


@pytest.mark.parametrize(
    ("left_out", "rest"),
    [
        (0, "{ ?s ex:p 2 ~?r ; ex:q 3 . <<?a ex:b ?c>> ex:d <<( ex:e ex:f 4 )>> }"),
        (1, "{ ?s ex:p 1 {| ex:x ?y |} ; ex:q 3 . <<?a ex:b ?c>> ex:d <<( ex:e ex:f 4 )>> }"),
        (2, "{ ?s ex:p 1 {| ex:x ?y |}, 2 ~?r . <<?a ex:b ?c>> ex:d <<( ex:e ex:f 4 )>> }"),
        (3, "{ ?s ex:p 1 {| ex:x ?y |}, 2 ~?r ; ex:q 3 . <<?a ex:b ?c>> }"),
    ],
)
def test_an_annotation_goes_with_its_value(left_out: int, rest: str) -> None:
    text = "ASK { ?s ex:p 1 {| ex:x ?y |}, 2 ~?r ; ex:q 3 . <<?a ex:b ?c>> ex:d <<( ex:e ex:f 4 )>> }"
    query = grammar.parse("PREFIX ex: <http://example.org/> " + text, version="1.2")
    (group,) = query.tree.find_data("group_graph_pattern")
    assert parts.Writer(query.source).write(group, parts.drop([parts.parts_of(group)[left_out]])) == rest
