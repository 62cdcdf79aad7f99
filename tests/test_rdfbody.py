"""RDF that somebody sends: what is read, what is refused and where; hostile documents end quickly and clearly.

The hostile ones are those of the field study: entities, external entities, remote contexts, deep nesting, long IRIs,
compressed zeros. Time is that of the processor, so that other work on the machine does not count.
"""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped]
import pyoxigraph as ox
import pytest
from backports import zstd
from itu_align.graph import nesting, rdfbody
from itu_align.graph.errors import Place
from itu_align.graph.rdfbody import BodyError, BodyTooLargeError, BodyTypeError

TURTLE, TRIG = "text/turtle", "application/trig"
N_TRIPLES, N_QUADS = "application/n-triples", "application/n-quads"
XML, JSON = "application/rdf+xml", "application/ld+json"
BASE = "http://example.org/dir/file"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:"'
DEPTH = nesting.MAX_DEPTH


def xml(about: str = "urn:a", value: str = "x", head: str = "") -> str:
    return f'{head}<rdf:RDF {RDF}><rdf:Description rdf:about="{about}"><u:p>{value}</u:p></rdf:Description></rdf:RDF>'


def read(content: str | bytes | object, media_type: str, base: str | None = None) -> list[ox.Quad]:
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    return rdfbody.read(content.encode() if isinstance(content, str) else content, media_type, base)


def refusal(content: str | bytes | object, media_type: str, base: str | None = None) -> BodyError:
    """The error of a document, which must come within a second."""
    start = time.process_time()
    with pytest.raises(BodyError) as caught:
        read(content, media_type, base)
    assert time.process_time() - start < 1
    assert caught.value.hint
    return caught.value


def place(error: BodyError) -> tuple[int, int | None]:
    assert error.place is not None
    return error.place.line, error.place.column


A_P_X = ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal("x"))

# ---- What is read


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ('<urn:a> <urn:p> "x" .', TURTLE),
        ('<urn:a> <urn:p> "x" .', "Text/Turtle; charset=UTF-8"),
        ('<urn:a> <urn:p> "x" .', TRIG),
        ('<urn:a> <urn:p> "x" .', N_TRIPLES),
        ('<urn:a> <urn:p> "x" .', N_QUADS),
        (xml(), XML),
        (xml(head='<?xml version="1.0" encoding="utf-8"?>\n'), XML),
        ({"@id": "urn:a", "urn:p": "x"}, JSON),
        ({"@context": {"p": "urn:p"}, "@id": "urn:a", "p": "x"}, f'{JSON}; profile="http://example.org/"'),
    ],
)
def test_each_format_is_read_by_its_media_type(content: str | object, media_type: str) -> None:
    assert read(content, media_type) == [A_P_X]


def test_a_byte_order_mark_is_no_content() -> None:
    assert read('\ufeff<urn:a> <urn:p> "x" .', TURTLE) == [A_P_X]
    assert read("\ufeff" + xml(), XML) == [A_P_X]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_xml_may_be_utf_16_with_a_byte_order_mark(encoding: str) -> None:
    text = xml(value="é", head='<?xml version="1.0" encoding="UTF-16"?>\n')
    content = text.encode(encoding) if encoding == "utf-16" else ("\ufeff" + text).encode(encoding)
    assert [quad.object for quad in read(content, XML)] == [ox.Literal("é")]


def test_blank_nodes_are_new_in_each_document() -> None:
    first, second = (read("_:b <urn:p> _:b .", TURTLE)[0] for _ in range(2))
    assert first.subject == first.object
    assert first.subject != second.subject
    assert first.subject != ox.BlankNode("b")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<a> <urn:p> <../b> .", TURTLE),
        ("<a> <urn:p> <../b> .", TRIG),
        ('<rdf:RDF {}><rdf:Description rdf:about="a"><u:p rdf:resource="../b"/></rdf:Description></rdf:RDF>', XML),
        ({"@id": "a", "urn:p": {"@id": "../b"}}, JSON),
    ],
)
def test_relative_iris_are_resolved(content: str | object, media_type: str) -> None:
    if isinstance(content, str):
        content = content.replace("{}", RDF)
    (quad,) = read(content, media_type, BASE)
    assert quad.subject == ox.NamedNode("http://example.org/dir/a")
    assert quad.object == ox.NamedNode("http://example.org/b")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<a> <urn:p> 1 .", TURTLE),
        ("<a> <urn:p> 1 .", N_TRIPLES),
        (xml("a"), XML),
        ({"@id": "a", "urn:p": 1}, JSON),
        ({"@id": "urn:a", "urn:p": {"@id": "../../x"}}, JSON),
        ({"@id": "", "urn:p": 1}, JSON),
        ({"@context": {"@base": "rel/"}, "@id": "a", "urn:p": 1}, JSON),
        ({"@id": "urn:a", "@type": "a"}, JSON),
    ],
)
def test_a_relative_iri_without_a_base_is_an_error(content: str | object, media_type: str) -> None:
    assert "relative IRI" in str(refusal(content, media_type))


