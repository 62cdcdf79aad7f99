"""What lies between two versions, in words, as JSON and as RDF Patch, in both directions; `diff` and `log`."""

import io
import json
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from itu_align.graph import journal, patch
from itu_align.graph.names import graph
from itu_align.graph.store import Store, load
from itu_align.graph.union import DefaultGraph, apply
from itu_align.server import cli
from rdf import turtle, write_version

TERMS = """
    align:Activity rdfs:label "activity"@en ; rdfs:subClassOf prov:Activity . prov:Activity rdfs:label "Activity"@en .
    sdgo:Goal rdfs:label "goal"@en . dcterms:title rdfs:label "title"@en .
    align:participant rdfs:label "participant"@en .
    align:alignsWith rdfs:label "aligned with"@en . sdg:11 a sdgo:Goal ; skos:prefLabel "Cities"@en .
    ex:bdt skos:prefLabel "Bureau"@en .
"""
BEFORE = """
    ex:one a align:Activity, prov:Activity ; dcterms:title "Old words"@en, "Anciens mots"@fr ;
        align:participant ex:bdt .
    ex:two a align:Activity ; dcterms:title "Gone soon"@en .
    ex:three a align:Activity ; dcterms:title "Aligned"@en ; align:alignsWith sdg:11 .
"""
AFTER = """
    ex:one a align:Activity, prov:Activity ; dcterms:title "New words"@en, "Anciens mots"@fr ;
        align:participant ex:bdt, ex:tsb ; align:alignsWith sdg:11 .
    ex:three a align:Activity ; dcterms:title "Aligned"@en .
    ex:four a align:Activity ; dcterms:title "Regular briefings"@en .
"""


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Version 1 is BEFORE, version 2 AFTER, both beside TERMS."""
    data = tmp_path / "data"
    write_version(data, {"terms": turtle(TERMS), "acts": turtle(BEFORE)})
    write_version(data, {"acts": turtle(AFTER)})
    return data


def run(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [*map(str, arguments), "--data", str(data)])


def diff(data: Path, *arguments: object) -> str:
    result = run(data, "diff", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def without_first_line(text: str) -> str:
    """It has the times of the commits."""
    return text.partition("\n")[2]


# In words


def test_words_say_thing_by_thing_what_changed(versions: Path) -> None:
    text = diff(versions, 1, 2)
    times = [journal.read_header(versions, version).created[:19] for version in (1, 2)]
    assert text.splitlines()[0] == (
        f"From version 1 ({times[0]}, itu-align build, build) to version 2 ({times[1]}, itu-align build, build):"
    )
    expected = """\
5 statements came, 4 went, in 1 graph.

Alignments gained: 1.
  Activity "New words" <http://example.org/one> is now aligned with Goal "Cities" <http://metadata.un.org/sdg/11>.

Alignments lost: 1.
  Activity "Aligned" <http://example.org/three> is no longer aligned with Goal "Cities" <http://metadata.un.org/sdg/11>.

Graph acts: 5 statements came, 4 went.
  Activity "Regular briefings" <http://example.org/four>: new, 2 statements
  Activity "New words" <http://example.org/one>:
    title changed from "Old words" to "New words"
    aligned with: now "Cities" <http://metadata.un.org/sdg/11>
    participant: now <http://example.org/tsb>
  Activity "Aligned" <http://example.org/three>:
    aligned with: no longer "Cities" <http://metadata.un.org/sdg/11>
  Activity "Gone soon" <http://example.org/two>: gone, 2 statements
