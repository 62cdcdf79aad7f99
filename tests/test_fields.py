"""Forms made from shapes: names, labels, what a field takes, and which shapes stand behind it."""

import pyoxigraph as ox
import pytest
from itu_align.graph import fields, names, schema
from itu_align.graph.fields import Field, Form, Forms, word

PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPES = (
    PREFIXES
    + """
ex:Thing-shape a sh:NodeShape ; sh:targetClass ex:Thing, ex:Other ; sh:property ex:Thing-name, ex:Thing-part .
ex:Thing-name sh:path ex:name ; sh:name "Name"@en, "Nom"@fr ; sh:order 2 ; sh:minCount 1 ; sh:severity sh:Violation .
ex:Thing-part sh:path ex:part ; sh:name "Part"@en ; sh:order 1 ; sh:class ex:Other ; sh:severity sh:Violation .
ex:Book-shape a sh:NodeShape ; rdfs:label "book"@en ; sh:targetClass ex:Book ;
  sh:property ex:Book-title, ex:Book-year, ex:Book-frenchTitle, ex:Book-part, ex:Book-state, ex:Book-both .
ex:Book-title sh:path ex:name ; sh:name "Title"@en ; sh:order 6 ; sh:maxCount 1 ; sh:languageIn ( "en" "fr" ) ;
  sh:severity sh:Violation .
ex:Book-frenchTitle sh:path ex:name ; sh:name "Title in French"@en ; sh:order 3 ; sh:severity sh:Info ;
  sh:qualifiedValueShape [ sh:languageIn ( "fr" ) ] ; sh:qualifiedMinCount 1 .
ex:Book-year sh:path ex:year ; sh:name "Year"@en ; sh:order 2 ; sh:severity sh:Violation ;
  sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:gYear ] ) .
ex:Book-part sh:path ex:chapter ; sh:name "Chapter"@en ; sh:order 4 ; sh:nodeKind sh:IRI ; sh:severity sh:Violation .
ex:Book-state sh:path ex:state ; sh:name "State"@en ; sh:order 5 ; sh:in ( ex:lent ex:free ) ;
  sh:severity sh:Violation .
ex:Book-both sh:path [ sh:alternativePath ( ex:name ex:year ) ] ; sh:name "Either"@en ; sh:minCount 1 .
ex:Lent a sh:NodeShape ; sh:targetNode ex:lent ; sh:property ex:Lent-members .
ex:Lent-members sh:path [ sh:inversePath ex:state ] ; sh:property ex:Lent-reader, ex:Lent-listed .
ex:Lent-reader sh:path ex:reader ; sh:name "Reader"@en ; sh:minCount 1 ; sh:severity sh:Violation .
ex:Lent-listed sh:path [ sh:inversePath ex:lists ] ; sh:name "Listed"@en ; sh:minCount 1 ; sh:severity sh:Violation .
"""
)
ONTOLOGY = (
    PREFIXES
    + """
ex:Thing a owl:Class ; rdfs:label "thing"@en .
ex:Book a owl:Class ; rdfs:subClassOf ex:Thing .
ex:Comic a owl:Class ; rdfs:subClassOf ex:Book .
ex:Other a owl:Class ; rdfs:label "other"@en .
ex:part a owl:ObjectProperty .
"""
)


@pytest.fixture(scope="module")
def forms() -> Forms:
    return Forms(schema.parse_turtle(SHAPES, "shapes.ttl"), schema.parse_turtle(ONTOLOGY, "ontology.ttl"))


def book(forms: Forms, name: str) -> Field:
    field = forms["Book"].field(name)
    assert field is not None
    return field


def test_each_target_class_is_a_form_with_its_kinds(forms: Forms) -> None:
    assert list(forms) == ["Book", "Other", "Thing"]
    assert forms["Thing"].kinds == {
        "Book": "http://example.org/Book",
        "Comic": "http://example.org/Comic",
        "Thing": "http://example.org/Thing",
    }


def test_form_of_a_shape_for_several_classes_is_labelled_by_its_class(forms: Forms) -> None:
    assert [form.label for form in forms.values()] == ["book", "other", "thing"]


def test_shapes_of_one_path_make_one_field_named_by_the_nearest_class(forms: Forms) -> None:
    title = book(forms, "title")
    assert [shape.rpartition("/")[2] for shape in title.shapes] == ["Book-title", "Thing-name", "Book-frenchTitle"]
    assert (title.minimum, title.maximum, title.advised) == (1, 1, True)
    assert forms["Book"].field("name") is None


def test_header_may_say_the_names_and_labels_of_all_shapes_of_the_path(forms: Forms) -> None:
    assert book(forms, "title").other_names == {
        "Title": None,
        "name": None,
        "Name": None,
        "Nom": None,
        "frenchTitle": "fr",
        "Title in French": "fr",
    }


