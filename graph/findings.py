"""What is found out about a part that empties a result, and the questions by which it is found.

Advice is asked first: with it in place of what is written, the pattern has solutions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox
from lark import Tree

from . import hints
from .mistakes import nearest
from .parts import Edits, Part, Piece, drop
from .probe import Frame, Probe
from .terms import Term, Terms

SHOWN: Final = 10
_VERY_LIKE: Final = 0.85

Counted = Sequence[tuple[Term, int]]


@dataclass(frozen=True, slots=True)
class Example:
    """A value that exists in place of what was asked for, and how many solutions have it."""

    of: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Change:
    """Another text for a piece of the query, with which there are solutions."""

    piece: Piece
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a part leaves nothing, in sentences, what exists there, and a change that mends it."""

    sentence: str
    examples: tuple[Example, ...] = ()
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The rest of a pattern, in which one part is looked at."""

    probe: Probe
    frame: Frame
    edits: Edits

    @property
    def prologue(self) -> Terms:
        """How terms are written here."""
        return self.probe.prologue

    def without(self, part: Part) -> "Context":
        """The same with a part left out."""
        return replace(self, edits=self.edits | drop([part]))

    def text(self, piece: Piece) -> str:
        """What a piece reads."""
        return self.probe.writer.slice(piece)

    def term(self, piece: Piece | None) -> ox.NamedNode | ox.Literal | None:
        """The constant that a piece is."""
        return self.prologue.term(piece, self.text(piece)) if isinstance(piece, Tree) else None

    def holds(self, texts: Mapping[int, str]) -> bool:
        """Whether there are solutions with these texts in place of pieces, by their ids."""
        return self.probe.holds(self.frame, self.edits | Edits(texts))

    def values(self, expression: str, texts: Mapping[int, str] | None = None) -> Counted:
        """The most frequent values of an expression."""
        return self.probe.frequent(self.frame, self.edits | Edits(texts or {}), expression)

    def similar(self, asked: Term, expression: str, texts: Mapping[int, str] | None = None) -> Term | None:
        """A value of the expression that reads like the one that was asked for, but is another term."""
        if not isinstance(asked, ox.NamedNode | ox.Literal):
            return None
        readings = {asked.value, asked.value.strip()}
        readings |= set(hints.spellings(asked.value)) if isinstance(asked, ox.NamedNode) else set()
        listed = ", ".join(str(ox.Literal(reading.lower())) for reading in sorted(readings))
        edits = self.edits | Edits(texts or {})
        found = self.probe.matching(self.frame, edits, expression, f"LCASE(STR(?why_it)) IN ({listed})")
        others = [term for term in found if term != asked]
        return min(others, key=lambda term: getattr(term, "value", "") != asked.value, default=None)

    def advice(self, piece: Piece, sentence: str, near: Term | None, examples: tuple[Example, ...] = ()) -> Reason:
        """The sentence with what was probably meant by a piece, which is a change where it gives solutions."""
        if near is None:
            return Reason(sentence, examples)
        text = self.prologue.write(near)
        change = Change(piece, text) if self.holds({id(piece): text}) else None
        return Reason(f"{sentence} Did you mean {self.show(near)}?", examples, change)

    def spelling(self, piece: Piece, asked: Term, found: Term, examples: tuple[Example, ...] = ()) -> Reason:
        """The same constant, written as the graph has it."""
        text = self.prologue.write(found)
        sentence = f"The graph has {text}, not {self.text(piece)}. {difference(asked, found, self.prologue)}"
        return Reason(sentence, examples, Change(piece, text))

    def examples(self, of: str, values: Counted) -> tuple[Example, ...]:
        """The first values for people."""
        return tuple(Example(of, self.show(term), count) for term, count in values[:SHOWN])

    def show(self, term: Term) -> str:
        """A term for people."""
        return self.prologue.show(term.value) if isinstance(term, ox.NamedNode) else self.prologue.write(term)


def difference(asked: Term, found: Term, prologue: Terms) -> str:
    """How two terms that read alike differ, in a sentence."""
    if isinstance(asked, ox.Literal) and isinstance(found, ox.Literal):
        return _difference_of_literals(asked, found, prologue)
    if isinstance(asked, ox.NamedNode) and isinstance(found, ox.NamedNode):
        return "An IRI is compared letter by letter: also http and https, a / at the end and capitals count."
    return "It is an IRI there, not a text." if isinstance(found, ox.NamedNode) else "It is a text there, not an IRI."


def _difference_of_literals(asked: ox.Literal, found: ox.Literal, prologue: Terms) -> str:
    if asked.value != found.value:
        return "Capitals and spaces count."
    if found.language and asked.language:
        return f"There it is in the language @{found.language}."
    if found.language:
        return f"There it has the language @{found.language}, and a text without a language is another value."
    if asked.language:
        return "There it has no language."
    return (
        f"There it is of the datatype {prologue.show(found.datatype.value)}, not {prologue.show(asked.datatype.value)}."
    )


def same_kind(one: Term, other: Term) -> bool:
    """Whether both are IRIs, or both texts of the same datatype and language."""
    if isinstance(one, ox.Literal) and isinstance(other, ox.Literal):
        return (one.datatype, one.language) == (other.datatype, other.language)
    return type(one) is type(other)


def nearest_value(asked: Term, values: Iterable[Term], *, any_number: bool = False) -> Term | None:
    """The value whose name is most like that of another.

    With other digits it is mostly another thing, not a misspelling, so digits must be the same unless said otherwise.
    """
    names = {name_of_term(value): value for value in values}
    own = name_of_term(asked)
    if any_number:
        return names.get(nearest(own, names, _VERY_LIKE))
    return names.get(nearest(own, (name for name in names if re.findall(r"\d+", name) == re.findall(r"\d+", own))))


def name_of_term(term: Term) -> str:
    """What a term is called: the last piece of an IRI, or the text."""
    if isinstance(term, ox.NamedNode):
        return re.split(r"[#/:]", term.value.rstrip("#/:"))[-1]
    return term.value if isinstance(term, ox.Literal) else ""
