"""What the words mean and which rules hold: ontology, rules, questions and shapes, as package data.

Imports are resolved through `ontology/catalog-v001.xml`
(https://www.oasis-open.org/standard/xmlcatalogs/), so nothing is ever fetched.
"""

import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import pyoxigraph as ox

from .errors import OntologyError, Place
from .names import BASE

ONTOLOGY_IRI = BASE + "ontology"

_OWL_IMPORTS = ox.NamedNode("http://www.w3.org/2002/07/owl#imports")
_CATALOG = "catalog-v001.xml"
_CATALOG_URI = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri"
_CORE = "core.ttl"
_POSITION = re.compile(r"^Parser error (?:at|between) .*?: ")
_HINTS = {
    "dot is expected": "End the statement before this place with ' .', or join the two with ';' or ','.",
    "has not been declared": "Declare the prefix at the top of the file with '@prefix', or correct its name.",
    "Unexpected end": "Close what is still open at the end of the file: a bracket, a list, or the statement.",
    "not a valid RDF object": "Write an IRI, a prefixed name, a blank node or a literal after the property.",
}


_Term = TypeVar("_Term")


def ontology_files() -> list[Traversable]:
    """The core, then every module and extract that it imports, directly or not, in order of mention."""
    return [file for file, _ in _closure()]


def ontology_triples() -> list[ox.Triple]:
    """The whole ontology, sorted; a blank node is named after its file and its place there, so always the same."""
    return sorted({triple for _, triples in _closure() for triple in triples}, key=str)


def shapes_files() -> list[Traversable]:
    """The SHACL files, in order of name."""
    return _by_name(files("itu_align.shapes"), ".ttl")


def shapes_triples() -> list[ox.Triple]:
    """All shapes, sorted, with blank nodes named as in `ontology_triples`."""
    triples = (parse_turtle(read_text(file, f"shapes/{file.name}"), f"shapes/{file.name}") for file in shapes_files())
    return sorted({triple for file in triples for triple in file}, key=str)


def language_triples() -> list[ox.Triple]:
    """What shapes, reports and pages say in each language (`shapes/languages`), sorted."""
    folder = files("itu_align.shapes") / "languages"
    named = ((file, f"shapes/languages/{file.name}") for file in _by_name(folder, ".ttl"))
    return sorted({triple for file, name in named for triple in parse_turtle(read_text(file, name), name)}, key=str)


def rules() -> dict[str, str]:
    """The CONSTRUCT rules by name, which is the file's without its ending, in order of name."""
    return _texts("rules")


def questions() -> dict[str, str]:
    """The competency questions by name, in order of name; line 1 of each is the question in words."""
    return _texts("questions")


def read_text(file: Traversable, name: str) -> str:
    """The text of a file of the package; OntologyError where it is missing or not UTF-8. `name` is its path."""
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise OntologyError(f"{name} is missing.", hint="Install the package again, or restore the file.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"{name}, line {line}: byte 0x{error.object[error.start]:02X} is not UTF-8."
        raise OntologyError(message, hint="Save the file as UTF-8.", place=Place(line)) from None


def parse_turtle(text: str, name: str) -> list[ox.Triple]:
    """The triples in the order of the text; `name` is the file's path. Raises OntologyError at the first fault."""
    prefix = re.sub(r"\W", "-", name.removesuffix(".ttl"))
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: _Term) -> _Term | ox.BlankNode:
        if not isinstance(term, ox.BlankNode):
            return term
        return names.setdefault(term, ox.BlankNode(f"{prefix}-{len(names) + 1}"))

    try:
        quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        raise _fault(error, name, text) from None
    return [ox.Triple(named(quad.subject), quad.predicate, named(quad.object)) for quad in quads]


def _closure() -> list[tuple[Traversable, list[ox.Triple]]]:
    folder = files("itu_align.ontology")
    catalog = _read_catalog(folder / _CATALOG)
    found: dict[str, list[ox.Triple]] = {}
    waiting = [_CORE]
    for path in waiting:
        found[path] = parse_turtle(read_text(folder / path, f"ontology/{path}"), f"ontology/{path}")
        for triple in found[path]:
            if triple.predicate == _OWL_IMPORTS:
                target = _resolve(triple.object.value, catalog, path)  # type: ignore[union-attr]
                if target not in waiting:
                    waiting.append(target)
    return [(folder / path, triples) for path, triples in found.items()]


def _read_catalog(file: Traversable) -> dict[str, str]:
    """File by imported IRI. The file is our own package data, so its XML is trusted."""
    try:
        root = ET.fromstring(read_text(file, f"ontology/{_CATALOG}"))  # noqa: S314
    except ET.ParseError as error:
        line, column = error.position
        message = f"ontology/{_CATALOG}, line {line}, column {column + 1}: not well-formed XML."
        raise OntologyError(message, hint="Mend the catalog.", place=Place(line, column + 1)) from None
    return {entry.attrib["name"]: entry.attrib["uri"] for entry in root.iter(_CATALOG_URI)}


def _resolve(iri: str, catalog: dict[str, str], importer: str) -> str:
    if iri in catalog:
        return catalog[iri]
    message = f"ontology/{importer} imports <{iri}>, which ontology/{_CATALOG} does not know."
    raise OntologyError(message, hint="Add the IRI with its local file there, or correct the import.")


def _by_name(folder: Traversable, ending: str) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(ending)), key=lambda file: file.name)


def _texts(name: str) -> dict[str, str]:
    folder = files("itu_align.ontology") / name
    if not folder.is_dir():
        return {}
    return {
        file.name.removesuffix(".rq"): read_text(file, f"ontology/{name}/{file.name}")
        for file in _by_name(folder, ".rq")
    }


def _fault(error: SyntaxError, name: str, text: str) -> OntologyError:
    """Line and column are pyoxigraph's, both 1-based; its message says what is wrong or expected there."""
    lines = text.splitlines() or [""]
    line = min(error.lineno or 1, len(lines))
    column = error.offset or 1
    problem = _POSITION.sub("", error.msg).rstrip(".")
    hint = "Mend the text there; see https://www.w3.org/TR/turtle/#sec-grammar."
    for part, advice in _HINTS.items():
        if part in problem:
            hint = advice
    message = f"{name}, line {line}, column {column}: {problem}."
    return OntologyError(message, hint=hint, place=Place(line, column, lines[line - 1]))
