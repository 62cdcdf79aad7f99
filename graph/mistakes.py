"""What people write in place of SPARQL, and what they probably meant: hints for a text that cannot be read.

The patterns look at the text around the place where the parser stopped. They only choose words for a person; whether
a text is SPARQL was decided before, by the grammar.
"""

import re
from collections.abc import Container, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from .names import DCTERMS, PREFIXES

_REACH: Final = 200
"""Characters before and behind the place that the patterns see."""


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A hint, and where it fits: the text from the place on, the text before it, what could stand there or not."""

    hint: str
    found: str = ""
    before: str = ""
    accepted: str = ""
    refused: str = ""

    def fits(self, before: str, found: str, accepted: Container[str]) -> bool:
        if (self.accepted and self.accepted not in accepted) or (self.refused and self.refused in accepted):
            return False
        here = re.match(self.found, found, re.IGNORECASE)
        return here is not None and re.search(rf"(?:{self.before})\Z", before, re.IGNORECASE) is not None


_COLUMN: Final = "A computed column stands in brackets, with its name: (COUNT(?x) AS ?count)."
_QUOTES: Final = "A quote within a text is written {}, or the text stands in quotes of the other kind."
_MISTAKES: Final = (
    # Prologue
    _Mistake(
        "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE.", r"[\w{?$<]", accepted="SELECT", refused="LBRACE"
    ),
    _Mistake("SPARQL writes PREFIX without @ before and without a dot behind.", "@(prefix|base)"),
    _Mistake("A colon stands behind the prefix: PREFIX name: <…>.", r"\w", r"PREFIX\s+"),
    _Mistake("No sign stands behind PREFIX name: <…>.", "[.;,]", r"(PREFIX\s+\S*|BASE)\s*<[^>]*>\s*"),
    _Mistake("An IRI stands in angle brackets: <https://…>.", "https?:", accepted="IRIREF"),
    _Mistake("An IRI stands in angle brackets: <https://…>.", "/", "https?:/?"),
    _Mistake("A comment begins with #.", r"//|/\*|--"),
    # Texts, dates, names
    _Mistake('A date stands in quotes, with its datatype: "2017-01-31"^^xsd:date.', r"-\d", r"\b\d{4}"),
    _Mistake('A value with such a sign stands in quotes: "9/2".', "/", r"\b\d+"),
    _Mistake('A text has a language ("…"@en) or a datatype ("…"^^xsd:date), not both.', "@", r"\^\^"),
    _Mistake(
        'LANG gives a text, so it is compared with one: LANG(?x) = "en".', "@?[a-z]", r"LANG\s*\([^()]*\)\s*!?=\s*"
    ),
    _Mistake('The language of a value is tested: FILTER(LANG(?x) = "en").', "@", r"[?$]\w+"),
    _Mistake("The parts of a language tag are joined by -: en-GB.", "_", "@[a-z]+"),
    _Mistake('A datatype is joined by two signs: "…"^^xsd:date.', r"\^", "[\"']"),
    _Mistake('Between a text and its datatype stands ^^: "…"^^xsd:date.', r"\w*:\w", "[\"']"),
    _Mistake(_QUOTES.format(r"\'"), r"\w", "'"),
    _Mistake(_QUOTES.format(r"\""), r"\w", '"'),
    _Mistake("What belongs to something is a pattern of its own: ?x prefix:name ?name.", r"\.\w", r"[?$]\w+"),
    _Mistake("The name of a variable holds letters, digits and _ only.", "-", r"[?$]\w+", refused="DOT"),
    # Expressions
    _Mistake("Equality is written with one =.", "=", "="),
    _Mistake("At least is written >=.", ">", "="),
    _Mistake("At most is written <=.", "<", "="),
    _Mistake("Unequal is written !=.", ">", "<"),
    _Mistake("A condition is reversed by !(…); NOT stands before EXISTS and IN only.", r"[^{\s]", r"\bNOT\s*"),
    _Mistake("A condition stands in brackets: FILTER(?x > 1).", r"[?$]", r"\b(FILTER|HAVING)\s*"),
    _Mistake("What is sorted by stands in brackets: DESC(?x).", r"[?$]", r"\b(ASC|DESC)\s*"),
    _Mistake("It stands in brackets: BIND(… AS ?name).", r"[?$\w]", r"\bBIND\s*"),
    _Mistake("DISTINCT needs no brackets: SELECT DISTINCT ?x.", r"\)", r"\bSELECT\s+DISTINCT\s*\(\s*[?$]\w+\s*"),
    _Mistake("Give the value a name: (… AS ?name).", r"\)", accepted="AS"),
    _Mistake("Between the value and its name stands AS: (… AS ?name).", r"[?$]", accepted="AS"),
    _Mistake("An argument is missing.", r"\)", accepted="COMMA", refused="DOT"),
    _Mistake("A comma is missing between the arguments.", r"[?$\"'<\w]", accepted="COMMA", refused="DOT"),
    _Mistake("The values of IN stand in brackets: ?x IN (1, 2).", before=r"\bIN\s*", refused="RPAR"),
    # Clauses, in the order of a query
    _Mistake(_COLUMN, r"\w+\s*\(", r"\bSELECT\s+", refused="BY"),
    _Mistake(_COLUMN, r"\w+\s*\(", accepted="WHERE"),
    _Mistake("DISTINCT stands right behind SELECT.", "DISTINCT", accepted="WHERE"),
    _Mistake("Between variables stands no comma.", ",", accepted="WHERE"),
    _Mistake("The patterns stand in braces: WHERE { … }.", r"\w*:|<|\}", accepted="WHERE"),
    _Mistake("The name of a graph is an IRI, and GRAPH ?g { … } asks all named graphs.", r"\{", r"\bGRAPH\s*"),
    _Mistake("The values stand in braces: VALUES ?x { 1 2 }.", r"\(", r"\bVALUES\s*[?$]\w+\s*"),
    _Mistake("Each row stands in brackets: VALUES (?x ?y) { (1 2) }.", before=r"\bVALUES\s*\([^()]*\)\s*\{[^{}]*"),
    _Mistake("Between the values of VALUES stands no comma.", ",", accepted="UNDEF"),
    _Mistake("A whole number from 0 on is needed.", before=r"\b(LIMIT|OFFSET)\s*"),
    _Mistake("Patterns stand in braces here: { … }.", before=r"\b(WHERE|UNION|OPTIONAL|MINUS|EXISTS)\s*"),
    _Mistake("Each alternative stands in braces: { … } UNION { … }.", r"UNION\b"),
    _Mistake("WHERE comes once; a condition is a FILTER(…) within its braces.", "WHERE"),
    _Mistake("There are more } than {.", r"\}", accepted="$END"),
    _Mistake("To skip the first ten, write LIMIT 20 OFFSET 10.", ",", r"\bLIMIT\s+\d+\s*"),
    _Mistake("Between variables stands no comma.", ",", accepted="$END"),
    _Mistake("Remove it: no sign stands at the end of a query.", ";", accepted="$END"),
    _Mistake("The order is: GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET.", "GROUP|HAVING|ORDER|LIMIT", accepted="$END"),
    _Mistake(
        "This belongs within the braces of WHERE { … }, which ended before it.",
        r"FILTER|OPTIONAL|BIND|MINUS|GRAPH|[?$.{\[<]|\w*:",
        accepted="$END",
        refused="SELECT",
    ),
    _Mistake("A sub-select stands alone in braces: { SELECT … WHERE { … } }.", accepted="GROUP", refused="$END"),
    # Triples
    _Mistake("The pattern before it needs subject, property and value.", r"[}\]]", accepted="VAR", refused="RPAR"),
    _Mistake("One dot is enough.", r"\.", r"\.\s*"),
    _Mistake("A dot stands only behind subject, property and value.", r"\."),
    _Mistake('A typed value is written "…"^^xsd:date.', r"\(", r"\w*:\w+\s*", accepted="DOT"),
    _Mistake("Functions stand in FILTER(…) or BIND(… AS ?name).", r"\w+\s*\(", accepted="FILTER"),
    _Mistake(
        "A comma goes on with another value of the same property, a semicolon with another property.",
        r"[?$\"'<\[\w]",
        r",\s*[\w<]\S*\s+",
        accepted="DOT",
    ),
    _Mistake(
        "A semicolon goes on with another property; before another subject stands a dot.",
        r"[?$\"'<\[\w]",
        r";\s*[?$]\w+\s+\S+\s+",
        accepted="DOT",
    ),
    # Characters
    _Mistake("AND is written &&.", "&"),
    _Mistake("OR is written ||.", r"\|"),
    _Mistake("Only some signs may follow a backslash in a name; an IRI in angle brackets needs none.", r"\\"),
    _Mistake("Strings stand in straight quotes.", "[\u2018-\u201f\u00ab\u00bb`\u00b4]"),
    _Mistake("The minus sign is the ordinary one.", "[\u2010-\u2015\u2212]"),
    _Mistake(
        "Type an ordinary space; this one came along with copied text.",
        "[\xa0\xad\u2000-\u200f\u2028-\u202f\u2060\ufeff]",
    ),
)
"""The first that fits is told, so the certain stand before the likely."""

_OTHER_LANGUAGES: Final = {
    "AND": "AND is written &&.",
    "OR": "OR is written ||, and between patterns { … } UNION { … }.",
    "XOR": "Compare two conditions: (?a > 1) != (?b > 1).",
    "LIKE": 'Write CONTAINS(LCASE(STR(?x)), "part"), or REGEX(STR(?x), "pattern", "i").',
    "ILIKE": 'Write REGEX(STR(?x), "pattern", "i").',
    "MATCHES": 'Write REGEX(STR(?x), "pattern", "i").',
    "BETWEEN": "Write ?x >= 1 && ?x <= 9.",
    "IS": "IS NULL is written !BOUND(?x).",
    "NULL": "There is no NULL: leave the pattern out, or test with !BOUND(?x).",
    "LENGTH": "Write STRLEN(?x).",
    "LEN": "Write STRLEN(?x).",
    "LOWER": "Write LCASE(?x).",
    "UPPER": "Write UCASE(?x).",
    "TRIM": 'Write REPLACE(?x, "^ +| +$", "").',
    "MOD": "There is no remainder: write ?x - 2 * FLOOR(?x / 2).",
    "CAST": "The datatype is the function: xsd:integer(?x).",
    "CASE": "Write IF(condition, this, that).",
    "IFNULL": "Write COALESCE(?x, 0).",
    "JOIN": "Patterns with the same variable in the same braces are joined.",
    "LEFT": "Write OPTIONAL { … }.",
    "INNER": "Patterns with the same variable in the same braces are joined.",
    "EXCEPT": "Write MINUS { … }.",
    "TOP": "Write LIMIT 10 at the end.",
    "MATCH": "Write SELECT … WHERE { … }: patterns of subject, property and value.",
    "RETURN": "Write SELECT ?x ?y before WHERE.",
    "WITH": "Write a sub-select in braces: { SELECT … WHERE { … } }.",
    "CURRENT_DATE": "Write NOW().",
    "TODAY": "Write NOW().",
}
"""Words of SQL, Cypher and programming languages, and how the same is said in SPARQL."""

_ELSEWHERE: Final = {
    "bibo": "http://purl.org/ontology/bibo/",
    "dbo": "http://dbpedia.org/ontology/",
    "dbp": "http://dbpedia.org/property/",
    "dbr": "http://dbpedia.org/resource/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": DCTERMS,
    "fn": "http://www.w3.org/2005/xpath-functions#",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    "gn": "http://www.geonames.org/ontology#",
    "p": "http://www.wikidata.org/prop/",
    "qb": "http://purl.org/linked-data/cube#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wikibase": "http://wikiba.se/ontology#",
}
"""Prefixes that other endpoints declare for their users, after prefix.cc."""


def word(text: str) -> str:
    """How SPARQL says what this word of another language means, or ""."""
    return _OTHER_LANGUAGES.get(text.upper(), "")


def around(text: str, position: int, accepted: Container[str] = ()) -> str:
    """The mistake that was probably made at this place, where these terminals could stand, or ""."""
    before = text[max(0, position - _REACH) : position]
    found = text[position : position + _REACH]
    return next((mistake.hint for mistake in _MISTAKES if mistake.fits(before, found, accepted)), "")


def nearest(name: str, known: Iterable[str], likeness: float = 0.7) -> str:
    """The known name that is most like this one, letter case aside, or ""."""
    folded = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=likeness)
    return folded[near[0]] if near else ""


def undeclared(prefix: str, declared: AbstractSet[str]) -> str:
    """What to do about a prefix without declaration: the line to add, or the prefix that was meant."""
    if namespace := PREFIXES.get(prefix) or _ELSEWHERE.get(prefix):
        return f"Add this line at the top: {_line(prefix, namespace)}"
    if near := nearest(prefix, [*PREFIXES, *declared]):
        then = "" if near in declared else f" Then add this line at the top: {_line(near, PREFIXES[near])}"
        return f"Did you mean {near}:?{then}"
    return f"Add a line at the top: PREFIX {prefix}: <…>. This endpoint's own prefixes: {', '.join(PREFIXES)}."


def _line(prefix: str, namespace: str) -> str:
    return f"PREFIX {prefix}: <{namespace}>"
