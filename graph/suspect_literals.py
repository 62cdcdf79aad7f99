"""Literals as pySHACL judges them, in SPARQL: what surely has its datatype, matches its pattern, or is the smaller.

rdflib's idea of a well-formed text and of an order differs from Oxigraph's at the edges: times with a fraction of
more than six digits, dates with a zone, integers of many digits. Each expression here is true only where both agree,
so that its negation misses no fault. Where a text is judged differently is told beside each list.
"""

import re
from typing import Final

import pyoxigraph as ox

from .names import RDF, XSD

_MONTH_AND_DAY: Final = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_DAY: Final = f"[1-9][0-9]{{3}}-{_MONTH_AND_DAY}"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
_ZONE: Final = "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
_DECIMAL: Final = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)"

_WELL_FORMED: Final = {
    "integer": "^[+-]?[0-9]{1,18}$",
    "decimal": f"^{_DECIMAL}$",
    "float": f"^{_DECIMAL}([eE][+-]?[0-9]{{1,2}})?$",
    "double": f"^{_DECIMAL}([eE][+-]?[0-9]{{1,2}})?$",
    "boolean": "^(true|false|1|0)$",
    "date": f"^{_DAY}$",
    "gYear": "^[1-9][0-9]{3}$",
    "gYearMonth": "^[1-9][0-9]{3}-(0[1-9]|1[0-2])$",
    "dateTime": f"^{_DAY}T{_TIME}{_ZONE}?$",
}
"""Texts that are surely of the datatype; more are, as 29 February and what has a zone, and pySHACL says which."""

_ANY_TEXT: Final = ("string", "anyURI", "normalizedString", "token", "language")
"""Datatypes for which rdflib takes every text."""

_UNKNOWN_TO_RDFLIB: Final = ("gDay", "gMonth", "gMonthDay", "NCName", "Name", "NMTOKEN", "QName", "dateTimeStamp")

_ORDERED: Final = {
    "string": ("",),
    "date": (_WELL_FORMED["date"],),
    "gYear": (_WELL_FORMED["gYear"],),
    "gYearMonth": (_WELL_FORMED["gYearMonth"],),
    "dateTime": (f"^{_DAY}T{_TIME}$", f"^{_DAY}T{_TIME}{_ZONE}$"),
}
"""Texts that have one order among themselves for rdflib and Oxigraph; a time with a zone has none to one without."""

_NUMBERS: Final = ("integer", "decimal")

_SAFE_PATTERN: Final = re.compile(
    r"""(?: [\^$|] | \(
          | (?: [^\\\[\](){}.*+?^$|] | [.] | \\[.\-/()\[\]{}*+?^$|\\] | \)
              | \[\^? (?: [\w ,;:#@!%='"<>/(){}.*+?$|] (?: -[A-Za-z0-9] )? )+ -? \] )
            (?: (?: [*+?] | \{[0-9]{1,3}(?:,[0-9]{0,3})?\} ) [?]? (?![*+?{]) )?
        )*""",
    re.VERBOSE | re.ASCII,
)
"""Patterns that mean the same to Python and to Oxigraph: no classes of Unicode, look-around or references."""


def iri(name: str) -> str:
    """A datatype of XML Schema as SPARQL writes it."""
    return f"<{XSD}{name}>"


def has_datatype(variable: str, datatype: ox.NamedNode) -> str:
    """Whether the value carries the datatype, well-formed or not."""
    if datatype.value == RDF + "langString":
        return f'(isLiteral({variable}) && LANG({variable}) != "")'
    return f"(isLiteral({variable}) && DATATYPE({variable}) = {datatype})"


def is_well_formed(variable: str, datatype: ox.NamedNode) -> str | None:
    """Whether the text of a value of that datatype surely is one; None where every text is."""
    name = datatype.value.removeprefix(XSD)
    if name in _WELL_FORMED:
        return matches(variable, _WELL_FORMED[name])
    if not datatype.value.startswith((XSD, RDF)) or name in (*_ANY_TEXT, *_UNKNOWN_TO_RDFLIB, RDF + "langString"):
        return None
    return "false"


def is_safe(pattern: str) -> bool:
    """Whether Oxigraph's regular expressions read the pattern as Python's do."""
    return _SAFE_PATTERN.fullmatch(pattern) is not None


def matches(variable: str, pattern: str) -> str:
    """Whether the text of an IRI or literal holds the pattern."""
    return f"REGEX(STR({variable}), {ox.Literal(pattern)})"


def surely_ordered(left: str, sign: str, right: str) -> str:
    """Whether both engines agree that the two values are in that order (`<` or `<=`)."""
    numbers = ", ".join(map(iri, _NUMBERS))
    kinds = [f"(DATATYPE({left}) IN ({numbers}) && DATATYPE({right}) IN ({numbers}))"]
    for name, patterns in _ORDERED.items():
        for pattern in patterns:
            both = [f"DATATYPE({term}) = {iri(name)}" for term in (left, right)]
            both += [matches(term, pattern) for term in (left, right) if pattern]
            kinds.append(f"({' && '.join(both)})")
    return (
        f"COALESCE(isLiteral({left}) && isLiteral({right}) && ({' || '.join(kinds)}) && {left} {sign} {right}, false)"
    )


def surely_within(variable: str, bound: ox.Literal, *, lower: bool, inclusive: bool) -> str:
    """Whether both engines agree that the value is above (or below) the bound."""
    sign = "<=" if inclusive else "<"
    if bound.datatype.value.removeprefix(XSD) in _NUMBERS:
        order = f"{bound} {sign} {variable}" if lower else f"{variable} {sign} {bound}"
        numbers = ", ".join(map(iri, _NUMBERS))
        return f"COALESCE(isLiteral({variable}) && DATATYPE({variable}) IN ({numbers}) && {order}, false)"
    return surely_ordered(str(bound), sign, variable) if lower else surely_ordered(variable, sign, str(bound))
