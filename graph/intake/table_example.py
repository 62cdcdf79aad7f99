"""The example row of a template: a record of the graph, else the examples that the shapes' descriptions give."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from .. import names
from ..fields import DEFAULT_LANGUAGE, Field, Form, word
from .table_cells import SEPARATOR, written
from .table_codes import Codes
from .table_terms import Expected

_RECORDS_TRIED: Final = 200
_VALUES_SHOWN: Final = 3
_TYPE = ox.NamedNode(names.RDF + "type")
_QUOTED = re.compile(r'for example "([^"]+)"')
_PLAIN = re.compile(
    r"for example (?!(?:the|that|an?|category) )([^;\"]+?)(?:[,;] .*| (?:for|beside|in|or|and) .*|[.;]*)"
)


def example(form: Form, columns: Sequence[Field], codes: Codes, context: ox.Store | None) -> dict[str, str]:
    """The cells of the columns in an example row, by header."""
    values = _record(form, columns, context) if context else {}
    if values:
        return {field.header: _cell(field, values.get(field.path, []), codes) for field in columns}
    return {field.header: described(field, codes) for field in columns}


def described(field: Field, codes: Codes) -> str:
    """The value that a field's description names for example, or the first of its choices."""
    if field.choices:
        return codes.code(field.choices[0], field)
    if field.datatype == names.XSD + "boolean":
        return "yes"
    text = word(field.descriptions, DEFAULT_LANGUAGE)
    match = _QUOTED.search(text) or _PLAIN.fullmatch(text, max(0, text.find("for example ")))
    return written(match[1]) if match else ""


def _record(form: Form, columns: Sequence[Field], context: ox.Store) -> dict[str, list[Expected]]:
    """What the record says that fills most of the columns, of the first ones of the class."""
    found = context.quads_for_pattern(None, _TYPE, ox.NamedNode(form.class_iri), ox.DefaultGraph())
    subjects = sorted(quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode))
    languages = {field.path: field.template_language for field in columns}
    records = [_values(subject, languages, context) for subject in subjects[:_RECORDS_TRIED]]
    return max(records, key=len, default={})


def _values(subject: str, languages: Mapping[str, str | None], context: ox.Store) -> dict[str, list[Expected]]:
    """The values of a record by path: of texts, those in the language of their column."""
    values: dict[str, list[Expected]] = {}
    for quad in context.quads_for_pattern(ox.NamedNode(subject), None, None, ox.DefaultGraph()):
        path, value = quad.predicate.value, quad.object
        fits = isinstance(value, ox.NamedNode) or (
            isinstance(value, ox.Literal) and value.language == languages.get(path)
        )
        if path in languages and fits and isinstance(value, ox.NamedNode | ox.Literal):
            values.setdefault(path, []).append(value)
    return values


def _cell(field: Field, values: Sequence[Expected], codes: Codes) -> str:
    """A few of the values."""
    return f" {SEPARATOR} ".join(sorted(codes.code(value, field) for value in values)[:_VALUES_SHOWN])
