"""The graph against the tables it was made from: nothing dropped, nothing without a source, the same each time.

Expected values come from the CSV files, read here with Python's own reader.
"""

import csv
import hashlib
import shutil
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pytest
from itu_align.graph import names
from itu_align.graph.build import build, make_graphs
from itu_align.graph.errors import GraphError
from itu_align.graph.journal import head
from itu_align.graph.store import Store

FACTS = Path(str(files("itu_align.graph") / "facts"))
TABLES = sorted(path.stem for path in FACTS.glob("*.csv"))


def table(name: str) -> list[dict[str, str]]:
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(store: Store, query: str) -> list[str]:
    """The single column of a SELECT as strings."""
    prefixes = "".join(f"PREFIX {p}: <{n}>\n" for p, n in names.PREFIXES.items())
    return [row[0].value for row in store.database.query(prefixes + query)]  # type: ignore[union-attr, index]


def in_graph(name: str, pattern: str) -> str:
    return f"SELECT ?x WHERE {{ GRAPH <{names.graph(name)}> {{ {pattern} }} }}"


@pytest.mark.parametrize(
    ("name", "pattern", "cell"),
    [
        ("itu_sectors", "?s align:bureau|skos:note ?any ; dcterms:identifier ?x", "code"),
        ("itu_study_groups", "?s a align:CharteredGroup ; dcterms:identifier ?x", "id"),
        ("itu_questions", "?s a align:Question ; dcterms:identifier ?x", "id"),
        ("itu_documents_and_meetings", "?s align:idKind ?k ; dcterms:identifier ?x", "id"),
        ("wsis_action_lines", "?s a align:ActionLine ; dcterms:identifier ?x", "code"),
        ("sdg_goals", "?s a sdgo:Goal . BIND(STR(?s) AS ?x)", "iri"),
        ("sdg_targets", "?s a sdgo:Target . BIND(STR(?s) AS ?x)", "iri"),
        ("sdg_indicators", "?s a align:IndicatorPlacement ; dcterms:identifier ?x", "code"),
        (
            "wsis_prizes_categories",
            "?s a align:PrizeCategory ; align:categoryNumber ?n . BIND(STR(?n) AS ?x)",
            "category",
        ),
        ("wsis_sessions", "?s align:idKind ?k ; dcterms:title ?t . BIND(STR(?t) AS ?x)", "title"),
        ("labels_multilingual", "?s a skosxl:Label ; skosxl:literalForm ?t . BIND(STR(?t) AS ?x)", "label"),
    ],
)
def test_every_row_is_a_thing_of_its_class(store: Store, name: str, pattern: str, cell: str) -> None:
    query = in_graph(name, pattern).replace("SELECT ?x", "SELECT ?x ?s")
    if name != "labels_multilingual":
        query = query.replace("SELECT ?x ?s", "SELECT DISTINCT ?x ?s")
    assert Counter(column(store, query)) == Counter(row[cell] for row in table(name))


def test_matrix_links_are_the_rows_of_the_matrix(store: Store) -> None:
    query = """SELECT (CONCAT(?line, " ", REPLACE(STR(?o), "^.*/", ""), " ", STR(?in), " ", STR(?out)) AS ?x) WHERE {
      ?l a align:MatrixLink ; align:subject/skos:notation ?line ; align:object ?o ;
        align:inSdgTable ?in ; align:inActionLineTable ?out }"""
    truth = {"yes": "true", "no": "false"}
    assert Counter(column(store, query)) == Counter(
        f"{r['action_line']} {r['target'] or r['goal']} {truth[r['in_sdg_table']]} {truth[r['in_action_line_table']]}"
        for r in table("wsis_sdg_matrix")
    )


