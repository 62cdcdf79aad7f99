"""`make docs`: the pages that are made from the graph itself, and the parser's tables.

`tests/test_docs.py` fails where a page is not current, `tests/test_grammar.py` where the tables are not.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from itu_align.graph import grammar
from itu_align.graph.build import make_graphs, union
from itu_align.graph.quality import data_quality
from itu_align.graph.validation import validate


def pages() -> Mapping[str, str]:
    """The text of each generated page by its file name in `docs/`."""
    graphs = make_graphs(files("itu_align.graph") / "facts", lambda *_: None)
    return {"data-quality.md": data_quality(validate(union(graphs)))}


if __name__ == "__main__":
    for name, text in pages().items():
        (Path(__file__).parent / name).write_text(text, "utf-8")
    shipped, made = Path(__file__).parents[1] / "graph" / grammar.TABLES, grammar.tables()
    if shipped.read_bytes().partition(b"\n")[0] != made.partition(b"\n")[0]:  # equal tables differ in their bytes
        shipped.write_bytes(made)
