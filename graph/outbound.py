"""Calls to the endpoints that the operator allows: the only way out of this program (https://cwe.mitre.org/data/definitions/918.html).

A name is resolved once, each of its addresses must be a public one, and the connection goes to the address that was
judged, so that a name which changes its mind meanwhile gains nothing. No proxy, no redirect, no compression; little
time and room.
"""

import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from .errors import GraphError

RESULTS: Final = "application/sparql-results+json"

_PART: Final = 1 << 16
_PORTS: Final = {"http": 80, "https": 443}
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)

_NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        # https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # https://www.iana.org/assignments/iana-ipv6-special-registry, within the global unicast addresses
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        # Metadata of clouds outside 169.254.0.0/16: Alibaba, Azure, AWS, Google
        *("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::/32"),
    )
)
"""Addresses that no endpoint has; refused also where private ones are allowed."""

_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7"),
    )
)
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Resolver = Callable[[str, int], Sequence[str]]
"""From a host and a port to the addresses of that host."""


class EndpointError(GraphError):
    """An entry of the list of allowed endpoints is none."""


class CallError(GraphError):
    """An endpoint was not called, or did not answer as it should. The message goes on from its name."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of a call: seconds to get a turn, as many for each address, and in all; bytes of the response.

    Then how many calls one query may make, and how many are under way at once.
    """

    connect: float = 3.0
    total: float = 10.0
    size: int = 10 << 20
    calls: int = 10
    at_once: int = 8


LIMITS: Final = CallLimits()


class Location(NamedTuple):
    """What two spellings of one endpoint have in common."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that may be called, also at an address in a private network if `private`."""

    iri: str
    location: Location
    private: bool


def endpoint(iri: str, *, private: bool = False) -> Endpoint:
    """The endpoint of an entry of the list; raises EndpointError where the entry is none."""
    location = locate(iri)
    if location is None:
        hint = "Write it like https://query.wikidata.org/sparql: no user name, no fragment."
        raise EndpointError(f"{iri!r} is not the address of an endpoint.", hint=hint)
    return Endpoint(iri, location, private)


def locate(iri: str) -> Location | None:
    """Where an IRI leads, normalised (https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2); None if nowhere by HTTP.

    The path stays as it is: on the host of an allowed endpoint an administration may listen under another one.
    """
    try:
        parts = urlsplit(iri)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
        host = _host(parts.hostname or "")
    except (KeyError, ValueError):  # another scheme; a malformed host or port
        return None
    if not host or not port or "@" in parts.netloc or "#" in iri or not iri.isprintable() or " " in iri:
        return None
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return Location(parts.scheme, host, port, target)


def _host(written: str) -> str:
    """A host as it is looked up: lower case, ASCII, without the dot of the root; empty if it is no host."""
    if ":" in written:
        return str(ipaddress.IPv6Address(written))
    name = written.removesuffix(".").encode("idna").decode("ascii").lower()
    return name if _NAME.fullmatch(name) else ""


