"""The tables of a submission become sources: each is laid out as a form says, or as one of the tables of facts.

A table says which by the name of its sheet or file; where that is none, the header decides.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath

import pyoxigraph as ox

from .. import fields
from ..fields import Form, Forms
from ..finding import Finding, SourcePlace
from ..phrases import Phrases
from . import table_faults
from .sheet import Sheet
from .source import Source, Subject, Term
from .table_facts import FactsTable
from .table_header import Header, Reader
from .table_known import Known
from .table_layouts import Layout, layouts, shipped_values
from .table_terms import folded
from .template import TemplateTable

_FIRST_WORD = re.compile(r"([^\W\d_]+)[ (_-]")


@dataclass(frozen=True, slots=True)
class Unread:
    """A table of which nobody knows what it is, as a Source that says nothing."""

    sheet: Sheet
    findings: Sequence[Finding]
    triples: Sequence[ox.Triple] = ()

    @property
    def name(self) -> str:
        """The file's name as it was sent."""
        return self.sheet.file

    @property
    def kind(self) -> str:
        """What the file was read as."""
        return self.sheet.kind

    @property
    def counts(self) -> Mapping[str, int]:
        """The true numbers of findings by shape, where not all are listed."""
        return self.sheet.counts

    def statement(self, subject: Subject, predicate: ox.NamedNode, object_: Term) -> None:
        """No place: it makes no statement."""

    def field(self, subject: Subject, path: str) -> None:
        """No place."""

    def subject(self, subject: Subject) -> None:
        """No place."""


_Table = FactsTable | TemplateTable | Unread


def read(sheets: Sequence[Sheet], context: ox.Store, say: Phrases) -> list[Source]:
    """What each table says, one source for each in the order given; the default graph of `context` is published.

    Tables can refer to each other: those of facts are read first, since names in them are looked up in the published
    graph alone.
    """
    forms = fields.shipped()
    choice = _Choice(forms, Known(forms, context), context, say)
    chosen = [choice.table(sheet) for sheet in sheets]
    facts = [table for table in chosen if isinstance(table, FactsTable)]
    templates = [table for table in chosen if isinstance(table, TemplateTable)]

    @cache
    def values(name: str, column: str) -> frozenset[str]:
        sent = (table.values(column) for table in facts if table.layout == name)
        return shipped_values(name, column).union(*sent)

    for table in facts:
        table.read(values)
    for template in templates:
        template.announce()
    for template in templates:
        template.read()
    return list(chosen)


@dataclass(frozen=True, slots=True)
class _Choice:
    """How each table is laid out, and what all tables of a submission share."""

    forms: Forms
    known: Known
    context: ox.Store
    say: Phrases

    def table(self, sheet: Sheet) -> _Table:
        """The table that the sheet is by its name or its file's, else by its header."""
        for name in _names(sheet):
            if layout := layouts().get(name):
                return self._of_facts(sheet, layout)
            if form := _form_named(name, self.forms):
                return self._of_form(sheet, form)
        header = [cell.value for cell in sheet.header if cell.value]
        exact = next((layout for layout in layouts().values() if layout.fits(header)), None)
        return self._of_facts(sheet, exact) if exact else self._by_header(sheet, header)

    def _by_header(self, sheet: Sheet, header: Sequence[str]) -> _Table:
        """The table of what has most of its columns; none where that is not more than half of them."""
        offered = [form for form in self.forms.values() if form.offered]
        fitting = {form.name: _fitting(Reader(form, self.forms).read(sheet.header)) for form in offered}
        fitting |= {layout.name: len(set(header) & set(layout.columns)) for layout in layouts().values()}
        best = max(fitting, key=lambda name: (fitting[name], name in self.forms))
        first = next(iter(sheet.header), None)
        place = sheet.place(first, first.value or None) if first else SourcePlace(sheet.file, 1, 1)
        if fitting[best] * 2 <= len(header):
            unknown = table_faults.no_form(place, [form.name for form in offered], self.say)
            return Unread(sheet, [*sheet.findings, unknown])
        remark = table_faults.form_chosen(place, best, fitting[best], len(header), self.say)
        chosen = replace(sheet, findings=[*sheet.findings, remark])
        form = self.forms.get(best)
        return self._of_form(chosen, form) if form else self._of_facts(chosen, layouts()[best])

    def _of_form(self, sheet: Sheet, form: Form) -> TemplateTable:
        return TemplateTable(sheet, form, self.forms, self.known, self.say)

    def _of_facts(self, sheet: Sheet, layout: Layout) -> FactsTable:
        return FactsTable(sheet, layout, self.known, self.context, self.say)


def _fitting(header: Header) -> int:
    return sum(column.field is not None for column in header.columns)


def _names(sheet: Sheet) -> list[str]:
    """The name of the sheet, and that of the file without its endings."""
    stem = PurePath(sheet.file).name.partition(".")[0]
    return [name for name in (sheet.sheet, stem) if name]


def _form_named(name: str, forms: Forms) -> Form | None:
    """The form whose name or label this is, also where something follows: "Activity (1)", "Activity-2024"."""
    named: dict[str, Form] = {}
    for form in forms.values():
        for spelling in (form.name, *form.labels.values()):
            named.setdefault(folded(spelling), form)
    first = _FIRST_WORD.match(name)
    return named.get(folded(name)) or (named.get(folded(first[1])) if first else None)
