"""Who asks, and may they: the bearer token of a request, in its Authorization header or typed into a form.

A token in a cookie or in the address is never looked at: a browser sends cookies on behalf of any page, and
addresses end up in logs and histories. https://www.rfc-editor.org/rfc/rfc6750.html
"""

import re
from collections.abc import Collection, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Final, cast

from flask import Flask, current_app, request

from ..graph.errors import GraphError
from ..graph.tokens import Token, TokenFile

_EXTENSION: Final = "itu-align.tokens"
_REALM: Final = 'Bearer realm="itu-align"'
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*)", re.IGNORECASE)
FORMS: Final = "submissions"
"""The blueprint whose pages have forms in which a token is typed."""

_FORM_TYPES: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_NETWORK_BITS: Final = 64
"""Of an IPv6 address: a household or a machine gets as many addresses as it likes within one such network."""


class RefusedError(GraphError):
    """Base of refusals that HTTP explains in header fields as well."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields to send with the answer."""
        return {}


class UnauthorizedError(RefusedError):
    """Writing needs a token, and the request has none or one that is not valid (401)."""

    def __init__(self, message: str, *, hint: str, challenge: str) -> None:
        super().__init__(message, hint=hint)
        self.challenge = challenge

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge that RFC 9110, section 15.5.2 demands of a 401."""
        return {"WWW-Authenticate": self.challenge}


class ForbiddenError(RefusedError):
    """The token is valid but does not allow this (403)."""

    def __init__(self, message: str, *, hint: str, scope: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.scope = scope

    @property
    def headers(self) -> Mapping[str, str]:
        """The scope that is missing (RFC 6750, section 3.1)."""
        scope = f', scope="{self.scope}"' if self.scope else ""
        return {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"{scope}'}


def register(app: Flask, data: Path) -> None:
    """Let the application check tokens against those of the data folder."""
    app.extensions[_EXTENSION] = TokenFile(data)


def require(*scopes: str) -> Token:
    """The token of the request at hand, if it allows one of these; else UnauthorizedError or ForbiddenError."""
    wanted = " or ".join(scopes)
    token = bearer()
    if token is None:
        hint = f"Send 'Authorization: Bearer …'; the operator makes one: 'itu-align token create --scope {scopes[0]}'."
        raise UnauthorizedError("This needs a token.", hint=hint, challenge=_REALM)
    if not token.scopes & set(scopes):
        message = f"This token allows {' and '.join(sorted(token.scopes))}; this needs {wanted}."
        hint = f"Ask the operator for another one: 'itu-align token create --scope {scopes[0]}'."
        raise ForbiddenError(message, hint=hint, scope=scopes[0])
    return token


def bearer() -> Token | None:
    """The token of the request at hand, None where it brings none.

    It stands in the Authorization header, or in the field `token` of a form that was posted: a page of another site
    does not know it. Raises UnauthorizedError where it is not valid.
    """
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("bearer"):
        match = _BEARER.fullmatch(header)
        secret = match[1] if match else ""
    elif (secret := _in_form()) is None:
        return None
    token = _tokens().find(secret) if secret else None
    if token is None:
        hint = "It may be mistyped, expired or revoked. Reading needs no token: leave the header out."
        challenge = f'{_REALM}, error="invalid_token"'
        raise UnauthorizedError("The token is not valid here.", hint=hint, challenge=challenge)
    return token


def _in_form() -> str | None:
    """What a person typed into the form of a page, None where nothing; only pages below /submissions have one."""
    if request.method != "POST" or request.blueprint != FORMS or request.mimetype not in _FORM_TYPES:
        return None
    return request.form.get("token", "").strip() or None


def check_graphs(token: Token, graphs: Collection[str] | None) -> None:
    """Refuse a token for one graph where others are touched; None stands for an operation that may touch any."""
    if token.graph is None:
        return
    others = ["others"] if graphs is None else [f"<{name}>" for name in sorted(set(graphs) - {token.graph})]
    if others:
        shown = ", ".join(others[:3]) + ", …" * (len(others) > 3)
        message = f"This token may change <{token.graph}> only, and this would change {shown}."
        hint = "Write to that graph alone, by its name, or ask the operator for a token without a graph."
        raise ForbiddenError(message, hint=hint)


def client() -> str:
    """Who is counted for the request at hand: the token where it is valid, else the address, of IPv6 the /64."""
    try:
        token = bearer()
    except UnauthorizedError:
        token = None
    return f"token:{token.id}" if token else network(request.remote_addr)


def network(address: str | None) -> str:
    """The address to count under; all that have none (a Unix socket, a broken proxy) are one."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, _NETWORK_BITS), strict=False))


def _tokens() -> TokenFile:
    return cast("TokenFile", current_app.extensions[_EXTENSION])