"""
    assert without_first_line(text) == expected


def test_the_other_direction_says_the_opposite(versions: Path) -> None:
    text = diff(versions, "newest", 1)
    assert '    title changed from "New words" to "Old words"\n' in text
    assert '  Activity "Regular briefings" <http://example.org/four>: gone, 2 statements\n' in text
    assert '  Activity "Gone soon" <http://example.org/two>: new, 2 statements\n' in text
    assert 'Alignments lost: 1.\n  Activity "Old words" <http://example.org/one> is no longer aligned with' in text


def test_one_value_is_named_with_its_language_and_its_datatype_where_they_make_the_difference(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": turtle('ex:a dcterms:title "le"@fr ; ex:n 1 ; ex:o ex:b .')})
    write_version(tmp_path, {"g": turtle('ex:a dcterms:title "la"@fr ; ex:n "1" ; ex:o ex:c .')})
    assert without_first_line(diff(tmp_path, 1, 2)).splitlines()[3:] == [
        '  "la" <http://example.org/a>:',
        '    <http://example.org/n> changed from "1"^^<http://www.w3.org/2001/XMLSchema#integer> to "1"',
        "    <http://example.org/o> changed from <http://example.org/b> to <http://example.org/c>",
        '    dcterms:title (fr) changed from "le" to "la"',
    ]


def test_the_empty_graph_is_version_0_and_a_version_beside_itself_is_nothing(versions: Path) -> None:
    assert diff(versions, 0, 1).startswith("From the empty graph to version 1 (")
    assert "Graph terms: 10 statements came, 0 went.\n" in diff(versions, 0, 1)
    assert without_first_line(diff(versions, 2, 2)) == "0 statements came, 0 went, in 0 graphs.\n"


def test_what_comes_and_goes_again_is_no_difference(versions: Path) -> None:
    write_version(versions, {"acts": turtle(BEFORE)})
    assert without_first_line(diff(versions, 1, 3)) == "0 statements came, 0 went, in 0 graphs.\n"


def test_a_thing_that_another_graph_knows_is_changed_not_new(versions: Path) -> None:
    write_version(versions, {"more": turtle('ex:one dcterms:identifier "1" .')})
    assert '  Activity "New words" <http://example.org/one>:\n    dcterms:identifier: now "1"\n' in diff(versions, 2, 3)


@pytest.mark.parametrize("place", ["submission/1", "suggested"])
def test_an_alignment_counts_only_where_it_is_published(versions: Path, place: str) -> None:
    write_version(versions, {place: turtle("ex:three align:alignsWith sdg:11 .")})
    assert "is now aligned" not in diff(versions, 2, 3)
    write_version(versions, {"other": turtle("ex:three align:alignsWith sdg:11 .")})
    assert "is now aligned" in diff(versions, 3, 4)


def test_an_alignment_that_moves_to_another_graph_is_neither_gained_nor_lost(versions: Path) -> None:
    linked = turtle("ex:one align:alignsWith sdg:11 .")
    write_version(versions, {"acts": turtle(AFTER) - linked, "other": linked})
    text = diff(versions, 2, 3)
    assert "2 graphs" in text
    assert "Alignments" not in text


def test_what_drives_a_terminal_is_shown_and_not_done(tmp_path: Path) -> None:
    """Also in an IRI, which may hold marks that turn the direction."""
    write_version(tmp_path, {"g": turtle('ex:a dcterms:title "x" .')})
    write_version(tmp_path, {"g": turtle('ex:a dcterms:title "\\u001b[2Jy\\nz\\u202e" ; ex:p <http://a/\u202eb> .')})
    text = diff(tmp_path, 1, 2)
    assert r'"\x1b[2Jy\nz\u202e"' in text
    assert r"<http://a/\u202eb>" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_long_lists_and_texts_are_cut_with_their_count_unless_all_is_asked_for(tmp_path: Path) -> None:
    write_version(tmp_path, {"g": turtle("ex:known ex:p 0 .")})
    things = "".join(f"ex:t{number} ex:p {number} ; align:alignsWith ex:a . " for number in range(23))
    values = f'ex:known ex:p {", ".join(map(str, range(25)))} ; ex:q "{"x" * 400}" .'
    write_version(tmp_path, {"g": turtle(things + values)})
    text, everything = diff(tmp_path, 1, 2), diff(tmp_path, 1, 2, "--all")
    assert "  … and 3 more (--all shows them)\n" in text  # alignments
    assert "  … and 4 more things (--all shows them)\n" in text  # 23 and the one that was known
    assert "    … and 5 more changes (--all shows them)\n" in text  # 24 numbers and a text
    assert "x" * 301 not in text
    assert "more" not in everything
    assert everything.count(": new, 2 statements") == everything.count("is now aligned") == 23
    assert "x" * 400 in everything


def test_a_blank_node_is_named_as_in_the_patch(tmp_path: Path) -> None:
    quad = ox.Triple(ox.BlankNode("b0"), ox.NamedNode("urn:p"), ox.Literal("x"))
    write_version(tmp_path, {"g": [quad]})
    assert "  _:b0: new, 1 statement\n" in diff(tmp_path, 0, 1)


# For machines


def recorded(data: Path, version: int) -> set[ox.Quad]:
    return set(Store(load(data, version, DefaultGraph.UNION), version).recorded())


@pytest.mark.parametrize(("start", "end"), [(1, 2), (2, 1), (0, 2), (2, 0)])
def test_the_patch_leads_from_the_one_to_the_other(versions: Path, start: int, end: int) -> None:
    content = diff(versions, start, end, "--format", "patch").encode()
    assert patch.headers(io.BytesIO(content)) == {"version": str(end), "previous": str(start)}
    database = load(versions, start, DefaultGraph.UNION)
    apply(database, patch.read_change(io.BytesIO(content)), DefaultGraph.UNION)
    assert set(Store(database, end).recorded()) == recorded(versions, end)


def test_json_says_all_of_it(versions: Path) -> None:
    found = json.loads(diff(versions, 1, 2, "--format", "json"))
    assert (found["from"]["version"], found["to"]["version"]) == (1, 2)
    assert set(found["to"]) == {"version", "created", "agent", "operation"}
    assert (found["inserted"], found["deleted"]) == (5, 4)
    city = {"object": "<http://metadata.un.org/sdg/11>"}
    assert found["alignments"] == {
        "gained": [{"subject": "<http://example.org/one>", **city, "words": ["New words", "Cities"]}],
        "lost": [{"subject": "<http://example.org/three>", **city, "words": ["Aligned", "Cities"]}],
    }
    (acts,) = found["graphs"]
    assert (acts["graph"], acts["inserted"], acts["deleted"]) == (graph("acts"), 5, 4)
    assert [(each["thing"], each["status"]) for each in acts["things"]] == [
        ("<http://example.org/four>", "new"),
        ("<http://example.org/one>", "changed"),
        ("<http://example.org/three>", "changed"),
        ("<http://example.org/two>", "gone"),
    ]
    assert acts["things"][2] == {
        "thing": "<http://example.org/three>",
        "kind": "activity",
        "label": "Aligned",
        "status": "changed",
        "inserted": [],
        "deleted": [{"predicate": "<https://w3id.org/itu-align/ontology#alignsWith>", **city}],
    }


def test_an_alignment_with_a_blank_node_is_told_without_a_name(tmp_path: Path) -> None:
    linked = ox.Triple(
        ox.NamedNode("urn:a"), ox.NamedNode("https://w3id.org/itu-align/ontology#alignsWith"), ox.BlankNode("b0")
    )
    write_version(tmp_path, {"g": [linked]})
    assert "  <urn:a> is now aligned with _:b0.\n" in diff(tmp_path, 0, 1)
    found = json.loads(diff(tmp_path, 0, 1, "--format", "json"))
    assert found["alignments"]["gained"] == [{"subject": "<urn:a>", "object": "_:b0", "words": ["", ""]}]


# The commands


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1", "3"], "There is no version 3; the newest is 2.\nNext: Versions go from 1 to 2.\n"),
        (["7", "1", "--format", "patch"], "There is no version 7"),
        (["1", "latest"], "'latest' is neither a number nor 'newest'."),
        (["1", "-1"], "No such option"),
        (["1", "١"], "neither a number"),
        (["1"], "Missing argument 'M'"),
        (["1", "2", "--format", "html"], "'html' is not one of"),
    ],
)
def test_an_unknown_version_and_wrong_usage_leave_with_2(versions: Path, arguments: list[str], message: str) -> None:
    result = run(versions, "diff", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("command", [["diff", "1", "newest"], ["log"], ["export", "x.nq"]])
def test_without_a_graph_each_command_says_how_to_get_one(tmp_path: Path, command: Iterable[str]) -> None:
    result = run(tmp_path / "none", *command)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path / 'none'} holds no graph yet.\nNext: Run 'itu-align build'")


def test_a_damaged_commit_is_told(versions: Path) -> None:
    journal.commit_file(versions, 2).write_bytes(b"no gzip")
    result = run(versions, "diff", 1, 2)
    assert result.exit_code == 2
    assert "000000002.rdfp.gz cannot be read" in result.stderr


def test_log_lists_the_newest_versions_first_with_what_they_did(versions: Path) -> None:
    with journal.writing(versions):
        journal.append(versions, journal.Header(3, "2026-11-24T10:00:00.000+00:00", "bob\x1b[2J", "update"), [])
    lines = run(versions, "log", "--limit", 2).stdout.splitlines()
    assert [line.split() for line in (lines[0], lines[2])] == [
        ["version", "time", "(UTC)", "who", "by", "came", "went"],
        ["3", "2026-11-24T10:00:00", "bob\\x1b[2J", "update", "0", "0"],
    ]
    assert lines[3].split()[0] == "2"
    assert lines[3].split()[-3:] == ["build", "5", "4"]
    assert len(lines) == 4