def test_a_base_of_the_document_is_enough() -> None:
    for content, media_type in [
        ("@base <http://example.org/> . <a> <urn:p> 1 .", TURTLE),
        ({"@context": {"@base": "http://example.org/"}, "@id": "a", "urn:p": 1}, JSON),
    ]:
        assert read(content, media_type)[0].subject == ox.NamedNode("http://example.org/a")
    assert "base" in str(refusal("<urn:a> <urn:p> 1 .", TURTLE, base="no IRI"))


NAMED = [
    ("GRAPH <urn:g> { <urn:a> <urn:p> 1 }", TRIG),
    ("<urn:a> <urn:p> <urn:o> <urn:g> .", N_QUADS),
    ({"@id": "urn:g", "@graph": [{"@id": "urn:a", "urn:p": 1}]}, JSON),
]


@pytest.mark.parametrize(("content", "media_type"), NAMED)
def test_named_graphs_are_refused_unless_they_are_wanted(content: str | object, media_type: str) -> None:
    assert "names a graph, <urn:g>" in str(refusal(content, media_type))
    text = content if isinstance(content, str) else json.dumps(content)
    (quad,) = rdfbody.read(text.encode(), media_type, named_graphs=True)
    assert quad.graph_name == ox.NamedNode("urn:g")


# ---- Media types and character sets


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/json", "application/trix+xml", "application/sparql-results+xml"]
)
def test_other_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(BodyTypeError) as caught:
        read(b"", media_type)
    assert TURTLE in caught.value.hint


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("", "text/turtle; charset=iso-8859-1"),
        ("", 'text/turtle;charset="utf-16"'),
        (xml(), f"{XML}; charset=utf-7"),
        (xml(head='<?xml version="1.0" encoding="UTF-7"?>'), XML),
        (xml(head="<?xml version='1.0'\n encoding = 'ISO-8859-1' ?>"), XML),
    ],
)
def test_other_character_sets_are_refused(content: str, media_type: str) -> None:
    with pytest.raises(BodyTypeError, match="character set"):
        read(content, media_type)


@pytest.mark.parametrize(
    ("content", "media_type", "where", "offset"),
    [
        (b'<urn:a> <urn:p> "\xff" .', TURTLE, (1, 18), "17"),
        ('\ufeff<urn:a>\n "é'.encode() + b"\xe9", TURTLE, (2, 4), "15"),
        (b'{"@id": "\xed\xa0\x80"}', JSON, (1, 10), "9"),
        ("<a/>".encode("utf-16-be"), XML, (1, 1), None),
        (b"\xff\xfe<\x00\x00\xd8<\x00", XML, (1, 2), "4"),
        ("<urn:a> <urn:p> 1 .".encode("utf-16"), TURTLE, (1, 1), "0"),
        (b"<urn:a>\n\0", TURTLE, (2, 1), None),
        (b"\0", JSON, (1, 1), None),
    ],
)
def test_what_is_no_text_is_told_with_its_place(
    content: bytes, media_type: str, where: tuple[int, int], offset: str | None
) -> None:
    error = refusal(content, media_type)
    assert place(error) == where
    assert ("NUL" if offset is None else f"offset {offset} ") in str(error)


def test_a_null_character_in_a_value_is_refused() -> None:
    for content, media_type in [('<urn:a> <urn:p> "\\u0000" .', TURTLE), ({"@id": "urn:a", "urn:p": "\0"}, JSON)]:
        assert "U+0000" in str(refusal(content, media_type))
    assert read('<urn:a> <urn:p> "\\\\u0000" .', TURTLE)[0].object == ox.Literal("\\u0000")


