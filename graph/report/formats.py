"""A report in each of its formats but HTML, which `server/report_page.py` adds.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, https://www.w3.org/TR/shacl/#validation-report
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from . import plain, sarif, shacl, text
from .checked import Checked, CheckedFile

__all__ = ["FORMATS", "Checked", "CheckedFile", "ReportFormat", "write"]


class ReportFormat(NamedTuple):
    """A format: its media type, and what writes it."""

    media_type: str
    write: Callable[[Checked], str]


FORMATS: Final[Mapping[str, ReportFormat]] = {
    "text": ReportFormat("text/plain", text.write),
    "json": ReportFormat("application/json", plain.write),
    "sarif": ReportFormat("application/sarif+json", sarif.write),
    "turtle": ReportFormat("text/turtle", shacl.turtle),
    "jsonld": ReportFormat("application/ld+json", shacl.jsonld),
    "nt": ReportFormat("application/n-triples", shacl.ntriples),
}
"""By name, as `--format` and `format=` take it."""


def write(checked: Checked, name: str) -> str:
    """The report in the format of this name."""
    return FORMATS[name].write(checked)
