"""Answers that break off: malformed in their own format, open as HTTP, with the reason in a trailer."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response, request
from itu_align.graph.errors import GraphError, InterruptionError, TimedOutError
from itu_align.graph.reply import Reply
from itu_align.server import delivery

LONG = b"x" * (2 << 20)


class Stub(Reply):
    """A reply whose pieces are given; what it would do to an engine is noted."""

    def __init__(self, pieces: list[bytes], error: InterruptionError | None = None) -> None:
        self.pieces, self.error, self.closed = pieces, error, False

    def chunks(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed = True


def delivered(
    reply: Stub, media_type: str = "text/csv", protocol: str = "HTTP/1.1"
) -> tuple[Response, dict[str, str], list[GraphError | None]]:
    trailers: dict[str, str] = {}
    ends: list[GraphError | None] = []
    environ = {delivery.TRAILERS: trailers, "SERVER_PROTOCOL": protocol}
    with Flask(__name__).test_request_context("/sparql", environ_overrides=environ):
        assert request.environ["SERVER_PROTOCOL"] == protocol
        response = delivery.deliver(reply, media_type, lambda _: None, lambda error, _: ends.append(error))
    return response, trailers, ends


def test_a_short_answer_has_a_length_and_no_trailer() -> None:
    response, trailers, ends = delivered(Stub([b"a\r\n", b"1\r\n"]))
    assert (response.get_data(), trailers, ends) == (b"a\r\n1\r\n", {}, [None])
    assert "Trailer" not in response.headers


def test_an_error_before_the_first_bytes_is_an_answer_of_its_own() -> None:
    with pytest.raises(TimedOutError):
        delivered(Stub([b"a\r\n"], TimedOutError("too long")))


def test_a_long_answer_says_in_a_trailer_that_it_is_whole() -> None:
    response, trailers, ends = delivered(Stub([LONG, b"end"]))
    assert response.headers["Trailer"] == "X-Result-Complete"
    assert b"".join(response.iter_encoded()) == LONG + b"end"
    assert (trailers, ends) == ({"X-Result-Complete": "true"}, [None])


@pytest.mark.parametrize(
    ("media_type", "tail"),
    [
        ("text/csv; charset=utf-8", b'\r\n"INCOMPLETE: too long'),
        ("text/tab-separated-values", b'\n"INCOMPLETE: too long'),
        ("application/n-triples", b"\n<INCOMPLETE: too long"),
        ("text/turtle; charset=utf-8", b"\n<INCOMPLETE: too long"),
        ("application/sparql-results+json", b" "),
    ],
)
def test_a_long_answer_that_breaks_off_opens_what_is_never_closed(media_type: str, tail: bytes) -> None:
    response, trailers, ends = delivered(Stub([LONG], TimedOutError("too long")), media_type)
    assert b"".join(response.iter_encoded()) == LONG + tail
    assert trailers == {"X-Result-Complete": "false", "X-Result-Error": "too long"}
    assert [type(error) for error in ends] == [TimedOutError]


def test_http_1_0_gets_all_of_it_with_its_length_or_an_error() -> None:
    response, _, ends = delivered(Stub([LONG, b"end"]), protocol="HTTP/1.0")
    assert response.content_length == len(LONG) + 3
    assert b"".join(response.iter_encoded()) == LONG + b"end"
    response.close()
    assert ends == [None]
    with pytest.raises(TimedOutError):
        delivered(Stub([LONG], TimedOutError("too long")), protocol="HTTP/1.0")


def test_an_answer_that_nobody_reads_is_stopped() -> None:
    reply = Stub([LONG, b"end"])
    response, _, _ = delivered(reply)
    response.close()
    assert reply.closed
