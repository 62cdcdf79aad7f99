"""Entity tags made of what was asked and of the data's version (https://www.rfc-editor.org/rfc/rfc9110#section-13).

They are weak: the same rows may come in another order. A client whose tag still fits is told so before any work.
"""

from typing import Final

from flask import Response, request

VERSION: Final = "X-Data-Version"
_FOR_A_DAY: Final = "public, max-age=86400"


def matches(key: str, version: int) -> bool:
    """Whether the asker holds the answer already."""
    return request.method in {"GET", "HEAD"} and request.if_none_match.contains_weak(_tag(key, version))


def mark(response: Response, key: str, version: int, *, fixed: bool = False) -> None:
    """Put tag and version on an answer. It may be kept, and must be asked for again each time.

    Not so what is `fixed`: its address names the version, which never changes. A day it is and not for ever, because a
    later program may write the same otherwise.
    """
    response.set_etag(_tag(key, version), weak=True)
    response.headers[VERSION] = str(version)
    response.headers["Cache-Control"] = _FOR_A_DAY if fixed else "no-cache"


def not_modified(key: str, version: int, *, fixed: bool = False) -> Response:
    """The answer to an asker whose tag fits."""
    response = Response(status=304)
    mark(response, key, version, fixed=fixed)
    return response


def _tag(key: str, version: int) -> str:
    return f"{version}-{key[:32]}"
