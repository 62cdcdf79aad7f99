"""What RDF 1.2 adds to data is found, in each format that the engine reads (https://www.w3.org/TR/rdf12-concepts/)."""

import pyoxigraph as ox
import pytest
from itu_align.graph import rdf12

RDF_XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:">
<rdf:Description rdf:about="urn:s">%s</rdf:Description></rdf:RDF>"""


def read(text: str, format_: ox.RdfFormat) -> list[ox.Quad]:
    return list(ox.parse(text.encode(), format=format_, base_iri="urn:x"))


def nested(depth: int) -> ox.Quad:
    text = "<urn:s> <urn:p> " + "<<( <urn:s> <urn:p> " * depth + "1" + " )>>" * depth + " ."
    return read(text, ox.RdfFormat.TURTLE)[0]


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("<urn:a> <urn:b> <urn:c> . <urn:s> <urn:p> <<( <urn:a> <urn:b> 1 )>> .", ox.RdfFormat.TURTLE),
        ("<< <urn:a> <urn:b> 1 >> .", ox.RdfFormat.TURTLE),
        ("<urn:a> <urn:b> 1 ~ <urn:r> .", ox.RdfFormat.TURTLE),
        ("<urn:a> <urn:b> 1 {| <urn:c> 2 |} .", ox.RdfFormat.TRIG),
        ('<urn:a> <urn:b> "x"@ar--rtl .', ox.RdfFormat.N_TRIPLES),
        ("<urn:s> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>> <urn:g> .", ox.RdfFormat.N_QUADS),
        (RDF_XML % '<e:p rdf:annotation="urn:r" rdf:resource="urn:o"/>', ox.RdfFormat.RDF_XML),
        ('{"@id": "urn:a", "urn:b": {"@value": "x", "@language": "ar", "@direction": "rtl"}}', ox.RdfFormat.JSON_LD),
    ],
)
def test_a_new_statement_is_found(text: str, format_: ox.RdfFormat) -> None:
    found = rdf12.first_new(read(text, format_))
    assert found is not None
    assert isinstance(found.object, ox.Triple) != isinstance(found.object, ox.Literal)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'VERSION "1.2" <urn:a> <urn:b> <urn:c>, [], (1 2), "<<(", "x"@en, "x--rtl" .',
        "<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies> <urn:c> .",
    ],
)
def test_statements_of_rdf_11_are_not_new(text: str) -> None:
    statements = read(text, ox.RdfFormat.TURTLE)
    assert rdf12.first_new(statements) is None
    assert not rdf12.has_triple_terms(statements)


def test_a_base_direction_is_new_and_no_triple_term() -> None:
    statements = read('<urn:a> <urn:b> "x"@ar--rtl .', ox.RdfFormat.TURTLE)
    assert rdf12.first_new(statements) == statements[0]
    assert not rdf12.has_triple_terms(statements)


def test_triple_terms_may_nest_to_the_limit() -> None:
    assert rdf12.has_triple_terms([nested(1)])
    assert not rdf12.is_too_deep(nested(0))
    assert not rdf12.is_too_deep(nested(rdf12.MAX_DEPTH))
    assert rdf12.is_too_deep(nested(rdf12.MAX_DEPTH + 1))
