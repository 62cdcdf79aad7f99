"""Kinds of files: by content, else by media type or name; what is refused says what it seems to be."""

import gzip
import io
import tracemalloc
import zipfile

import openpyxl
import pyoxigraph as ox
import pytest
from itu_align.graph.intake.files import MAX_BYTES, Kind, read_tables, recognise
from itu_align.graph.intake.source import File, IntakeError
from itu_align.graph.phrases import phrases

EN = phrases("en")
TURTLE = b"# a comment\n@prefix ex: <http://example.org/> .\nex:a ex:b ex:c .\n"
LINE = b'<http://example.org/a> <http://example.org/b> "c d"@en .\n'
QUAD = b'<http://example.org/a> <http://example.org/b> "c" <http://example.org/g> .\n'
RDF_XML = b'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>\n'
JSON_LD = b'{"@id": "http://example.org/a"}'
CSV = b"a,b\n1,2\n"


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", "b"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name in names:
            target.writestr(name, b"x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.ttl", TURTLE, ox.RdfFormat.TURTLE),
        ("a.trig", TURTLE, ox.RdfFormat.TRIG),
        ("a.trig", b"<urn:g> { <urn:a> <urn:b> <urn:c> }", ox.RdfFormat.TRIG),
        ("a.nt", LINE, ox.RdfFormat.N_TRIPLES),
        ("a.ttl", LINE, ox.RdfFormat.TURTLE),
        ("a.nq", LINE, ox.RdfFormat.N_QUADS),
        ("a.nq", QUAD, ox.RdfFormat.N_QUADS),
        ("a.jsonld", JSON_LD, ox.RdfFormat.JSON_LD),
        ("a.json", b" [ {} ]", ox.RdfFormat.JSON_LD),
        ("a.rdf", RDF_XML, ox.RdfFormat.RDF_XML),
        ("a.xml", RDF_XML.decode().encode("utf-16"), ox.RdfFormat.RDF_XML),
        ("a.owl", RDF_XML, ox.RdfFormat.RDF_XML),
        ("a.csv", CSV, "csv"),
        ("A.CSV", CSV, "csv"),
        ("a.tsv", b"a\tb\n1\t2\n", "csv"),
        ("a.csv", "a,b\n1,é\n".encode("utf-16"), "csv"),
        ("a.csv", b"one column\nonly\n", "csv"),
        ("a.xlsx", workbook(), "xlsx"),
        # a mistake in the text is for its reader, who can tell the place
        ("a.ttl", b"ex:a a ex:B, ex:C .\nex:b a ex:B, ex:D .\n", ox.RdfFormat.TURTLE),
        ("a.ttl", b"[] a <urn:x> .", ox.RdfFormat.TURTLE),
        ("a.jsonld", b"[", ox.RdfFormat.JSON_LD),
        ("a.rdf", b"<rdf:RDF>", ox.RdfFormat.RDF_XML),
    ],
)
def test_name_that_fits_the_content_says_the_kind(name: str, content: bytes, kind: Kind) -> None:
    recognised = recognise(File(name, content), EN)
    assert (recognised.kind, recognised.content, recognised.findings) == (kind, content, ())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (TURTLE, ox.RdfFormat.TRIG),
        (b"PREFIX ex: <http://example.org/>\nex:a ex:b ex:c .", ox.RdfFormat.TRIG),
        (LINE, ox.RdfFormat.TRIG),
        (QUAD, ox.RdfFormat.N_QUADS),
        (b"<urn:g> { <urn:a> <urn:b> <urn:c> }", ox.RdfFormat.TRIG),
        (JSON_LD, ox.RdfFormat.JSON_LD),
        (RDF_XML, ox.RdfFormat.RDF_XML),
        (CSV, "csv"),
        (b"prefix,base\nx,y\n", "csv"),
        (workbook(), "xlsx"),
    ],
)
@pytest.mark.parametrize("name", ["a", "a.txt", "a.dat"])
def test_without_a_name_that_says_it_the_content_does(name: str, content: bytes, kind: Kind) -> None:
    recognised = recognise(File(name, content, "application/octet-stream"), EN)
    assert (recognised.kind, recognised.findings) == (kind, ())


