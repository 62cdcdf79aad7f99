"""The tests of the W3C suites that do not pass, each with its reason, and what is not run."""

AS_ENGINE = {
    "The engine gives GROUP_CONCAT of texts with one language that language; SPARQL 1.1 gives it none.": [
        "aggregates/agg-groupconcat-04",
        "aggregates/agg-groupconcat-06",
    ],
    "In `GRAPH ?g { … }` the engine binds `?g` by the triple patterns inside, so a group without one is asked once "
    "and not of each graph.": ["aggregates/agg-empty-group-count-graph", "bindings/graph"],
    "In `GRAPH ?g { … MINUS { … } }` the engine takes `?g` for a variable that both sides share.": [
        "negation/graph-minus"
    ],
    "A path of length zero from an IRI that is nowhere in the graph has no row in the engine.": [
        "property-path/zero_or_more_set_start",
        "property-path/zero_or_more_set_end",
        "property-path/zero_or_one_set_start",
        "property-path/zero_or_one_set_end",
    ],
    "`BNODE(text)` gives the same node for the same text in all rows; it should do so within a row only.": [
        "functions/bnode01"
    ],
    "The engine keeps what a number means and not how it was written: `1.0E6` comes back as `1000000` in CSV, and a "
    "negativeInteger as an integer.": ["csv-tsv-res/csv03", "csv-tsv-res/tsv03"],
}
REFUSED = {
    "SERVICE asks only endpoints that the operator has allowed, and there is none here; SILENT does not change that.": [
        *("service/service1", "service/service2", "service/service3", "service/service4a"),
        *("service/service5", "service/service6", "service/service7"),
    ],
    "LOAD would have the server fetch documents; SILENT does not change that.": [
        "update-silent/load-silent",
        "update-silent/load-into-silent",
    ],
}
EXPECTED = {"as the engine": AS_ENGINE, "refused": REFUSED}
DIFFERENCES = {name: verdict for verdict, reasons in EXPECTED.items() for names in reasons.values() for name in names}
"""What comes of the tests that do not pass, by their names."""

ELSEWHERE = {
    "syntax-query, syntax-fed, syntax-update-1, syntax-update-2": (
        "All their texts are judged by our grammar and the engine alike, without HTTP "
        "(`tests/conformance/test_syntax.py`)."
    ),
    "entailment": (
        "Queries are answered by simple entailment; what the ontology implies is derived when the graph is built."
    ),
    "http-rdf-update": "Deprecated by the W3C in favour of graph-store-protocol; its requests are prose.",
}

HEAD = """# Conformance

What comes of the W3C's [SPARQL 1.1 test suites](https://www.w3.org/2009/sparql/docs/tests/) when their data are \
loaded by the Graph Store Protocol and their requests are made over HTTP to a running `itu-align serve` whose default \
graph is its own. Each query and update is run by the bare engine (pyoxigraph) on the same graphs too. Rows are \
compared as multisets, in order where the query orders them, blank nodes by what is said of them, numbers and truth \
values by what they mean. Written by `python tests/conformance/report.py`; a test checks that it is current.

"""
