"""How large and how deep a query may be, before the engine sees it.

The engine's parser and evaluator recurse: some two thousand open braces, or as long a chain of operators, end the
whole process. What it survives was measured (docs/decisions.md); nothing here recurses.
"""

from typing import Final

from lark import Token, Tree

from .errors import QueryError
from .source import Source

MAX_BYTES: Final = 1 << 20
"""Length of a query in UTF-8."""

MAX_CHAIN: Final = 500
"""Things in a row, added up from the outermost bracket to the innermost; the engine ends at some 3,200."""

_CHAINS: Final = {
    "additive_expression": "operators",
    "collection": "items of a list",
    "collection_path": "items of a list",
    "conditional_and_expression": "conditions",
    "conditional_or_expression": "conditions",
    "describe_query": "things to describe",
    "group_clause": "things to group by",
    "group_graph_pattern": "patterns",
    "group_or_union_graph_pattern": "alternatives",
    "having_clause": "conditions",
    "multiplicative_expression": "operators",
    "nested_unary": "operators",
    "object_list_path": "patterns",
    "order_clause": "things to order by",
    "path_alternative": "steps of a path",
    "path_sequence": "steps of a path",
    "property_list_path_not_empty": "patterns",
    "select_clause": "columns",
    "signed_term": "operators",
    "triples_block": "patterns",
}


def check_size(source: Source) -> None:
    """Refuse a text that is too long to be read at all, or is no Unicode, which the engine could not take."""
    try:
        size = len(source.original.encode("utf-8"))
    except UnicodeEncodeError as error:
        message, hint = "This is half of a surrogate pair, which is no character.", "Send the query in UTF-8."
        raise QueryError(message, hint=hint, place=source.place(error.start)) from None
    if size > MAX_BYTES:
        message = f"The query is {size:,} bytes long; at most {MAX_BYTES:,} are allowed."
        raise QueryError(message, hint="Split the query, or move long lists of values into several queries.")


def check_chains(source: Source, tree: Tree[Token]) -> None:
    """Refuse chains of operators, steps or patterns that are too long, also where nesting adds several up."""
    stack = [(tree, 0)]
    while stack:
        node, length = stack.pop()
        parts = [child for child in node.children if isinstance(child, Tree)]
        if node.data in _CHAINS:
            length += len(parts)
            if length > MAX_CHAIN:
                message = f"More than {MAX_CHAIN} {_CHAINS[node.data]} in a row."
                hint = "Split the query, or write long lists with VALUES or IN."
                raise QueryError(message, hint=hint, place=source.place(node.meta.start_pos))
        stack += [(part, length) for part in parts]
