"""What the first characters of a text prove it to be, whatever its name says.

Turtle begins with a directive or with a subject, so a text that begins with neither is none. Each pattern is tried
once, where the text begins, and none can try the same characters twice.
"""

import re
from typing import Final, Literal

import pyoxigraph as ox

from ..errors import GraphError
from .delimited import looks_like_table
from .source import IntakeError

Kind = ox.RdfFormat | Literal["csv", "xlsx"]

_TURTLE: Final = (ox.RdfFormat.TRIG, ox.RdfFormat.TURTLE)
_RDF_NAMESPACE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LEADING: Final = re.compile(r"\A(?:\s++|#[^\r\n]*+)*+")
_HTML: Final = re.compile(r"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_XML: Final = re.compile(r"<(?:\?xml\s|!--|!DOCTYPE\s|[A-Za-z_][\w.-]*+(?::[\w.-]++)?+\s)")
_JSON: Final = re.compile(r'\{\s*+"|\[\s*+\{')
_DIRECTIVE: Final = re.compile(r"@(?:prefix|base|version)\s|prefix\s++[^\s:<>]*+:\s*+<|base\s*+<", re.IGNORECASE)
_NODE: Final = r'(?:<[^<>"{}|^`\\\s]*+>|_:[^\s<>"]++)'
_LITERAL: Final = r'"(?:[^"\\\r\n]++|\\.)*+"(?:\^\^<[^<>\s]*+>|@[\w-]++)?+'
_STATEMENT: Final = re.compile(rf"{_NODE}\s*+(?:<|a\s)")
_QUAD: Final = re.compile(rf"{_NODE}\s*+<[^<>\s]*+>\s*+(?:{_NODE}|{_LITERAL})\s*+{_NODE}\s*+\.")
_BLOCK: Final = re.compile(rf"(?:graph\s*+)?+{_NODE}\s*+\{{", re.IGNORECASE)
_BEGINNINGS: Final = {ox.RdfFormat.JSON_LD: re.compile(r"[\[{]"), ox.RdfFormat.RDF_XML: re.compile("<")}
_SUBJECT: Final = re.compile(r"[<_\[({@#]|[\w.-]*+:\S*+\s")
"""Of the other formats; the last is a prefixed name whose prefix was forgotten."""


def kinds(text: str, file: str) -> tuple[Kind, ...]:
    """What the text certainly is one of, that which reads the most first; nothing where it may be a table.

    Raises IntakeError for a web page, and for XML that is no RDF/XML.
    """
    body = _LEADING.sub("", text, count=1)
    if _HTML.match(body):
        raise _refused(file, "a web page (HTML)")
    if _XML.match(body):
        if _RDF_NAMESPACE not in text:
            raise _refused(file, "XML, but not RDF/XML: its beginning does not declare the namespace of RDF")
        return (ox.RdfFormat.RDF_XML,)
    if _JSON.match(body):
        return (ox.RdfFormat.JSON_LD,)
    if _DIRECTIVE.match(body):
        return _TURTLE
    if _BLOCK.match(body):
        return (ox.RdfFormat.TRIG,)
    if _QUAD.match(body):
        return (ox.RdfFormat.N_QUADS,)
    return (*_TURTLE, ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS) if _STATEMENT.match(body) else ()


def likely(claim: Kind | None, text: str) -> Kind | None:
    """What a text is that is nothing for certain: what is claimed, unless it cannot be that and looks like a table."""
    if claim == "csv" or (isinstance(claim, ox.RdfFormat) and _BEGINNINGS.get(claim, _SUBJECT).match(text.lstrip())):
        return claim
    if looks_like_table(text):
        return "csv"
    return None if claim == "xlsx" else claim


def _refused(file: str, what: str) -> IntakeError:
    hint = "Save it as CSV or XLSX if it is a table, else as Turtle, JSON-LD or RDF/XML."
    return IntakeError(file, GraphError(f"This is {what}.", hint=hint))
