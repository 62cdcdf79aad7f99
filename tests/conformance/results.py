"""Whether two answers of SPARQL say the same: rows by their values, blank nodes by what is said of them."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyoxigraph as ox
from http_suite import MEDIA, RESULTS, published

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = Mapping[str, Term]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_COLUMN = "urn:column:"
_POSITION = "urn:position"
_ORDERED = re.compile(r"\border\s+by\b[^{}]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The answer of a SELECT."""

    variables: frozenset[str]
    rows: Sequence[Row]


Result = Table | bool | ox.Dataset


def same(found: Result, wanted: Result, query: str) -> bool:
    """Whether an answer is the expected one; the order of rows counts where the query orders them."""
    if isinstance(found, Table) and isinstance(wanted, Table):
        ordered = _ORDERED.search(query) is not None
        return found.variables == wanted.variables and _canonical(found, ordered) == _canonical(wanted, ordered)
    return found == wanted


def suffix_of(path: Path) -> str:
    """The format to ask for, by its ending, to compare an answer with the file."""
    if path.suffix in RESULTS:
        return path.suffix
    return ".srx" if b"rs:ResultSet" in path.read_bytes() else ".nt"


def media_type(path: Path) -> str:
    """What to ask for, to compare an answer with the file."""
    suffix = suffix_of(path)
    return RESULTS[suffix][0] if suffix in RESULTS else MEDIA[suffix]


def expected(path: Path) -> Result:
    """The answer that a file of the suites holds."""
    found = read(path.read_bytes(), path.suffix, published(path))
    if isinstance(found, ox.Dataset) and suffix_of(path) in RESULTS:
        return _read_result_set(found)
    return found


def answered(content: bytes, path: Path) -> Result:
    """An answer that was asked for in order to compare it with the file."""
    return read(content, suffix_of(path))


def read(content: bytes, suffix: str, base: str | None = None) -> Result:
    """An answer by the ending that its format has."""
    if suffix == ".csv":
        return _read_csv(content.decode())
    if suffix in MEDIA:
        file_format = ox.RdfFormat.from_extension(suffix[1:])
        assert file_format is not None
        return canonical(ox.Dataset(ox.parse(content, format=file_format, base_iri=base)))
    results = ox.parse_query_results(content, format=RESULTS[suffix][1])
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    names = [variable.value for variable in results.variables]
    rows = [{name: value for name in names if (value := row[name]) is not None} for row in results]
    return Table(frozenset(names), rows)


def canonical(dataset: ox.Dataset) -> ox.Dataset:
    """With blank nodes that are named by what is said of them."""
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def _read_result_set(graph: ox.Dataset) -> Table:
    """Rows that are written as RDF (https://www.w3.org/2001/sw/DataAccess/tests/README.html#resultset)."""

    def objects(subject: Term, name: str) -> list[Term]:
        predicate = ox.NamedNode(_RESULT_SET + name)
        return [quad.object for quad in graph if quad.subject == subject and quad.predicate == predicate]

    def binding(node: Term) -> tuple[str, Term]:
        (name,), (value,) = objects(node, "variable"), objects(node, "value")
        assert isinstance(name, ox.Literal)
        return name.value, value

    (table,) = {quad.subject for quad in graph if quad.predicate == ox.NamedNode(_RESULT_SET + "resultVariable")}
    names = frozenset(name.value for name in objects(table, "resultVariable") if isinstance(name, ox.Literal))
    rows = [dict(map(binding, objects(row, "binding"))) for row in objects(table, "solution")]
    return Table(names, rows)


def _read_csv(content: str) -> Table:
    """CSV knows blank nodes and text, no datatypes; a missing value and an empty text are the same."""
    names, *rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    return Table(frozenset(names), [dict(zip(names, map(_csv_term, row), strict=True)) for row in rows])


def _csv_term(cell: str) -> Term:
    return ox.BlankNode(cell[2:]) if cell.startswith("_:") else ox.Literal(cell)


def _canonical(table: Table, ordered: bool) -> tuple["Counter[frozenset[tuple[str, Term]]]", ox.Dataset]:  # noqa: FBT001
    """Rows without blank nodes are counted; the others are one graph, in which each row is a node."""
    plain: Counter[frozenset[tuple[str, Term]]] = Counter()
    graph = ox.Dataset()
    for position, row in enumerate(table.rows):
        cells: list[tuple[str, Term]] = [(_COLUMN + name, _valued(value)) for name, value in row.items()]
        if ordered:
            cells.append((_POSITION, ox.Literal(position)))
        if any(isinstance(value, ox.BlankNode) for _, value in cells):
            _add_row(graph, cells)
        else:
            plain[frozenset(cells)] += 1
    return plain, canonical(graph)


def _add_row(graph: ox.Dataset, cells: Iterable[tuple[str, Term]]) -> None:
    node = ox.BlankNode()
    for name, value in cells:
        graph.add(ox.Quad(node, ox.NamedNode(name), value))


def _valued(term: Term) -> Term:
    """Numbers and truth values in one form each: the engine keeps what they mean and not how they were written."""
    if not isinstance(term, ox.Literal) or not term.datatype.value.startswith(_XSD):
        return term
    kind = term.datatype.value.removeprefix(_XSD)
    try:
        if kind in {"integer", "decimal"}:
            return ox.Literal(str(Decimal(term.value).normalize()), datatype=term.datatype)
        if kind in {"double", "float"}:
            return ox.Literal(repr(float(term.value)), datatype=term.datatype)
        if kind == "boolean":
            return ox.Literal(term.value in {"1", "true"})
    except (ValueError, InvalidOperation):
        return term
    return term
