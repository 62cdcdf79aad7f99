"""Calls to other endpoints, against real servers on loopback: which are called, and what is taken from them."""

import gzip
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

import pytest
from conftest import PATIENCE
from hypothesis import given
from hypothesis import strategies as st
from itu_align.graph.outbound import RESULTS, CallError, CallLimits, EndpointError, endpoint, fetch, is_refused, locate

QUICK = CallLimits(connect=5, total=0.5, size=100_000)
ROWS = b'{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "there"}}]}}'
Answer = Callable[[socket.socket], None]


class Remote:
    """A server on loopback that does with each connection what a test says, and notes what it was sent."""

    def __init__(self, answer: bytes | Answer) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/sparql"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE)
            if callable(self._answer):
                self._answer(connection)
            else:
                self.requests.append(read_request(connection))
                connection.sendall(self._answer)


def read_request(connection: socket.socket) -> bytes:
    """A request with a Content-Length, whole."""
    request = b""
    while not (head := re.match(rb"(?s).*?content-length: (\d+).*?\r\n\r\n", request, re.IGNORECASE)):
        request += receive(connection)
    while len(request) < head.end() + int(head[1]):
        request += receive(connection)
    return request


def receive(connection: socket.socket) -> bytes:
    if part := connection.recv(65536):
        return part
    raise ConnectionError


def http(body: bytes, status: str = "200 OK", *, length: int | None = None, **headers: str) -> bytes:
    """A response; a header is given as `content_type=`."""
    fields = {"content_type": RESULTS, "content_length": str(len(body) if length is None else length)} | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


# ---- Which addresses

