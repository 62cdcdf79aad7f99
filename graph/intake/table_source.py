"""What every table of a submission is as a source, whatever its layout."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..finding import Finding
from ..phrases import Phrases
from .fault import Faults
from .sheet import Sheet

if TYPE_CHECKING:
    import pyoxigraph as ox


class TableSource:
    """A sheet, its statements so far, and what was found in it."""

    def __init__(self, sheet: Sheet, say: Phrases) -> None:
        self._sheet = sheet
        self._faults = Faults(sheet.findings, say, sheet.counts)
        self.triples: Sequence[ox.Triple] = []

    @property
    def name(self) -> str:
        """The file's name as it was sent."""
        return self._sheet.file

    @property
    def kind(self) -> str:
        """What the file was read as."""
        return self._sheet.kind

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong with the table itself."""
        return self._faults.findings

    @property
    def counts(self) -> Mapping[str, int]:
        """The true numbers of findings by shape, where not all are listed."""
        return self._faults.counts
