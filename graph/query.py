"""Stage 5: a SPARQL query on the store, its answer serialised (https://www.w3.org/TR/sparql11-query/).

Doors do not call this: they ask `engine.py`, which has it done in a process that can be killed. The command line does,
where the process is the user's own.
"""

import io
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final, Literal

import pyoxigraph as ox

from . import dataset, grammar, guard
from .errors import QueryError, ResultFormatError
from .names import PREFIXES
from .store import Store
from .turtle import TurtleOutput


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
_ENDS_IN_NAME: Final = re.compile(r"[^\W\d][\w.-]*\Z")

FORMATS: Final = (*_RESULTS, *_GRAPHS)

FORMATS_OF: Final[Mapping[str, Sequence[Format]]] = {
    "table": tuple(_RESULTS),
    "boolean": (JSON, XML),
    "graph": tuple(_GRAPHS),
}
"""The formats that fit a kind of answer, best first; CSV and TSV cannot hold a boolean."""

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
        """The formats that fit this answer, best first."""
        return FORMATS_OF[self.kind]

    def write(self, wanted: Format, output: IO[bytes]) -> None:
        """Write the answer while it is computed (UTF-8); raises ResultFormatError where the format does not fit it."""
        if wanted not in self.formats:
            names = ", ".join(fitting.name for fitting in self.formats)
            message = f"The answer to this query cannot be written as {wanted.name}."
            raise ResultFormatError(message, hint=f"Ask for one of: {names}.")
        with _evaluating():
            if not isinstance(self._results, ox.QueryTriples):
                self._results.serialize(output, format=_RESULTS[wanted])
            else:
                write_triples(self._results, wanted, output)

    def serialise(self, wanted: Format) -> bytes:
        """The whole answer as bytes."""
        output = io.BytesIO()
        self.write(wanted, output)
        return output.getvalue()

    def rows(self) -> tuple[list[str], list[list[Term | None]]]:
        """Variables and rows of a SELECT; raises ResultFormatError for the other kinds."""
        if not isinstance(self._results, ox.QuerySolutions):
            message = "Only the answer to a SELECT query is a table."
            raise ResultFormatError(message, hint=f"Ask for one of: {', '.join(f.name for f in self.formats)}.")
        variables = self._results.variables
        with _evaluating():
            return [v.value for v in variables], [[solution[v] for v in variables] for solution in self._results]


def write_triples(triples: Iterable[ox.Triple], wanted: Format, output: IO[bytes]) -> None:
    """Write triples in one of the formats for graphs, while they come."""
    if wanted == TURTLE:
        with TurtleOutput(output) as turtle:
            ox.serialize(triples, turtle, format=ox.RdfFormat.TURTLE, prefixes=dict(PREFIXES))
    else:
        ox.serialize(_fit_for_xml(triples) if wanted == RDF_XML else triples, output, format=_GRAPHS[wanted])


def _fit_for_xml(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """A property becomes an element, whose name the end of its IRI must be; the engine would write broken XML."""
    fit: set[str] = set()
    for triple in triples:
        predicate = triple.predicate.value
        if predicate not in fit and not _ENDS_IN_NAME.search(predicate):
            message = f"RDF/XML has no way to write the property <{predicate}>, which does not end in a name."
            raise ResultFormatError(message, hint="Ask for turtle, nt or jsonld.")
        fit.add(predicate)
        yield triple


def triples_as(triples: Iterable[ox.Triple], wanted: Format) -> bytes:
    """Triples in one of the formats for graphs, whole."""
    output = io.BytesIO()
    write_triples(triples, wanted, output)
    return output.getvalue()


def run(store: Store, text: str, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> Answer:
    """Answer a query, over the given graphs of the store or else over its whole dataset.

    Raises QueryError with the place where the text is not SPARQL 1.1, or is refused.
    """
    query = guard.check_query(text)
    return evaluate(store, query, query.source.text, dataset.Dataset(default_graphs, named_graphs))


def evaluate(store: Store, query: grammar.Query, text: str, requested: dataset.Dataset) -> Answer:
    """Answer a query that was read and may run; the engine gets the text, which may be a rewriting of it."""
    try:
        return Answer(dataset.answer(store.database, query, text, requested))
    except SyntaxError as error:
        raise grammar.explain(query.source.original, error) from None
    except (RuntimeError, OSError) as error:
        raise _evaluation_error(error) from error


@contextmanager
def _evaluating() -> Generator[None]:
    """The engine computes while it is read, so what it cannot compute shows only then."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise _evaluation_error(error) from error


def _unwritable(error: OSError) -> Exception:
    if "JSON-LD does not support" in str(error):
        return ResultFormatError("JSON-LD cannot hold triple terms.", hint="Ask for turtle or nt.")
    return error


def _evaluation_error(error: RuntimeError | OSError) -> Exception:
    """What an endpoint of SERVICE did wrong, or what the engine cannot compute; a failing disk or socket stays so."""
    if said := guard.explain(error):
        return said
    if isinstance(error, OSError):
        return _unwritable(error)
    hint = "Use the functions of SPARQL 1.1, section 17; this endpoint has no others."
    return QueryError(f"The query cannot be evaluated: {error}.", hint=hint)
