"""Stage 3: what follows from the statements, by the rules in `ontology/rules/`.

They are those of OWL 2 RL that queries rely on
(https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules) and our own.
"""

from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

from . import grammar, schema
from .errors import OntologyError


def materialise(triples: Iterable[ox.Triple], rules: Mapping[str, str] | None = None) -> list[ox.Triple]:
    """What follows from the triples by the rules and is not among them, sorted."""
    store = ox.Store()
    store.extend(_quads(triples))
    return sorted(close(store, rules), key=str)


def close(store: ox.Store, rules: Mapping[str, str] | None = None) -> set[ox.Triple]:
    """Add to the default graph of a store what follows from it and was not in it, which is also returned.

    The rules (those of the ontology folder if none are given) run in turn until none adds anything, so each must
    be monotone (more triples never take a conclusion away) and make no blank nodes (there would always be new
    ones). Raises OntologyError where one is no SPARQL.
    """
    rules = schema.rules() if rules is None else rules
    derived: set[ox.Triple] = set()
    while new := {triple for name in rules for triple in _apply(name, rules[name], store)}:
        derived |= new
    return derived


def _apply(name: str, rule: str, store: ox.Store) -> set[ox.Triple]:
    """Add the rule's new conclusions to the store at once, so that the next rule sees them."""
    try:
        results = store.query(rule)
    except SyntaxError as error:
        raise grammar.explain_file(rule, error, f"ontology/rules/{name}.rq", "rule", OntologyError) from None
    if not isinstance(results, ox.QueryTriples):
        hint = "Write what follows as CONSTRUCT { … } WHERE { … }."
        raise OntologyError(f"ontology/rules/{name}.rq is no CONSTRUCT query.", hint=hint)
    conclusions = set(results)
    new = {triple for triple in conclusions if ox.Quad(*triple) not in store}
    store.extend(_quads(new))
    return new


def _quads(triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
