"""Stage 5: a SPARQL query on the store, its answer serialised (https://www.w3.org/TR/sparql11-query/).

The seam for guarded query workers: doors call `run` and get bytes in one of the answer's formats; nothing else
asks the engine on behalf of a user.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import pyoxigraph as ox

from . import dataset, grammar, guard
from .errors import QueryError, ResultFormatError
from .names import PREFIXES
from .store import Store


@dataclass(frozen=True, slots=True)
class Format:
    """A serialisation: our short name, its registered media type, the usual file extension."""

    name: str
    media_type: str
    extension: str


JSON: Final = Format("json", "application/sparql-results+json", "srj")
XML: Final = Format("xml", "application/sparql-results+xml", "srx")
CSV: Final = Format("csv", "text/csv", "csv")
TSV: Final = Format("tsv", "text/tab-separated-values", "tsv")
TURTLE: Final = Format("turtle", "text/turtle", "ttl")
N_TRIPLES: Final = Format("nt", "application/n-triples", "nt")
RDF_XML: Final = Format("rdfxml", "application/rdf+xml", "rdf")
JSON_LD: Final = Format("jsonld", "application/ld+json", "jsonld")

_RESULTS: Final = {
    JSON: ox.QueryResultsFormat.JSON,
    XML: ox.QueryResultsFormat.XML,
    CSV: ox.QueryResultsFormat.CSV,
    TSV: ox.QueryResultsFormat.TSV,
}
_GRAPHS: Final = {
    TURTLE: ox.RdfFormat.TURTLE,
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    RDF_XML: ox.RdfFormat.RDF_XML,
    JSON_LD: ox.RdfFormat.JSON_LD,
}
FORMATS: Final = (*_RESULTS, *_GRAPHS)

Kind = Literal["table", "boolean", "graph"]
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


class Answer:
    """The answer to a query. It is computed while it is read, so it can be serialised once."""

    def __init__(self, results: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> None:
        self._results = results

    @property
    def kind(self) -> Kind:
        """What came out: rows of a SELECT, yes or no of an ASK, triples of a CONSTRUCT or DESCRIBE."""
        if isinstance(self._results, ox.QueryTriples):
            return "graph"
        return "boolean" if isinstance(self._results, ox.QueryBoolean) else "table"

    @property
    def formats(self) -> Sequence[Format]:
        """The formats that fit this kind of answer, best first; CSV and TSV cannot hold a boolean."""
        return {"graph": tuple(_GRAPHS), "boolean": (JSON, XML), "table": tuple(_RESULTS)}[self.kind]

    def serialise(self, wanted: Format) -> bytes:
        """The answer as bytes (UTF-8); raises ResultFormatError where the format does not fit it."""
        if wanted not in self.formats:
            names = ", ".join(fitting.name for fitting in self.formats)
            message = f"The answer to this query cannot be written as {wanted.name}."
            raise ResultFormatError(message, hint=f"Ask for one of: {names}.")
        with _evaluating():
            if not isinstance(self._results, ox.QueryTriples):
                return self._results.serialize(format=_RESULTS[wanted]) or b""
            return (
                _turtle(self._results) if wanted == TURTLE else self._results.serialize(format=_GRAPHS[wanted]) or b""
            )

    def rows(self) -> tuple[list[str], list[list[Term | None]]]:
        """Variables and rows of a SELECT; raises ResultFormatError for the other kinds."""
        if not isinstance(self._results, ox.QuerySolutions):
            message = "Only the answer to a SELECT query is a table."
            raise ResultFormatError(message, hint=f"Ask for one of: {', '.join(f.name for f in self.formats)}.")
        variables = self._results.variables
        with _evaluating():
            return [v.value for v in variables], [[solution[v] for v in variables] for solution in self._results]


def run(store: Store, text: str, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> Answer:
    """Answer a query, over the given graphs of the store or else over its whole dataset.

    Raises QueryError with the place where the text is not SPARQL 1.1, or is refused.
    """
    query = guard.check_query(text)
    try:
        return Answer(dataset.answer(store.database, query, dataset.Dataset(default_graphs, named_graphs)))
    except SyntaxError as error:
        raise grammar.explain(text, error) from None
    except RuntimeError as error:
        raise _evaluation_error(error) from None


@contextmanager
def _evaluating() -> Generator[None]:
    """The engine computes while it is read, so what it cannot compute shows only then."""
    try:
        yield
    except RuntimeError as error:
        raise _evaluation_error(error) from None


def _evaluation_error(error: RuntimeError) -> QueryError:
    hint = "Use the functions of SPARQL 1.1, section 17; this endpoint has no others."
    return QueryError(f"The query cannot be evaluated: {error}.", hint=hint)


def _turtle(triples: ox.QueryTriples) -> bytes:
    """Turtle with our prefixes, those in use, in order: the engine writes all of them in an order that changes."""
    lines = (ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=dict(PREFIXES)) or b"").splitlines(
        keepends=True
    )
    declared = [line for line in lines if line.startswith(b"@prefix ")]
    body = b"".join(line for line in lines if not line.startswith(b"@prefix "))
    return b"".join(line for line in sorted(declared) if line.split()[1] in body) + body
