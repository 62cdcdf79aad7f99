"""Why a triple, a GRAPH, a VALUES or another whole part leaves nothing; conditions are in conditions.py."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

import pyoxigraph as ox
from lark import Tree

from . import hints
from .conditions import condition
from .findings import Change, Context, Counted, Example, Reason, name_of_term, nearest_value, same_kind
from .names import RDF
from .parts import Kind, Part, Piece, Triple
from .probe import PROPERTY, VALUE, Frame
from .rules import Node, name_of
from .terms import Term

_LIKE: Final = 0.6
_FEW: Final = 3
_SOME: Final = 20
_STEPS: Final = "path_sequence"


def reason(context: Context, part: Part) -> Reason:
    """Why a part leaves nothing in its context."""
    return _triple(context, part) if isinstance(part, Triple) else _REASONS[part.kind](context, part)


def _triple(context: Context, part: Triple) -> Reason:
    values = context.values(VALUE, {id(part.node): VALUE})
    if not values:
        return _other_direction(context, part) or _other_properties(context, part)
    asked = context.term(part.node)
    return _no_join(context, part, values) if asked is None else _other_values(context, part, asked, values)


def _other_values(context: Context, part: Triple, asked: Term, values: Counted) -> Reason:
    """The property is there, with other values than this constant."""
    examples = context.examples(_verb(context, part), _by_name(asked, values))
    if found := context.similar(asked, VALUE, {id(part.node): VALUE}):
        return context.spelling(part.node, asked, found, examples)
    sentence = f"{_verb(context, part)} has other values here, not this one."
    if _is_type(context, part):
        sentence = f"{_subject(context, part)} is of other classes here, not of this one."
    elif not any(same_kind(asked, term) for term, _ in values):
        sentence += f" They are written like {min((context.prologue.write(term) for term, _ in values), key=len)}."
    if near := _meant(context, part, asked, values):
        return context.advice(part.node, sentence, near, examples)
    return _leading(context, part, sentence, examples)


def _meant(context: Context, part: Triple, asked: Term, values: Counted) -> Term | None:
    """The value or class that was probably meant."""
    if not _is_type(context, part):
        return _like(context, asked, values, "thing")
    near = _like(context, asked, values, "class")
    if near is not None or not isinstance(asked, ox.NamedNode):
        return near
    return None if hints.is_used(context.probe.store, asked.value, "class") else _known(context, asked, "class")


def _known(context: Context, asked: ox.NamedNode, position: hints.Position) -> ox.NamedNode | None:
    """The nearest property or class that the graph uses anywhere."""
    near = context.probe.vocabulary.nearest(asked.value, position)
    return ox.NamedNode(near) if near else None


def _like(context: Context, asked: Term, values: Counted, position: hints.Position) -> Term | None:
    """The value with the nearest name; an IRI that the graph uses elsewhere is not misspelled."""
    terms = [term for term, _ in values]
    if not isinstance(asked, ox.NamedNode):
        return nearest_value(asked, terms)
    if hints.is_used(context.probe.store, asked.value, position):
        return None
    return nearest_value(asked, terms) or nearest_value(asked, terms, any_number=True)


def _no_join(context: Context, part: Triple, values: Counted) -> Reason:
    """The property has values, but not those that the variable or the brackets have elsewhere."""
    examples = context.examples(_verb(context, part), values)
    if not _is_variable(part.node):
        return Reason(f"No value of {_verb(context, part)} fits what is asked of it.", examples)
    variable = context.text(part.node)
    elsewhere = context.without(part).values(variable)
    verb, alike = _verb(context, part), _alike(values, elsewhere)
    examples += context.examples(f"{variable} elsewhere", elsewhere)
    if alike is not None:
        here, there = map(context.prologue.write, alike)
        sentence = f"{verb} has {here}; in the rest of the query {variable} is {there}."
        return Reason(f"{sentence} With a variable for each, FILTER(STR(?a) = STR(?b)) compares their texts.", examples)
    sentence = f"{variable} has other values in the rest of the query than {verb} has."
    if not {term for term, _ in values}.isdisjoint(term for term, _ in elsewhere):
        sentence = f"No value of {variable} fits {verb} and the rest of the query at once."
    return _leading(context, part, sentence, examples)


def _alike(values: Counted, elsewhere: Counted) -> tuple[Term, Term] | None:
    """Two texts that read the same and are not, where no term is in both."""
    there = {term.value: term for term, _ in elsewhere if isinstance(term, ox.Literal)}
    here = [term for term, _ in values if isinstance(term, ox.Literal)]
    pairs = [(term, there[term.value]) for term in here if term.value in there]
    return pairs[0] if pairs and all(one != other for one, other in pairs) else None


def _other_direction(context: Context, part: Triple) -> Reason | None:
    """The same property the other way round."""
    verb = _verb(context, part)
    if _is_variable(part.verb):
        return None
    inverse = f"^{verb}" if not isinstance(part.verb, Tree) or part.verb.data == "iri" else f"^({verb})"
    if not context.holds({id(part.verb): inverse}):
        return None
    turned = f"{context.text(part.node)} {verb} {_subject(context, part)}"
    return Reason(f"It holds in the other direction: {turned}.", change=Change(part.verb, inverse))


def _other_properties(context: Context, part: Triple) -> Reason:
    """The subjects, or what they lead to, have no such property, but others."""
    before, step = _failing_step(context, part)
    verb = " / ".join(before) or PROPERTY
    node = f"[ {PROPERTY} {VALUE} ]" if before else VALUE
    asked = context.term(step)
    properties = context.values(PROPERTY, {id(part.verb): verb, id(part.node): node})
    if not properties:
        return _no_subject(context, part)
    holder = f"What {'/'.join(before)} leads to" if before else _subject(context, part)
    sentence = f"{holder} has no {context.text(step)}."
    if not isinstance(asked, ox.NamedNode):
        return Reason(sentence, context.examples(holder, properties))
    near = nearest_value(asked, (term for term, _ in properties))
    if not hints.is_used(context.probe.view.store, asked.value, "property"):
        sentence = f"No statement has the property {context.text(step)}."
        near = near or _known(context, asked, "property")
    examples = context.examples(holder, _by_name(asked, properties))
    if near is not None:
        return context.advice(step, sentence, near, examples)
    return _leading(context, part, sentence, examples) if step is part.verb else Reason(sentence, examples)


def _leading(context: Context, part: Triple, sentence: str, examples: tuple[Example, ...]) -> Reason:
    """The properties that do lead from this subject to this value, where it is one that is known otherwise."""
    name = context.text(part.node)
    known = context.term(part.node) is not None or bool(context.without(part).values(name))
    leading = context.values(PROPERTY, {id(part.verb): PROPERTY}) if known and not _is_type(context, part) else []
    if not 1 <= len(leading) <= _FEW:
        return Reason(sentence, examples)
    names = " or ".join(context.show(term) for term, _ in leading)
    sentence = f"{sentence} From {_subject(context, part)} to {name} leads {names}."
    change = Change(part.verb, context.prologue.write(leading[0][0])) if len(leading) == 1 else None
    return Reason(sentence, examples, change)


def _failing_step(context: Context, part: Triple) -> tuple[list[str], Piece]:
    """The steps of a path that lead somewhere, and the one behind them that does not."""
    if not isinstance(part.verb, Tree) or part.verb.data != _STEPS:
        return [], part.verb
    before: list[str] = []
    steps = [child for child in part.verb.children if child != "/"]
    for step in steps[:-1]:
        tried = [*before, context.text(step)]
        if not context.holds({id(part.verb): " / ".join(tried), id(part.node): VALUE}):
            return before, step
        before = tried
    return before, steps[-1]


def _by_name(asked: Term, values: Counted) -> Counted:
    """The values with those first whose names are like the one that was asked for."""

    def rank(pair: tuple[Term, int]) -> float:
        ratio = SequenceMatcher(None, name_of_term(asked).lower(), name_of_term(pair[0]).lower()).ratio()
        return -ratio if ratio >= _LIKE else 0

    return sorted(values, key=rank)


def _no_subject(context: Context, part: Triple) -> Reason:
    """Nothing is said about the subject at all."""
    term = context.term(part.subject)
    if isinstance(term, ox.NamedNode):
        near = hints.nearest_term(context.probe.view.store, term.value, "thing")
        sentence = f"No statement is about {_subject(context, part)}."
        return context.advice(part.subject, sentence, ox.NamedNode(near) if near else None)
    if not _is_variable(part.subject):
        return Reason("Nothing fits the pattern in brackets.")
    subject = _subject(context, part)
    elsewhere = context.without(part).values(subject)
    examples = context.examples(f"{subject} elsewhere", elsewhere)
    if elsewhere and all(isinstance(found, ox.Literal) for found, _ in elsewhere):
        return Reason(f"{subject} is a text or number in the rest of the query; these have no properties.", examples)
    return Reason(f"Nothing is said about what {subject} is in the rest of the query.", examples)


def _graph(context: Context, part: Part) -> Reason:
    """The pattern does not stand in that graph, or not in one."""
    name = part.tree.children[1]
    term = context.term(name)
    if not isinstance(term, ox.NamedNode):
        return Reason("No named graph holds the whole pattern; taken together they do.")
    graphs = context.values("?why_graph", {id(name): "?why_graph"})
    examples = context.examples("GRAPH", graphs)
    if context.probe.view.store.contains_named_graph(term):
        change = Change(name, context.prologue.write(graphs[0][0])) if len(graphs) == 1 else None
        return Reason(f"The graph {context.text(name)} does not hold this pattern.", examples, change)
    known = hints.nearest_term(context.probe.view.store, term.value, "graph")
    near = ox.NamedNode(known) if known else None
    return context.advice(name, f"There is no graph {context.text(name)}.", near, examples)


def _values(context: Context, part: Part) -> Reason:
    """None of the given values is there."""
    columns = list(_columns(part.tree))
    if not any(constants for _, constants in columns):
        return Reason("This VALUES has no row, so nothing fits it.")
    rest = context.without(part)
    examples: tuple[Example, ...] = ()
    for variable, constants in columns[:_FEW]:
        values = rest.values(variable)
        examples += rest.examples(variable, values)
        for node in constants[:_SOME]:
            if (found := _misspelled(context, rest, node, variable, values)) is not None:
                return replace(found, examples=examples)
    names = " and ".join(variable for variable, _ in columns)
    return Reason(f"The rest of the query has other values of {names}.", examples)


def _misspelled(context: Context, rest: Context, node: Node, variable: str, values: Counted) -> Reason | None:
    """A constant of VALUES that is written like a value of its variable, where that one would do."""
    asked = context.term(node)
    if asked is None:
        return None
    if (found := rest.similar(asked, variable)) is not None:
        mended = context.spelling(node, asked, found)
    else:
        sentence = f"{context.text(node)} is no value of {variable} in the rest of the query."
        mended = context.advice(node, sentence, _like(context, asked, values, "thing"))
    return mended if mended.change and context.holds({id(node): mended.change.text}) else None


def _columns(values: Node) -> Iterator[tuple[str, list[Node]]]:
    """Each variable of a VALUES with the constants below it."""
    block = values.children[1]
    assert isinstance(block, Tree)  # noqa: S101 - after the grammar
    trees = [child for child in block.children if isinstance(child, Tree)]
    names = [tree for tree in trees if tree.data == "var"]
    rows = [[tree] for tree in trees if tree.data not in {"var", "inline_data_row"}]
    rows += [
        [cell for cell in tree.children if isinstance(cell, Tree)] for tree in trees if tree.data == "inline_data_row"
    ]
    for index, name in enumerate(names):
        yield f"?{name_of(name)}", [row[index] for row in rows]


def _bind(context: Context, part: Part) -> Reason:
    value, target = (child for child in part.tree.children if isinstance(child, Tree))
    name = context.text(target)
    rest = context.without(part)
    made = rest.examples(context.text(value), rest.values(context.text(value)))
    return Reason(f"The rest of the query has other values of {name}.", made + rest.examples(name, rest.values(name)))


def _select(context: Context, part: Part) -> Reason:
    if context.probe.holds(Frame(part.tree, context.frame.graph)):
        return Reason("The sub-select has results, but none fits the rest of the query.")
    return Reason("Its pattern has solutions, but its HAVING, LIMIT or OFFSET lets none through.")


def _sentence(sentence: str) -> Callable[[Context, Part], Reason]:
    """The same for all parts of a kind."""
    return lambda _context, _part: Reason(sentence)


_REASONS: Final[Mapping[Kind, Callable[[Context, Part], Reason]]] = {
    Kind.CONDITION: condition,
    Kind.MINUS: _sentence("MINUS takes all solutions away: each has a partner in its pattern."),
    Kind.VALUES: _values,
    Kind.BIND: _bind,
    Kind.GRAPH: _graph,
    Kind.SELECT: _select,
    Kind.UNION: _sentence("The alternatives have solutions, but none fits the rest of the query."),
}


def _verb(context: Context, part: Triple) -> str:
    return context.text(part.verb)


def _subject(context: Context, part: Triple) -> str:
    """The subject in a sentence."""
    text = context.text(part.subject)
    return text if isinstance(part.subject, Tree) and part.subject.data in {"var", "iri"} else "What is in brackets"


def _is_variable(piece: Piece) -> bool:
    return isinstance(piece, Tree) and piece.data == "var"


def _is_type(context: Context, part: Triple) -> bool:
    """Whether the property is `a`."""
    return part.verb == "a" or context.term(part.verb) == ox.NamedNode(RDF + "type")
