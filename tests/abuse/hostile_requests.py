"""Documents, sizes, texts, addresses and rights that a client should not send, or does not have."""

import gzip
from urllib.parse import quote

from attacks import SERVED, TRIAL, Attack, get, put, query, says

_BOMB = "<!DOCTYPE r [<!ENTITY a0 'x'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(10))
_RDF = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:e='urn:e:'>"
_XML = f"{_RDF}<rdf:Description rdf:about='urn:a'><e:p>%s</e:p></rdf:Description></rdf:RDF>"
_XXE = f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x SYSTEM '%s'>]>{_XML % '&x;'}"
XML = [
    put("entity bomb", f"<?xml version='1.0'?>{_BOMB}]>{_XML % '&a10;'}".encode(), "application/rdf+xml", 400),
    put("entity bomb in UTF-16", f"{_BOMB}]>{_XML % '&a10;'}".encode("utf-16"), "application/rdf+xml", 400, 415),
    put("XXE file", (_XXE % "file:///etc/passwd").encode(), "application/rdf+xml", 400),
    put("XXE loopback", (_XXE % SERVED).encode(), "application/rdf+xml", 400),
    put("external DTD", f"<!DOCTYPE r SYSTEM '{SERVED}'>{_XML % ''}".encode(), "application/rdf+xml", 400),
    put(
        "parameter entity",
        f"<!DOCTYPE r [<!ENTITY % x SYSTEM '{SERVED}'> %x;]>".encode() + _RDF.encode(),
        "application/rdf+xml",
        400,
    ),
    put("deep XML", (_RDF + "<rdf:Description><e:p>" * 20_000).encode(), "application/rdf+xml", 400),
    put("TriX", f"{_BOMB}]><TriX>&a10;</TriX>".encode(), "application/trix", 415),
    put("results as RDF", f"{_BOMB}]><sparql>&a10;</sparql>".encode(), "application/sparql-results+xml", 415),
]

JSON_LD = [
    put(
        "remote context",
        b'{"@context": "http://127.0.0.1:{trap}/", "@id": "urn:a", "urn:p": 1}',
        "application/ld+json",
        400,
    ),
    put("file context", b'{"@context": "file:///etc/passwd", "@id": "urn:a", "urn:p": 1}', "application/ld+json", 400),
    put(
        "context in a list",
        b'{"@context": [{}, "http://127.0.0.1:{trap}/"], "@id": "urn:a"}',
        "application/ld+json",
        400,
    ),
    put(
        "scoped context",
        b'{"@context": {"p": {"@id": "urn:p", "@context": "http://127.0.0.1:{trap}/"}}, "p": {"q": 1}}',
        "application/ld+json",
        400,
    ),
    put(
        "import",
        b'{"@context": {"@import": "http://127.0.0.1:{trap}/"}, "@id": "urn:a", "urn:p": 1}',
        "application/ld+json",
        400,
    ),
    put(
        "relative context", b'{"@context": "../../tokens.json", "@id": "urn:a", "urn:p": 1}', "application/ld+json", 400
    ),
    put(
        "10,000 levels of lists",
        b'{"@id": "urn:a", "urn:p": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        "application/ld+json",
        400,
    ),
    put("10,000 levels of objects", b'{"urn:p":' * 10_000 + b"1" + b"}" * 10_000, "application/ld+json", 400),
    put(
        "circular terms", b'{"@context": {"a": "b:x", "b": "a:y"}, "@id": "urn:a", "a": 1}', "application/ld+json", 400
    ),
]

