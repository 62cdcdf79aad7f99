"""References resolved against a base, for any scheme (https://www.rfc-editor.org/rfc/rfc3986#section-5.2).

`urllib.parse.urljoin` resolves only within the schemes that it knows, and leaves `urn:a` and `<b>` as they are.
"""

import re
from collections.abc import Mapping

_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_Parts = tuple[str | None, str | None, str, str | None, str | None]


def resolve(reference: str, base: str) -> str:
    """The absolute IRI that a reference means; without a base the reference as it is."""
    scheme, authority, path, query, fragment = _split(reference)
    if scheme is not None or not base:
        return reference
    base_scheme, base_authority, base_path, base_query, _ = _split(base)
    if authority is not None:
        path = _without_dots(path)
    else:
        authority = base_authority
        if path:
            path = _without_dots(path if path.startswith("/") else _merge(base_path, path, base_authority))
        else:
            path, query = base_path, query if query is not None else base_query
    return _join(base_scheme, authority, path, query, fragment)


def expand(name: str, prefixes: Mapping[str, str]) -> str:
    """The IRI of a prefixed name: the namespace and the local part without its escapes."""
    prefix, _, local = name.partition(":")
    return prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)


def _split(text: str) -> _Parts:
    match = _PARTS.fullmatch(text)
    assert match is not None  # noqa: S101 - the pattern fits every text
    return match[1], match[2], match[3], match[4], match[5]


def _merge(base_path: str, path: str, base_authority: str | None) -> str:
    if base_authority is not None and not base_path:
        return "/" + path
    return base_path[: base_path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """The path without `.` and `..` (section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _join(scheme: str | None, authority: str | None, path: str, query: str | None, fragment: str | None) -> str:
    text = "" if scheme is None else scheme + ":"
    text += "" if authority is None else "//" + authority
    text += path
    text += "" if query is None else "?" + query
    return text + ("" if fragment is None else "#" + fragment)
