"""From which columns of a table a statement of its mapping comes, read off the mapping.

The variable of the object leads back to columns: through BIND to the variables of the expression, and through VALUES,
FILTER and patterns to those that stand in it together.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from lark import Token, Tree

from .. import names
from ..grammar import parse
from ..iri import expand

_Node = Tree[Token] | Token
_Statement = tuple[str | None, str | None, str | None]
"""Subject, predicate and object of a template: a variable's name for the ends, the IRI of the predicate, else None."""

_TOGETHER = ("inline_data_full", "inline_data_one_var", "filter", "triples_same_subject_path")
_CONDITIONAL = ("optional_graph_pattern", "exists_func", "not_exists_func", "group_or_union_graph_pattern")


class Origins:
    """The way back from statements to columns."""

    def __init__(self, mapping: str, columns: Iterable[str]) -> None:
        self._columns = frozenset(columns)
        tree = parse(mapping).tree
        self._prefixes = dict(_prefixes(tree))
        template = next(tree.find_data("construct_template"))
        where = next(tree.find_data("where_clause"))
        self._statements = [s for t in template.find_data("triples_same_subject") for s in self._read(t)]
        self._made_of = {_variables(bind)[-1]: _variables(bind)[:-1] for bind in where.find_data("bind")}
        self._beside: dict[str, list[str]] = {}
        for rule in _TOGETHER:
            for part in where.find_data(rule):
                for one, other in permutations(dict.fromkeys(_variables(part)), 2):
                    self._beside.setdefault(one, []).append(other)
        self.needed = list(dict.fromkeys(column for v in _unconditional(where) for column in self._origins(v)))
        """The columns of which the graph has to know something, so that there is any statement."""

    def of_value(self, predicate: str, *, of_row: bool) -> list[str]:
        """The columns behind the objects of a property, those nearest first; of the row's own thing or of another."""
        fitting = [s for s in self._statements if s[1] in {predicate, None} and (s[0] == "this") == of_row]
        return list(dict.fromkeys(column for s in fitting if s[2] for column in self._origins(s[2])))

    def of_subject(self, predicate: str) -> list[str]:
        """The columns behind those subjects of a property that are not the row's own thing."""
        fitting = [s for s in self._statements if s[1] in {predicate, None} and s[0] not in {"this", None}]
        return list(dict.fromkeys(column for s in fitting if s[0] for column in self._origins(s[0])))

    def _origins(self, variable: str) -> list[str]:
        found: list[str] = []
        waiting = [variable]
        for name in waiting:
            if name in self._columns:
                found.append(name)
            else:
                further = self._made_of.get(name) or self._beside.get(name, [])
                waiting += [other for other in further if other not in waiting]
        return found

    def _read(self, tree: Tree[Token]) -> Iterator[_Statement]:
        subject, properties = tree.children
        assert isinstance(properties, Tree)  # noqa: S101 - a template of ours has no bare collections
        predicate: str | None = None
        for child in properties.children:
            if isinstance(child, Tree) and child.data == "object_list":
                for object_ in child.children:
                    if isinstance(object_, Tree):
                        yield _variable(subject), predicate, _variable(object_)
            elif child != ";":
                predicate = self._iri(child)

    def _iri(self, node: _Node) -> str | None:
        """The IRI of a verb; None of a variable."""
        if isinstance(node, Token):
            return names.RDF + "type"
        text = str(node.children[0])
        if node.data == "var":
            return None
        return text[1:-1] if text.startswith("<") else expand(text, self._prefixes)


def _prefixes(tree: Tree[Token]) -> Iterator[tuple[str, str]]:
    for declaration in tree.find_data("prefix_decl"):
        _, prefix, iri = map(str, declaration.children)
        yield prefix.removesuffix(":"), iri[1:-1]


def _variable(node: _Node) -> str | None:
    return str(node.children[0])[1:] if isinstance(node, Tree) and node.data == "var" else None


def _variables(node: _Node) -> list[str]:
    """The variables in a part of our own mapping, in its order; those of a condition after what depends on it."""
    if isinstance(node, Token):
        return []
    if node.data == "var":
        return [str(node.children[0])[1:]]
    parts: Sequence[_Node] = node.children
    if node.data == "built_in_call" and str(parts[0]).upper() == "IF":
        parts = [*parts[3:], parts[2]]
    return [variable for part in parts for variable in _variables(part)]


def _unconditional(node: _Node) -> list[str]:
    """The variables of the patterns that must match."""
    if isinstance(node, Token) or node.data in _CONDITIONAL:
        return []
    if node.data == "triples_same_subject_path":
        return _variables(node)
    return [variable for part in node.children for variable in _unconditional(part)]
