"""Any graph as the tables that a member could have sent: one CSV for each form, a column for each way of writing.

Written without the program's own writer of cells, so that a test of reading does not rest on it.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping

import pyoxigraph as ox
from itu_align.graph import fields, names
from itu_align.graph.fields import Form

_FORMS = {
    "string": r"(?s).*",
    "integer": r"[0-9]+",
    "decimal": r"[0-9]+[.][0-9]+",
    "boolean": "true|false",
    "date": r"[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|30)",
    "gYearMonth": r"[0-9]{4}-(0[1-9]|1[0-2])",
    "gYear": r"[0-9]{4}",
    "dateTime": r"[0-9-]{10}T[0-9:]{8}(Z|[+-][0-9:]{5})",
}
TYPE = ox.NamedNode(names.RDF + "type")


def to_tables(triples: Iterable[ox.Triple]) -> dict[str, bytes]:
    """The tables by file name. All columns of a form are there; things without a form are not."""
    by_form: dict[str, dict[str, list[ox.Triple]]] = {}
    things: dict[str, list[ox.Triple]] = {}
    for triple in triples:
        things.setdefault(triple.subject.value, []).append(triple)
    for iri, about in things.items():
        form = form_of({triple.object.value for triple in about if triple.predicate == TYPE})
        by_form.setdefault(form.name, {})[iri] = about
    return {f"{name}.csv": _table(fields.shipped()[name], rows) for name, rows in by_form.items()}


def form_of(classes: Iterable[str]) -> Form:
    """The form of a thing of these classes: the one for the fewest classes."""
    forms = fields.shipped()
    fitting = [form for form in forms.values() if any(c in forms.below(form.class_iri) for c in classes)]
    return min(fitting, key=lambda form: (len(form.kinds), form.name))


def header_of(form: Form, triple: ox.Triple) -> str:
    """The header of the column in which a statement is written."""
    field = next((f for f in form.fields if f.path == triple.predicate.value and not f.inverse), None)
    name = field.name if field else names.shorten(triple.predicate.value)
    value = triple.object
    if not isinstance(value, ox.Literal):
        return field.header if field else name
    if value.language:
        return f"{name}@{value.language}"
    plain = field is not None and value.datatype.value in field.datatypes and _is_valid(value)
    return name if plain else f"{name}^^{names.shorten(value.datatype.value)}"


def _is_valid(value: ox.Literal) -> bool:
    """Whether the text is of its datatype, so that a column of it needs no more than its name."""
    pattern = _FORMS.get(value.datatype.value.removeprefix(names.XSD))
    return pattern is not None and re.fullmatch(pattern, value.value) is not None


def _table(form: Form, rows: Mapping[str, list[ox.Triple]]) -> bytes:
    columns = ["id", *(field.header for field in form.fields)]
    cells: dict[str, dict[str, list[str]]] = {iri: {} for iri in rows}
    for iri, about in rows.items():
        classes = sorted(triple.object.value for triple in about if triple.predicate == TYPE)
        if classes != [form.class_iri]:
            cells[iri]["rdf:type"] = [f"<{c}>" for c in classes]
        for triple in about:
            if triple.predicate != TYPE:
                cells[iri].setdefault(header_of(form, triple), []).append(_cell(triple.object))
    columns += dict.fromkeys(header for row in cells.values() for header in row if header not in columns)
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(columns)
    for iri, row in cells.items():
        writer.writerow([iri, *(" || ".join(row.get(header, [])) for header in columns[1:])])
    return content.getvalue().encode()


def _cell(value: ox.NamedNode | ox.Literal) -> str:
    if isinstance(value, ox.NamedNode):
        return f"<{value.value}>"
    text = value.value.replace("\\", "\\\\").replace("||", "\\|\\|")
    if text.startswith("<"):
        text = "\\" + text
    return text or '""'
