"""Templates that members download and fill in: a form as CSV, or as a workbook with codes and notes.

The first row names the columns, the second is an example that is not read when it comes back.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

import pyoxigraph as ox
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell  # type: ignore[import-untyped]
from openpyxl.comments import Comment  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]
from openpyxl.worksheet.datavalidation import DataValidation  # type: ignore[import-untyped]
from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

from .. import fields
from ..fields import DEFAULT_LANGUAGE, Field, Form, word
from ..phrases import Phrases, phrases
from ..spreadsheet import safe_cell
from .table_codes import Code, Codes
from .table_example import described, example
from .table_header import ID, TYPE
from .template import EXAMPLE
from .workbook import CODES_SHEET, NOTES_SHEET

_BOLD: Final = Font(bold=True)
_REQUIRED: Final = PatternFill("solid", start_color="FFF2CC")
_GREY: Final = Font(italic=True, color="767676")
_ROWS_OFFERED: Final = 1000
_TEXT: Final = "@"
_LONGEST_CELL: Final = 32_767
_WIDTHS: Final = (24, 48)
_NOTE_WIDTHS: Final = (22, 26, 12, 14, 70, 40)


@cache
def forms() -> Sequence[Form]:
    """The forms that members can fill in, in the order of their names."""
    return tuple(form for form in fields.shipped().values() if form.offered)


def columns(form: Form) -> list[Field]:
    """The fields that have a column in a template."""
    return [field for field in form.fields if field.offered]


def template_csv(form: Form, language: str = DEFAULT_LANGUAGE, context: ox.Store | None = None) -> bytes:
    """The header and the example row, in UTF-8 with a byte order mark, for which spreadsheet programs look."""
    row = _example(form, Codes(fields.shipped(), context, language), context)
    content = io.StringIO(newline="")
    csv.writer(content).writerows([list(row), [safe_cell(cell) for cell in row.values()]])
    return content.getvalue().encode("utf-8-sig")


def template_xlsx(form: Form, context: ox.Store | None = None, language: str = DEFAULT_LANGUAGE) -> bytes:
    """A workbook of three sheets: the form, `Codes` with what can be entered, `Notes` with what each column means."""
    book = Workbook()
    book.properties.created = book.properties.modified = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has a sheet
    sheet.title = form.name
    codes = Codes(fields.shipped(), context, language)
    ranges = _write_codes(book.create_sheet(CODES_SHEET), form, codes, phrases(language))
    row = _example(form, codes, context)
    _write_form(sheet, form, row, language)
    for number, header in enumerate(row, 1):
        if header in ranges:
            _offer(sheet, number, ranges[header])
    _write_notes(book.create_sheet(NOTES_SHEET), form, codes, phrases(language))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _example(form: Form, codes: Codes, context: ox.Store | None) -> dict[str, str]:
    """The cells of the example row by header."""
    special = {ID: EXAMPLE, TYPE: form.name} if _has_kinds(form) else {ID: EXAMPLE}
    return special | example(form, columns(form), codes, context)


def _has_kinds(form: Form) -> bool:
    """Whether a record can be of a subclass, so that the template asks which."""
    return len(form.kinds) > 1 and form.field(TYPE) is None


def _write_form(sheet: Worksheet, form: Form, row: Mapping[str, str], language: str) -> None:
    by_header = {field.header: field for field in columns(form)}
    for number, (header, cell) in enumerate(row.items(), 1):
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = max(16, min(40, len(header) + 6))
        column.number_format = _TEXT
        _put(sheet, 1, number, header).font = _BOLD
        example_cell = _put(sheet, 2, number, safe_cell(cell))
        example_cell.font, example_cell.number_format = _GREY, _TEXT
        if field := by_header.get(header):
            note = f"{word(field.labels, language)}\n{word(field.descriptions, language)}"
            sheet.cell(1, number).comment = Comment(note, "itu-align", height=120, width=320)
            if field.minimum:
                sheet.cell(1, number).fill = _REQUIRED
    sheet.freeze_panes = "B2"


def _write_codes(sheet: Worksheet, form: Form, codes: Codes, words: Phrases) -> dict[str, str]:
    """A list of codes and meanings for each field that has any; the cells of the codes by the field's header."""
    ranges: dict[str, str] = {}
    lists: dict[tuple[Code, ...], str] = {}
    for field in columns(form):
        found = tuple(codes.of(field))
        if found and found not in lists:
            number = 2 * len(lists) + 1
            letter = get_column_letter(number)
            _put(sheet, 1, number, word(field.labels, words.language)).font = _BOLD
            _put(sheet, 1, number + 1, words.text("template.meaning")).font = _BOLD
            for line, (code, meaning) in enumerate(found, 2):
                _put(sheet, line, number, safe_cell(code))
                _put(sheet, line, number + 1, safe_cell(meaning))
            for offset, width in enumerate(_WIDTHS):
                sheet.column_dimensions[get_column_letter(number + offset)].width = width
            lists[found] = f"{CODES_SHEET}!${letter}$2:${letter}${len(found) + 1}"
        if found:
            ranges[field.header] = lists[found]
    sheet.freeze_panes = "A2"
    return ranges


