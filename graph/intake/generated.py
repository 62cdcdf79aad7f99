"""The CONSTRUCT of a template table, made from its form: each variable is a column, as in `graph/mappings`.

It differs from those in one thing. Cells with several values are not combined with each other: the first values of
all columns make one solution, the second ones the next, so that a row makes no more solutions than its longest cell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Final

import pyoxigraph as ox

from .. import names
from ..fields import Form
from ..mapping import values
from .table_header import TERM, TYPE, Column

_UNBOUND: Final = "UNDEF"
_SOLUTIONS_AT_ONCE: Final = 500


def query(form: Form, columns: Sequence[Column]) -> str:
    """The text of the CONSTRUCT for a table with these columns; `?type` is bound to the IRIs of its classes."""
    statements = "".join(f"  {_statement(column)} .\n" for column in columns)
    binds = "".join(f"  BIND({column.call.text(f'?{column.variable}')} AS {_term(column)})\n" for column in columns)
    body = f"CONSTRUCT {{\n  ?this a ?class .\n{statements}}}\nWHERE {{\n  BIND(IRI(?{TYPE}) AS ?class)\n{binds}}}\n"
    return f"# {form.label.capitalize()}: a row is a record, a variable a column.\n{_prologue(body)}\n{body}"


def rows(columns: Sequence[Column], records: Iterable[Mapping[str, Sequence[str]]]) -> Iterator[str]:
    """VALUES blocks of the records: the values as written by variable, the address of each as `this`.

    No block is so large that the query would take much memory, however many values a cell has.
    """
    variables = [TYPE, *(column.variable for column in columns)]
    solutions = (solution for record in records for solution in _solutions(variables, record))
    while block := list(islice(solutions, _SOLUTIONS_AT_ONCE)):
        yield values(variables, block)


def _solutions(variables: Sequence[str], record: Mapping[str, Sequence[str]]) -> Iterator[str]:
    (this,) = record["this"]
    for items in zip_longest(*(record[variable] for variable in variables)):
        terms = (_UNBOUND if item is None else str(ox.Literal(item)) for item in items)
        yield f"({ox.NamedNode(this)} {' '.join(terms)})"


def _statement(column: Column) -> str:
    subject, object_ = (_term(column), "?this") if column.inverse else ("?this", _term(column))
    return f"{subject} {names.shorten(column.path)} {object_}"


def _term(column: Column) -> str:
    return f"?{column.variable}{TERM}"


def _prologue(body: str) -> str:
    known = {**names.PREFIXES, "fn": names.FUNCTION}
    used = sorted(prefix for prefix in known if f" {prefix}:" in body or f"({prefix}:" in body)
    return "".join(f"PREFIX {prefix}: <{known[prefix]}>\n" for prefix in used)