# ---- Mistakes


@pytest.mark.parametrize(
    ("content", "media_type", "line", "wrong", "message"),
    [
        ("<urn:a> <urn:p> 1 .\n<urn:é> x:p 1 .", TURTLE, 2, "x:p", "The prefix x: has not been declared."),
        ('<urn:a> <urn:p> "x" .\n<urn:a> <urn:p> 1 .', N_TRIPLES, 2, "1 .", "The object of a triple must be"),
        ('{"@id": "urn:a",\n "urn:p": }', JSON, 2, "}", "Unexpected closing curly bracket"),
        (xml(value="</u:q>", head="\n"), XML, 2, "u:q>", "The XML is not well-formed: mismatched tag."),
        (xml(value="&owl;"), XML, 1, "&owl;", "The XML is not well-formed: undefined entity."),
        (xml()[:-5], XML, 1, "</rdf", "The XML is not well-formed: unclosed token."),
        ("", XML, 1, "", "The XML is not well-formed: no element found."),
        (xml("a b", head="\n"), XML, 2, '"a b"', "error while parsing IRI 'a b'"),
    ],
)
def test_mistakes_are_told_with_their_place(content: str, media_type: str, line: int, wrong: str, message: str) -> None:
    error = refusal(content, media_type)
    assert str(error).startswith(message)
    excerpt = content.split("\n")[line - 1]
    assert error.place == Place(line, excerpt.rindex(wrong) + 1, excerpt)


def test_a_long_line_is_not_repeated() -> None:
    error = refusal("<urn:a> <urn:p> x:y . #" + "x" * 200_000, TURTLE)
    assert place(error) == (1, 17)
    assert error.place is not None
    assert error.place.excerpt is None
    assert len(str(refusal(f'"{"x" * 200_000}" <urn:p> 1 .', TURTLE))) < 1000


# ---- Hostile documents