def test_text_with_languages_names_the_first_in_its_header(forms: Forms) -> None:
    title = book(forms, "title")
    assert title.header == "title@en"
    assert title.languages == ["en", "fr"]
    assert title.language is None


def test_alternative_datatypes_of_a_date_are_listed(forms: Forms) -> None:
    year = book(forms, "year")
    assert year.datatypes == [names.XSD + "date", names.XSD + "gYear"]
    assert year.datatype is None
    assert not year.takes_things


def test_field_whose_name_is_taken_is_named_by_its_shape_and_not_offered(forms: Forms) -> None:
    assert book(forms, "part").path == "http://example.org/chapter"
    assert book(forms, "Thing-part").path == "http://example.org/part"
    assert book(forms, "part").offered
    assert not book(forms, "Thing-part").offered


def test_choices_are_things_in_the_order_of_the_shape(forms: Forms) -> None:
    assert book(forms, "state").choices == [
        ox.NamedNode("http://example.org/lent"),
        ox.NamedNode("http://example.org/free"),
    ]
    assert book(forms, "state").takes_things


def test_nested_shape_makes_a_field_for_some_records(forms: Forms) -> None:
    reader = book(forms, "reader")
    assert (reader.conditional, reader.minimum, reader.offered) == (True, 0, False)
    assert forms["Thing"].field("reader") is None


def test_inverse_path_makes_a_field_with_a_backward_step(forms: Forms) -> None:
    listed = book(forms, "listed")
    assert (listed.inverse, listed.step) == (True, "^http://example.org/lists")


def test_path_with_alternatives_makes_no_field(forms: Forms) -> None:
    assert forms["Book"].field("both") is None


def test_required_fields_come_first_then_the_order_of_the_shapes(forms: Forms) -> None:
    assert [field.name for field in forms["Book"].fields if field.offered] == ["title", "year", "part", "state"]


def test_ontology_tells_links_from_texts(forms: Forms) -> None:
    assert forms.is_link("http://example.org/part")
    assert not forms.is_link("http://example.org/name")


def test_missing_language_falls_back_to_english() -> None:
    assert word({"en": "Title", "fr": "Titre"}, "fr") == "Titre"
    assert word({"en": "Title"}, "fr") == "Title"
    assert word({}, "fr") == ""


@pytest.mark.parametrize("form", fields.shipped().values(), ids=lambda form: form.name)
def test_shipped_form_has_distinct_names_and_paths_and_a_base(form: Form) -> None:
    found = [field.name for field in form.fields]
    steps = [field.step for field in form.fields]
    assert sorted(set(found)) == sorted(found)
    assert sorted(set(steps)) == sorted(steps)
    assert form.base.startswith((names.ID, names.PREFIXES["sdg"]))
    assert form.label


@pytest.mark.parametrize(
    ("name", "key", "iri"),
    [
        ("Activity", "two sessions", names.ID + "activity/two-sessions"),
        ("StudyGroup", "ITU-T-SG15", names.ID + "body/ITU-T-SG15"),
        ("CharteredGroup", "ITU-T-SG15-2017", names.ID + "charter/ITU-T-SG15-2017"),
        ("WsisSession", "WSIS-Forum-2020-Session-279", names.ID + "event/WSIS-Forum-2020-Session-279"),
        ("ChangeEvent", "x", names.ID + "event/x"),
        ("MatrixLink", "matrix-C1-2", names.ID + "alignment/matrix-C1-2"),
        ("Question", "ITU-D-Q7-2/1-2006", names.ID + "question/ITU-D-Q7-2.1-2006"),
        ("Target", "9.c", "http://metadata.un.org/sdg/9.c"),
        ("Group", "ITU-D-Membership", names.ID + "body/ITU-D-Membership"),
    ],
)
def test_key_becomes_the_address_that_the_model_gives_the_class(name: str, key: str, iri: str) -> None:
    assert fields.shipped()[name].mint(key) == iri


def test_every_property_shape_with_one_path_is_in_a_form() -> None:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in schema.shapes_triples())
    asked = """PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?shape WHERE {
      ?shape a sh:PropertyShape ; sh:name ?name ; sh:path ?path
      FILTER NOT EXISTS { ?path sh:alternativePath ?list } }"""
    solutions = store.query(asked)
    assert isinstance(solutions, ox.QuerySolutions)
    shapes = {solution["shape"].value for solution in solutions}
    assert shapes == {shape for form in fields.shipped().values() for field in form.fields for shape in field.shapes}


def test_shipped_labels_speak_french() -> None:
    title = fields.shipped()["Activity"].field("title")
    assert title is not None
    assert (title.labels["en"], title.labels["fr"]) == ("Title", "Titre")


def test_tables_that_this_project_makes_are_not_offered() -> None:
    assert {form.name for form in fields.shipped().values() if not form.offered} == {"Table", "ConceptScheme"}
