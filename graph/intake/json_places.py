"""JSON whose values know where they stand, by one pass that does not recurse (https://www.rfc-editor.org/rfc/rfc8259)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

# Commas and colons are passed over: the engine has read the text before.
_TOKEN: Final = re.compile(r"[ \t\r\n,:]*+(\"(?:[^\"\\]++|\\.)*+\"|[{}\[\]]|[^\"\s,:{}\[\]]++)", re.DOTALL)


@dataclass(slots=True, eq=False)
class Value:
    """A value from `start` to `end`, in the array or object `around` it; in an object with its key.

    `kind` is its first character, `values` are the items of an array, or the values of an object.
    """

    start: int
    kind: str
    around: "Value | None" = None
    key: str = ""
    key_start: int = -1
    end: int = -1
    values: list["Value"] = field(default_factory=list)

    @property
    def is_object(self) -> bool:
        """Whether its values have keys."""
        return self.kind == "{"

    @property
    def is_array(self) -> bool:
        """Whether its values are items without keys."""
        return self.kind == "["

    def member(self) -> "Value":
        """The value of an object that this is or stands in, with arrays between at most; itself where there is none."""
        value = self
        while value.around is not None and value.around.is_array:
            value = value.around
        return value


def read(text: str) -> Value:
    """The value that a JSON text is."""
    document = top = Value(0, "[")
    key: tuple[str, int] | None = None
    for kind, start, token in _tokens(text):
        if kind in "}]":
            top.end = start + 1
            top = top.around or document
        elif top.is_object and key is None:
            key = _characters(token), start
        else:
            value = Value(start, kind, top, *(key or ("", -1)), end=start + len(token))
            top.values.append(value)
            key = None
            top = value if kind in "{[" else top
    root = document.values[0]
    root.around = None
    return root


def _characters(token: str) -> str:
    """What a string says, quotation marks and escapes undone."""
    return str(json.loads(token)) if "\\" in token else token[1:-1]


def _tokens(text: str) -> Iterator[tuple[str, int, str]]:
    """The first character of each string, bracket, number and word, where it stands, and the whole."""
    position = 0
    while match := _TOKEN.match(text, position):
        yield match[1][0], match.start(1), match[1]
        position = match.end()
