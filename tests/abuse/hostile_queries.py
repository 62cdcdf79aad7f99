"""Queries and updates that nest too deep, take too much, or would have the server call others."""

from attacks import SERVED, TRIAL, changed_nothing, get, no_rows, query, says, update

CROSS = "?a ?p1 ?b . ?c ?p2 ?d . ?e ?p3 ?f . ?g ?p4 ?h"
"""Some 10^12 rows over the thousand triples of the test's graph."""

DEEP = [
    # 503 where it takes more than the two seconds of this server to read that many words
    query("braces 4.7 KB", "ASK " + "{" * 2344 + "}" * 2344, 400),
    query("not chain", f"ASK {{ FILTER({'!' * 9400}true) }}", 400),
    query("not chain with spaces", f"ASK {{ FILTER({'! ' * 4700}true) }}", 400),
    query("minus chain", f"ASK {{ FILTER({'- ' * 4700}1 = 1) }}", 400),
    query("sum chain", f"ASK {{ FILTER({'1+' * 7000}1 > 0) }}", 400, 503),
    query("product chain", f"ASK {{ FILTER({'1*' * 7000}1 > 0) }}", 400, 503),
    query("path brackets", f"ASK {{ ?s {'(' * 14000}<urn:p>{')' * 14000} ?o }}", 400),
    query("path negations", f"ASK {{ ?s {'^(' * 7000}<urn:p>{')' * 7000} ?o }}", 400),
    query("or chain", f"ASK {{ FILTER({'false||' * 8000}true) }}", 400, 503),
    query("and chain", f"ASK {{ FILTER({'true&&' * 8000}true) }}", 400, 503),
    query("path sequence", f"ASK {{ ?s {'<urn:p>/' * 8700}<urn:p> ?o }}", 400, 503),
    query("path alternatives", f"ASK {{ ?s {'<urn:p>|' * 8700}<urn:p> ?o }}", 400, 503),
    query("union chain", f"ASK {{ {'{ ?s ?p ?o } UNION ' * 5900}{{ }} }}", 400, 503),
    query("optional chain", f"ASK {{ {'OPTIONAL { ?s ?p ?o } ' * 5000}}}", 400, 503),
    query("nested optionals", f"ASK {{ {'OPTIONAL {' * 2000}{'}' * 2000} }}", 400),
    query("nested sub-selects", f"ASK {{ {'{ SELECT * {' * 1000}{'} }' * 1000} }}", 400),
    query("nested calls", f"ASK {{ FILTER({'STR(' * 3000}1{')' * 3000} = '1') }}", 400),
    query("nested EXISTS", f"ASK {{ {'FILTER EXISTS {' * 2000}{'}' * 2000} }}", 400),
    query("nested blank nodes", f"ASK {{ {'[ <urn:p> ' * 3000}1{' ]' * 3000} . }}", 400),
    query("nested lists", f"ASK {{ ?s ?p {'(' * 5000}1{')' * 5000} }}", 400),
    query("brackets never closed", "SELECT * { FILTER(" + "(" * 100_000, 400),
    query("brackets in a string", f"ASK {{ FILTER('{'({[' * 3000}' != '') }}", 200, right=says(truth=True)),
    query("depth that may be", f"ASK {{ {'{' * 90}{'}' * 90} }}", 200, right=says(truth=True)),
    update("update braces", "INSERT { <urn:a> <urn:p> 1 } WHERE " + "{" * 2344 + "}" * 2344, 400),
    update("update of 20,000 operations", "CLEAR SILENT GRAPH <urn:none> ;" * 20_000, 400, 413, 503),
]