def test_media_type_goes_before_the_name() -> None:
    assert recognise(File("a.ttl", TURTLE, "application/trig; charset=utf-8"), EN).kind == ox.RdfFormat.TRIG


def test_media_type_that_windows_gives_csv_says_nothing() -> None:
    recognised = recognise(File("a.csv", CSV, "application/vnd.ms-excel"), EN)
    assert (recognised.kind, recognised.findings) == ("csv", ())


@pytest.mark.parametrize(
    ("name", "content", "kind", "said", "is_"),
    [
        ("a.csv", workbook(), "xlsx", "CSV", "an Excel workbook"),
        ("a.csv", TURTLE, ox.RdfFormat.TRIG, "CSV", "TriG"),
        ("a.csv", JSON_LD, ox.RdfFormat.JSON_LD, "CSV", "JSON-LD"),
        ("a.xlsx", CSV, "csv", "an Excel workbook", "CSV"),
        ("a.ttl", CSV, "csv", "Turtle", "CSV"),
        ("a.ttl", RDF_XML, ox.RdfFormat.RDF_XML, "Turtle", "RDF/XML"),
        ("a.rdf", TURTLE, ox.RdfFormat.TRIG, "RDF/XML", "TriG"),
        ("a.nt", QUAD, ox.RdfFormat.N_QUADS, "N-Triples", "N-Quads"),
    ],
)
def test_content_that_contradicts_the_name_is_read_as_what_it_is_with_a_warning(
    name: str, content: bytes, kind: Kind, said: str, is_: str
) -> None:
    recognised = recognise(File(name, content), EN)
    assert recognised.kind == kind
    (finding,) = recognised.findings
    assert (finding.severity, finding.shape) == ("Warning", "https://w3id.org/itu-align/shapes#intake-kind")
    assert finding.expected == f"content of the kind that its name says, which is {said}."
    assert finding.mend == f"The content is {is_} and was read as that: let the name end as such files do."


def test_warning_of_the_kind_is_the_first_finding_of_the_table() -> None:
    (sheet,) = read_tables(recognise(File("a.ttl", b"a,a\n1,2\n"), EN), EN)
    rules = [finding.shape.partition("#")[2] for finding in sheet.findings]
    assert rules == ["intake-kind", "intake-duplicate-header"]
    (sheet,) = read_tables(recognise(File("a.csv", workbook()), EN), EN)
    assert [finding.shape.partition("#")[2] for finding in sheet.findings] == ["intake-kind"]
    assert (sheet.kind, [cell.value for cell in sheet.header]) == ("Excel workbook", ["a", "b"])


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv", "a.CSV.GZ"])
def test_gzip_is_unpacked_whatever_the_name_says(name: str) -> None:
    recognised = recognise(File(name, gzip.compress(CSV), "application/gzip"), EN)
    assert (recognised.kind, recognised.content, recognised.findings) == ("csv", CSV, ())


def test_name_that_promises_gzip_without_it_is_no_fault() -> None:
    assert recognise(File("a.ttl.gz", TURTLE), EN).kind == ox.RdfFormat.TURTLE


