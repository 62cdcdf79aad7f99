"""The BASE and PREFIX declarations of a text, and what names mean by them (https://www.w3.org/TR/sparql11-query/#syntaxTerms).

Each declaration is read by those before it; in an update those before an operation add to those of the operations
before.
"""

from dataclasses import dataclass, field

from lark import Token, Tree

from .iri import expand, resolve


@dataclass(slots=True)
class Prologue:
    """Base and prefixes in force."""

    base: str = ""
    prefixes: dict[str, str] = field(default_factory=dict)

    def declare(self, node: Tree[Token]) -> None:
        """Take in a declaration; any other node declares nothing."""
        if node.data == "base_decl":
            self.base = resolve(str(node.children[1])[1:-1], self.base)
        elif node.data == "prefix_decl":
            self.prefixes[str(node.children[1])[:-1]] = resolve(str(node.children[2])[1:-1], self.base)

    @property
    def text(self) -> str:
        """The declarations as SPARQL."""
        base = f"BASE <{self.base}> " if self.base else ""
        return base + "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in self.prefixes.items())

    def iri(self, node: Tree[Token]) -> str:
        """The IRI that an `iri` of the tree means."""
        written = str(node.children[0])
        return resolve(written[1:-1], self.base) if written.startswith("<") else expand(written, self.prefixes)