def test_published_alignments_are_the_rows_of_the_table(store: Store) -> None:
    query = """SELECT (CONCAT(?s, "|", ?r, "|", ?o, "|", ?t, "|", STR(?src)) AS ?x) WHERE {
      ?a align:status align:published ; align:subjectAsWritten ?s ; align:relation/skos:prefLabel ?r ;
        align:object/skos:notation ?o ; align:statement ?t ; dcterms:source ?src }"""
    assert Counter(column(store, query)) == Counter(
        "|".join(r[c] for c in ("subject", "relation", "object", "statement", "source_url"))
        for r in table("question_alignments")
    )


def test_prize_winners_are_the_rows_of_the_table(store: Store) -> None:
    query = """SELECT (CONCAT(STR(?y), "|", COALESCE(?p, ""), "|", COALESCE(?o, ""), "|", COALESCE(?c, "")) AS ?x) {
      ?a a align:Award ; align:edition ?y .
      OPTIONAL { ?a dcterms:title ?p } OPTIONAL { ?a align:recipientAsWritten ?o }
      OPTIONAL { ?a align:countryAsWritten ?c } }"""
    assert Counter(column(store, query)) == Counter(
        "|".join(r[c] for c in ("year", "project", "organization", "country")) for r in table("wsis_prizes_winners")
    )


def test_crosswalk_holds_every_pair_with_its_source(store: Store) -> None:
    query = """SELECT (CONCAT(?code, "|", STR(?o), "|", STR(?src)) AS ?x) WHERE {
      ?m a align:ExternalMapping ; align:codeAsWritten ?code ; align:object ?o ; dcterms:source ?src }"""
    assert Counter(column(store, query)) == Counter(
        "|".join(r[c] for c in ("our_code", "external_iri", "source_url")) for r in table("external_crosswalk")
    )


def test_both_tables_and_both_editions_of_the_matrix_are_there(store: Store) -> None:
    truth = {"yes": "true", "no": "false"}
    cells = """SELECT (CONCAT(?l, " ", ?g, " ", STR(?a), " ", STR(?b), " ", STR(?h)) AS ?x) WHERE {
      ?c a align:MatrixCell ; align:actionLine/skos:notation ?l ; align:goal/skos:notation ?g ;
        align:inActionLineTable ?a ; align:inSdgTable ?b ; align:listedAsHeading ?h }"""
    columns = ("in_action_line_table", "in_sdg_table", "listed_as_goal_heading")
    assert Counter(column(store, cells)) == Counter(
        " ".join([r["action_line"], r["goal"], *(truth[r[c]] for c in columns)])
        for r in table("wsis_sdg_matrix_goal_pairs")
    )
    readings = """SELECT (CONCAT(?l, " ", ?o, " ", STR(?says), " ", ?q) AS ?x) WHERE {
      ?r a align:MatrixReading ; align:actionLine/skos:notation ?l ; align:object/skos:notation ?o ;
        align:says ?says ; align:quotePosition ?q }"""
    assert Counter(column(store, readings)) == Counter(
        f"{r['action_line']} {r['target'] or r['goal']} {truth[r['says']]} {r['quote_position']}"
        for r in table("wsis_sdg_matrix_check")
    )


TRUST = [
    ("itu_questions", "align:quoteChecked", "quote_checked", {"yes": "true", "no": "false"}),
    ("itu_questions", "align:titleBasis/skos:prefLabel", "title_basis", None),
    ("itu_questions", "align:numberAsWritten", "number_as_written", None),
    ("itu_questions", "align:officialAddress", "official_url_derived", None),
    ("itu_questions", "skos:note", "note", None),
    ("itu_questions", "dcterms:title", "title", None),
    ("itu_study_groups", "skos:prefLabel", "name", None),
    ("itu_documents_and_meetings", "skos:note", "note", None),
    ("itu_documents_and_meetings", "dcterms:title", "title", None),
    ("sdg_targets", "dcterms:description", "official_text", None),
    ("wsis_sdg_matrix", "skos:note", "note", None),
]


