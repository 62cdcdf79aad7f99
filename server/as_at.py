"""The version that a request asks about: `version=`, an older one, else the newest."""

from ..graph import history
from ..graph.wire import Message
from . import current, protocol
from .errors import ProtocolError

_PARAMETER = "version"
_MOST_DIGITS = 18


def asked(parameters: protocol.Parameters) -> int | None:
    """The version that is named; raises ProtocolError where it is no number, NoSuchVersionError where there is none."""
    text = protocol.at_most_one(parameters, _PARAMETER)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        hint = f"Give a number, as in '{_PARAMETER}=12'; /versions lists them."
        raise ProtocolError(f"'{_PARAMETER}={text[:40]}' is no version.", hint=hint)
    version = int(text)
    history.check(version, current.engine().version)
    return version


def refuse(parameters: protocol.Parameters, why: str) -> None:
    """Raise ProtocolError where a version is named at an address that has no others."""
    if protocol.at_most_one(parameters, _PARAMETER) is not None:
        raise ProtocolError(why, hint=f"Leave out '{_PARAMETER}'.")


def member(version: int | None) -> Message:
    """What tells a worker to answer as at a version; nothing for the newest."""
    return {} if version is None else {_PARAMETER: version}