BOMB = '<!DOCTYPE x [<!ENTITY e0 "{}">{}]>'.format(
    "a" * 10, "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
)
XXE = '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "head",
    [
        BOMB,
        XXE,
        XXE.lower(),
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        f'<?xml version="1.0"?>\n<!-- -->{XXE}',
        f"<!-->{XXE}-->",
        f"<!---->{XXE}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(head: str, encoding: str) -> None:
    text = xml(value="&e9;", head=head)
    error = refusal(text.encode(encoding), XML)
    assert "DOCTYPE" in str(error)
    assert place(error) == (1 + text[: text.lower().index("<!doctype")].count("\n"), place(error)[1])


def test_a_document_type_hidden_in_utf_7_is_never_decoded() -> None:
    hidden = xml(head=XXE).replace("<", "+ADw-")
    assert "well-formed" in str(refusal(hidden, XML))
    assert "well-formed" in str(refusal("+/v8-" + hidden, XML))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("wrap", ["alone", "list", "import", "scoped", "inner"])
@pytest.mark.parametrize("scheme", ["http", "file", "relative"])
def test_a_remote_context_is_not_fetched(wrap: str, scheme: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    address = {"http": f"http://127.0.0.1:{port}/c", "file": "file:///etc/passwd", "relative": "c.jsonld"}[scheme]
    contexts: dict[str, object] = {
        "alone": address,
        "list": [{"p": "urn:p"}, address],
        "import": {"@import": address},
        "scoped": {"p": {"@id": "urn:p", "@context": address}},
        "inner": {"p": "urn:p"},
    }
    inner = {"@context": address, "@id": "urn:b"} if wrap == "inner" else {"@id": "urn:b"}
    error = refusal({"@context": contexts[wrap], "@id": "urn:a", "p": inner}, JSON, BASE)
    assert str(error) == f"The context {address} is another document, and nothing is fetched."
    assert error.place is not None
    assert error.place.excerpt is not None
    assert error.place.excerpt[(error.place.column or 0) - 1 :].startswith(f'"{address}"')


def test_a_context_that_defines_itself_is_refused() -> None:
    assert "Cyclic" in str(refusal({"@context": {"a": "b:x", "b": "a:x"}, "@id": "urn:x", "a:c": 1}, JSON))


DEEP: dict[str, tuple[str, Callable[[int], str]]] = {
    "blank nodes": (TURTLE, lambda n: "<urn:a> <urn:p> " + "[ <urn:p> " * n + "1" + "]" * n + " ."),
    "lists": (TURTLE, lambda n: "<urn:a> <urn:p> " + "(" * n + ")" * n + " ."),
    "objects": (JSON, lambda n: '{"urn:p":' * n + "1" + "}" * n),
    "arrays": (JSON, lambda n: "[" * n + "]" * n),
    "elements": (XML, lambda n: xml(value="<rdf:Description><u:p>" * n + "</u:p></rdf:Description>" * n)),
    "XML literals": (
        XML,
        lambda n: xml(value="<x a='>' b='/'>" * n + "</x>" * n).replace("<u:p>", '<u:p rdf:parseType="Literal">', 1),
    ),
}
TRIPLE_TERMS: dict[str, tuple[str, Callable[[int], str]]] = {
    "triple terms": (
        N_TRIPLES,
        lambda n: "<urn:a> <urn:p> " + "<<( <urn:a> <urn:p> " * n + "<urn:o>" + " )>>" * n + " .",
    ),
    "graph": (TRIG, lambda n: "{ <urn:a> <urn:p> " + "<< <urn:a> <urn:p> " * n + "1" + " >>" * n + " }"),
}


@pytest.mark.parametrize("depth", [DEPTH + 1, 10_000, 50_000])
@pytest.mark.parametrize("name", [*DEEP, *TRIPLE_TERMS])
def test_deep_nesting_is_refused(name: str, depth: int) -> None:
    media_type, document = (DEEP | TRIPLE_TERMS)[name]
    assert "nested too deep" in str(refusal(document(depth), media_type))


@pytest.mark.parametrize(
    ("name", "depth"),
    [("blank nodes", DEPTH), ("lists", DEPTH), ("objects", DEPTH), ("arrays", DEPTH), ("elements", DEPTH // 2 - 2)],
)
def test_nesting_to_the_limit_is_read(name: str, depth: int) -> None:
    media_type, document = DEEP[name]
    assert isinstance(read(document(depth), media_type), list)


def test_the_place_is_that_of_the_first_bracket_too_many() -> None:
    assert place(refusal("<urn:a> <urn:p>\n" + "(" * (DEPTH + 1), TURTLE)) == (2, DEPTH + 1)
    assert place(refusal("[\n" * 200, JSON)) == (DEPTH + 1, 1)


MANY = DEPTH * 3


@pytest.mark.parametrize(
    ("content", "media_type", "count"),
    [
        ("<urn:a> <urn:p> " + ", ".join(f'"{n}((["' for n in range(MANY)) + " .", TURTLE, MANY),
        ("<urn:a> <urn:p> " + ", ".join(f"'''{n}(\"['\n'''" for n in range(MANY)) + " .", TURTLE, MANY),
        ("<urn:a> <urn:p> " + ", ".join(f'"""{n}" ( \\"""( """' for n in range(MANY)) + " .", TURTLE, MANY),
        ("<urn:a> <urn:p> 1 # ( [ { <<\n." + "# ( [ { <<\n" * MANY, TURTLE, 1),
        ("@prefix : <urn:> . " + "".join(f":a\\( :p\\({n} <#(>, () ." for n in range(MANY)), TURTLE, MANY * 2),
        ("<urn:a> <urn:p> " + "(1) , " * MANY + "[] .", TURTLE, MANY * 3 + 1),
        (json.dumps([{"@id": "urn:a", "urn:p": f'{n}"[{{\\'} for n in range(MANY)]), JSON, MANY),
        (xml(value="<!-- <a> -->" * MANY + "<?x <a> ?>" * MANY + "<![CDATA[" + "<a>" * MANY + "]]>"), XML, 1),
        (xml(value="</u:p><u:p u:x='>'/><u:p>" * MANY), XML, 3 * MANY + 1),
    ],
)
def test_brackets_that_do_not_nest_are_read(content: str, media_type: str, count: int) -> None:
    assert len(read(content, media_type, BASE)) == count


@pytest.mark.parametrize(
    ("piece", "media_type"),
    [
        ('"\\"', JSON),
        ('"', JSON),
        ("'''\\'", TURTLE),
        ("\\", TURTLE),
        ("<", XML),
        ("<!--", XML),
        ("<![CDATA[", XML),
        ('<a "', XML),
        ("<a/", XML),
        (" ", XML),
        ("a:a ", TURTLE),
        ('"[', JSON),
    ],
)
def test_the_time_to_look_grows_with_the_length_alone(piece: str, media_type: str) -> None:
    assert refusal(piece * (1_000_000 // len(piece)), media_type)


def test_long_iris_are_refused() -> None:
    long = "urn:" + "a" * 1_000_000
    for content, media_type in [
        (f"<{long}> <urn:p> 1 .", TURTLE),
        (f"@prefix a: <{long}> . " + "a:a a:a a:a . " * 100, TURTLE),
        (f'<urn:a> <urn:p> "x"^^<{long}> .', N_TRIPLES),
        (f"<urn:a> <urn:p> <<( <urn:a> <urn:p> <{long}> )>> .", N_TRIPLES),
        ({"@id": "urn:a", "@type": long}, JSON),
    ]:
        assert "An IRI is 1,000,0" in str(refusal(content, media_type))
    assert len(read(f'<urn:a> <urn:p> "{long}" .', TURTLE)) == 1


def test_triples_that_repeat_a_long_language_are_refused() -> None:
    language = "-".join(["en", *["aaaaaaaa"] * 10_000])
    text = f'<rdf:RDF {RDF} xml:lang="{language}">' + "<rdf:Description><u:p>x</u:p></rdf:Description>" * 3_000
    with pytest.raises(BodyTooLargeError, match="200 times as long"):
        read(text + "</rdf:RDF>", XML)


def test_a_document_that_is_too_long_is_refused() -> None:
    content = b'<urn:a> <urn:p> "x" .'
    assert rdfbody.read(content, TURTLE, max_bytes=len(content)) == [A_P_X]
    with pytest.raises(BodyTooLargeError, match="21 bytes long; at most 20"):
        rdfbody.read(content, TURTLE, max_bytes=len(content) - 1)


@pytest.mark.parametrize("value", ["<img src=x onerror=alert(1)>", "]]></script>", "javascript:alert(1)", "../../x"])
def test_values_stay_as_they_are(value: str) -> None:
    (quad,) = read({"@id": "urn:a", "urn:p": value}, JSON)
    assert quad.object == ox.Literal(value)


# ---- Compression

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
TEXT = b'<urn:a> <urn:p> "\xc3\xa9" .\n' * 50_000


@pytest.mark.parametrize("coding", COMPRESS)
def test_each_coding_is_unpacked(coding: str) -> None:
    assert rdfbody.decompress(COMPRESS[coding](TEXT), coding.upper(), max_bytes=len(TEXT), max_ratio=100_000) == TEXT


def test_plain_documents_and_gzip_in_parts_are_unpacked() -> None:
    assert rdfbody.decompress(TEXT, "identity", max_bytes=len(TEXT)) == TEXT
    assert rdfbody.decompress(gzip.compress(b"a") + gzip.compress(b"b"), "x-gzip", max_bytes=2) == b"ab"


@pytest.mark.parametrize("coding", COMPRESS)
def test_damaged_documents_are_refused(coding: str) -> None:
    packed = COMPRESS[coding](TEXT)
    for damaged in (packed[:-1], packed[: len(packed) // 2], packed[:3], b"", b"plain text", packed + b"more"):
        with pytest.raises(BodyError, match=f"The document is not {coding}: "):
            rdfbody.decompress(damaged, coding, max_bytes=1 << 30, max_ratio=100_000)


@pytest.mark.parametrize("coding", COMPRESS)
def test_a_bomb_is_not_unpacked(coding: str) -> None:
    bomb = COMPRESS[coding](bytes(20_000_000))
    start = time.process_time()
    with pytest.raises(BodyTooLargeError, match=f"more than {max(200 * len(bomb), 1 << 20):,} bytes"):
        rdfbody.decompress(bomb, coding, max_bytes=1 << 30)
    with pytest.raises(BodyTooLargeError, match="more than 1,000 bytes"):
        rdfbody.decompress(bomb, coding, max_bytes=1000)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "exi"])
def test_other_codings_are_refused(coding: str) -> None:
    with pytest.raises(BodyTypeError) as caught:
        rdfbody.decompress(b"", coding, max_bytes=1)
    assert "gzip" in caught.value.hint