@pytest.mark.parametrize(("name", "path", "cell", "words"), TRUST, ids=lambda v: v if isinstance(v, str) else "")
def test_trust_columns_notes_and_titles_are_statements(
    store: Store, name: str, path: str, cell: str, words: dict[str, str] | None
) -> None:
    kinds = {
        "itu_questions": "align:Question",
        "itu_study_groups": "align:CharteredGroup",
        "sdg_targets": "sdgo:Target",
        "wsis_sdg_matrix": "align:MatrixLink",
    }
    pattern = f"?s a {kinds[name]}" if name in kinds else "?s align:idKind ?k"
    query = in_graph(name, f"{pattern} ; {path} ?v . BIND(STR(?v) AS ?x)").replace("SELECT ?x", "SELECT ?x ?s")
    assert Counter(column(store, query)) == Counter((words or {}).get(r[cell], r[cell]) for r in table(name) if r[cell])


@pytest.mark.parametrize("name", TABLES)
def test_every_source_address_of_a_table_is_in_its_graph(store: Store, name: str) -> None:
    found = set(column(store, in_graph(name, "?s dcterms:source ?o . BIND(STR(?o) AS ?x)")))
    for row in table(name):
        for cell in (c for c in row if c.endswith("source_url") and row[c]):
            assert set(row[cell].split("||")) <= found, (name, cell, row)


@pytest.mark.parametrize(
    "pattern",
    [
        "?s a align:Alignment",
        "?s a align:MatrixLink",
        "?s dcterms:title ?value",
        "?s skos:prefLabel ?value",
        "?s skosxl:literalForm ?value",
        "?s schema:startDate|schema:endDate|schema:startTime|dcterms:issued|dcterms:date ?value",
    ],
)
def test_no_alignment_title_or_date_lacks_a_source(store: Store, pattern: str) -> None:
    query = f"""SELECT ?s WHERE {{ {pattern} FILTER NOT EXISTS {{ ?s dcterms:source ?source }}
      FILTER NOT EXISTS {{ GRAPH <{names.graph("ontology")}> {{ ?s ?any ?thing }} }}
      FILTER NOT EXISTS {{ ?s a align:Table }} }}"""
    schemes = {name for name in column(store, query) if name.startswith(names.ID + "scheme/")}
    assert set(column(store, query)) - schemes <= {"http://metadata.un.org/sdg"}


def test_counts_that_everyone_knows(store: Store) -> None:
    assert column(store, "SELECT (COUNT(?g) AS ?n) WHERE { ?g a sdgo:Goal }") == ["17"]
    assert column(store, "SELECT (COUNT(?g) AS ?n) WHERE { ?g a sdgo:Target }") == ["169"]
    tops = column(store, "SELECT ?n WHERE { ?l a align:ActionLine ; skos:notation ?n MINUS { ?l skos:broader ?up } }")
    assert sorted(tops) == sorted(f"C{n}" for n in range(1, 12))
    parts = column(
        store, 'SELECT ?n WHERE { ?l a align:ActionLine ; skos:notation ?n ; skos:broader/skos:notation "C7" }'
    )
    assert sorted(parts) == sorted(r["code"] for r in table("wsis_action_lines") if r["parent"])
    leaves = column(store, "SELECT ?l WHERE { ?l a align:ActionLine MINUS { ?part skos:broader ?l } }")
    assert len(leaves) == 18


def nquads(facts: Path) -> bytes:
    graphs = make_graphs(facts, lambda *_: None)
    lines = sorted(f"{triple} <{names.graph(name)}> ." for name, triples in graphs.items() for triple in triples)
    return "\n".join(lines).encode()