def is_refused(address: str, *, private: bool = False) -> bool:
    """Whether an address is none that an endpoint may have; loopback and private networks only where allowed."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip)
    if any(ip in network for network in _NEVER):
        return True
    if any(ip in network for network in _PRIVATE):
        return not private
    return isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_V6


def addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says, without repetitions."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def fetch(
    called: Endpoint,
    query: bytes,
    limits: CallLimits = LIMITS,
    resolve: Resolver = addresses,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """The body of an endpoint's answer to a query, within the limits; raises CallError."""
    deadline = time.monotonic() + limits.total
    try:
        with closing(_connect(called, deadline, limits, resolve, trust)) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(_request(called.location, query))
            return _body(connection, deadline, limits)
    except TimeoutError:
        raise CallError(f"it did not answer within {limits.total:g} s.", hint="Ask it for less.") from None
    except ssl.SSLCertVerificationError:
        raise CallError("its certificate cannot be verified.") from None
    except (OSError, HTTPException, ValueError):  # ValueError: a chunk of negative length
        raise CallError("it broke off its answer, or speaks no HTTP.", hint="Try again later.") from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect(
    called: Endpoint, deadline: float, limits: CallLimits, resolve: Resolver, trust: ssl.SSLContext | None
) -> socket.socket:
    """A connection to the first address that takes one; all of them must be acceptable before any is tried."""
    location = called.location
    found = _resolved(location, _left(deadline), resolve)
    if any(is_refused(address, private=called.private) for address in found):
        hint = "The operator of this endpoint can allow that one's private addresses."
        raise CallError("its name leads to an address that is not public, so it is not called.", hint=hint)
    raw = _first(found, location.port, deadline, limits)
    if location.scheme == "http":
        return raw
    with closing(raw):  # wrapping takes the descriptor over; after a failed handshake it must be closed
        raw.settimeout(_left(deadline))
        return (trust or _trust()).wrap_socket(raw, server_hostname=location.host)


def _resolved(location: Location, seconds: float, resolve: Resolver) -> Sequence[str]:
    """The addresses of a host. The system's resolver has no time limit of its own, so it is left behind when late."""
    answer: Future[Sequence[str]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(resolve(location.host, location.port))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        return answer.result(seconds)
    except (socket.gaierror, UnicodeError):
        raise CallError("its name is not known.", hint="Try again later.") from None


def _first(found: Sequence[str], port: int, deadline: float, limits: CallLimits) -> socket.socket:
    for address in found:
        seconds = min(limits.connect, _left(deadline))
        try:
            return socket.create_connection((address, port), seconds)
        except OSError:
            continue
    raise CallError("it cannot be reached.", hint="Try again later.")


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(location: Location, query: bytes) -> bytes:
    """A query by direct POST (https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct)."""
    head = (
        f"POST {location.target} HTTP/1.1",
        f"Host: {location.authority}",
        f"Accept: {RESULTS}",
        "Accept-Encoding: identity",
        "Content-Type: application/sparql-query",
        f"Content-Length: {len(query)}",
        "User-Agent: itu-align",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + query


class _Bounded(io.RawIOBase):
    """What a connection receives, until the deadline or too many bytes; a server that drips gets no more time."""

    def __init__(self, connection: socket.socket, deadline: float, size: int) -> None:
        self._connection, self._deadline, self._left, self._size = connection, deadline, size, size

    def readable(self) -> bool:
        """As `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer, as in io.RawIOBase
        """Receive what is there."""
        self._connection.settimeout(_left(self._deadline))
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            message = f"its answer has more than {self._size:,} bytes."
            raise CallError(message, hint="Ask it for less, for instance with a LIMIT in a sub-select.")
        return count


def _body(connection: socket.socket, deadline: float, limits: CallLimits) -> bytes:
    response = HTTPResponse(connection, method="POST")
    response.fp.close()
    response.fp = io.BufferedReader(_Bounded(connection, deadline, limits.size))
    with closing(response):
        response.begin()
        _check_head(response)
        body = bytearray()
        while part := response.read(_PART):  # in parts: the length that a server claims would be reserved at once
            body += part
        if response.length:
            raise HTTPException
        return bytes(body)


def _check_head(response: HTTPResponse) -> None:
    if 300 <= response.status < 400:
        hint = "Its operator should be asked for the address where it answers itself."
        raise CallError("it answered with a redirect, which is not followed.", hint=hint)
    if response.status != 200:
        hint = "Try the inner part of the query there itself." if response.status == 400 else "Try again later."
        raise CallError(f"it answered with status {response.status}.", hint=hint)
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != RESULTS:
        named = media_type if _MEDIA_TYPE.fullmatch(media_type) else "no readable media type"
        raise CallError(f"it answered with {named} in place of {RESULTS}.")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise CallError("it answered compressed, which was not asked for.")
