"""The Accept header and the serialisation that it asks for (RFC 9110, section 12.5.1). Pure.

https://www.rfc-editor.org/rfc/rfc9110#name-accept
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ..graph.errors import GraphError, ResultFormatError
from ..graph.query import FORMATS, Format

HTML: Final = Format("html", "text/html", "html")
PROBLEM: Final = Format("problem", "application/problem+json", "json")
JSON_FORMAT: Final = Format("json", "application/json", "json")

_ALIASES: Final = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "rdfxml": ("application/xml", "text/xml"),
    "jsonld": ("application/json",),
    "problem": ("application/json",),
}
"""Broader types that a format also is. They are sent only to a client that asked for them by name."""

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))+')  # a quote never closed takes in the rest
_MAX_LENGTH: Final = 8192
# Each run of spaces has one place in these patterns, so a hostile header cannot make them try many.
_PARAMETER = re.compile(rf";\s*(?:({_WORD})\s*=\s*({_WORD}|{_QUOTED})\s*)?")
_RANGE = re.compile(rf"({_WORD})/({_WORD})\s*((?:{_PARAMETER.pattern})*)")
_WEIGHT = re.compile(r"(?:0?(?:\.\d{0,9})?|1(?:\.0{0,9})?)")


class AcceptError(GraphError):
    """The Accept header holds no media range at all, or is too long."""


class FormatNameError(GraphError):
    """`format=` names no format of ours."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A format under one of its media types, the one to answer with."""

    media_type: str
    format: Format

    @property
    def content_type(self) -> str:
        """The header's value. Only `text/…` types have a charset of their own; the others are UTF-8 by definition."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


@dataclass(frozen=True, slots=True)
class _Range:
    """A media range of the header, with `*` for what is left open."""

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]]
    weight: float
    position: int

    @property
    def precision(self) -> int:
        """How much the range says: `*/*` is 0, `text/*` 1, `text/csv` 2, and each parameter adds one."""
        return (self.type != "*") + (self.subtype != "*") + len(self.parameters)

    def covers(self, media_type: str) -> bool:
        """Whether the range means this type. All that we send is UTF-8; no other parameter can be met."""
        if self.parameters - {("charset", "utf-8")}:
            return False
        main, _, sub = media_type.partition("/")
        return self.type in {"*", main} and self.subtype in {"*", sub}


def choose(accept: str, formats: Sequence[Format]) -> Offer:
    """The offer that a client likes best; no header at all means that everything is welcome.

    For each type the most precise range decides. Of equal weights the more precise range wins, then the one that
    the client wrote first, then our own order. Raises ResultFormatError where nothing fits.
    """
    offers = list(_offers(formats))
    ranges = _parse(accept)
    if not ranges:
        return offers[0]
    ranked = [(offer, _best(ranges, offer.media_type)) for offer in offers]
    fitting = [(offer, found) for offer, found in ranked if found is not None and found.weight > 0]
    if not fitting:
        available = ", ".join(each.media_type for each in formats)
        message = f"None of the media types in 'Accept: {accept[:200]}' can be sent here."
        raise ResultFormatError(message, hint=f"Available: {available}.")
    return max(fitting, key=lambda pair: (pair[1].weight, pair[1].precision, -pair[1].position))[0]


def named(name: str, formats: Sequence[Format]) -> Offer:
    """The offer that `format=` asks for, by our short name or by a media type."""
    known = {offer.media_type: offer for offer in _offers((*FORMATS, HTML))}
    known |= {each.name: Offer(each.media_type, each) for each in (*FORMATS, HTML)}
    fitting = {offer.media_type: offer for offer in _offers(formats)}
    fitting |= {each.name: Offer(each.media_type, each) for each in formats}
    if name in fitting:
        return fitting[name]
    hint = f"Available: {', '.join(each.name for each in formats)}."
    if name in known:
        raise ResultFormatError(f"The answer to this query cannot be written as {name}.", hint=hint)
    raise FormatNameError(f"There is no format {name[:80]!r}.", hint=hint)


def prefers_page(accept: str, others: Sequence[Format]) -> bool:
    """Whether a client would rather have a page than any of the others, as browsers do; never raises."""
    try:
        return choose(accept, (*others, HTML)).format is HTML
    except GraphError:
        return False


def _offers(formats: Iterable[Format]) -> Iterator[Offer]:
    """Each format under its registered type, then under the broader ones: `application/*` gets the registered."""
    chosen = list(formats)
    yield from (Offer(each.media_type, each) for each in chosen)
    yield from (Offer(alias, each) for each in chosen for alias in _ALIASES.get(each.name, ()))


def _best(ranges: Sequence[_Range], media_type: str) -> _Range | None:
    covering = (each for each in ranges if each.covers(media_type))
    return max(covering, key=lambda each: (each.precision, -each.position), default=None)


@lru_cache(maxsize=256)  # each query asks for three kinds of answer, most clients with the same header
def _parse(accept: str) -> tuple[_Range, ...]:
    """The ranges that can be read. One that cannot is passed over: some HTTP clients send such by default."""
    if len(accept) > _MAX_LENGTH:
        message = f"The Accept header has {len(accept):,} characters; at most {_MAX_LENGTH:,} are read."
        raise AcceptError(message, hint="Name the few media types that you can read.")
    elements = [element.group().strip() for element in _ELEMENT.finditer(accept)]
    ranges = [_range(text, position) for position, text in enumerate(elements) if text]
    readable = [each for each in ranges if each is not None]
    if ranges and not readable:
        hint = "Write for instance 'Accept: application/sparql-results+json, text/csv;q=0.5'."
        raise AcceptError(f"'Accept: {accept[:200]}' cannot be read.", hint=hint)
    return tuple(readable)


def _range(text: str, position: int) -> _Range | None:
    """One media range; a lone `*`, which Java's HTTP client sends, counts as `*/*`."""
    match = _RANGE.fullmatch(re.sub(r"^\*(?=\s*(;|$))", "*/*", text).lower())
    if match is None or (match[1] == "*" and match[2] != "*"):
        return None
    parameters: set[tuple[str, str]] = set()
    for name, value in _PARAMETER.findall(match[3]):
        if name == "q":
            # What follows the weight is an extension of Accept, no parameter of the type (RFC 7231, 5.3.2).
            weight = float(f"0{value}") if _WEIGHT.fullmatch(value) else None
            return _made(match, parameters, weight, position)
        if name:
            parameters.add((name, value.strip('"')))
    return _made(match, parameters, 1.0, position)


def _made(match: re.Match[str], parameters: set[tuple[str, str]], weight: float | None, position: int) -> _Range | None:
    if weight is None:
        return None
    return _Range(match[1], match[2], frozenset(parameters), weight, position)