def _offer(sheet: Worksheet, number: int, area: str) -> None:
    """Offer the codes in a list below the header. Other values stay possible: there are addresses, and `||`."""
    letter = get_column_letter(number)
    offer = DataValidation(type="list", formula1=f"={area}", allow_blank=True, showErrorMessage=False)
    offer.add(f"{letter}2:{letter}{_ROWS_OFFERED}")
    sheet.add_data_validation(offer)


def _write_notes(sheet: Worksheet, form: Form, codes: Codes, words: Phrases) -> None:
    """What holds for all columns, then each column."""
    kinds = ", ".join(form.kinds)
    lines = [
        words.text("template.one-row", form=word(form.labels, words.language)),
        words.text("template.id"),
        *([words.text("template.type", kinds=kinds)] if _has_kinds(form) else []),
        *(words.text(f"template.{key}") for key in ("values", "things", "languages", "dates", "text")),
    ]
    for line, text in enumerate(lines, 1):
        _put(sheet, line, 1, text)
    start = len(lines) + 2
    for number, key in enumerate(("column", "name", "required", "number", "enter", "example"), 1):
        _put(sheet, start, number, words.text(f"template.{key}")).font = _BOLD
        sheet.column_dimensions[get_column_letter(number)].width = _NOTE_WIDTHS[number - 1]
    for line, field in enumerate(columns(form), start + 1):
        for number, text in enumerate(_note(field, codes, words), 1):
            _put(sheet, line, number, safe_cell(text)).alignment = Alignment(wrap_text=True, vertical="top")


def _note(field: Field, codes: Codes, words: Phrases) -> list[str]:
    needed = "yes" if field.minimum else "advised" if field.advised else "no"
    return [
        field.header,
        word(field.labels, words.language),
        words.text(f"template.required.{needed}"),
        _how_many(field, words),
        word(field.descriptions, words.language),
        described(field, codes),
    ]


def _how_many(field: Field, words: Phrases) -> str:
    if field.maximum is None:
        return (
            words.text("template.number.at-least", count=field.minimum)
            if field.minimum
            else words.text("template.number.any")
        )
    form = "exactly" if field.minimum == field.maximum else "at-most"
    return words.text(f"template.number.{form}", count=field.maximum)


def _put(sheet: Worksheet, line: int, column: int, text: str) -> Cell:
    """Write a text, which is never a formula, without the characters that a workbook cannot hold."""
    cell = sheet.cell(line, column)
    assert isinstance(cell, Cell)  # noqa: S101 - no cells of a new sheet are merged
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST_CELL]
    cell.data_type = "s"
    return cell
