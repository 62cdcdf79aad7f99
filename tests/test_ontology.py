"""The ontology keeps its own rules: labels, definitions, known vocabulary, local imports, OWL 2 DL."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

import owlready2
import pyoxigraph as ox
import pytest
from itu_align.graph import schema
from itu_align.graph.errors import OntologyError
from itu_align.graph.names import ALIGN, BASE, PREFIXES
from rdflib import OWL as RDFLIB_OWL
from rdflib import RDF as RDFLIB_RDF
from rdflib import RDFS as RDFLIB_RDFS
from rdflib import XSD as RDFLIB_XSD

OWL, RDFS, SKOS, DCTERMS = (PREFIXES[prefix] for prefix in ("owl", "rdfs", "skos", "dcterms"))
TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
LABEL, DEFINED_BY = ox.NamedNode(RDFS + "label"), ox.NamedNode(RDFS + "isDefinedBy")
DEFINITION = ox.NamedNode(SKOS + "definition")
PROPERTY_KINDS = {OWL + kind for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
BUILT_IN = (RDFLIB_OWL, RDFLIB_RDF, RDFLIB_RDFS, RDFLIB_XSD)
MODULES = ("bodies", "questions", "activities", "wsis", "sdg", "alignment", "provenance", "submissions")
ROOT = Path(__file__).parents[1]
CATALOG_NAMESPACE = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}"


def by_file() -> dict[str, list[ox.Triple]]:
    folder = files("itu_align.ontology")
    paths = ["core.ttl"]
    paths += [f"{part}/{file.name}" for part in ("modules", "imports") for file in (folder / part).iterdir()]
    return {path: schema.parse_turtle((folder / path).read_text("utf-8"), path) for path in sorted(paths)}


@pytest.fixture(scope="module")
def triples() -> list[ox.Triple]:
    return schema.ontology_triples()


@pytest.fixture(scope="module")
def own_terms(triples: list[ox.Triple]) -> set[str]:
    return {iri.value for t in triples if isinstance(iri := t.subject, ox.NamedNode) and iri.value.startswith(ALIGN)}


@pytest.fixture(scope="module")
def declared(triples: list[ox.Triple]) -> set[str]:
    return {t.subject.value for t in triples if t.predicate == TYPE and isinstance(t.subject, ox.NamedNode)}


def values(triples: list[ox.Triple], subject: str, predicate: ox.NamedNode) -> list[ox.Literal | ox.NamedNode]:
    return [t.object for t in triples if t.subject.value == subject and t.predicate == predicate]


def test_each_own_term_has_one_english_label_and_one_definition(triples: list[ox.Triple], own_terms: set[str]) -> None:
    for term in own_terms:
        for predicate in (LABEL, DEFINITION):
            assert [value.language for value in values(triples, term, predicate)] == ["en"], (term, predicate)


def test_each_own_term_is_defined_by_the_module_that_holds_it() -> None:
    for path, in_file in by_file().items():
        terms = {t.subject.value for t in in_file if t.predicate == LABEL and t.subject.value.startswith(ALIGN)}
        homes = {t.subject.value: t.object.value for t in in_file if t.predicate == DEFINED_BY}
        assert homes == dict.fromkeys(terms, f"{schema.ONTOLOGY_IRI}/{Path(path).stem}"), path


def test_no_two_own_terms_have_the_same_label(triples: list[ox.Triple]) -> None:
    labels = Counter(t.object.value for t in triples if t.predicate == LABEL and t.subject.value.startswith(ALIGN))
    assert [label for label, count in labels.items() if count > 1] == []


def test_own_labels_are_lower_case_but_for_names(triples: list[ox.Triple]) -> None:
    labels = [t.object.value for t in triples if t.predicate == LABEL and t.subject.value.startswith(ALIGN)]
    assert [label for label in labels if not re.match(r"[a-z]|(ITU|WSIS|SHA-256|Question) ", label)] == []


def test_own_definitions_are_a_genus_and_a_difference(triples: list[ox.Triple]) -> None:
    texts = [t.object.value for t in triples if t.predicate == DEFINITION]
    assert [
        text for text in texts if not re.fullmatch(r"(A|An|The) [^?!]+\b(that|which|of|to|by)\b[^?!]+\.", text)
    ] == []


def test_no_text_has_space_at_its_ends_or_twice_inside(triples: list[ox.Triple]) -> None:
    texts = [t.object.value for t in triples if isinstance(t.object, ox.Literal)]
    assert [text for text in texts if text != " ".join(text.split())] == []


def test_each_own_property_is_of_one_kind(triples: list[ox.Triple], own_terms: set[str]) -> None:
    for term in own_terms:
        kinds = {value.value for value in values(triples, term, TYPE)}
        expected = 1 if term.removeprefix(ALIGN)[0].islower() and OWL + "NamedIndividual" not in kinds else 0
        assert len(kinds & PROPERTY_KINDS) == expected, term


def test_each_term_used_in_the_ontology_is_declared_there(triples: list[ox.Triple], declared: set[str]) -> None:
    used = {term.value for t in triples for term in t if isinstance(term, ox.NamedNode)}
    used |= {t.object.datatype.value for t in triples if isinstance(t.object, ox.Literal)}
    unknown = {iri for iri in used if in_vocabulary(iri) and iri not in declared and not is_built_in(iri)}
    assert unknown == set()


def in_vocabulary(iri: str) -> bool:
    return any(iri.startswith(namespace) and iri != namespace for namespace in PREFIXES.values())


def is_built_in(iri: str) -> bool:
    return any(iri.startswith(str(namespace)) and iri in namespace for namespace in BUILT_IN)


def test_a_misspelled_owl_term_is_not_built_in() -> None:
    assert is_built_in(OWL + "inverseOf")
    assert not is_built_in(OWL + "inversOf")


def used_in_queries() -> Iterator[tuple[str, str]]:
    graph, ontology = files("itu_align.graph"), files("itu_align.ontology")
    for folder in (graph / "mappings", ontology / "rules", ontology / "questions"):
        queries = [file for file in folder.iterdir() if file.name.endswith(".rq")] if folder.is_dir() else []
        for file in queries:
            text = re.sub(r'"[^"\n]*"|<[^>\s]*>|#.*', "", file.read_text("utf-8"))
            for prefix, name in re.findall(r"\b([a-z]+):([A-Za-z_]\w*)", text):
                if prefix in PREFIXES and prefix not in ("sdg", "sh"):
                    yield file.name, PREFIXES[prefix] + name


def test_each_term_used_in_mappings_rules_and_questions_is_declared(declared: set[str]) -> None:
    unknown = {(file, iri) for file, iri in used_in_queries() if iri not in declared and not is_built_in(iri)}
    assert unknown == set()


def test_each_term_named_in_the_model_page_is_declared(declared: set[str]) -> None:
    names = re.findall(r"`align:(\w+)`", (ROOT / "docs" / "model.md").read_text("utf-8"))
    assert {name for name in names if ALIGN + name not in declared} == set()


def test_members_of_each_class_of_values_are_all_different(triples: list[ox.Triple]) -> None:
    members = defaultdict(set)
    individuals = {t.subject for t in triples if t.predicate == TYPE and t.object.value == OWL + "NamedIndividual"}
    for t in triples:
        if t.predicate == TYPE and t.subject in individuals and t.object.value.startswith(ALIGN):
            members[t.object.value].add(t.subject.value)
    declared_different = [lists(triples, t.object) for t in triples if t.predicate.value == OWL + "distinctMembers"]
    assert sorted(map(sorted, members.values())) == sorted(map(sorted, declared_different))


def lists(triples: list[ox.Triple], node: ox.BlankNode | ox.NamedNode) -> set[str]:
    found: set[str] = set()
    while node.value != PREFIXES["rdf"] + "nil":
        parts = {t.predicate.value.rpartition("#")[2]: t.object for t in triples if t.subject == node}
        found.add(parts["first"].value)
        node = parts["rest"]
    return found


# The header of each file, with its version and imports


def catalog() -> dict[str, str]:
    root = ET.fromstring((files("itu_align.ontology") / "catalog-v001.xml").read_text("utf-8"))
    return {entry.attrib["name"]: entry.attrib["uri"] for entry in root.iter(CATALOG_NAMESPACE + "uri")}


def header(in_file: list[ox.Triple]) -> dict[str, set[str]]:
    (iri,) = {t.subject for t in in_file if t.predicate == TYPE and t.object.value == OWL + "Ontology"}
    found = defaultdict(set, {"iri": {iri.value}})
    for t in in_file:
        if t.subject == iri:
            found[t.predicate.value].add(t.object.value)
    return found


def test_each_file_has_a_version_iri_of_the_distribution_and_the_catalog_knows_it() -> None:
    known = {path: header(in_file) for path, in_file in by_file().items()}
    for head in known.values():
        (iri,) = head["iri"]
        expected = iri.replace(schema.ONTOLOGY_IRI, f"{schema.ONTOLOGY_IRI}/{version('itu-align')}", 1)
        assert head[OWL + "versionIRI"] == {expected}
    assert {iri: path for path, head in known.items() for iri in head[OWL + "versionIRI"]} == catalog()


def test_imports_name_version_iris_that_the_catalog_resolves() -> None:
    imports = {iri for in_file in by_file().values() for iri in header(in_file)[OWL + "imports"]}
    assert imports <= set(catalog())


def test_the_core_imports_every_file_directly_or_not() -> None:
    assert {file.name for file in schema.ontology_files()} == {Path(path).name for path in by_file()}


@pytest.mark.parametrize("path", ["core.ttl", *(f"modules/{name}.ttl" for name in MODULES)])
def test_own_headers_are_complete(path: str) -> None:
    head = header(by_file()[path])
    for name in ("title", "description", "license", "creator", "created", "modified"):
        assert len(head[DCTERMS + name]) == 1, name
    assert head[DCTERMS + "license"] == {"https://creativecommons.org/licenses/by/4.0/"}
    assert head["http://purl.org/vocab/vann/preferredNamespacePrefix"] == {"align"}
    assert head["http://purl.org/vocab/vann/preferredNamespaceUri"] == {ALIGN}


@pytest.mark.parametrize("file", sorted(path for path in by_file() if path.startswith("imports/")))
def test_an_extract_says_its_source_its_date_and_what_is_left_out(file: str) -> None:
    comment = " ".join(re.findall(r"^# (.*)$", (files("itu_align.ontology") / file).read_text("utf-8"), re.MULTILINE))
    assert re.match(r"Extract of .*http\S+.*, made \d{4}-\d\d-\d\d\. Left out: ", comment)


# Loading


def test_loading_twice_gives_the_same_triples_with_the_same_blank_nodes(triples: list[ox.Triple]) -> None:
    assert schema.ontology_triples() == triples
    names = {term.value for t in triples for term in t if isinstance(term, ox.BlankNode)}
    assert names
    assert all(re.fullmatch(r"ontology-(core|(modules|imports)-\w+)-\d+", name) for name in names)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a:b a:c a:d .\n", (1, 1), "prefix a: has not been declared", "@prefix"),
        ("@prefix a: <http://a/> .\na:b a:c a:d\na:e a:f a:g .\n", (3, 1), "A dot is expected", "' .'"),
        ("@prefix a: <http://a/> .\na:b a:c .\n", (2, 9), ". is not a valid RDF object", "after the property"),
        ("@prefix a: <http://a/> .\na:b a:c [ a:d a:e ", (2, 19), "Unexpected end", "Close"),
        ("<http://a/b> <http://a/c> <d> .\n", (1, 27), "No scheme found in an absolute IRI", "turtle"),
    ],
)
def test_a_turtle_error_says_where_what_and_how_to_mend_it(
    text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    with pytest.raises(OntologyError) as caught:
        schema.parse_turtle(text, "ontology/modules/bodies.ttl")
    error = caught.value
    assert error.place is not None
    assert (error.place.line, error.place.column) == place
    assert str(error).startswith(f"ontology/modules/bodies.ttl, line {place[0]}, column {place[1]}: ")
    assert message in str(error)
    assert hint in error.hint


def test_an_import_that_the_catalog_does_not_know_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "ontology" / "catalog-v001.xml", tmp_path)
    (tmp_path / "core.ttl").write_text(f"<{BASE}x> <{OWL}imports> <{BASE}unknown> .\n", "utf-8")
    monkeypatch.setattr(schema, "files", lambda _: tmp_path)
    with pytest.raises(OntologyError, match=r"core\.ttl imports <https://w3id\.org/itu-align/unknown>, which"):
        schema.ontology_triples()


def test_a_broken_catalog_is_an_error_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalog-v001.xml").write_text("<catalog>\n<uri", "utf-8")
    monkeypatch.setattr(schema, "files", lambda _: tmp_path)
    with pytest.raises(OntologyError, match=r"catalog-v001\.xml, line 2, column"):
        schema.ontology_triples()


def test_each_rule_says_in_line_one_what_it_derives() -> None:
    assert schema.rules()
    assert [name for name, text in schema.rules().items() if not re.match(r"# [A-Z].+\.\n", text)] == []


# OWL 2 profiles, as the OWL API sees them

PROFILES = ("OWL2DL", "OWL2EL", "OWL2QL", "OWL2RL")
HERMIT = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
"""HermiT as owlready2 ships it, with the OWL API that checks profiles."""

CHECK_PROFILES = """
import json, sys
import jpype

