"""Files that harm whoever reads them, sent to a running server: a clear answer, nothing kept, the server as before."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from base import ALIGNMENT, write_base
from conftest import NEEDS_PROC
from itu_align.graph import journal, names, tokens
from running import Answer, Endpoint, serving

pytestmark = NEEDS_PROC

MIB = 1 << 20
HEADER = "id,subject,object,relation,level,status,justification,source\n"
ROW = (
    "x,Basel-Secretariat-and-ITU-e-waste-standards,11,relation-aimed-at,goalLevel,published,"
    "semapv:UnspecifiedMatching,https://example.org/a\n"
)


@dataclass(frozen=True)
class Target:
    """The server, its data folder, and a token to submit with."""

    endpoint: Endpoint
    data: Path
    secret: str

    def submit(self, name: str, content: bytes) -> Answer:
        return self._send(f"/submissions?name={name}", content)

    def validate(self, name: str, content: bytes) -> Answer:
        return self._send(f"/validate?format=json&name={name}", content)

    def _send(self, path: str, content: bytes) -> Answer:
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/octet-stream"}
        return self.endpoint.ask(path, "POST", content, headers)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    data = write_base(tmp_path_factory.mktemp("files") / "data")
    secret = tokens.create(data, ["submit"], names.graph("member/brs"))[1]
    with serving(data, "--requests", "0", "--query-seconds", "0") as endpoint:
        yield Target(endpoint, data, secret)


def workbook(cell: object) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Alignment"
    for line in (HEADER, ROW):
        book.worksheets[0].append(line.strip().split(","))
    book.worksheets[0]["C2"] = cell
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def zipped(member: str, content: bytes) -> bytes:
    """A workbook with one more member, or another one in its place."""
    source, made = zipfile.ZipFile(io.BytesIO(workbook("11"))), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in source.infolist():
            if info.filename != member:
                archive.writestr(info.filename, source.read(info))
        archive.writestr(member, content)
    return made.getvalue()


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "&#65;"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
RDF_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b']><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&j;</rdf:RDF>'
)
PANIC = b'{"@context": {"bg": {"@id": "http://e/bg", "@container": "@graph"}}, "bg": {"@set": []}}'

REFUSED = {
    "empty": ("a.csv", b"", 400, "brings no file"),
    "only a byte order mark": ("a.csv", b"\xef\xbb\xbf", 400, "is empty"),
    "binary": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, 400, "picture"),
    "wrong ending": ("a.ttl", b"%PDF-1.7\n1 0 obj\n", 400, "PDF"),
    "too large": ("a.csv", b"a,b\n" * (9 * MIB), 413, "capacity limit"),
    "gzip bomb": ("a.csv.gz", gzip.compress(b"a,b\n" * (40 * MIB), 6), 400, "unpacked"),
    "zip bomb": ("a.xlsx", zipped("xl/worksheets/sheet1.xml", b" " * (200 * MIB)), 400, "bytes"),
    "entities in a workbook": ("a.xlsx", zipped("xl/worksheets/sheet1.xml", ENTITY), 400, "document type"),
    "entities in RDF/XML": ("a.rdf", RDF_BOMB, 400, "DOCTYPE"),
    "deep Turtle": ("a.ttl", b"<urn:a> <urn:b> " + b"[ <urn:p> " * 50_000, 400, "nested too deep"),
    "deep JSON-LD": ("a.jsonld", b'{"http://e/a":' * 50_000, 400, "nested too deep"),
    "remote context": ("a.jsonld", b'{"@context": "http://127.0.0.1:9/c", "a": "b"}', 400, "nothing is fetched"),
    "what ends the parser": ("a.jsonld", PANIC, 503, "gave up"),
    "UTF-16 Turtle": ("a.ttl", ALIGNMENT.encode("utf-16"), 400, "UTF-8"),
    "unclosed quote": ("Alignment.csv", (HEADER + '"x,1\n').encode(), 400, "never ends"),
    "no statement": ("a.ttl", b"@prefix a: <urn:a> .\n", 400, "no statement"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_file_is_refused_clearly_and_nothing_is_kept(target: Target, case: str) -> None:
    name, content, status, words = REFUSED[case]
    before = journal.head(target.data)
    answer = target.submit(name, content)
    assert answer.status == status, answer.body[:500]
    assert words.lower() in str(answer.problem["detail"]).lower(), answer.problem
    assert answer.problem["hint"]
    assert journal.head(target.data) == before
    assert not list((target.data / "files").glob("*"))
    assert target.endpoint.query("ASK {}").status == 200


FOUND = {
    "formula": ("Alignment.xlsx", workbook("=SUM(1,10)"), "intake-formula", (2, 3)),
    "command in a formula": ("Alignment.xlsx", workbook("=cmd|' /C calc'!A0"), "intake-formula", (2, 3)),
    "header twice": (
        "Alignment.csv",
        ("id,object," + HEADER + "x,9," + ROW).encode(),
        "intake-duplicate-header",
        (1, 11),
    ),
    "column missing": ("Alignment.csv", b"id,object\nx,11\n", "intake-missing-column", (1, 1)),
    "mixed line ends": ("Alignment.csv", f"{HEADER}{ROW}\r\n{ROW.replace('x,', 'y,')}".encode(), "", ()),
    "UTF-16": ("Alignment.csv", (HEADER + ROW.replace("11", "99")).encode("utf-16"), "Alignment-object", (2, 47)),
    "wrong ending": ("Alignment.csv", workbook("99"), "intake-kind", (1, 1)),
}


@pytest.mark.parametrize("case", FOUND)
def test_odd_file_is_read_and_what_is_odd_is_said_with_its_place(target: Target, case: str) -> None:
    name, content, shape, place = FOUND[case]
    before = journal.head(target.data)
    answer = target.validate(name, content)
    assert answer.status == 200, answer.body[:500]
    findings = json.loads(answer.body)["findings"]
    places = [(each["place"]["line"], each["place"]["column"]) for each in findings if each["shape"].endswith(shape)]
    if shape:
        assert places[:1] == [place], findings
    else:
        assert not [each for each in findings if each["severity"] == "Violation"]
    assert journal.head(target.data) == before


def test_a_formula_is_shown_and_not_evaluated(target: Target) -> None:
    answer = json.loads(target.validate("Alignment.xlsx", workbook("=1+10")).body)
    (formula,) = [each for each in answer["findings"] if each["shape"].endswith("intake-formula")]
    assert formula["value"] == "=1+10"
    assert formula["place"]["cell"] == "C2"
    assert b"<http://metadata.un.org/sdg/11>" not in json.dumps(answer).encode()


def test_a_hundred_thousand_findings_are_counted_and_a_thousand_listed(target: Target) -> None:
    rows = "".join(ROW.replace("x,", f"x{number},").replace(",11,", ",99,") for number in range(10_000))
    answer = target.validate("Alignment.csv", (HEADER + rows).encode())
    assert answer.status == 200, answer.body[:500]
    found = json.loads(answer.body)
    listed = [each for each in found["findings"] if each["shape"].endswith("#Alignment-object")]
    assert 0 < len(listed) <= 2000
    assert found["counts"]["Violation"] >= 10_000