_MANY = b"".join(b"<urn:s%d> <urn:p> <urn:o> .\n" % n for n in range(10))
SIZE = [
    query("1 MiB and a byte", "ASK {}" + "#" * ((1 << 20) - 5), 413),
    query("a comment of 1 MiB", "ASK {}" + "#" * ((1 << 20) - 6), 200, right=says(truth=True)),
    query("50,001 tokens", f"ASK {{ VALUES ?x {{ {'1 ' * 49_994} }} }}", 400, 503),
    query("1 MB IRI", f"ASK {{ <urn:{'x' * 1_000_000}> ?p ?o }}", 200, 400, right=says(truth=False)),
    query("5 MiB body", "ASK {} #" + "x" * (5 << 20), 413),
    query("100,000 prefixes", "PREFIX a:<urn:a>" * 60_000 + "ASK {}", 400, 503),
    query("10,000 parameters", "ASK {}", 413, parameters="?" + "&".join(["named-graph-uri=urn:a"] * 10_000)),
    query(
        "900 graphs", "ASK {}", 200, parameters="?" + "&".join(["named-graph-uri=urn:a"] * 900), right=says(truth=True)
    ),
    get("address of 300 KB", "/sparql?query=" + "x" * 300_000, 414, 431),
    get("header of 300 KB", "/sparql?query=ASK{}", 431, X_Long="x" * 300_000),
    get("Accept of 100 KB", "/sparql?query=ASK%7B%7D", 400, Accept="a/b," * 25_000),
    put("gzip bomb", gzip.compress(b"\n" * (300 << 20), 9), "text/turtle", 400, 413, Content_Encoding="gzip"),
    put(
        "gzip in gzip", gzip.compress(gzip.compress(_MANY)), "text/turtle", 400, 413, 415, Content_Encoding="gzip, gzip"
    ),
    put("broken gzip", gzip.compress(_MANY)[:-9], "text/turtle", 400, Content_Encoding="gzip"),
    put("unknown coding", _MANY, "text/turtle", 415, Content_Encoding="compress"),
    put("deep Turtle", b"<urn:a> <urn:p> " + b"[ <urn:p> " * 50_000, "text/turtle", 400),
    put("IRI of 1 MB", b"<urn:" + b"x" * 1_000_000 + b"> <urn:p> 1 .", "text/turtle", 400),
    put(
        "prefix that grows",
        b"@prefix p: <urn:" + b"x" * 8000 + b"> .\n" + b"p:a p:b p:c .\n" * 100_000,
        "text/turtle",
        400,
        413,
        503,
    ),
    put("named graphs", b"<urn:s> <urn:p> <urn:o> <urn:itu> .", "application/n-quads", 400),
]