jar, catalog, profiles = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
jpype.startJVM(classpath=[jar], convertStrings=True)
api = "org.semanticweb.owlapi."
IRI = jpype.JClass(api + "model.IRI")
violations = {}
for start in catalog:
    manager = jpype.JClass(api + "apibinding.OWLManager").createOWLOntologyManager()
    for name, file in catalog.items():
        manager.addIRIMapper(jpype.JClass(api + "util.SimpleIRIMapper")(IRI.create(name), IRI.create(file)))
    ontology = manager.loadOntology(IRI.create(start))
    violations[start] = {"files": ontology.getImportsClosure().size()}
    for profile in profiles:
        report = jpype.JClass(f"{api}profiles.{profile}Profile")().checkOntology(ontology)
        violations[start][profile] = sorted({str(violation) for violation in report.getViolations()})
print(json.dumps(violations))
"""


def check_profiles(uris: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    if shutil.which("java") is None:
        pytest.skip("no Java runtime: install a JRE, for instance default-jre-headless")
    if find_spec("jpype") is None:
        pytest.skip("JPype1 is not installed: pip install -e '.[dev]'")
    # In a process of its own: a JVM cannot be started twice, and its signals confuse pytest's fault handler.
    command = [sys.executable, "-c", CHECK_PROFILES, str(HERMIT), json.dumps(uris), json.dumps(PROFILES)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def violations() -> dict[str, dict[str, list[str]]]:
    with as_file(files("itu_align.ontology")) as folder:
        return check_profiles({iri: (folder / path).as_uri() for iri, path in catalog().items()})


@pytest.mark.java
def test_every_file_with_its_imports_is_owl_2_dl(violations: dict[str, dict[str, list[str]]]) -> None:
    core = f"{schema.ONTOLOGY_IRI}/{version('itu-align')}"
    assert violations[core]["files"] == len(by_file())
    assert {iri: found["OWL2DL"] for iri, found in violations.items() if found["OWL2DL"]} == {}


@pytest.mark.java
def test_the_whole_is_owl_2_rl_but_for_unions_as_domains(violations: dict[str, dict[str, list[str]]]) -> None:
    core = violations[f"{schema.ONTOLOGY_IRI}/{version('itu-align')}"]
    union = re.compile(r"Use of non-superclass expression .*: ObjectUnionOf\(.*(Object|Data)PropertyDomain\(")
    date = re.compile(r"Use of data range not in profile: xsd:date +\[null in ")  # dcterms:created in the headers
    assert [text for text in core["OWL2RL"] if not union.match(text) and not date.match(text)] == []
    assert any(map(union.match, core["OWL2RL"]))
    assert core["OWL2EL"]
    assert core["OWL2QL"]


@pytest.mark.java
def test_the_profile_check_sees_a_transitive_property_made_functional(tmp_path: Path) -> None:
    text = f"<{BASE}x> a <{OWL}Ontology> . <{BASE}p> a <{OWL}TransitiveProperty>, <{OWL}FunctionalProperty> ."
    (tmp_path / "x.ttl").write_text(text, "utf-8")
    found = check_profiles({BASE + "x": (tmp_path / "x.ttl").as_uri()})
    assert any("non-simple property" in violation for violation in found[BASE + "x"]["OWL2DL"])
