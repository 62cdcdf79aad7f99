"""What SPARQL 1.2 adds (https://www.w3.org/TR/sparql12-query/): refused where it is not turned on, else its own rules.

The grammar reads both versions (sparql.lark). Each form of 1.2 is a node of its own in the tree, so that a look for
those nodes tells whether a text is one of 1.1.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, Literal

from lark import Token, Tree

from .errors import QueryError
from .source import Source

Version = Literal["1.1", "1.2"]

NEW: Final = "_12"
"""The end of the names of the terminals that are new."""

MAX_MADE: Final = 500
"""Triple terms made by the expressions of a text: each may hold the one before, and the engine ends at some 9,000."""

_Node = Tree[Token]
_Nodes = Mapping[str, list[_Node]]

_FORMS: Final = {
    "version_decl": "a VERSION declaration",
    "reified_triple": "a reified triple, which stands for a triple term",
    "triple_term": "a triple term",
    "triple_term_data": "a triple term",
    "expr_triple_term": "a triple term",
    "reifier": "a reifier",
    "annotation_block": "an annotation",
    "annotation_block_path": "an annotation",
    "nested_unary": "an operator right behind another, a form",
    "function_12": "a function",
    "lang_dir": "a base direction",
}
_DATA: Final = ("insert_data", "delete_data")
_DELETED: Final = ("delete_data", "delete_where", "delete_clause")
_SIMPLE: Final = frozenset({"iri", "var"})
_TRIPLES: Final = frozenset({"triples_same_subject", "triple_term", "reified_triple"})
_NO_SUBJECTS: Final = frozenset({"rdf_literal", "numeric_literal", "boolean_literal", "triple_term"})


def check(source: Source, nodes: _Nodes, version: Version) -> None:
    """Refuse the first form of 1.2 in a text that is read as 1.1; else raise QueryError for the first broken rule."""
    if version == "1.1":
        found = [node for form in _FORMS for node in nodes[form]]
        if found:
            first = min(found, key=lambda node: node.meta.start_pos)
            raise refusal(source, f"This is {_FORMS[first.data]} of SPARQL 1.2.", first.meta.start_pos)
        return
    for rule in (_check_values, _check_paths, _check_deleted, _check_data, _check_made):
        rule(source, nodes)


def refusal(source: Source, message: str, position: int) -> QueryError:
    """The error for what only SPARQL 1.2 has, where that is not turned on."""
    hint = "Only SPARQL 1.1 is read here; the operator of the endpoint can turn 1.2 on, with --sparql-12."
    return QueryError(message, hint=hint, place=source.place(position))


def misplaced(source: Source, position: int, version: Version) -> QueryError:
    """The error for `<<` where it cannot stand."""
    if version == "1.1":
        return refusal(source, "`<<` begins a triple term of SPARQL 1.2.", position)
    hint = "<< … >> is the subject or object of a pattern; VALUES and brackets of expressions hold <<( … )>> only."
    return QueryError("`<<` cannot stand here.", hint=hint, place=source.place(position))


def _broken(source: Source, node: _Node, message: str, hint: str) -> QueryError:
    return QueryError(message, hint=hint, place=source.place(node.meta.start_pos))


def _trees(node: _Node) -> list[_Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _inside(operation: _Node) -> Iterator[_Node]:
    """All nodes in the order of the text."""
    yield from operation.iter_subtrees_topdown()  # type: ignore[no-untyped-call]


def _check_values(source: Source, nodes: _Nodes) -> None:
    """Note 10: the variables of VALUES are different ones."""
    for block in nodes["inline_data_full"]:
        seen: set[str] = set()
        for variable in (tree for tree in _trees(block) if tree.data == "var"):
            name = str(variable.children[0])[1:]
            if name in seen:
                raise _broken(source, variable, f"VALUES names ?{name} twice.", "Name each variable once.")
            seen.add(name)


def _check_paths(source: Source, nodes: _Nodes) -> None:
    """Note 16: what a path finds is no single triple, so it cannot be reified."""
    if not nodes["reifier"] and not nodes["annotation_block_path"]:
        return
    for properties in nodes["property_list_path_not_empty"]:
        for verb, objects in pairwise(properties.children):
            if not isinstance(verb, Tree) or verb.data in _SIMPLE or not isinstance(objects, Tree):
                continue
            for part in _trees(objects):
                if part.data in {"reifier", "annotation_block_path"}:
                    hint = "Reify or annotate triples whose property is an IRI, `a` or a variable."
                    raise _broken(source, part, "A path cannot be reified or annotated.", hint)


def _check_deleted(source: Source, nodes: _Nodes) -> None:
    """Note 7: no blank node in what is deleted, and a reifier without a name is one."""
    for kind in _DELETED:
        for operation in nodes[kind]:
            for node in _unnamed(operation):
                name = kind.upper().replace("_", " ").removesuffix(" CLAUSE")
                message = f"{name} cannot hold a reifier without a name, which is a blank node."
                raise _broken(source, node, message, "Name it, as in `~ prefix:name`.")


def _unnamed(operation: _Node) -> Iterator[_Node]:
    """Reified triples, reifiers and annotations that make a new blank node."""
    for node in _inside(operation):
        if (node.data == "reifier" and len(node.children) == 1) or _lacks_reifier(node):
            yield node
        for before, part in pairwise(node.children):
            if isinstance(part, Tree) and part.data == "annotation_block" and not _is_reifier(before):
                yield part


def _lacks_reifier(node: _Node) -> bool:
    return node.data == "reified_triple" and not _is_reifier(node.children[-2])


def _is_reifier(part: _Node | Token) -> bool:
    return isinstance(part, Tree) and part.data == "reifier"


def _check_data(source: Source, nodes: _Nodes) -> None:
    """Data are triples of RDF, in which neither a literal nor a triple term is a subject."""
    hint = "The subject of a triple is an IRI or a blank node; a triple term can be its object."
    for operation in (node for kind in _DATA for node in nodes[kind]):
        for node in _inside(operation):
            subject = _trees(node)[0] if node.data in _TRIPLES else node
            if subject is not node and subject.data in _NO_SUBJECTS:
                raise _broken(source, subject, "This cannot be a subject in data.", hint)


def _check_made(source: Source, nodes: _Nodes) -> None:
    """Expressions can put one triple term into the next, so brackets alone do not bound the depth of a value."""
    calls = [node for node in nodes["function_12"] if str(node.children[0]).upper() == "TRIPLE"]
    made = nodes["expr_triple_term"] + calls
    if len(made) > MAX_MADE:
        message = f"More than {MAX_MADE} triple terms are made by expressions."
        raise _broken(source, made[MAX_MADE], message, "Split the query.")
