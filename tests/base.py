"""A small published graph for tests of submissions: the ontology, one Activity with what it needs, and what follows."""

from pathlib import Path

import pyoxigraph as ox
from itu_align.graph import schema
from itu_align.graph.reasoning import materialise
from rdf import write_version

EXAMPLE = Path(__file__).parent / "data" / "shapes" / "Alignment" / "pass.ttl"

ALIGNMENT = """\
@base <https://w3id.org/itu-align/id/> .
@prefix align: <https://w3id.org/itu-align/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix sdg: <http://metadata.un.org/sdg/> .
@prefix semapv: <https://w3id.org/semapv/vocab/> .
@prefix sssom: <https://w3id.org/sssom/> .

<alignment/e-waste-aimed-at-11-again> a align:Alignment ;
  dcterms:source <https://example.org/minutes> ;
  align:subject <activity/Basel-Secretariat-and-ITU-e-waste-standards> ;
  align:object sdg:11 ;
  align:relation <concept/relation-aimed-at> ;
  align:level align:goalLevel ;
  align:statement "the minutes say so" ;
  align:status align:published ;
  sssom:mapping_justification semapv:UnspecifiedMatching ;
  prov:wasAttributedTo <body/BRS-Secretariat> ;
  dcterms:date "2026-11"^^<http://www.w3.org/2001/XMLSchema#gYearMonth> .
"""
"""One more alignment of the Activity with goal 11."""

TITLE = """\
@prefix dcterms: <http://purl.org/dc/terms/> .
<https://w3id.org/itu-align/id/activity/Basel-Secretariat-and-ITU-e-waste-standards> dcterms:title "{title}"@en .
"""
"""A second title for the Activity, which may have one."""


def facts() -> list[ox.Triple]:
    """The example of a valid alignment, without the alignment itself: an Activity, a goal, a body, a relation."""
    triples = schema.parse_turtle(EXAMPLE.read_text("utf-8"), EXAMPLE.name)
    return [triple for triple in triples if "/alignment/" not in str(triple.subject)]


def write_base(folder: Path) -> Path:
    """A data folder with that graph as version 1."""
    ontology = schema.ontology_triples()
    known = facts()
    derived = materialise({*ontology, *known})
    write_version(folder, {"ontology": ontology, "facts": known, "derived": derived})
    return folder
