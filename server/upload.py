"""The files of a request: those of a form, or the body itself."""

import re
from collections.abc import Sequence
from typing import Final

from flask import request

from ..graph import rdfbody
from ..graph.intake.source import File
from ..graph.wire import Message
from .errors import ProtocolError, TooLargeError
from .settings import MAX_UPLOAD_BYTES

_MAX_FILES: Final = 50
_MAX_NAME: Final = 200
_HINT: Final = "Send a form with files ('curl -F file=@activities.csv'), or one file as the body with ?name=."
_NAME: Final = re.compile(r"[\x00-\x1f\x7f/\\]")


def files() -> list[File]:
    """The files; raises ProtocolError where there is none, TooLargeError where they are too many or too long."""
    found = _of_form() if request.mimetype == "multipart/form-data" else _of_body()
    if not found:
        raise ProtocolError("The request brings no file.", hint=_HINT)
    if len(found) > _MAX_FILES:
        raise TooLargeError(f"{len(found)} files are too many; {_MAX_FILES} are read.", hint="Send them in parts.")
    if (size := sum(len(file.content) for file in found)) > MAX_UPLOAD_BYTES:
        message = f"The files have {size:,} bytes; at most {MAX_UPLOAD_BYTES:,} are read."
        raise TooLargeError(message, hint="Send them in parts, or ask the operator to load them.")
    return found


def packed(found: Sequence[File]) -> tuple[list[Message], bytes]:
    """The files for a worker: their descriptions, and their bytes one behind the other."""
    described = [{"name": each.name, "media_type": each.media_type, "size": len(each.content)} for each in found]
    return described, b"".join(each.content for each in found)


def _of_form() -> list[File]:
    """The files of a form; a browser sends an empty one without a name where none was chosen."""
    sent = [file for _, file in request.files.items(multi=True) if file.filename]
    return [File(_shown(file.filename or ""), file.read(), file.content_type or "") for file in sent]


def _of_body() -> list[File]:
    content = request.get_data()
    if coding := request.headers.get("Content-Encoding", ""):
        content = rdfbody.decompress(content, coding, max_bytes=MAX_UPLOAD_BYTES)
    name = _shown(request.args.get("name", "")) or "request"
    return [File(name, content, request.content_type or "")] if content else []


def _shown(name: str) -> str:
    """A file's name without folders and control characters: it is only shown, and must not mislead."""
    return _NAME.split(name)[-1].strip()[-_MAX_NAME:]