def test_the_same_facts_give_the_same_nquads_in_any_row_order(tmp_path: Path) -> None:
    first = hashlib.sha256(nquads(FACTS)).hexdigest()
    again = hashlib.sha256(nquads(FACTS)).hexdigest()
    assert first == again
    shuffled = tmp_path / "facts"
    shutil.copytree(FACTS, shuffled)
    header, *rows = (FACTS / "sdg_goals.csv").read_bytes().splitlines(keepends=True)
    (shuffled / "sdg_goals.csv").write_bytes(header + b"".join(reversed(rows)))
    without_hash = [line for line in nquads(FACTS).splitlines() if b"#sha256>" not in line]
    assert [line for line in nquads(shuffled).splitlines() if b"#sha256>" not in line] == without_hash


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    facts = tmp_path / "facts"
    shutil.copytree(FACTS, facts)
    text = (FACTS / f"{name}.csv").read_text("utf-8")
    assert old in text
    (facts / f"{name}.csv").write_text(text.replace(old, new, 1), "utf-8")
    return facts


BAD_CELLS = [
    (
        "itu_questions",
        "ITU-D-SG2,Question 17/2",
        "ITU-D-SG9,Question 17/2",
        r"itu_questions.csv, line 2, column 24 \(study_group\): 'ITU-D-SG9', expected a value of group_id in itu_st",
    ),
    (
        "itu_documents_and_meetings",
        "2018-04-30",
        "30/04/2018",
        r"line 2, column 83 \(date_start\): '30/04/2018', expected a date",
    ),
    ("wsis_sdg_matrix", "C1,3,3.d", "C1,3,3.z", r"line 4, column 6 \(target\): '3.z', expected text of the form"),
    (
        "sdg_targets",
        "17.10,17,",
        "17.1,17,",
        r"line 1\d\d, column 1 \(code\): '17.1', expected a key that no other row",
    ),
    ("sdg_goals", "\n9,", "\n9.0,", r"line 10, column 1 \(number\): '9.0', expected text of the form"),
    ("itu_sectors", "code,name,", "code,", r"itu_sectors.csv, line 1: column 'name' is missing"),
    ("itu_sectors", "ITU-T,", 'ITU-T",', r"itu_sectors.csv, line 3, column 6: a quote inside a cell"),
]


@pytest.mark.parametrize(("name", "old", "new", "words"), BAD_CELLS)
def test_a_bad_cell_stops_the_build_and_the_old_graph_stays(
    tmp_path: Path, data: Path, name: str, old: str, new: str, words: str
) -> None:
    before = head(data)
    with pytest.raises(GraphError, match=words) as caught:
        build(data, facts=edited(tmp_path, name, old, new))
    assert caught.value.hint
    assert head(data) == before
    assert len(Store.open(data)) > 0


def test_a_row_against_the_shapes_is_not_stored(tmp_path: Path, data: Path) -> None:
    before = head(data)
    facts = edited(tmp_path, "itu_documents_and_meetings", "2018-04-30,2018-05-04", "2018-05-30,2018-05-04")
    with pytest.raises(GraphError, match=r"breaks its shapes in 1 place") as caught:
        build(data, facts=facts)
    assert "ITU-D-SG1-2018-meeting-1" in str(caught.value)
    assert head(data) == before


def test_a_table_without_mapping_says_so(tmp_path: Path, data: Path) -> None:
    facts = tmp_path / "facts"
    shutil.copytree(FACTS, facts)
    for ending in ("csv", "csv-metadata.json"):
        text = (FACTS / f"itu_sectors.{ending}").read_text("utf-8").replace("itu_sectors.csv", "unmapped.csv")
        (facts / f"unmapped.{ending}").write_text(text, "utf-8")
    with pytest.raises(GraphError, match=r"unmapped\.csv has no mapping"):
        build(data, facts=facts)


def test_provenance_names_table_and_hash(store: Store) -> None:
    query = f"SELECT ?h WHERE {{ <{names.graph('sdg_goals')}> prov:wasDerivedFrom/align:sha256 ?h }}"
    assert column(store, query) == [hashlib.sha256((FACTS / "sdg_goals.csv").read_bytes()).hexdigest()]
    assert ox.NamedNode(names.graph("sdg_goals")) in list(store.database.named_graphs())
