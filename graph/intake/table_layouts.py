"""How the tables of `graph/facts` are laid out: their metadata, their mappings, and the values that they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from ..schema import read_text
from ..tables import Metadata, load_metadata, load_table

_METADATA: Final = ".csv-metadata.json"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table of facts is laid out, and its mapping."""

    metadata: Metadata
    mapping: str

    @property
    def name(self) -> str:
        """The table's."""
        return self.metadata.name

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.metadata.columns]

    @property
    def required(self) -> set[str]:
        """The names of the columns that no row can do without."""
        return {column.name for column in self.metadata.columns if column.required}

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header is this table's: no column that it does not know, and all that it needs."""
        return self.required <= set(header) <= set(self.columns)


@cache
def layouts() -> Mapping[str, Layout]:
    """The layouts of the shipped tables by name."""
    package = files("itu_align.graph")
    found = sorted(file.name for file in (package / "facts").iterdir() if file.name.endswith(_METADATA))
    return {
        name: Layout(load_metadata(package / "facts", name), read_text(package / "mappings" / file, f"mappings/{file}"))
        for name, file in ((name.removesuffix(_METADATA), name.removesuffix(_METADATA) + ".rq") for name in found)
    }


@cache
def shipped_values(table: str, column: str) -> frozenset[str]:
    """The values that a column of a shipped table holds."""
    loaded = load_table(files("itu_align.graph") / "facts", table)
    described = loaded.metadata.column(column)
    return frozenset(item for row in loaded.rows for item in row.items(described))
