"""The grammar against the W3C's texts: what is SPARQL 1.1 parses, what is not is refused, and the engine agrees."""

import pyoxigraph as ox
import pytest
from itu_align.graph import grammar, guard, rules
from itu_align.graph.errors import QueryError
from w3c import NEEDS_SUITE, SyntaxCase, syntax_cases

CASES = syntax_cases()
pytestmark = NEEDS_SUITE


def is_read(text: str) -> bool:
    try:
        grammar.parse(text)
    except QueryError as error:
        return not (error.place and error.hint)
    return True


def engine_reads(case: SyntaxCase) -> bool:
    store = ox.Store()
    try:
        if case.is_update:
            store.update(case.text, base_iri=case.path.as_uri())
        else:
            store.query(case.text, base_iri=case.path.as_uri())
    except SyntaxError:
        return False
    except (RuntimeError, OSError, ValueError):
        return True
    return True


def calls_out(text: str) -> bool:
    try:
        nodes = rules.walk(grammar.parse(text).tree)
    except QueryError:
        return False
    return any(node.data in {"load", "service_graph_pattern"} for node in nodes)


def test_the_suites_are_whole() -> None:
    assert len([case for case in CASES if not case.valid]) >= 44
    assert len([case for case in CASES if case.valid]) >= 300


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_text_is_judged_as_the_suite_says(case: SyntaxCase) -> None:
    assert is_read(case.text) == case.valid


@pytest.mark.parametrize("case", [case for case in CASES if not calls_out(case.text)], ids=str)
def test_the_engine_agrees(case: SyntaxCase) -> None:
    assert is_read(case.text) == engine_reads(case)


@pytest.mark.parametrize("case", [case for case in CASES if calls_out(case.text)], ids=str)
def test_what_calls_other_servers_parses_and_is_refused(case: SyntaxCase) -> None:
    with pytest.raises(QueryError, match=r"(SERVICE|LOAD) is not allowed"):
        guard.check(grammar.parse(case.text))
