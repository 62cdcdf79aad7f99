"""The parameters of a request, decoded strictly, for queries and updates alike.

https://www.w3.org/TR/sparql11-protocol/
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from flask import request

from .errors import MediaTypeError, ProtocolError, TooLargeError
from .settings import MAX_QUERY_BYTES

FORM: Final = "application/x-www-form-urlencoded"
_MAX_FIELDS: Final = 1000

Parameters = list[tuple[str, str]]


def in_address() -> Parameters:
    """The parameters behind the question mark."""
    return _decoded_form(request.query_string)


def in_body(name: str, direct: str) -> Parameters:
    """Those of a POST: a form, or a body of the `direct` media type, which is the parameter `name` itself."""
    if request.mimetype not in {FORM, direct} or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        sent = request.headers.get("Content-Type", "")
        message = f"A body of type {sent[:100]!r} is not read here."
        raise MediaTypeError(message, hint=f"Send the {name} as {direct} or as a form, {FORM}; both in UTF-8.")
    body = request.get_data()
    return _decoded_form(body) if request.mimetype == FORM else [(name, _utf8(body))]


def text(parameters: Parameters, name: str, hint: str) -> str:
    """The query or update, which must be there once; `hint` says how to send it."""
    found = at_most_one(parameters, name)
    if found is None:
        raise ProtocolError(f"The parameter {name!r} is missing.", hint=hint)
    if (size := len(found.encode("utf-8"))) > MAX_QUERY_BYTES:
        message = f"The {name} has {size:,} bytes; at most {MAX_QUERY_BYTES:,} are read."
        raise TooLargeError(message, hint="Write long lists of VALUES, or much data, as several requests.")
    return found


def at_most_one(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter that may be given once."""
    values = all_of(parameters, name)
    if len(values) > 1:
        message = f"The parameter {name!r} is given {len(values)} times."
        raise ProtocolError(message, hint=f"Give {name!r} once.")
    return values[0] if values else None


def all_of(parameters: Parameters, name: str) -> Sequence[str]:
    """The values of a parameter that may be given several times."""
    return [value for key, value in parameters if key == name]


def seconds(parameters: Parameters) -> float | None:
    """What `timeout=` asks for."""
    value = at_most_one(parameters, "timeout")
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number < 1e6:
        raise ProtocolError(f"'timeout={value[:40]}' is no number of seconds.", hint="Give for instance 'timeout=60'.")
    return number


def is_off(parameters: Parameters, name: str) -> bool:
    """Whether a switch is given as `off`."""
    value = at_most_one(parameters, name)
    if value not in {None, "on", "off"}:
        raise ProtocolError(f"'{name}={value}' is not understood.", hint=f"Give '{name}=off', or leave it out.")
    return value == "off"


def _decoded_form(raw: bytes) -> Parameters:
    """Flask would put replacement characters where a percent-encoding is not UTF-8, and so run another query."""
    try:
        return parse_qsl(_utf8(raw), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None
    except ValueError as error:
        raise TooLargeError(f"More than {_MAX_FIELDS} parameters.", hint="Name fewer graphs.") from error


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from None


def _not_utf8(error: UnicodeDecodeError) -> ProtocolError:
    byte = error.object[error.start]
    return ProtocolError(
        f"The request is not UTF-8: byte 0x{byte:02X} at offset {error.start}.",
        hint="Encode the query in UTF-8 (in an address and in a form also percent-encoded).",
    )