GROWTH = "BIND('0123456789abcdef' AS ?x0)" + "".join(
    f" BIND(CONCAT({', '.join([f'?x{n}'] * 40)}) AS ?x{n + 1})" for n in range(8)
)
MEMORY = [
    query("ORDER BY a cross product", f"SELECT * {{ {CROSS} }} ORDER BY ?h ?f ?d ?b", 503, 507),
    query("DISTINCT cross product", f"SELECT DISTINCT * {{ {CROSS} }} OFFSET 99999999", 503, 507),
    query("GROUP BY a cross product", f"SELECT ?a ?c ?e (COUNT(*) AS ?n) {{ {CROSS} }} GROUP BY ?a ?c ?e", 503, 507),
    query("nested CONCAT", f"SELECT (STRLEN(?x8) AS ?n) {{ {GROWTH} }}", 503, 507),
    query("GROUP_CONCAT", f"SELECT (STRLEN(GROUP_CONCAT(STR(?h))) AS ?n) {{ {CROSS} }}", 503, 507),
    query(
        "REPLACE that grows",
        "SELECT (STRLEN(?x5) AS ?n) { BIND('aaaaaaaaaaaaaaaaaaaa' AS ?x0)"
        + "".join(f" BIND(REPLACE(?x{n}, 'a', '{'a' * 60}') AS ?x{n + 1})" for n in range(6))
        + " FILTER(STRLEN(?x6) > 0) }",
        *(503, 507),
    ),
    update(
        "update that copies a cross product",
        f"INSERT {{ GRAPH <{TRIAL}> {{ ?a ?p2 ?d . ?c ?p1 ?f . ?e ?p3 ?h }} }} WHERE {{ {CROSS} }}",
        *(503, 507),
    ),
]

LONG = [
    query("cross product count", f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}", 503),
    query(
        "cross product under NOT EXISTS",
        f"ASK {{ FILTER NOT EXISTS {{ {CROSS} FILTER(?a = ?h && ?a != ?h) }} }}",
        503,
        507,  # the engine keeps what it joins: which limit comes first depends on the machine
    ),
    query("sums over a cross product", f"SELECT (SUM(STRLEN(STR(?b))) AS ?n) {{ {CROSS} }}", 503),
    query("strings never found", f"ASK {{ {CROSS} FILTER(CONCAT(STR(?a), STR(?h)) = '') }}", 503),
]