@pytest.mark.parametrize(
    "content", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe \0\n\0", gzip.compress(b"\n"), bytes(100)]
)
def test_file_without_anything_in_it_is_empty(content: bytes) -> None:
    with pytest.raises(IntakeError, match=r"^a\.csv: The file is empty\.$") as caught:
        recognise(File("a.csv", content), EN)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a picture (JPEG)"),
        (b"PAR1" + bytes(50), "a Parquet table"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "a 7z archive"),
        (b"Rar!\x1a\x07\x01" + bytes(50), "a RAR archive"),
        (b"a.csv".ljust(257, b"\0") + b"ustar" + bytes(250), "a TAR archive"),
        (gzip.compress(CSV), "compressed twice"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "an old Excel workbook (XLS)"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a workbook or document with a password",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "an old Office file"),
        (archive("mimetype", "content.xml", "META-INF/manifest.xml"), "an OpenDocument file (ODS, ODT)"),
        (archive("[Content_Types].xml", "xl/workbook.bin"), "a binary Excel workbook (XLSB)"),
        (archive("[Content_Types].xml", "word/document.xml"), "a Word document"),
        (archive("data.csv"), "a ZIP archive"),
        (bytes(range(256)) * 4, "a binary file"),
        (b"a,b\n" + b"\0\1\2" * 50, "a binary file"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.ttl.gz"])
def test_binary_file_is_refused_by_what_it_seems_to_be(name: str, content: bytes, what: str) -> None:
    with pytest.raises(IntakeError) as caught:
        recognise(
            File(name, gzip.compress(content) if name.endswith(".gz") or what == "compressed twice" else content), EN
        )
    assert str(caught.value).startswith(f"{name}: This seems to be {what}")
    assert caught.value.hint


def test_workbook_with_a_password_is_to_be_saved_without() -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(IntakeError) as caught:
        recognise(File("a.xlsx", content), EN)
    assert caught.value.hint.startswith("Remove the password.")


def test_single_zero_byte_in_a_text_is_left_to_its_reader() -> None:
    (sheet,) = read_tables(recognise(File("a.csv", b"title,year\nsome title,20\x0004\n"), EN), EN)
    assert [finding.shape.partition("#")[2] for finding in sheet.findings] == ["intake-control-character"]


@pytest.mark.parametrize("name", ["a.xls", "a.csv", "a.xml"])
def test_web_page_is_refused(name: str) -> None:
    with pytest.raises(IntakeError, match="a web page"):
        recognise(File(name, b"\n<!DOCTYPE html>\n<html><table></table></html>"), EN)


def test_xml_that_is_no_rdf_is_refused() -> None:
    with pytest.raises(IntakeError, match="XML, but not RDF/XML"):
        recognise(File("a.xml", b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>'), EN)


@pytest.mark.parametrize("name", ["a", "a.txt", "a.xlsx"])
def test_text_that_is_nothing_for_certain_and_no_table_is_refused(name: str) -> None:
    with pytest.raises(IntakeError, match="Neither its content nor its name says") as caught:
        recognise(File(name, b"Dear colleague,\nplease find the data below.\n"), EN)
    assert "CSV or XLSX" in caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize(("name", "text"), [("a.ttl", TURTLE), ("a.nt", LINE), ("a.jsonld", JSON_LD)])
def test_rdf_in_another_encoding_than_utf8_is_refused_by_its_name(name: str, text: bytes, encoding: str) -> None:
    content = text.decode().encode(encoding)
    with pytest.raises(IntakeError, match="is read in UTF-8 only") as caught:
        recognise(File(name, content), EN)
    assert "UTF-8" in caught.value.hint


def test_file_of_two_hundred_megabytes_is_refused_without_a_copy() -> None:
    file = File("a.csv", bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(IntakeError, match=f"200,000,000 bytes; at most {MAX_BYTES:,} are read"):
        recognise(file, EN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("name", ["a.csv.gz", "a.ttl"])
def test_gzip_bomb_is_refused_before_it_is_held(name: str) -> None:
    file = File(name, gzip.compress(bytes(60_000_000)))
    tracemalloc.start()
    with pytest.raises(IntakeError, match="Unpacked, the document has more than"):
        recognise(file, EN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


def test_truncated_gzip_is_refused() -> None:
    with pytest.raises(IntakeError, match="is not gzip"):
        recognise(File("a.csv.gz", gzip.compress(CSV * 100)[:-20]), EN)
