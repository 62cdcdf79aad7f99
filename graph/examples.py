"""The competency questions as example queries, in the form in which query editors look for them.

The form is that of https://github.com/sib-swiss/sparql-examples: SHACL's terms for executable SPARQL, the question as
`rdfs:comment`, and `https://schema.org/` (with s, other than in our facts) for keywords and endpoint.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from . import grammar, names
from .errors import OntologyError
from .schema import questions
from .statements import Pair, about, links, ordered

ENDPOINT: Final = names.BASE + "sparql"
"""The public address of the data, whatever server builds the graph: the same facts give the same graph."""
PREFIXES: Final = names.mint("prefixes", "endpoint")

_SH: Final = names.PREFIXES["sh"]
_SCHEMA: Final = "https://schema.org/"
_TYPE: Final = names.RDF + "type"
_FORMS: Final = {
    "select_query": ("SPARQLSelectExecutable", "select"),
    "ask_query": ("SPARQLAskExecutable", "ask"),
    "construct_query": ("SPARQLConstructExecutable", "construct"),
    "describe_query": ("SPARQLDescribeExecutable", "describe"),
}
"""Class and property by the rule of the grammar; the last pair is of SHACL 1.2."""
_HEAD: Final = re.compile(r"# (?P<question>[^\n]+)\n(?:# keywords: (?P<keywords>[^\n]+)\n)?")


def triples(texts: Mapping[str, str] | None = None) -> list[ox.Triple]:
    """The graph of examples, by default of the shipped questions; line 1 of each text is its question.

    Raises OntologyError for a text without question, QueryError for one that is not SPARQL.
    """
    found = [*_declarations()]
    for name, text in (questions() if texts is None else texts).items():
        found += about(names.mint("query", name), *_example(name, text))
    return ordered(found)


def _example(name: str, text: str) -> Iterator[Pair]:
    head = _HEAD.match(text)
    if head is None:
        hint = "Begin it with '# ' and the question in plain words."
        raise OntologyError(f"ontology/questions/{name}.rq does not say its question in line 1.", hint=hint)
    executable, query = _FORMS[grammar.parse(text).kind]
    yield from links(_TYPE, (_SH + "SPARQLExecutable", _SH + executable))
    yield names.PREFIXES["rdfs"] + "comment", ox.Literal(head["question"], language="en")
    yield _SH + "prefixes", ox.NamedNode(PREFIXES)
    yield _SH + query, ox.Literal(text)
    for keyword in (head["keywords"] or "").split(", "):
        if keyword:
            yield _SCHEMA + "keywords", ox.Literal(keyword, language="en")
    yield _SCHEMA + "target", ox.NamedNode(ENDPOINT)


def _declarations() -> Iterator[ox.Triple]:
    """The prefixes that the endpoint knows (https://www.w3.org/TR/shacl/#sparql-prefixes)."""
    for prefix, namespace in names.PREFIXES.items():
        declaration = names.mint("prefix", prefix)
        yield from about(PREFIXES, (_SH + "declare", ox.NamedNode(declaration)))
        yield from about(
            declaration,
            (_TYPE, ox.NamedNode(_SH + "PrefixDeclaration")),
            (_SH + "prefix", ox.Literal(prefix)),
            (_SH + "namespace", ox.Literal(namespace, datatype=ox.NamedNode(names.XSD + "anyURI"))),
        )