TEXT = [
    query("NUL", "ASK { ?s ?p '\0' }", 200, 400, right=says(truth=False)),
    query("NUL escaped", r"ASK { ?s ?p '\u0000' }", 200, 400, right=says(truth=False)),
    query("half a surrogate pair", r"ASK { ?s ?p '\uD800' }", 400),
    query("bidirectional controls", "ASK { ?s ?p '\u202e' }", 200, right=says(truth=False)),
    put("NUL in Turtle", b"<urn:a> <urn:p> '\\u0000' .", "text/turtle", 400),
    put("not UTF-8", b"<urn:a> <urn:p> '\xff' .", "text/turtle", 400),
    get("query not UTF-8", "/sparql?query=ASK%20%7B%7D%ff", 400),
    Attack(
        "body not UTF-8", frozenset({400}), body=b"ASK {} #\xff", headers={"Content-Type": "application/sparql-query"}
    ),
    Attack(
        "form not UTF-8",
        frozenset({400}),
        body=b"query=ASK+%7B%7D%23%C3%28",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Attack(
        "form in UTF-7",
        frozenset({415}),
        body=b"query=ASK+%7B%7D",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"},
    ),
    get("format with a line break", "/sparql?query=ASK%7B%7D&format=csv%0d%0aX-Injected:%201", 400, 406),
    get("timeout that is no number", "/sparql?query=ASK%7B%7D&timeout=nan", 400),
    get("timeout without end", "/sparql?query=ASK%7B%7D&timeout=inf", 400),
    get("timeout below zero", "/sparql?query=ASK%7B%7D&timeout=-1", 400),
    get("two queries", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", 400),
    query(
        "hint with a line break",
        r"SELECT * { ?s <https://w3id.org/itu-align/ontology#la\u000d\u000aX-Injected: 1> ?o }",
        400,
    ),
    query("variable with markup", "SELECT ?<img> { }", 400),
]

_UPDATE = quote(f"INSERT DATA {{ GRAPH <{TRIAL}> {{ <urn:a> <urn:p> 1 }} }}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PLACES = [
    *(
        Attack(
            f"{method} graph {name}",
            frozenset({400}),
            f"/graph-store?graph={quote(name)}",
            _MANY,
            method,
            {"Content-Type": "text/turtle"},
            token=True,
        )
        for method in ("PUT", "POST", "DELETE")
        for name in ("../../x", "/etc/passwd", "..\\x", "urn:a b", "urn:\0", "")
    ),
    get("graph ../../tokens.json", "/graph-store?graph=../../tokens.json", 400, 404),
    get("graph store path", "/graph-store/../../../../etc/passwd", 404),
    get("graph store path escaped", "/graph-store/..%2f..%2ftokens.json", 404),
    get("static path", "/static/../../../../etc/passwd", 404),
    get("static path escaped", "/static/%2e%2e/%2e%2e/settings.py", 404),
    get("static path with NUL", "/static/site.css%00.png", 404),
    get("permalink path", "/q/..%2ftokens.json", 404),
    get("permalink dots", "/q/..", 404),
    get("permalink NUL", "/q/%00", 404),
    get("permalink of great length", "/q/" + "a" * 60_000, 404),
]

RIGHTS = [
    get("update by GET", f"/update?update={_UPDATE}", 405),
    get("update by GET at /sparql", f"/sparql?update={_UPDATE}", 400),
    get("update as a query", f"/sparql?query={_UPDATE}", 400),
    get("token in the address", f"/update?update={_UPDATE}&access_token={{token}}", 405),
    Attack("update without a token", frozenset({401}), "/update", b"update=" + _UPDATE.encode(), headers=_FORM),
    Attack(
        "token as a parameter",
        frozenset({401}),
        "/update?access_token={token}&token={token}",
        b"access_token={token}&update=" + _UPDATE.encode(),
        headers=_FORM,
    ),
    Attack(
        "token as a cookie",
        frozenset({401}),
        "/update",
        b"update=" + _UPDATE.encode(),
        headers={**_FORM, "Cookie": "token={token}; Authorization=Bearer {token}"},
    ),
    Attack(
        "token by Basic",
        frozenset({401}),
        "/update",
        b"update=" + _UPDATE.encode(),
        headers={**_FORM, "Authorization": "Basic {token}"},
    ),
    Attack(
        "a wrong token",
        frozenset({401}),
        "/update",
        b"update=" + _UPDATE.encode(),
        headers={**_FORM, "Authorization": "Bearer ia_" + "A" * 43},
    ),
    Attack(
        "a token of 60 KB",
        frozenset({401}),
        "/update",
        b"update=" + _UPDATE.encode(),
        headers={**_FORM, "Authorization": "Bearer " + "A" * 60_000},
    ),
    Attack(
        "method override",
        frozenset({401, 405, 415}),
        "/graph-store?graph=urn:trial&_method=DELETE",
        b"",
        "POST",
        {"X-HTTP-Method-Override": "DELETE"},
    ),
    Attack("DELETE without a token", frozenset({401}), f"/graph-store?graph={TRIAL}", None, "DELETE"),
    Attack(
        "PUT without a token",
        frozenset({401}),
        f"/graph-store?graph={TRIAL}",
        _MANY,
        "PUT",
        {"Content-Type": "text/turtle"},
    ),
    get("queries without a token", "/queries", 401),
    Attack("stopping without a token", frozenset({401}), "/queries/1", None, "DELETE"),
    Attack("TRACE", frozenset({405}), "/sparql", None, "TRACE"),
    Attack("an unknown method", frozenset({405}), "/sparql", None, "ABUSE"),
    Attack(
        "a citation that changes",
        frozenset({400}),
        "/q",
        b"SELECT (RAND() AS ?x) {}",
        headers={"Content-Type": "application/sparql-query"},
    ),
]

REQUESTS = [*XML, *JSON_LD, *SIZE, *TEXT, *PLACES, *RIGHTS]
