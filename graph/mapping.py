"""Stage 2: the rows of a table become triples, by one SPARQL CONSTRUCT a table.

The variables of `mappings/<table>.rq` are the table's columns (the convention of Tarql,
https://tarql.github.io/), so that whoever knows SPARQL can add a source. All rows are put into the query as
one VALUES block at the start of its outer group, the line that reads `WHERE {`. Beside the columns there are
`?this`, the row's IRI, and two functions, `fn:id(kind, key)` and `fn:date(cell)`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

import pyoxigraph as ox

from . import grammar
from .cells import date_literal, date_type
from .errors import MappingError, Place
from .names import FUNCTION, mint
from .tables import Row, Table

_OUTER_GROUP = re.compile(r"^WHERE \{$", re.MULTILINE)
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Functions = dict[ox.NamedNode, Callable[..., _Term | None]]
"""Functions of a mapping by their IRIs."""


def map_table(table: Table, mapping: str, context: ox.Store) -> list[ox.Triple]:
    """The triples of a table, sorted; `context` holds what was mapped before in its default graph.

    Raises MappingError where the query is malformed, or where a row is the subject of no triple: without
    this, a row whose address could not be made would be dropped in silence.
    """
    triples = construct(mapping, f"mappings/{table.name}.rq", rows_of(table), context)
    subjects = {str(triple.subject) for triple in triples}
    for row in table.rows:
        if f"<{row.about}>" not in subjects:
            message = f"mappings/{table.name}.rq makes no statement about {table.name}.csv, line {row.line}."
            hint = f"Its template must have ?this ({row.about}) as a subject, bound for every row."
            raise MappingError(message, hint=hint, place=Place(row.line))
    return sorted(triples, key=str)


def construct(
    mapping: str, name: str, rows: str, context: ox.Store, functions: Functions | None = None
) -> set[ox.Triple]:
    """What a mapping makes of a VALUES block; `name` is its own in errors, `functions` are those of its own."""
    try:
        results = context.query(_with_rows(mapping, name, rows), custom_functions=_FUNCTIONS | (functions or {}))
        if isinstance(results, ox.QueryTriples):
            return set(results)
    except SyntaxError as error:
        # Explained on the mapping without its rows, which begin on the line of the outer group.
        raise grammar.explain_file(mapping, error, name, "query", MappingError) from None
    except RuntimeError as error:
        hint = "Beside those of SPARQL 1.1 there are only fn:id and fn:date."
        raise MappingError(f"{name} cannot be evaluated: {error}.", hint=hint) from None
    raise MappingError(f"{name} is no CONSTRUCT query.", hint="CONTRIBUTING.md shows how one looks.")


def rows_of(table: Table) -> str:
    """The rows of a table as a VALUES block: `?this`, and each column by its name."""
    return values(
        [column.name for column in table.metadata.columns],
        (solution for row in table.rows for solution in _solutions(row, table)),
    )


def values(columns: Sequence[str], solutions: Iterable[str]) -> str:
    """A VALUES block of `?this` and the columns."""
    variables = " ".join(f"?{column}" for column in columns)
    return f"VALUES (?this {variables}) {{ {' '.join(solutions)} }}"


def _with_rows(mapping: str, name: str, rows: str) -> str:
    if len(_OUTER_GROUP.findall(mapping)) != 1:
        message = f"{name} needs exactly one line that reads 'WHERE {{', for the outer group."
        raise MappingError(message, hint="Write inner groups and sub-selects on indented lines.")
    return _OUTER_GROUP.sub(lambda _: f"WHERE {{ {rows}", mapping)


def _solutions(row: Row, table: Table) -> Iterator[str]:
    """One solution a row, or several where a cell holds several items; a blank cell is UNDEF."""
    cells: list[Sequence[str]] = [[f"<{row.about}>"]]
    cells += [[str(ox.Literal(item)) for item in row.items(column)] or ["UNDEF"] for column in table.metadata.columns]
    for solution in product(*cells):
        yield f"({' '.join(solution)})"


def _id(kind: ox.Literal, identifier: ox.Literal) -> ox.NamedNode:
    return ox.NamedNode(mint(kind.value, identifier.value))


def _date(cell: ox.Literal) -> ox.Literal:
    return ox.Literal(date_literal(cell.value), datatype=ox.NamedNode(date_type(cell.value)))


_FUNCTIONS: Functions = {
    ox.NamedNode(FUNCTION + "id"): _id,
    ox.NamedNode(FUNCTION + "date"): _date,
}
