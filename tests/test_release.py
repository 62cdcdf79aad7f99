"""Releases: what is written can be read back, is the same each time, whole or not there, and published only."""

import gzip
import hashlib
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from conftest import TRIPLE_A, TRIPLE_B, TRIPLE_C
from itu_align.graph import journal, patch
from itu_align.graph.canonical import dataset_hash
from itu_align.graph.names import graph
from itu_align.graph.union import Change, DefaultGraph
from itu_align.server import cli
from rdf import turtle, write_version

BASE = "https://example.org/files/dcat.ttl"
DATASET = ox.NamedNode(BASE + "#dataset")
ONE, TWO = (ox.NamedNode(graph(name)) for name in ("one", "two"))
SMALL = {ox.Quad(*triple, ONE) for triple in (TRIPLE_A, TRIPLE_B, TRIPLE_C)} | {ox.Quad(*TRIPLE_B, TWO)}
FILES = ["CHANGELOG.md", "SHA256SUMS", "dcat.ttl", "itu-align-1.nq.gz", "itu-align-1.trig.gz"]


def run(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["export", *map(str, arguments), "--data", str(data)])


def exported(data: Path, *arguments: object) -> str:
    """What the command prints where all is well."""
    result = run(data, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(data: Path, *arguments: object) -> str:
    result = run(data, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def read(path: Path) -> set[ox.Quad]:
    """The statements of a file as a store takes them."""
    form = {"nq": ox.RdfFormat.N_QUADS, "trig": ox.RdfFormat.TRIG, "ttl": ox.RdfFormat.TURTLE}
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    store = ox.Store()
    store.load(content, format=form[path.name.removesuffix(".gz").rpartition(".")[2]])
    return set(store)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Record:
    """A DCAT record as it is read at an address."""

    def __init__(self, folder: Path) -> None:
        self.store = ox.Store()
        self.store.load((folder / "dcat.ttl").read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=BASE)

    def values(self, subject: ox.NamedNode, name: str) -> list[str]:
        """The values of a property, by its prefixed name."""
        prefix, _, local = name.partition(":")
        namespace = {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dcterms": "http://purl.org/dc/terms/",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "spdx": "http://spdx.org/rdf/terms#",
            "void": "http://rdfs.org/ns/void#",
        }[prefix]
        found = self.store.quads_for_pattern(subject, ox.NamedNode(namespace + local), None)
        return sorted(quad.object.value for quad in found)

    def value(self, subject: ox.NamedNode, *names: str) -> str:
        """The only value at the end of some properties."""
        for name in names[:-1]:
            subject = ox.NamedNode(self.value(subject, name))
        (value,) = self.values(subject, names[-1])
        return value


# The folder


def test_a_release_can_be_read_back_and_has_the_hash_that_is_printed(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "releases" / "first"
    output = exported(small, "--release", folder)
    assert sorted(contents(folder)) == FILES
    assert read(folder / "itu-align-1.nq.gz") == read(folder / "itu-align-1.trig.gz") == SMALL
    assert output == (
        "The changelog counts from version 0: no earlier release lies beside this one.\n"
        f"{folder} holds version 1: 4 statements.\nRDFC-1.0 SHA-256: {dataset_hash(SMALL)}\n"
    )
    lines = gzip.decompress((folder / "itu-align-1.nq.gz").read_bytes())
    assert hashlib.sha256(lines).hexdigest() == dataset_hash(SMALL)


def test_the_release_of_the_shipped_graph_reads_back_and_names_its_licences(data: Path, tmp_path: Path) -> None:
    output = exported(data, "--release", tmp_path / "r")
    digest = output.split()[-1]
    assert dataset_hash(read(tmp_path / "r" / "itu-align-1.nq.gz")) == digest
    assert dataset_hash(read(tmp_path / "r" / "itu-align-1.trig.gz")) == digest
    assert Record(tmp_path / "r").values(DATASET, "dcterms:license") == [
        "http://creativecommons.org/publicdomain/zero/1.0/",
        "https://creativecommons.org/licenses/by/4.0/",
    ]


def test_the_sums_are_those_of_the_files(small: Path, tmp_path: Path) -> None:
    exported(small, "--release", tmp_path / "r")
    lines = [line.split("  ") for line in (tmp_path / "r" / "SHA256SUMS").read_text().splitlines()]
    assert [name for _, name in lines] == [name for name in FILES if name != "SHA256SUMS"]
    for digest, name in lines:
        assert hashlib.sha256((tmp_path / "r" / name).read_bytes()).hexdigest() == digest


def test_the_same_version_gives_the_same_bytes_also_when_newer_ones_came(tmp_path: Path) -> None:
    """Blank nodes have other names in the other data folder."""
    for name in ("a", "b"):
        nodes = f'_:{name}1 ex:p _:{name}2 . _:{name}2 ex:q "x" . ex:s a ex:C .'
        with journal_of(tmp_path / name) as data:
            write_commit(data, 1, inserted=[ox.Quad(*triple, ONE) for triple in turtle(nodes)])
    write_version(tmp_path / "a", {"one": turtle("ex:other a ex:C .")})
    for name in ("a", "b"):
        exported(tmp_path / name, "--release", tmp_path / f"from-{name}" / "r", "--version", 1)
    files = contents(tmp_path / "from-a" / "r")
    assert files == contents(tmp_path / "from-b" / "r")
    assert files["itu-align-1.nq.gz"][4:8] == bytes(4)  # where gzip writes the time


def write_commit(data: Path, version: int, **quads: list[ox.Quad]) -> None:
    header = journal.Header(version, "2026-11-24T10:00:00.000+00:00", "bob", "update")
    journal.append(data, header, patch.body_lines(Change(**quads)))


@contextmanager
def journal_of(data: Path, policy: DefaultGraph = DefaultGraph.UNION) -> Iterator[Path]:
    journal.create(data, policy)
    with journal.writing(data):
        yield data


def test_the_record_says_what_the_files_are(small: Path, tmp_path: Path) -> None:
    exported(small, "--release", tmp_path / "r")
    record = Record(tmp_path / "r")
    assert record.values(DATASET, "rdf:type") == [
        "http://rdfs.org/ns/void#Dataset",
        "http://www.w3.org/ns/dcat#Dataset",
    ]
    assert record.value(DATASET, "dcat:version") == "1"
    issued = datetime.fromisoformat(record.value(DATASET, "dcterms:issued"))
    assert issued == datetime.fromisoformat(journal.read_header(small, 1).created)
    assert record.value(DATASET, "spdx:checksum", "spdx:checksumValue") == dataset_hash(SMALL)
    assert "CC0 1.0" in record.value(DATASET, "dcterms:rights", "rdfs:label")
    files = record.values(DATASET, "dcat:distribution")
    assert files == [f"https://example.org/files/itu-align-1.{form}.gz" for form in ("nq", "trig")]
    for address, form in zip(files, ("n-quads", "trig"), strict=True):
        node, path = ox.NamedNode(address), tmp_path / "r" / address.rpartition("/")[2]
        assert record.value(node, "dcat:downloadURL") == address
        assert record.value(node, "dcat:byteSize") == str(path.stat().st_size)
        assert record.value(node, "dcat:mediaType").endswith(f"/application/{form}")
        assert record.value(node, "dcat:compressFormat").endswith("/application/gzip")
        assert (
            record.value(node, "spdx:checksum", "spdx:checksumValue") == hashlib.sha256(path.read_bytes()).hexdigest()
        )
        assert record.values(node, "dcterms:rights") == [BASE + "#rights"]


def test_the_record_counts_each_triple_once_and_each_graph(small: Path, tmp_path: Path) -> None:
    """B stands in both graphs; A and B share a property."""
    exported(small, "--release", tmp_path / "r")
    record = Record(tmp_path / "r")
    assert record.value(DATASET, "void:triples") == "3"
    assert (record.value(DATASET, "void:distinctSubjects"), record.value(DATASET, "void:properties")) == ("3", "2")
    subsets = [ox.NamedNode(iri) for iri in record.values(DATASET, "void:subset")]
    assert sorted(record.value(subset, "void:triples") for subset in subsets) == ["1", "3"]


def test_the_record_speaks_of_no_server_and_all_addresses_of_the_folder_are_relative(
    small: Path, tmp_path: Path
) -> None:
    exported(small, "--release", tmp_path / "r")
    text = (tmp_path / "r" / "dcat.ttl").read_text("utf-8")
    assert not re.search(r"sparqlEndpoint|@base|release:|\.well-known|localhost", text)


# What stays at home


@pytest.fixture
def secret(small: Path) -> Path:
    """Version 2 adds a suggestion and a submission, whose label says a word that nobody should read."""
    hidden = turtle('ex:hidden dcterms:title "xyzzy" . <urn:a> dcterms:title "xyzzy too" .')
    write_version(small, {"suggested": hidden, "submission/1": hidden, "one": [TRIPLE_A]})
    return small


def test_unpublished_graphs_are_neither_in_the_files_nor_in_the_changelog(secret: Path, tmp_path: Path) -> None:
    exported(secret, "--release", tmp_path / "r", "--since", 1)
    for name, content in contents(tmp_path / "r").items():
        assert b"xyzzy" not in (gzip.decompress(content) if name.endswith(".gz") else content), name
    assert "0 statements came, 2 went, in 1 graph." in (tmp_path / "r" / "CHANGELOG.md").read_text("utf-8")


def test_all_graphs_are_there_where_they_are_asked_for(secret: Path, tmp_path: Path) -> None:
    exported(secret, "--release", tmp_path / "r", "--since", 1, "--all-graphs")
    found = {quad.graph_name.value for quad in read(tmp_path / "r" / "itu-align-2.nq.gz")}
    assert found == {graph(name) for name in ("one", "two", "suggested", "submission/1")}
    assert "4 statements came, 2 went, in 3 graphs." in (tmp_path / "r" / "CHANGELOG.md").read_text("utf-8")
    assert len(Record(tmp_path / "r").values(DATASET, "void:subset")) == 4


def test_who_made_a_version_is_not_published(tmp_path: Path) -> None:
    with journal_of(tmp_path / "data") as data:
        write_commit(data, 1, inserted=[ox.Quad(*TRIPLE_A, ONE)])
    exported(tmp_path / "data", "--release", tmp_path / "r")
    assert not any(b"bob" in content for content in contents(tmp_path / "r").values())


def test_a_default_graph_of_its_own_is_published(tmp_path: Path) -> None:
    with journal_of(tmp_path / "data", DefaultGraph.OWN) as data:
        write_commit(data, 1, inserted=[ox.Quad(*TRIPLE_A), ox.Quad(*TRIPLE_B, ONE)])
    exported(tmp_path / "data", "--release", tmp_path / "r")
    assert read(tmp_path / "r" / "itu-align-1.trig.gz") == {ox.Quad(*TRIPLE_A), ox.Quad(*TRIPLE_B, ONE)}
    assert Record(tmp_path / "r").value(DATASET, "void:triples") == "2"


# The changelog


def test_the_changelog_counts_from_the_newest_older_release_beside(small: Path, tmp_path: Path) -> None:
    for title in ("second", "third", "fourth"):
        write_version(small, {"two": turtle(f'ex:a dcterms:title "{title}" .')})
    releases = tmp_path / "releases"
    for name in ("foreign/itu-align-new.nq.gz", ".unfinished/itu-align-2.nq.gz"):
        (releases / name).parent.mkdir(parents=True)
        (releases / name).touch()
    output = exported(small, "--release", releases / "v1", "--version", 1)
    assert output.startswith("The changelog counts from version 0: no earlier release lies beside this one.\n")
    for version in (4, 2):
        exported(small, "--release", releases / f"v{version}", "--version", version)
    output = exported(small, "--release", releases / "v3", "--version", 3)
    assert output.startswith("The changelog counts from version 2: the release in v2 beside this one.\n")
    text = (releases / "v3" / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith(
        "# Version 3\n\nWhat changed since version 2 (the release in v2 beside this one); all of it: "
    )
    assert 'changed from "second" to "third"' in text


def test_a_text_cannot_leave_the_block_of_the_changelog(tmp_path: Path) -> None:
    write_version(tmp_path / "data", {"one": turtle('ex:a dcterms:title "\\n```\\n# Hello <script>" .')})
    exported(tmp_path / "data", "--release", tmp_path / "r")
    lines = (tmp_path / "r" / "CHANGELOG.md").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("`")] == ["```text", "```"]
    assert any("# Hello <script>" in line for line in lines)


def test_a_changelog_does_not_count_from_a_newer_version(small: Path, tmp_path: Path) -> None:
    write_version(small, {"two": [TRIPLE_A]})
    error = refused(small, "--release", tmp_path / "r", "--version", 1, "--since", 2)
    assert error.startswith("Error: The changelog of version 1 cannot count from version 2.\n")


# Whole or nothing


def test_a_folder_that_holds_anything_is_left_as_it_is(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    assert f"{folder} is not empty" in refused(small, "--release", folder)
    assert contents(folder) == {"mine.txt": b"mine"}
    (folder / "mine.txt").unlink()
    exported(small, "--release", folder)  # an empty one is filled
    assert sorted(contents(folder)) == FILES


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("arguments", [["--release", "new"], ["new.ttl"]])
def test_what_cannot_be_written_whole_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with files_no_larger_than(300_000):  # more than the TriG has, less than the N-Quads
        error = refused(data, *arguments)
    assert error.startswith(f"Error: {arguments[-1]} cannot be written: ")
    assert "File too large" in error
    assert list(tmp_path.iterdir()) == []


def test_blank_nodes_that_cannot_be_told_apart_in_time_stop_a_release(tmp_path: Path) -> None:
    nodes = [ox.BlankNode(f"n{number}") for number in range(10)]
    clique = [ox.Quad(a, ox.NamedNode("urn:p"), b, ONE) for a in nodes for b in nodes if a != b]
    with journal_of(tmp_path / "data") as data:
        write_commit(data, 1, inserted=clique)
    error = refused(tmp_path / "data", "--release", tmp_path / "r")
    assert "so much alike" in error
    assert graph("one") in error
    assert not (tmp_path / "r").exists()


# One file


@pytest.mark.parametrize("name", ["a.nq", "a.trig", "a.nq.gz", "a.trig.gz"])
def test_a_file_has_all_graphs(small: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of yesterday")
    output = exported(small, tmp_path / name)
    assert read(tmp_path / name) == SMALL
    assert output.endswith(f"{name} holds version 1: 4 statements.\nRDFC-1.0 SHA-256: {dataset_hash(SMALL)}\n")


def test_turtle_has_the_graphs_as_one(small: Path, tmp_path: Path) -> None:
    exported(small, tmp_path / "a.txt", "--format", "ttl")
    (tmp_path / "a.txt").rename(tmp_path / "a.ttl")
    assert read(tmp_path / "a.ttl") == {ox.Quad(*triple) for triple in (TRIPLE_A, TRIPLE_B, TRIPLE_C)}


def test_an_older_version_is_written_as_it_was(small: Path, tmp_path: Path) -> None:
    write_version(small, {"one": [], "two": [TRIPLE_C]})
    exported(small, tmp_path / "old.nq", "--version", 1)
    exported(small, tmp_path / "new.nq")
    assert read(tmp_path / "old.nq") == SMALL
    assert read(tmp_path / "new.nq") == {ox.Quad(*TRIPLE_C, TWO)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name a FILE, or a folder with --release."),
        (["a.nq", "--release", "r"], "Name a FILE, or a folder with --release."),
        (["--release", "r", "--format", "nq"], "--format is for a FILE"),
        (["a.nq", "--since", "1"], "--since is for a release"),
        (["a.rdf"], "a.rdf ends in none of nq, trig, ttl: choose one with --format."),
        (["a.nq", "--version", "2"], "There is no version 2; the newest is 1."),
        (["a.nq", "--version", "0"], "There is no version 0; the newest is 1."),
        (["--release", "r", "--version", "x"], "'x' is neither a number nor 'newest'."),
        (["none/a.nq"], "none/a.nq cannot be written"),
    ],
)
def test_wrong_usage_leaves_with_2_and_writes_nothing(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert message in refused(small, *arguments)
    assert list(Path().iterdir()) == []
