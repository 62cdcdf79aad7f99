"""Who may write: bearer tokens, in the file `tokens.json` of the data folder, which holds their hashes only.

A token is 256 random bits, so a plain SHA-256 of it cannot be searched backwards; a slow password hash would add
nothing but its cost to each request.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .errors import GraphError

_FILE: Final = "tokens.json"
_LOCK: Final = "tokens.lock"
_PREFIX: Final = "ia_"
"""Lets a scanner of published code recognise a token of ours that leaked."""

SCOPES: Final = ("submit", "review", "admin")
"""What a token can allow. None of them holds another: a token for all three names all three."""

_NOTE_LENGTH: Final = 200
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ABSOLUTE_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
_Stamp = tuple[int, int, int]


class TokenError(GraphError):
    """The list of tokens cannot be read or written, or a token cannot be made or found. It never means access."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token. The token itself is shown once, when it is made."""

    id: str
    note: str
    scopes: frozenset[str]
    graph: str | None
    created: datetime
    expires: datetime | None
    sha256: str = field(repr=False)

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now


def create(
    data: Path, scopes: Collection[str], graph: str | None = None, note: str = "", expires: datetime | None = None
) -> tuple[Token, str]:
    """Make a token and keep its hash; the second part is the token itself, to be handed over and forgotten.

    With a graph the token may change that graph only.
    """
    now = _now()
    _check(scopes, graph, note)
    if expires is not None and (expires.tzinfo is None or expires <= now):
        message = f"The token would expire on {expires.isoformat()}, which is past or has no time zone."
        raise TokenError(message, hint="Give a time to come, for instance 2030-01-01T00:00:00+00:00.")
    secret = _PREFIX + secrets.token_urlsafe(32)
    with _locked(data):
        known = _read(data)
        until = expires.astimezone(UTC) if expires else None
        token = Token(_new_id(known), note, frozenset(scopes), graph, now, until, _hash(secret))
        _replace(data, [*known, token])
    return token, secret


def listing(data: Path) -> list[Token]:
    """All tokens, expired ones too, in the order in which they were made."""
    return _read(data)


def revoke(data: Path, token_id: str) -> Token:
    """Forget a token; a running server refuses it from the next request on."""
    with _locked(data):
        known = _read(data)
        gone = next((token for token in known if token.id == token_id), None)
        if gone is None:
            raise TokenError(f"There is no token {token_id[:80]!r}.", hint="'itu-align token list' shows them.")
        _replace(data, [token for token in known if token is not gone])
    return gone


class TokenFile:
    """The tokens for a server: the file is read again whenever it has changed, and asked anew for each request."""

    def __init__(self, data: Path, clock: Callable[[], datetime] | None = None) -> None:
        self._data = data
        self._clock = clock or _now
        self._known: tuple[_Stamp | None, Sequence[Token]] = (None, ())

    def find(self, secret: str) -> Token | None:
        """The token that is valid now under this secret. Raises TokenError where the list cannot be read.

        All are compared, each in constant time, so how long it takes tells nothing about any.
        """
        digest = _hash(secret)
        found = [token for token in self._tokens() if hmac.compare_digest(token.sha256, digest)]
        return next((token for token in found if not token.expired(self._clock())), None)

    def _tokens(self) -> Sequence[Token]:
        stamp = _stamp(self._data)
        if stamp is None:
            return ()
        known_stamp, tokens = self._known
        if stamp != known_stamp:
            tokens = _read(self._data)
            self._known = stamp, tokens  # a file replaced meanwhile has another stamp and is read next time
        return tokens


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()


def _new_id(known: Iterable[Token]) -> str:
    taken = {token.id for token in known}
    while (made := secrets.token_hex(4)) in taken:
        pass
    return made


def _check(scopes: Collection[str], graph: str | None, note: str) -> None:
    if not scopes or not set(scopes) <= set(SCOPES):
        named = ", ".join(sorted(scopes)) or "none"
        message = f"A token allows one or more of {', '.join(SCOPES)}; asked was: {named}."
        raise TokenError(message, hint="Name one of them, for instance 'itu-align token create --scope admin'.")
    if graph is not None and not _ABSOLUTE_IRI.fullmatch(graph):
        hint = "Write it in full, for instance https://w3id.org/itu-align/graph/submission-1."
        raise TokenError(f"{graph[:200]!r} is no absolute IRI of a graph.", hint=hint)
    if len(note) > _NOTE_LENGTH or not note.isprintable():
        message = f"The note has {len(note)} characters or some that cannot be printed."
        raise TokenError(message, hint=f"Write one line of at most {_NOTE_LENGTH} characters.")


# The file


def _stamp(data: Path) -> _Stamp | None:
    """What changes when the file is replaced; None where there is no file."""
    try:
        found = (data / _FILE).stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(data, error) from error
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(data: Path) -> list[Token]:
    try:
        held = json.loads((data / _FILE).read_text("utf-8"))
        return [_token(each) for each in held["tokens"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(data, error) from error


def _unreadable(data: Path, error: Exception) -> TokenError:
    reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    hint = "Nobody can write until it is mended: restore it from a backup, or delete it and make new tokens."
    return TokenError(f"The list of tokens {data / _FILE} cannot be read: {reason}.", hint=hint)


def _token(held: Mapping[str, object]) -> Token:
    scopes, graph, expires = held["scopes"], held["graph"], held["expires"]
    if not isinstance(scopes, list) or not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"{scopes!r} are no scopes")
    if not _SHA256.fullmatch(digest := _text(held["sha256"])):
        raise ValueError("a hash is not the SHA-256 of a token")
    return Token(
        id=_text(held["id"]),
        note=_text(held["note"]),
        scopes=frozenset(scopes),
        graph=None if graph is None else _text(graph),
        created=_time(held["created"]),
        expires=None if expires is None else _time(expires),
        sha256=digest,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} should be text")
    return value


def _time(value: object) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return time


def _written(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "note": token.note,
        "scopes": sorted(token.scopes),
        "graph": token.graph,
        "created": token.created.isoformat(),
        "expires": token.expires.isoformat() if token.expires else None,
        "sha256": token.sha256,
    }


def _replace(data: Path, tokens: Iterable[Token]) -> None:
    """Write a new file and give it the name in one step, so that a reader sees the old list or the new one."""
    number, name = tempfile.mkstemp(prefix=f"{_FILE}.", dir=data)  # mkstemp lets only the owner read
    try:
        with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib opens no descriptors
            json.dump({"tokens": [_written(token) for token in tokens]}, file, indent=1, ensure_ascii=False)
            file.flush()
            _hand_over(number, data)
            os.fsync(number)
        Path(name).replace(data / _FILE)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    folder = os.open(data, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _hand_over(number: int, data: Path) -> None:
    """What the administrator writes belongs to the folder's owner, or the server could not read it."""
    if os.geteuid() == 0:
        owner = data.stat()
        os.fchown(number, owner.st_uid, owner.st_gid)


@contextmanager
def _locked(data: Path) -> Generator[None]:
    """One writer at a time; each holds the lock for milliseconds."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        number = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _hand_over(number, data)
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)
    except OSError as error:
        hint = "Check the folder's rights and the free space; act as the user that runs the server."
        raise TokenError(f"The list of tokens in {data} cannot be written: {error}.", hint=hint) from error
