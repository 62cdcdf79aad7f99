"""The value and the subject of a finding, read from their N-Triples."""

from dataclasses import dataclass

from ..finding import Finding
from ..names import shorten


@dataclass(frozen=True, slots=True)
class Value:
    """A value for reading. `suffix` is what tells texts apart that read alike: `@fr`, `^^xsd:gYear`.

    `iri` is set where the value is one.
    """

    text: str
    quote: tuple[str, str] = ("", "")
    suffix: str = ""
    iri: str | None = None

    @property
    def language(self) -> str:
        """The language tag, empty where there is none; without RDF 1.2's direction."""
        return self.suffix[1:].partition("--")[0] if self.suffix.startswith("@") else ""


def value(finding: Finding) -> Value | None:
    """What was found; None where something is missing. Without the term it is only known as characters."""
    if finding.value is None:
        return None
    term = finding.term or ""
    if term.startswith("<") and not term.startswith("<<"):
        return Value(finding.value, ("<", ">"), iri=finding.value)
    if not term.startswith('"'):
        return Value(finding.value)
    mark = term.rpartition('"')[2]
    suffix = f"^^{shorten(mark[3:-1])}" if mark.startswith("^^") else mark
    return Value(finding.value, ('"', '"'), suffix)


def subject_iri(finding: Finding) -> str | None:
    """The subject where it is an IRI; a blank node has no name outside the file."""
    return finding.subject if finding.focus.startswith("<") else None