REFUSED = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1"),
    *("2001:0:7f00:1::1", "2001:db8::1", "fe80::1", "fe80::1%lo", "fec0::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "100::1", "3fff::1", "5f00::1", "no address", "", "2130706433", "0x7f.1"),
]
PUBLIC = ["93.184.215.14", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.169.0.1", "2606:2800:21f:cb07::1"]
MAPPED = ["::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", [*PUBLIC, *MAPPED])
def test_a_public_address_is_not_refused(address: str) -> None:
    assert not is_refused(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fc00::1", "::ffff:10.0.0.1"])
def test_a_private_address_may_be_allowed(address: str) -> None:
    assert not is_refused(address, private=True)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1", "224.0.0.1"],
)
def test_metadata_link_local_and_multicast_are_refused_also_where_private_is_allowed(address: str) -> None:
    assert is_refused(address, private=True)


@given(st.ip_addresses())
def test_what_python_holds_for_not_global_is_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert is_refused(str(address)) or address.is_global or is_translated(address)


def is_translated(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether another, public, address stands in this one, by mapping or NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return False
    inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    prefixes = (ipaddress.ip_network("::ffff:0:0/96"), ipaddress.ip_network("64:ff9b::/96"))
    return any(address in prefix for prefix in prefixes) and inner.is_global


# ---- Which spellings

SAME = [
    "https://example.org/sparql",
    "HTTPS://EXAMPLE.org/sparql",
    "https://example.org:443/sparql",
    "https://example.org:/sparql",
    "https://example.org./sparql",
]
OTHER = [
    *("http://example.org/sparql", "https://example.org:8443/sparql", "https://example.org/$/backup/ds"),
    *("https://example.org/sparql/", "https://example.org/sparql?x=1", "https://example.org/SPARQL"),
    *("https://example.org.evil.example/sparql", "https://evil.example/https://example.org/sparql"),
]
NONE = [
    *("", "example.org/sparql", "//example.org/sparql", "urn:a", "file:///etc/passwd", "ftp://example.org/"),
    *("gopher://127.0.0.1/", "https:///sparql", "https://user@example.org/sparql", "https://u:p@example.org/sparql"),
    *("https://@example.org/sparql", "https://example.org/sparql#here", "https://example.org/sparql#"),
    *("https://example.org:0/", "https://example.org:99999/", "https://example.org:x/", "https://[::1/"),
    *("https://[zz]/", "https://[fe80::1", "https://exa mple.org/", "https://example.org/a b", "https://a..b/"),
    *("https://exam\nple.org/", "https://example.org/\r\nHost: x", "https://127.0.0.%31/", "https://a\\@b/"),
    *("https://example.org\uff0f@127.0.0.1/", "https://example.org\uff03@127.0.0.1/", "https://./", "https://a\x00/"),
]


@pytest.mark.parametrize("iri", SAME)
def test_spellings_of_one_endpoint_are_the_same(iri: str) -> None:
    assert locate(iri) == ("https", "example.org", 443, "/sparql")


@pytest.mark.parametrize("iri", OTHER)
def test_another_scheme_host_port_or_path_is_another_endpoint(iri: str) -> None:
    assert locate(iri) is not None
    assert locate(iri) != locate(SAME[0])


@pytest.mark.parametrize("iri", NONE)
def test_what_is_no_endpoint_leads_nowhere(iri: str) -> None:
    assert locate(iri) is None
    with pytest.raises(EndpointError, match="is not the address of an endpoint") as caught:
        endpoint(iri)
    assert caught.value.hint


def test_an_international_host_is_looked_up_in_ascii() -> None:
    assert locate("http://BÜCHER.example/ä?q=ö") == ("http", "xn--bcher-kva.example", 80, "/%C3%A4?q=%C3%B6")
    assert locate("http://１２７.０.０.１/") == ("http", "127.0.0.1", 80, "/")


# ---- Nothing else is called

FORMS = [
    *("http://127.0.0.1:{port}/sparql", "http://localhost:{port}/", "http://LOCALHOST.:{port}/"),
    *("http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/"),
    *("http://127.1:{port}/", "http://127.0.0.1.:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://0:{port}/"),
    *("http://[::ffff:7f00:1]:{port}/", "http://0.0.0.0:{port}/", "http://１２７.０.０.１:{port}/"),
    *("http://[::1]:{port}/", "http://[::]:{port}/", "https://127.0.0.1:{port}/", "http://[::127.0.0.1]:{port}/"),
]


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_for_this_machine_is_not_called(form: str) -> None:
    with Remote(http(ROWS)) as listener:
        with pytest.raises(CallError, match=r"an address that is not public|its name is not known"):
            fetch(endpoint(form.format(port=listener.port)), b"", QUICK)
        assert listener.connections == 0


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%lo"]])
def test_a_name_that_leads_here_also_among_others_is_not_called(found: Sequence[str]) -> None:
    with Remote(http(ROWS)) as listener:
        with pytest.raises(CallError, match="an address that is not public"):
            fetch(endpoint(f"http://endpoint.example:{listener.port}/"), b"", QUICK, lambda _host, _port: found)
        assert listener.connections == 0


def test_a_name_is_resolved_once_and_the_judged_address_is_called() -> None:
    answers = iter([["127.0.0.1"]])
    with Remote(http(ROWS)) as here:
        called = endpoint(f"http://Endpoint.Example:{here.port}/a?b=c", private=True)
        assert fetch(called, b"ASK {}", QUICK, lambda _host, _port: next(answers)) == ROWS
    head, _, body = here.requests[0].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /a?b=c HTTP/1.1",
        f"Host: endpoint.example:{here.port}",
        f"Accept: {RESULTS}",
        "Accept-Encoding: identity",
        "Content-Type: application/sparql-query",
        "Content-Length: 6",
        "User-Agent: itu-align",
        "Connection: close",
    ]
    assert body == b"ASK {}"


def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    with Remote(http(ROWS)) as here:
        called = endpoint(f"http://endpoint.example:{here.port}/", private=True)
        assert fetch(called, b"", QUICK, lambda _host, _port: ["127.0.0.2", "127.0.0.1"]) == ROWS


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Remote(http(ROWS)) as here, Remote(http(b"")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetch(endpoint(here.url, private=True), b"", QUICK) == ROWS
        assert proxy.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(status: str) -> None:
    with Remote(http(ROWS)) as listener, Remote(http(b"", status, location=listener.url)) as here:
        with pytest.raises(CallError, match="it answered with a redirect, which is not followed"):
            fetch(endpoint(here.url, private=True), b"", QUICK)
        assert (here.connections, listener.connections) == (1, 0)


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(CallError, match="its name is not known"):
        fetch(endpoint("http://endpoint.example/"), b"", QUICK, resolve)


def test_a_resolver_that_does_not_answer_is_left_behind() -> None:
    ended = threading.Event()

    def resolve(_host: str, _port: int) -> Sequence[str]:
        ended.wait(PATIENCE)
        return []

    started = time.monotonic()
    with pytest.raises(CallError, match=r"it did not answer within 0\.5 s"):
        fetch(endpoint("http://endpoint.example/"), b"", QUICK, resolve)
    ended.set()
    assert time.monotonic() - started < 5


def test_a_closed_port_cannot_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(CallError, match="it cannot be reached"):
        fetch(endpoint(f"http://127.0.0.1:{port}/", private=True), b"", QUICK)


# ---- What is taken


def drip(connection: socket.socket) -> None:
    """A long response, a byte now and then."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(500):
        connection.sendall(b"y")
        threading.Event().wait(0.02)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {RESULTS}\r\n\r\n".encode())
    for _ in range(500):
        connection.sendall(b" ")
        threading.Event().wait(0.02)


def silent(connection: socket.socket) -> None:
    """Takes all and says nothing."""
    while connection.recv(65536):
        pass


def endless(start: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(start)
        for _ in range(1000):
            connection.sendall(b" " * 65536)

    return answer


def endless_continue(connection: socket.socket) -> None:
    for _ in range(100_000):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


TYPED = f"HTTP/1.1 200 OK\r\nContent-Type: {RESULTS}\r\n".encode()
CHUNKED = {"transfer_encoding": "chunked", "content_length": ""}
LATE = "it did not answer within"
LARGE = "its answer has more than 100,000 bytes"
BROKEN = "it broke off its answer, or speaks no HTTP"
HOSTILE: dict[str, tuple[bytes | Answer, str]] = {
    "slow head": (drip, LATE),
    "slow body": (drip_body, LATE),
    "no answer": (silent, LATE),
    "waits with the connection open": (lambda c: (c.sendall(http(ROWS, length=500)), silent(c))[1], LATE),
    "endless body": (endless(TYPED + b"\r\n"), LARGE),
    "endless chunk": (endless(TYPED + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n"), LARGE),
    "chunk of negative length": (endless(TYPED + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"), f"{LARGE}|{BROKEN}"),
    "endless 100": (endless_continue, LARGE),
    "length of a petabyte": (endless(TYPED + b"Content-Length: 1000000000000000\r\n\r\n"), LARGE),
    "chunk of a petabyte": (http(b"38D7EA4C68000\r\n" + ROWS, **CHUNKED), BROKEN),
    "endless header": (endless(b"HTTP/1.1 200 OK\r\nX: "), BROKEN),
    "closes at once": (lambda _connection: None, BROKEN),
    "closes early": (http(ROWS, length=len(ROWS) + 1), BROKEN),
    "closes in a chunk": (http(b"FF\r\n" + ROWS, **CHUNKED), BROKEN),
    "closes between chunks": (http(b"1\r\n{\r\n", **CHUNKED), BROKEN),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2p1\r\n", BROKEN),
    "error": (http(b"secret of the inside", "500 Internal"), r"it answered with status 500\."),
    "not found": (http(b"", "404 Not Found"), "it answered with status 404"),
    "no content": (http(b"", "204 No Content"), "it answered with status 204"),
    "web page": (http(b"<html>", content_type="text/html; charset=utf-8"), "it answered with text/html in place of"),
    "XML": (http(b"<sparql/>", content_type="application/sparql-results+xml"), r"answered with .*\+xml in place of"),
    "no type": (http(ROWS, content_type=""), "it answered with no readable media type"),
    "strange type": (http(ROWS, content_type="<img src=x>"), "it answered with no readable media type"),
    "gzip bomb": (http(gzip.compress(b" " * 50_000_000), content_encoding="gzip"), "it answered compressed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_gets_little_time_and_room(name: str) -> None:
    answer, message = HOSTILE[name]
    started = time.monotonic()
    with Remote(answer) as here, pytest.raises(CallError, match=message):
        fetch(endpoint(here.url, private=True), b"ASK {}", QUICK)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "answer",
    [
        http(ROWS),
        http(ROWS, content_type=f"{RESULTS}; charset=utf-8", content_encoding="identity"),
        http(ROWS, content_length=""),
        http(b"5\r\n" + ROWS[:5] + b"\r\n%X\r\n" % (len(ROWS) - 5) + ROWS[5:] + b"\r\n0\r\n\r\n", **CHUNKED),
        b"HTTP/1.1 100 Continue\r\n\r\n" + http(ROWS),
    ],
    ids=["length", "parameters", "until it closes", "chunks", "100 first"],
)
def test_each_way_to_send_a_body_is_read(answer: bytes) -> None:
    with Remote(answer) as here:
        assert fetch(endpoint(here.url, private=True), b"", CallLimits()) == ROWS


def test_a_body_of_the_largest_size_is_read() -> None:
    response = http(b" " * 10_000)
    with Remote(response) as here:
        called = endpoint(here.url, private=True)
        assert len(fetch(called, b"", CallLimits(size=len(response)))) == 10_000
        with pytest.raises(CallError, match="its answer has more than"):
            fetch(called, b"", CallLimits(size=len(response) - 1))
