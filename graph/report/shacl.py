"""The report as RDF: the validation report of SHACL (https://www.w3.org/TR/shacl/#validation-report), with its places.

`sh:conforms` is SHACL's: true only where there is no result at all. Our own verdict, for which only Violations count,
is `earl:outcome`. What is wrong with a file itself breaks no constraint, so it is not an `sh:result` but an
`earl:TestResult` among the parts of the report. A place is a pointer (https://www.w3.org/TR/Pointers-in-RDF10/).

Blank nodes of a member's file have the names of that reading; what they are tells the pointer.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final

import pyoxigraph as ox

from ..finding import Finding, SourcePlace
from ..names import ALIGN, DCTERMS, PREFIXES, PROV, RDF, XSD
from ..phrases import Phrases, phrases
from ..turtle import TurtleOutput
from .checked import Checked, CheckedFile, rule, sections, unlisted
from .text import verdict, where

_SH: Final = "http://www.w3.org/ns/shacl#"
_EARL: Final = "http://www.w3.org/ns/earl#"
_PTR: Final = "http://www.w3.org/2009/pointers#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_PREFIXES: Final = {**PREFIXES, "earl": _EARL, "ptr": _PTR}
_REPORT: Final = "_:report"


def ntriples(checked: Checked) -> str:
    """The report as N-Triples, in the order of the report."""
    return "".join(f"{line} .\n" for line in _statements(checked))


def turtle(checked: Checked) -> str:
    """The report as Turtle."""
    output = BytesIO()
    with TurtleOutput(output) as written:
        ox.serialize(_triples(checked), written, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    return output.getvalue().decode()


def jsonld(checked: Checked) -> str:
    """The report as JSON-LD."""
    content = ox.serialize(_triples(checked), format=ox.RdfFormat.JSON_LD) or b""
    return content.decode()


def _triples(checked: Checked) -> Iterator[ox.Triple]:
    return (quad.triple for quad in ox.parse(ntriples(checked), format=ox.RdfFormat.N_TRIPLES))


def _statements(checked: Checked) -> Iterator[str]:
    """The report itself first, then its files, then its results, so that what belongs together stands together."""
    say = phrases(checked.language)
    findings = [finding for section in sections(checked) for finding in section.findings]
    results = {f"_:result{number}": finding for number, finding in enumerate(findings, 1)}
    files: dict[str, str] = {}
    for number, file in enumerate(checked.files, 1):
        files.setdefault(file.name, f"_:file{number}")
    yield from _report(checked, say)
    yield from (f"{_REPORT} <{PROV}wasDerivedFrom> _:file{number}" for number in range(1, len(checked.files) + 1))
    for node, finding in results.items():
        yield f"{_REPORT} <{_SH + 'result' if finding.component else DCTERMS + 'hasPart'}> {node}"
    for number, file in enumerate(checked.files, 1):
        yield from _file(file, f"_:file{number}")
    for node, finding in results.items():
        yield from _finding(finding, node, files, say)


def _report(checked: Checked, say: Phrases) -> Iterator[str]:
    report = checked.report
    results = any(finding.component for finding in report.findings)
    yield f"{_REPORT} <{RDF}type> <{_SH}ValidationReport>"
    yield f'{_REPORT} <{_SH}conforms> "{str(not results).lower()}"^^<{XSD}boolean>'
    yield f"{_REPORT} <{_EARL}outcome> <{_EARL}{'passed' if report.conforms else 'failed'}>"
    for comment in (verdict(report, say), *_comments(checked, say)):
        yield f"{_REPORT} <{_RDFS}comment> {_text(comment, say)}"


def _comments(checked: Checked, say: Phrases) -> Iterator[str]:
    for one in unlisted(checked.report):
        more = say.text("more-findings", count=say.number(one.more))
        yield say.text("labelled", label=f"{one.field} [{rule(one.shape)}]", text=more)
    yield from checked.report.notes
    yield say.text("labelled", label=say.text("shapes-version"), text=checked.shapes_version)
    if checked.data_version is not None:
        yield say.text("labelled", label=say.text("data-version"), text=checked.data_version)


def _file(file: CheckedFile, node: str) -> Iterator[str]:
    yield f"{node} <{RDF}type> <{PROV}Entity>"
    yield f"{node} <{DCTERMS}title> {ox.Literal(file.name)}"
    yield f"{node} <{ALIGN}sha256> {ox.Literal(file.sha256)}"


def _finding(finding: Finding, node: str, files: Mapping[str, str], say: Phrases) -> Iterator[str]:
    yield f"{node} <{RDF}type> <{_SH + 'ValidationResult' if finding.component else _EARL + 'TestResult'}>"
    if finding.component:
        yield from _broken(finding, node)
    yield f"{node} <{_SH}resultSeverity> <{_SH}{finding.severity}>"
    yield f"{node} <{_SH}resultMessage> {_text(finding.message, say)}"
    place = finding.place
    placed = place is not None and place.file in files
    if placed:
        yield f"{node} <{_EARL}pointer> {node}place"
    if finding.component and finding.path is not None:
        yield from _path(finding, node)
    if place is not None and placed:
        yield from _pointer(place, f"{node}place", files[place.file], say)


def _broken(finding: Finding, node: str) -> Iterator[str]:
    yield f"{node} <{_SH}focusNode> {_data(finding.focus)}"
    if finding.value is not None and finding.term:
        yield f"{node} <{_SH}value> {_data(finding.term)}"
    yield f"{node} <{_SH}sourceShape> <{finding.shape}>"
    yield f"{node} <{_SH}sourceConstraintComponent> <{finding.component}>"


def _path(finding: Finding, node: str) -> Iterator[str]:
    """A property path as SHACL writes it (https://www.w3.org/TR/shacl/#property-paths); no step nests in another."""
    steps = finding.paths or tuple((finding.path or "").split("|"))
    head = f"{node}path"
    nodes = [f"{head}{number}" if step.startswith("^") else f"<{step}>" for number, step in enumerate(steps)]
    cells = [f"{head}list{number}" for number in range(len(nodes))]
    yield f"{node} <{_SH}resultPath> {nodes[0] if len(nodes) == 1 else head}"
    if len(nodes) > 1:
        yield f"{head} <{_SH}alternativePath> {cells[0]}"
        for one, cell, rest in zip(nodes, cells, [*cells[1:], f"<{RDF}nil>"], strict=True):
            yield f"{cell} <{RDF}first> {one}"
            yield f"{cell} <{RDF}rest> {rest}"
    for step, one in zip(steps, nodes, strict=True):
        if step.startswith("^"):
            yield f"{one} <{_SH}inversePath> <{step[1:]}>"


def _pointer(place: SourcePlace, pointer: str, file: str, say: Phrases) -> Iterator[str]:
    """In a workbook line and column are those of the cell; its label says so."""
    yield f"{pointer} <{RDF}type> <{_PTR}LineCharPointer>"
    yield f"{pointer} <{_PTR}reference> {file}"
    yield f'{pointer} <{_PTR}lineNumber> "{place.line}"^^<{XSD}positiveInteger>'
    yield f'{pointer} <{_PTR}charNumber> "{place.column}"^^<{XSD}positiveInteger>'
    yield f"{pointer} <{_RDFS}label> {_text(where(place, say), say)}"


def _data(term: str) -> str:
    """A term of the member's data; its blank nodes get names that none of ours has."""
    return f"_:data-{term[2:]}" if term.startswith("_:") else term


def _text(text: str, say: Phrases) -> str:
    return str(ox.Literal(text, language=say.language))