SERVICE = [
    query("SERVICE", f"ASK {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE SILENT", f"ASK {{ SERVICE SILENT <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE of a variable", f"ASK {{ BIND(<{SERVED}> AS ?x) SERVICE ?x {{ ?s ?p ?o }} }}", 400),
    query("SERVICE by VALUES", f"ASK {{ VALUES ?x {{ <{SERVED}> }} SERVICE SILENT ?x {{ }} }}", 400),
    query("SERVICE escaped", rf"ASK {{ SER\u0056ICE <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE escaped whole", rf"ASK {{ \U00000053ERVICE <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE behind a comment", f"ASK {{ sErViCe#\n<{SERVED}>#\n{{ ?s ?p ?o }} }}", 400),
    query("SERVICE by prefix", f"PREFIX x: <{SERVED}> ASK {{ SERVICE x: {{ ?s ?p ?o }} }}", 400),
    query("SERVICE by base", f"BASE <{SERVED}> ASK {{ SERVICE <a> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE in a sub-select", f"ASK {{ {{ SELECT * {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }} }} }}", 400),
    query("SERVICE in EXISTS", f"ASK {{ FILTER EXISTS {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }} }}", 400),
    query("SERVICE in MINUS", f"ASK {{ ?s ?p ?o MINUS {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }} }}", 400),
    query("SERVICE in BIND", f"ASK {{ BIND(EXISTS {{ SERVICE <{SERVED}> {{ }} }} AS ?x) }}", 400),
    query(
        "SERVICE in HAVING", f"SELECT ?s {{ ?s ?p ?o }} GROUP BY ?s HAVING(EXISTS {{ SERVICE <{SERVED}> {{}} }})", 400
    ),
    query("SERVICE in CONSTRUCT", f"CONSTRUCT {{ ?s ?p ?o }} {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    query("SERVICE mapped", "ASK { SERVICE <http://[::ffff:127.0.0.1]:{trap}/> { ?s ?p ?o } }", 400),
    query("SERVICE IPv6", "ASK { SERVICE <http://[::1]:{trap}/> { ?s ?p ?o } }", 400),
    query("SERVICE decimal", "ASK { SERVICE <http://2130706433:{trap}/> { ?s ?p ?o } }", 400),
    query("SERVICE octal", "ASK { SERVICE <http://0177.0.0.1:{trap}/> { ?s ?p ?o } }", 400),
    query("SERVICE metadata", "ASK { SERVICE <http://169.254.169.254/latest/meta-data> { ?s ?p ?o } }", 400),
    query("SERVICE file", "ASK { SERVICE <file:///etc/passwd> { ?s ?p ?o } }", 400),
    update("SERVICE in INSERT", f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{SERVED}> {{ ?s ?p ?o }} }}", 400),
    update("SERVICE in DELETE", f"DELETE WHERE {{ ?s ?p ?o }} ; INSERT {{}} WHERE {{ SERVICE <{SERVED}> {{}} }}", 400),
]

FETCH = [
    *(
        update(f"LOAD {kind}", f"LOAD {silent}<{address}>{into}", 400)
        for kind, silent, address, into in (
            ("loopback", "", SERVED, ""),
            ("silent", "SILENT ", SERVED, ""),
            ("into a graph", "", SERVED, f" INTO GRAPH <{TRIAL}>"),
            ("file", "", "file:///etc/passwd", ""),
            ("metadata", "SILENT ", "http://169.254.169.254/latest/meta-data", ""),
            ("mapped", "", "http://[::ffff:127.0.0.1]:{trap}/", ""),
        )
    ),
    update("LOAD escaped", rf"L\u004FAD <{SERVED}>", 400),
    update("LOAD behind others", f"CLEAR SILENT GRAPH <urn:none> ; LOAD <{SERVED}>", 400),
    *(
        query(f"FROM {kind}", f"SELECT * FROM <{address}> {{ ?s ?p ?o }}", 200, 400, right=no_rows)
        for kind, address in (
            ("loopback", SERVED),
            ("file", "file:///etc/passwd"),
            ("metadata", "http://169.254.169.254/"),
            ("mapped", "http://[::ffff:127.0.0.1]:{trap}/"),
        )
    ),
    query("FROM NAMED", f"SELECT * FROM NAMED <{SERVED}> {{ GRAPH ?g {{ ?s ?p ?o }} }}", 200, 400, right=no_rows),
    query(
        "default-graph-uri",
        "SELECT * { ?s ?p ?o }",
        *(200, 400),
        right=no_rows,
        parameters=f"?default-graph-uri={SERVED}&named-graph-uri=file:///etc/passwd",
    ),
    update(
        "USING",
        f"INSERT {{ ?s ?p ?o }} USING <{SERVED}> WHERE {{ ?s ?p ?o }}",
        *(200, 400),
        right=changed_nothing,
    ),
    update(
        "using-graph-uri",
        "INSERT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        *(200, 400),
        right=changed_nothing,
        parameters="?using-graph-uri=file:///etc/passwd",
    ),
    get(
        "DESCRIBE file",
        "/sparql?query=DESCRIBE%20%3Cfile:///etc/passwd%3E",
        200,
        right=lambda answer: answer.body.strip() == b"",
        Accept="application/n-triples",
    ),
]

_AS = "a" * 5000 + "!"
REGEX = [
    query("REGEX nested repeats", f"ASK {{ FILTER REGEX('{_AS}', '^(a+)+$') }}", 200, right=says(truth=False)),
    query("REGEX alternatives", f"ASK {{ FILTER REGEX('{_AS}', '^(a|a|aa)*$') }}", 200, right=says(truth=False)),
    query(
        "REPLACE nested repeats",
        f"ASK {{ FILTER(REPLACE('{_AS}', '^(a+)+$', '') = '{_AS}') }}",
        200,
        right=says(truth=True),
    ),
    query(
        "REGEX of great size",
        "ASK { FILTER REGEX('a', '((a{0,1000}){0,1000}){0,1000}b') }",
        200,
        400,
        503,
        507,
        right=says(truth=False),
    ),
    query(
        "REGEX of 30,000 brackets",
        f"ASK {{ FILTER REGEX('a', '{'(' * 30_000}a{')' * 30_000}b') }}",
        200,
        400,
        503,
        507,
        right=says(truth=False),
    ),
]

QUERIES = [*DEEP, *SERVICE, *FETCH, *REGEX]
"""Those that are over at once; MEMORY and LONG run until they are stopped."""
