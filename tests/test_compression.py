"""Compressed answers: which coding, of which bodies, under which tag, and that a part never looks whole."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd
from flask import Flask, Response, request, send_file
from flask.testing import FlaskClient
from itu_align.server import compression
from itu_align.server.compression import choose
from itu_align.server.delivery import COMPLETE, TRAILERS

ROW = b"http://example.org/a,http://example.org/b\r\n"
LONG = ROW * 40_000
CODINGS = ["zstd", "br", "gzip"]


class Source:
    """A body that comes in pieces, notes when it is closed, and may break off."""

    def __init__(self, pieces: int, *, breaks: bool = False) -> None:
        self.pieces = pieces
        self.breaks = breaks
        self.closed = 0
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.pieces):
            self.read += 1
            yield ROW * 1000
        if self.breaks:
            raise ConnectionError

    def close(self) -> None:
        self.closed += 1


def read(coding: str, body: bytes) -> tuple[bytes, bool]:
    """What the body says, and whether the stream has an end."""
    if coding == "gzip":
        gunzip = zlib.decompressobj(wbits=31)
        return gunzip.decompress(body), gunzip.eof
    if coding == "br":
        unbrotli = brotli.Decompressor()
        text = unbrotli.process(body)
        while more := unbrotli.process(b""):  # it gives an unfinished stream in pieces
            text += more
        return text, unbrotli.is_finished()
    unzstd = zstd.ZstdDecompressor()
    return unzstd.decompress(body), unzstd.eof


def client_of(view: Callable[[], Response]) -> FlaskClient:
    """An application with one address."""
    app = Flask(__name__)
    compression.register(app)
    app.add_url_rule("/", view_func=view, endpoint="view", methods=["GET", "POST"])
    return app.test_client()


def fixed(content: bytes = LONG, mimetype: str = "text/csv", status: int = 200, **headers: str) -> FlaskClient:
    return client_of(lambda: Response(content, status, headers, mimetype))


# Which coding (RFC 9110, section 12.5.3)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("deflate", "identity"),
        ("compress, gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("*", "zstd"),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0", "identity"),
        ("gzip ; q=0.000", "identity"),
        ("gzip;Q=0, br", "br"),
        ("*;q=0", "identity"),
        ("zstd;q=0, *", "br"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("br;q=0.8, gzip;q=0.8", "br"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0", "identity"),
        ("*;q=0.1, gzip;q=0", "zstd"),
        ("gzip;q=2", "identity"),
        ("gzip;level=9", "identity"),
        (",,gzip,", "gzip"),
        ("gzip br", "identity"),
        ("gzip;q=0, x-gzip", "identity"),
        ("\N{SNOWMAN}, br", "br"),
    ],
)
def test_the_coding_that_a_header_likes_best(accept: str | None, expected: str) -> None:
    assert choose(accept) == expected


def test_a_hostile_header_is_read_in_no_time() -> None:
    """Half a megabyte of what the pattern could try in many ways; exponential work would not end."""
    assert choose("gzip" + " \t" * 250_000 + ";") == "identity"
    assert choose(";q=" * 150_000) == "identity"
    assert choose("a," * 250_000 + "br") == "br"


# Which bodies


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_is_compressed_and_marked(coding: str) -> None:
    response = fixed(ETag='"v1"').get("/", headers={"Accept-Encoding": coding})
    assert response.headers["Content-Encoding"] == coding
    assert read(coding, response.data) == (LONG, True)
    assert response.headers["Content-Length"] == str(len(response.data))
    assert len(response.data) < len(LONG) / 10
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("coding", CODINGS)
def test_a_stream_is_compressed_as_a_stream(coding: str) -> None:
    source = Source(2000)
    client = client_of(lambda: Response(source, mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.get("/", headers={"Accept-Encoding": coding})
    assert response.headers["Content-Encoding"] == coding
    assert "Content-Length" not in response.headers
    first = next(iter(response.response))
    assert first
    assert source.read < 1000  # the first bytes came before half of the source was read
    response.close()


@pytest.mark.parametrize("coding", CODINGS)
def test_a_whole_stream_reads_as_it_was(coding: str) -> None:
    client = client_of(lambda: Response(Source(40), mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.get("/", headers={"Accept-Encoding": coding})
    assert read(coding, response.data) == (LONG, True)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_stream_that_breaks_off_stays_without_an_end(coding: str) -> None:
    client = client_of(lambda: Response(Source(2000, breaks=True), mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.get("/", headers={"Accept-Encoding": coding})
    received: list[bytes] = []
    with pytest.raises(ConnectionError):
        received.extend(response.response)
    text, ended = read(coding, b"".join(received))
    assert ended is False
    assert (ROW * 2_000_000).startswith(text)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_break_told_by_a_trailer_is_sent_whole_and_stays_without_an_end(coding: str) -> None:
    """The server ends a broken answer without raising: by malformed last bytes and a trailer field."""
    trailers: dict[str, str] = {}

    def broken() -> Iterator[bytes]:
        yield LONG
        trailers[COMPLETE] = "false"
        yield b'\r\n"INCOMPLETE: '

    client = client_of(lambda: Response(broken(), mimetype="text/csv"))
    response = client.get("/", headers={"Accept-Encoding": coding}, environ_overrides={TRAILERS: trailers})
    assert read(coding, response.data) == (LONG + b'\r\n"INCOMPLETE: ', False)


@pytest.mark.parametrize("complete", ["true", None])
def test_a_trailer_that_tells_of_no_break_changes_nothing(complete: str | None) -> None:
    trailers = {} if complete is None else {COMPLETE: complete}
    client = client_of(lambda: Response(Source(40), mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.get("/", headers={"Accept-Encoding": "gzip"}, environ_overrides={TRAILERS: trailers})
    assert read("gzip", response.data) == (LONG, True)


@pytest.mark.parametrize("taken", [0, 1, None])
@pytest.mark.parametrize("coding", [*CODINGS, "identity"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_source_of_a_stream_is_closed_however_much_was_read(coding: str, taken: int | None, method: str) -> None:
    source = Source(40)
    client = client_of(lambda: Response(source, mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.open("/", method=method, headers={"Accept-Encoding": coding})
    pieces = iter(response.response)
    while taken is None or taken > 0:
        if next(pieces, None) is None:
            break
        taken = None if taken is None else taken - 1
    response.close()
    assert source.closed >= 1


@pytest.mark.parametrize(("size", "compressed"), [(1023, False), (1024, True)])
def test_bodies_under_one_kilobyte_go_out_as_they_are(size: int, compressed: bool) -> None:  # noqa: FBT001
    response = fixed(b"x" * size).get("/", headers={"Accept-Encoding": "gzip"})
    assert ("Content-Encoding" in response.headers) is compressed
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accept", ["identity;q=0, gzip", "gzip, *;q=0"])
def test_a_small_body_is_compressed_for_a_client_that_excludes_anything_else(accept: str) -> None:
    response = fixed(b"x").get("/", headers={"Accept-Encoding": accept})
    assert response.headers["Content-Encoding"] == "gzip"
    assert read("gzip", response.data) == (b"x", True)


@pytest.mark.parametrize(
    ("mimetype", "compressed"),
    [
        ("application/sparql-results+json", True),
        ("application/sparql-results+xml", True),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/ld+json", True),
        ("application/rdf+xml", True),
        ("application/n-triples", True),
        ("application/n-quads", True),
        ("application/trig", True),
        ("text/turtle", True),
        ("text/tab-separated-values", True),
        ("text/html", True),
        ("text/css", True),
        ("image/svg+xml", True),
        ("image/png", False),
        ("application/gzip", False),
        ("application/octet-stream", False),
        ("application/jsonx", False),
        ("font/woff2", False),
    ],
)
def test_only_kinds_of_text_are_compressed(mimetype: str, compressed: bool) -> None:  # noqa: FBT001
    response = fixed(mimetype=mimetype).get("/", headers={"Accept-Encoding": "gzip"})
    assert ("Content-Encoding" in response.headers) is compressed
    assert ("Vary" in response.headers) is compressed
    assert compressed or response.data == LONG


@pytest.mark.parametrize("accept", [None, "identity", "deflate", "gzip;q=0"])
def test_without_an_acceptable_coding_the_body_is_plain_but_varies(accept: str | None) -> None:
    headers = {} if accept is None else {"Accept-Encoding": accept}
    response = fixed(ETag='"v1"').get("/", headers=headers)
    assert response.data == LONG
    assert "Content-Encoding" not in response.headers
    assert response.headers["ETag"] == '"v1"'
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "client",
    [
        fixed(**{"Content-Encoding": "gzip"}),
        fixed(**{"Cache-Control": "no-transform"}),
        fixed(status=206, **{"Content-Range": "bytes 0-1/2"}),
    ],
)
def test_what_is_encoded_or_cut_already_or_must_not_be_changed_stays(client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept-Encoding": "br"})
    assert response.data == LONG
    assert response.headers.get("Content-Encoding") != "br"


def test_errors_are_compressed_too() -> None:
    response = fixed(status=400, mimetype="application/problem+json").get("/", headers={"Accept-Encoding": "gzip"})
    assert (response.status_code, read("gzip", response.data)) == (400, (LONG, True))


def test_a_file_is_compressed_and_closed(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_bytes(LONG)
    client = client_of(lambda: send_file(tmp_path / "style.css"))
    response = client.get("/", headers={"Accept-Encoding": "br"})
    assert read("br", response.data) == (LONG, True)
    assert "Content-Length" not in response.headers  # that of the file would be wrong
    response.close()  # a file left open would be a ResourceWarning, which is an error here


# HEAD and tags


@pytest.mark.parametrize("coding", [*CODINGS, "identity"])
def test_head_has_the_header_of_get(coding: str) -> None:
    client = fixed(ETag='"v1"')
    get, head = (client.open("/", method=method, headers={"Accept-Encoding": coding}) for method in ("GET", "HEAD"))
    assert dict(head.headers) == dict(get.headers)
    assert head.data == b""


def test_head_of_a_stream_reads_nothing_and_has_no_length() -> None:
    source = Source(40)
    client = client_of(lambda: Response(source, mimetype="text/csv"))  # type: ignore[arg-type]
    response = client.head("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Content-Length" not in response.headers
    assert source.read == 0


@pytest.mark.parametrize("coding", CODINGS)
def test_each_coding_has_a_strong_tag_of_its_own(coding: str) -> None:
    """Section 8.8.3.3: the tags of two encodings of one thing must differ."""
    response = fixed(ETag='"v1"').get("/", headers={"Accept-Encoding": coding})
    assert response.headers["ETag"] == f'"v1--{coding}"'


def test_a_weak_tag_stays() -> None:
    response = fixed(ETag='W/"v1"').get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["ETag"] == 'W/"v1"'


def conditional(tag: str = "v1", *, weak: bool = False) -> FlaskClient:
    """Compares tags as the application makes them."""

    def view() -> Response:
        response = Response(LONG, mimetype="text/csv")
        response.set_etag(tag, weak=weak)
        if request.if_match and not request.if_match.contains(tag):
            return Response("changed", 412)
        return response.make_conditional(request)

    return client_of(view)


@pytest.mark.parametrize(
    ("sent", "accept", "returned"),
    [
        ('"v1--gzip"', "gzip", '"v1--gzip"'),
        ('"v1--gzip"', "gzip, br", '"v1--gzip"'),
        ('"v0--br", "v1--br"', "br", '"v1--br"'),
        ('"v1--gzip", "v1--br"', "br, gzip", '"v1--br"'),
        ('"v1--gzip", "v1--br"', "gzip", '"v1--gzip"'),
        ('W/"v1--gzip"', "gzip", '"v1--gzip"'),
        ('"v1"', "gzip", '"v1"'),
        ('"v1"', "", '"v1"'),
        ("*", "gzip", '"v1"'),
    ],
)
def test_a_tag_that_was_sent_is_recognised_and_returned(sent: str, accept: str, returned: str) -> None:
    response = conditional().get("/", headers={"If-None-Match": sent, "Accept-Encoding": accept})
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == returned
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("sent", ['"v2"', '"v2--gzip"', '"v1--deflate"', '"v1-gzip"', '"--gzip"'])
def test_a_tag_of_something_else_is_not_recognised(sent: str) -> None:
    response = conditional().get("/", headers={"If-None-Match": sent, "Accept-Encoding": "gzip"})
    assert response.status_code == 200


def test_a_weak_tag_is_recognised() -> None:
    response = conditional(weak=True).get("/", headers={"If-None-Match": 'W/"v1"', "Accept-Encoding": "gzip"})
    assert (response.status_code, response.headers["ETag"]) == (304, 'W/"v1"')


@pytest.mark.parametrize(("sent", "status"), [('"v1--zstd"', 200), ('"v1"', 200), ('"v2--zstd"', 412)])
def test_a_tag_of_a_compressed_answer_guards_a_write(sent: str, status: int) -> None:
    """Without that nobody could write with If-Match what was read compressed."""
    assert conditional().post("/", headers={"If-Match": sent}).status_code == status
