"""Why a condition leaves nothing: what the values are that it tests, and how it would hold."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyoxigraph as ox
from lark import Token, Tree

from .findings import Change, Context, Reason, nearest_value
from .parts import Part, exists_group, variables
from .probe import MOST
from .rules import Node, walk
from .terms import Term

_ORDERED: Final = frozenset({"<", ">", "<=", ">="})
_FEW: Final = 3
_CAPITALS: Final = "Capitals count; without regard to them there are solutions."
_WITHIN: Final = frozenset({"CONTAINS", "STRSTARTS", "STRENDS"})


def condition(context: Context, part: Part) -> Reason:
    """Why none of the solutions fulfils a condition."""
    node = part.tree
    rest = context.without(part)
    number = rest.probe.count(rest.frame, rest.edits)
    solutions = (
        f"{number:,} or more solutions" if number == MOST else f"{number:,} solution{'' if number == 1 else 's'}"
    )
    if exists_group(node, "not_exists_func") is not None:
        return Reason(f"Each of the {solutions} before it has such a pattern.")
    if exists_group(node) is not None:
        return Reason(f"None of the {solutions} before it has such a pattern.")
    tested = dict.fromkeys(context.text(side) for side in _tested(node))
    counted = [(of, rest.values(of)) for of in [*tested][:_FEW]]
    if not any(values for _, values in counted):
        counted = [(of, rest.values(of)) for of in sorted(f"?{name}" for name in variables(node))[:_FEW]]
    examples = sum((rest.examples(of, values) for of, values in counted), ())
    if (mended := _mended(context, rest, node)) is not None:
        return replace(mended, examples=examples)
    if counted and not any(values for _, values in counted):
        return Reason(f"{counted[0][0]} has no value in any of the {solutions} before it.", examples)
    if not context.holds({id(node): f'(COALESCE(STR({context.text(node)}), "error") != "error")'}):
        sentence = f"It cannot be computed for any of the {solutions} before it: the kinds of values do not fit."
        return Reason(sentence, examples)
    return Reason(f"None of the {solutions} before it fulfils it.", examples)


def _mended(context: Context, rest: Context, condition: Node) -> Reason | None:
    """The first change of one comparison or function in a condition with which it would hold."""
    reasons = (reason for node in walk(condition) for reason in _changes(context, rest, node))
    return next((r for r in reasons if r.change and context.holds({id(r.change.piece): r.change.text})), None)


def _changes(context: Context, rest: Context, node: Node) -> Iterator[Reason]:
    """What may have been meant, each with its change."""
    if node.data == "relational_expression":
        sides = [child for child in node.children if isinstance(child, Tree)]
        constants = list(walk(sides[1])) if sides[1].data == "expression_list" else sides
        sign = "=" if sides[1].data == "expression_list" else str(node.children[1])
        for constant in constants:
            tested = sides[1] if constant is sides[0] else sides[0]
            if (asked := context.term(constant)) is not None:
                yield from _terms(rest, asked, constant, tested, sign)
    elif name := _function(node):
        yield from _functions(context, node, name)


def _terms(rest: Context, asked: Term, constant: Node, tested: Node, sign: str) -> Iterator[Reason]:
    """The constant as the graph has it, or with the datatype of the values it is compared with."""
    expression = rest.text(tested)
    if sign == "=" and (found := rest.similar(asked, expression)):
        yield rest.spelling(constant, asked, found)
    elif sign == "=" and (near := nearest_value(asked, (term for term, _ in rest.values(expression)))):
        change = Change(constant, rest.prologue.write(near))
        yield Reason(f"Did you mean {rest.show(near)}?", change=change)
    if sign in _ORDERED and isinstance(asked, ox.Literal):
        for term, _ in rest.values(expression)[:1]:
            if isinstance(term, ox.Literal) and term.datatype != asked.datatype:
                typed = rest.prologue.write(ox.Literal(asked.value, datatype=term.datatype))
                shown = rest.prologue.show(term.datatype.value)
                sentence = f"{expression} is of the datatype {shown} and compares with such values only."
                yield Reason(sentence, change=Change(constant, typed))


def _functions(context: Context, node: Node, name: str) -> Iterator[Reason]:
    """The same test without regard to capitals, and on the text of an IRI or of a value with a language."""
    arguments = [child for child in node.children if isinstance(child, Tree)]
    if len(arguments) < 2:
        return
    first, second = (context.text(argument) for argument in arguments[:2])
    plain = "Its arguments are not both plain texts, or differ in their languages; STR gives their texts."
    if name in _WITHIN:
        yield Reason(plain, change=Change(node, f"{name}(STR({first}), STR({second}))"))
        yield Reason(_CAPITALS, change=Change(node, f"{name}(LCASE(STR({first})), LCASE({second}))"))
    elif name == "REGEX":
        yield Reason(plain, change=Change(node, f"REGEX(STR({first}), STR({second}))"))
        yield Reason(_CAPITALS, change=Change(node, f'REGEX(STR({first}), {second}, "i")'))


def _tested(condition: Node) -> list[Node]:
    """What a condition is about: the sides of comparisons and the first arguments of functions, else the variables."""
    nodes = list(walk(condition, frozenset({"group_graph_pattern"})))
    sides = [side for node in nodes for side in _sides(node) if variables(side)]
    return sides or [node for node in nodes if node.data == "var"]


def _sides(node: Node) -> list[Node]:
    trees = [child for child in node.children if isinstance(child, Tree)]
    if node.data == "relational_expression":
        return [tree for tree in trees if tree.data != "expression_list"]
    return trees[:1] if _function(node) in {*_WITHIN, "REGEX"} else []


def _function(node: Node) -> str:
    """The name of the function that a node calls, or ""."""
    first = node.children[0] if node.children else None
    called = isinstance(first, Token) and node.data in {"built_in_call", "regex_expression"}
    return str(first).upper() if called else ""
