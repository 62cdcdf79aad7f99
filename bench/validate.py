"""Validation beside plain pySHACL and pyrudof in one run: full, and of a submission; with memory and same results.

Each engine runs in a process of its own over the same file, one after the other. Reading the file and the shapes is
not timed. `python bench/validate.py [--all]`; without --all only ours validates the larger graph.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import generate
import pyoxigraph as ox

SMALL, LARGE = 320_000, 3_200_000
RECORDS = 100
RUNS = 30

Results = list[list[str | None]]
"""Shape, focus node, value and component: of what one value breaks in one shape the component that comes first."""


def main(*, everything: bool) -> dict[str, Any]:
    """Measure and print the table as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (write(size, Path(folder) / f"{size}.nt") for size in (SMALL, LARGE))
        rows = [measured(engine, small) for engine in ENGINES]
        rows += [measured(engine, large) for engine in (ENGINES if everything else ["itu-align"])]
        submission = measured("submission", large)
    results = {"full": [compared(row, rows) for row in rows], "submission": submission}
    print(markdown(results))
    return results


def write(size: int, file: Path) -> Path:
    """The generated graph as N-Triples."""
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{triple} .\n" for triple in generate.graph(size))
    return file


def measured(engine: str, file: Path) -> dict[str, Any]:
    """What a process of its own measured."""
    command = [sys.executable, __file__, engine, str(file)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {"engine": engine, "triples": int(file.stem), **json.loads(output.splitlines()[-1])}


def compared(row: dict[str, Any], rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The row with its ratio to ours, and how many of its results are not ours, or ours not its."""
    own = next(other for other in rows if other["triples"] == row["triples"])
    read = VALUES[row["engine"]]
    apart = read(row["results"]) ^ read(own["results"])
    return {
        "engine": row["engine"],
        "triples": row["triples"],
        "s": round(row["seconds"], 2),
        "ratio": round(row["seconds"] / own["seconds"], 1),
        "peak MiB": round(row["peak"]),
        "results": len(row["results"]),
        "differing": len(apart),
    }


def whole(results: Results) -> set[tuple[str | None, ...]]:
    """The results as they are."""
    return {tuple(result) for result in results}


def without_values(results: Results) -> set[tuple[str | None, ...]]:
    """For pyrudof, which shortens values for people: one result for shape and focus node."""
    first: dict[tuple[str | None, str | None], str] = {}
    for shape, focus, _, component in results:
        first[shape, focus] = min(component or "", first.get((shape, focus), component or ""))
    return {(*key, component) for key, component in first.items()}


def own(file: Path) -> tuple[float, Results]:
    """`graph.validation.check`."""
    from itu_align.graph.validation import check, shipped_shapes  # noqa: PLC0415

    database = load(file)
    shipped_shapes()
    seconds, report = timed(lambda: check(database, most=sys.maxsize))
    return seconds, [[found.shape, found.focus, found.term, found.component] for found in report.findings]


def pyshacl(file: Path) -> tuple[float, Results]:
    """All of pySHACL, over the same triples as an rdflib graph."""
    import pyshacl as peer  # noqa: PLC0415
    from itu_align.graph.suspect_view import to_graph, to_term  # noqa: PLC0415
    from itu_align.graph.validation import shipped_shapes  # noqa: PLC0415
    from rdflib import SH, Graph  # noqa: PLC0415

    data = to_graph(quad.triple for quad in load(file))
    shapes = shipped_shapes().graph + Graph()
    seconds, (_, report, _) = timed(lambda: peer.validate(data, shacl_graph=shapes, inplace=True))
    first: dict[tuple[str | None, ...], str] = {}
    for result in report.objects(None, SH.result):
        shape, focus, value, component = (
            report.value(result, SH[name])
            for name in ("sourceShape", "focusNode", "value", "sourceConstraintComponent")
        )
        term = None if value is None or value == focus else str(to_term(value))
        key = (str(shape), str(to_term(focus)), term)
        first[key] = min(str(component), first.get(key, str(component)))
    return seconds, [[*key, component] for key, component in first.items()]


def pyrudof(file: Path) -> tuple[float, Results]:
    """The native engine of pyrudof."""
    import pyrudof as peer  # noqa: PLC0415
    from itu_align.graph import schema  # noqa: PLC0415

    engine = peer.Rudof(peer.RudofConfig())
    engine.read_data(file, peer.RDFFormat.NTriples)
    shapes = "".join(f"{triple} .\n" for triple in schema.shapes_triples())
    engine.read_shacl(shapes, peer.ShaclFormat.NTriples)
    seconds, report = timed(engine.validate_shacl)
    found = [[each.source_shape, f"<{each.focus_node}>", each.value, each.constraint_component] for each in report]
    return seconds, found


def submission(file: Path) -> dict[str, Any]:
    """Milliseconds for the records of one submission against the graph: the median, the least and the most."""
    from itu_align.graph.validation import check  # noqa: PLC0415

    database = load(file)
    changed = [ox.Quad(*triple) for number in range(RECORDS) for triple in generate.record(number)]
    database.extend(changed)
    check(database, changed=changed)
    times = [timed(lambda: check(database, changed=changed))[0] * 1000 for _ in range(RUNS)]
    found = len(check(database, changed=changed).findings)
    return {
        "changed triples": len(changed),
        "findings": found,
        "ms": round(median(times), 1),
        "min-max": f"{min(times):.1f}-{max(times):.1f}",
    }


def load(file: Path) -> ox.Store:
    """The file in memory."""
    database = ox.Store()
    database.bulk_load(path=file, format=ox.RdfFormat.N_TRIPLES)
    return database


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a call, and what it gave."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def run(engine: str, file: Path) -> None:
    """Measure in this process, and print the figures for the parent."""
    if engine == "submission":
        print(json.dumps(submission(file)))
        return
    seconds, results = ENGINES[engine](file)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "results": results}))


def markdown(results: dict[str, Any]) -> str:
    """The results as text for a person."""
    rows = results["full"]
    lines = ["| " + " | ".join(rows[0]) + " |", "| --- " * len(rows[0]) + "|"]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    told = ", ".join(f"{name}: {value}" for name, value in results["submission"].items() if name != "engine")
    return "\n".join([*lines, "", f"A submission of {RECORDS} records: {told}"])


ENGINES = {"itu-align": own, "pyshacl": pyshacl, "pyrudof": pyrudof}
VALUES = {"itu-align": whole, "pyshacl": whole, "pyrudof": without_values}

if __name__ == "__main__":
    if len(sys.argv) == 3:
        run(sys.argv[1], Path(sys.argv[2]))
    else:
        main(everything="--all" in sys.argv)
