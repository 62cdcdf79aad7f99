"""Findings on the file itself, where the rest of it could still be read: a formula in a cell, a guessed encoding.

Their words are the phrases `intake.<rule>`, in the language of the report. Where a file cannot be read at all there is
no finding but an `IntakeError`, in English as all errors are.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..finding import SEVERITIES, Finding, SourcePlace
from ..names import SHAPE
from ..phrases import Phrases

MAX_LISTED: Final = 1000
"""Findings of one rule that are kept; of the others only the number is."""

_LONGEST_EXCERPT: Final = 1000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def fault(  # noqa: PLR0913 - the parts of a finding
    rule: str,
    place: SourcePlace,
    say: Phrases,
    /,
    *,
    field: str | None = None,
    value: str | None = None,
    severity: str = SEVERITIES[0],
    **values: object,
) -> Finding:
    """A finding of a rule, as `formula` or, where it has several messages, `cells.short`; its phrase takes the values.

    The field is the name of a column; without one the finding is about the whole file.
    """
    field = field or say.text("file")
    return Finding(
        severity=severity,
        shape=_shape(rule),
        field=field,
        group="",
        order=place.line,
        subject=place.file,
        subject_label=place.file,
        path=None,
        value=None if value is None else excerpt(value),
        message=say.text("labelled", label=field, text=say.text(f"intake.{rule}", **values)),
        place=place,
    )


def _shape(rule: str) -> str:
    return f"{SHAPE}intake-{rule.partition('.')[0]}"


def excerpt(text: str) -> str:
    """A line or a value to be shown: not too long, and without what a terminal would obey."""
    shown = _CONTROL.sub("\ufffd", text[:_LONGEST_EXCERPT])
    return shown if len(text) <= _LONGEST_EXCERPT else f"{shown}…"


class Faults:
    """The findings on one file in the order of its reading, at most `MAX_LISTED` of each rule, in the words of `say`.

    `counts` goes with `findings` that were made before: how many there really were.
    """

    def __init__(self, findings: Sequence[Finding], say: Phrases, counts: Mapping[str, int] | None = None) -> None:
        self.say = say
        self._findings: list[Finding] = []
        self._counts: Counter[str] = Counter()
        for finding in findings:
            self.add(finding)
        self._counts |= Counter(counts or {})

    def add(self, finding: Finding) -> None:
        """Keep it, or only count it where there are enough of its kind."""
        self._counts[finding.shape] += 1
        if self._counts[finding.shape] <= MAX_LISTED:
            self._findings.append(finding)

    def meet(self, rule: str, make: Callable[[], Finding]) -> None:
        """Add a finding of this rule that need not be made where it is only counted: a table may have a million."""
        shape = _shape(rule)
        if self._counts[shape] < MAX_LISTED:
            self.add(make())
        else:
            self._counts[shape] += 1

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that were kept."""
        return tuple(self._findings)

    @property
    def counts(self) -> Mapping[str, int]:
        """The true number of findings by the IRI of their shape, where more were met than kept."""
        return {shape: count for shape, count in self._counts.items() if count > MAX_LISTED}
