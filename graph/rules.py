"""What SPARQL demands beside the grammar (https://www.w3.org/TR/sparql11-query/#sparqlGrammar, notes; section 18.2.1).

All walks go by a list of open ends, not by recursion, in the order of the text.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from lark import Token, Tree

from . import sparql12
from .errors import QueryError
from .mistakes import undeclared
from .source import Source
from .sparql12 import Version

Node = Tree[Token]
Nodes = Mapping[str, list[Node]]
_Visible = Mapping[int, frozenset[str]]
_Scope = Callable[[Node, _Visible], frozenset[str]]

_NO_SCOPE: Final = frozenset({"filter", "minus_graph_pattern"})
"""Patterns whose variables are not in scope outside (section 18.2.1); FILTER binds none, MINUS takes rows away."""

_PATTERNS: Final = frozenset({"exists_func", "not_exists_func", "sub_select"})


def check(source: Source, tree: Node, version: Version) -> None:
    """Raise QueryError for the first rule that the text breaks."""
    nodes: defaultdict[str, list[Node]] = defaultdict(list)
    for node in walk(tree):
        nodes[node.data].append(node)
    sparql12.check(source, nodes, version)
    for rule in (_check_prefixes, _check_values, _check_data, _check_labels, _check_aggregates, _check_scope):
        rule(source, nodes)


def walk(tree: Node, prune: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The nodes in the order of the text, without what lies in the pruned ones below the root."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in reversed(node.children) if isinstance(child, Tree) and child.data not in prune]


def name_of(variable: Node) -> str:
    """The name of a variable, without `?` or `$`."""
    return str(variable.children[0])[1:]


def _refusal(source: Source, node: Node, message: str, hint: str) -> QueryError:
    return QueryError(message, hint=hint, place=source.place(node.meta.start_pos))


def _children(node: Node, kind: str) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree) and child.data == kind]


def _check_prefixes(source: Source, nodes: Nodes) -> None:
    """A prefix is declared before its use; an update declares more of them between its operations."""
    used = sorted(nodes["prefix_decl"] + nodes["iri"], key=lambda node: node.meta.start_pos)
    declared: set[str] = set()
    for node in used:
        if node.data == "prefix_decl":
            declared.add(str(node.children[1])[:-1])
            continue
        prefix, colon, _ = str(node.children[0]).partition(":")
        if colon and not prefix.startswith("<") and prefix not in declared:
            raise _refusal(source, node, f"The prefix {prefix}: is not declared.", undeclared(prefix, declared))


def _check_values(source: Source, nodes: Nodes) -> None:
    for block in nodes["inline_data_full"]:
        width = len(_children(block, "var"))
        for row in _children(block, "inline_data_row"):
            found = sum(isinstance(child, Tree) for child in row.children)
            if found != width:
                message = f"This row of VALUES has {found} values for {width} variables."
                raise _refusal(source, row, message, "Give one value for each variable; UNDEF stands for none.")


def _check_data(source: Source, nodes: Nodes) -> None:
    """Notes 6 to 9: data hold no variables, and what is deleted no blank nodes, which would be new ones."""
    blank = {"blank_node", "blank_node_property_list", "collection"}
    forbidden = {"insert_data": {"var"}, "delete_data": blank | {"var"}, "delete_where": blank, "delete_clause": blank}
    for kind, parts in forbidden.items():
        for operation in nodes[kind]:
            for node in walk(operation):
                if node.data in parts:
                    what = "a variable" if node.data == "var" else "a blank node"
                    name = kind.upper().replace("_", " ").removesuffix(" CLAUSE")
                    hint = "Use INSERT { … } WHERE { … } or DELETE { … } WHERE { … }, with variables bound in WHERE."
                    raise _refusal(source, node, f"{name} cannot hold {what}.", hint)


def _check_labels(source: Source, nodes: Nodes) -> None:
    """A blank node label belongs to one basic graph pattern, and to one INSERT DATA of a request (notes 9 and 10).

    In the templates of INSERT it means a new node for each solution, so there it may come again.
    """
    _check_owners(source, ((data, data) for data in nodes["insert_data"]), "INSERT DATA")
    _check_owners(source, _blocks(nodes), "basic graph pattern")


def _blocks(nodes: Nodes) -> Iterator[tuple[Node, Node]]:
    """Each block of triples with the first block of its basic graph pattern, which only a FILTER leaves whole."""
    for group in nodes["group_graph_pattern"]:
        first: Node | None = None
        for child in group.children:
            if isinstance(child, Tree) and child.data == "triples_block":
                first = first or child
                yield child, first
            elif isinstance(child, Tree) and child.data != "filter":
                first = None


def _check_owners(source: Source, parts: Iterable[tuple[Node, Node]], what: str) -> None:
    owners: dict[str, Node] = {}
    for part, owner in parts:
        for node in walk(part):
            if node.data != "blank_node" or not (label := str(node.children[0])).startswith("_:"):
                continue
            if owners.setdefault(label, owner) is not owner:
                hint = "Use a variable where two patterns mean the same thing, or another label."
                raise _refusal(source, node, f"The blank node {label} stands in another {what} already.", hint)


def _check_aggregates(source: Source, nodes: Nodes) -> None:
    """Aggregates stand in SELECT, HAVING and ORDER BY, and there beside grouped variables only (note 11, 19.8)."""
    if not nodes["aggregate"] and not nodes["group_clause"]:
        return
    for kind in ("filter", "bind", "group_clause", "aggregate"):
        for root in nodes[kind]:
            for node in walk(root, _PATTERNS):
                if node.data == "aggregate" and node is not root:
                    name = {"group_clause": "GROUP BY", "aggregate": "another aggregate"}.get(kind, kind.upper())
                    hint = "Compute it in a sub-select, or test it in HAVING."
                    raise _refusal(source, node, f"An aggregate cannot stand in {name}.", hint)
    for select in nodes["select_query"] + nodes["sub_select"]:
        _check_projection(source, select)


def _check_projection(source: Source, select: Node) -> None:
    clause = _children(select, "select_clause")[0]
    modifier = _children(select, "solution_modifier")[0]
    grouping = _children(modifier, "group_clause")
    outside = frozenset({"where_clause", "values_clause"}) | _PATTERNS
    if not grouping and not any(node.data == "aggregate" for node in walk(select, outside)):
        return
    if "*" in clause.children:
        raise _refusal(source, clause, "SELECT * cannot be grouped.", "Name the grouped variables and the aggregates.")
    known = {name for group in grouping for condition in group.children for name in _grouped(condition)}
    for column in _children(clause, "var") + _children(clause, "select_expression"):
        made = name_of(_children(column, "var")[-1]) if column.data == "select_expression" else ""
        for node in walk(column, _PATTERNS | {"aggregate"}):
            if node.data == "var" and name_of(node) not in known and name_of(node) != made:
                message = f"?{name_of(node)} is neither grouped nor aggregated."
                hint = "Project only grouped or aggregated variables: add it to GROUP BY, or take SAMPLE of it."
                raise _refusal(source, node, message, hint)
        known.add(made)


def _grouped(condition: Node | Token) -> Iterator[str]:
    """The variable that a condition of GROUP BY makes known; an expression makes none unless it is named."""
    if isinstance(condition, Tree):
        yield from (name_of(variable) for variable in _children(condition, "var"))


def _check_scope(source: Source, nodes: Nodes) -> None:
    """BIND and `(… AS ?x)` name new variables (notes 12 and 13)."""
    if not nodes["bind"] and not nodes["select_expression"]:
        return
    visible = _visible(nodes["start"][0])
    for group in nodes["group_graph_pattern"]:
        _refuse_taken(source, group, set(), "bind", visible)
    for select in nodes["select_query"] + nodes["sub_select"]:
        taken = set(visible[id(_children(select, "where_clause")[0])])
        _refuse_taken(source, _children(select, "select_clause")[0], taken, "select_expression", visible)


def _refuse_taken(source: Source, whole: Node, taken: set[str], kind: str, visible: _Visible) -> None:
    """Refuse a part of this kind that names a variable which was taken before or in the parts before it."""
    for part in whole.children:
        if not isinstance(part, Tree):
            continue
        if part.data == kind and not taken.isdisjoint(visible[id(part)]):
            variable = _children(part, "var")[-1]
            message = f"?{name_of(variable)} is already in use where this would name it."
            raise _refusal(source, variable, message, "Give the new value another name.")
        taken |= visible[id(part)]


def _visible(tree: Node) -> dict[int, frozenset[str]]:
    """For each node (by id) the variables that are in scope behind it; the inner ones come first."""
    visible: dict[int, frozenset[str]] = {}
    for node in tree.iter_subtrees():
        visible[id(node)] = _SCOPES.get(node.data, _scope_of_parts)(node, visible)
    return visible


def _scope_of_parts(node: Node, visible: _Visible) -> frozenset[str]:
    parts = [visible[id(child)] for child in node.children if isinstance(child, Tree) and visible[id(child)]]
    return parts[0] if len(parts) == 1 else frozenset().union(*parts)


def _scope_of_name(node: Node, _: _Visible) -> frozenset[str]:
    variables = _children(node, "var")
    return frozenset({name_of(variables[-1])}) if variables else frozenset()


def _scope_of_select(node: Node, visible: _Visible) -> frozenset[str]:
    clause = _children(node, "select_clause")[0]
    if "*" not in clause.children:
        return visible[id(clause)]
    parts = _children(node, "where_clause") + _children(node, "values_clause")
    return frozenset().union(*(visible[id(part)] for part in parts))


_SCOPES: Final[Mapping[str, _Scope]] = {
    "var": lambda node, _: frozenset({name_of(node)}),
    "bind": _scope_of_name,
    "select_expression": _scope_of_name,
    "sub_select": _scope_of_select,
    **dict.fromkeys(_NO_SCOPE, lambda *_: frozenset()),
}
