"""`make bench`: the build, the start, and every competency question beside rdflib, in one run.

Both engines answer each question over the same triples; the answers are compared first, as a faster wrong answer
is a failure. Figures are medians with their spread; machines are noisy, so quote the ratios.
"""

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pyoxigraph as ox
import rdflib
import validate
from itu_align.graph import query, schema
from itu_align.graph.store import Store

RUNS = 3
PROGRAM = Path(sys.executable).parent / "itu-align"


def main() -> None:
    """Measure, write `bench/results.json` and print the tables as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        results = {"machine": machine(), "build": bench_build(Path(folder)), "queries": bench_queries(Path(folder))}
    results["validation"] = validate.main(everything=False)
    (Path(__file__).parent / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    print(markdown(results))
    if any(not row["same answer"] for row in results["queries"]):
        sys.exit("The engines disagree.")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    packages = {name: version(name) for name in ("itu-align", "pyoxigraph", "rdflib", "pyshacl")}
    return {"python": platform.python_version(), "processor": platform.machine(), **packages}


def bench_build(data: Path) -> dict[str, float]:
    """Wall seconds and peak memory of a build, and seconds of one query from a cold program."""
    started = time.perf_counter()
    subprocess.run([PROGRAM, "build", "--data", data], check=True, capture_output=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    started = time.perf_counter()
    subprocess.run([PROGRAM, "query", "-", "--data", data], input=b"ASK {}", check=True, capture_output=True)
    return {"build s": seconds, "build peak MiB": peak, "cold query s": time.perf_counter() - started}


def bench_queries(data: Path) -> list[dict[str, Any]]:
    """Each competency question on both engines, interleaved."""
    store = Store.open(data)
    peer = rdflib.Dataset()
    peer.parse(data=store.database.dump(format=ox.RdfFormat.N_QUADS), format="nquads")
    return [bench_query(name, text, store, peer) for name, text in schema.questions().items()]


def bench_query(name: str, text: str, store: Store, peer: rdflib.Dataset) -> dict[str, Any]:
    """Medians in milliseconds, the peer's ratio to ours, and whether both gave the same rows."""
    ours: list[float] = []
    theirs: list[float] = []
    same = own_rows(store, text) == peer_rows(peer, text)
    for _ in range(RUNS):
        ours.append(timed(lambda: own_rows(store, text)))
        theirs.append(timed(lambda: peer_rows(peer, text)))
    return {
        "question": name,
        "itu-align ms": round(median(ours), 2),
        "min-max": f"{min(ours):.2f}-{max(ours):.2f}",
        "rdflib ms": round(median(theirs), 2),
        "ratio": round(median(theirs) / median(ours), 1),
        "same answer": same,
    }


def own_rows(store: Store, text: str) -> Counter[tuple[str, ...]]:
    """Our rows as strings, to compare."""
    return Counter(tuple("" if t is None else t.value for t in row) for row in query.run(store, text).rows()[1])  # type: ignore[union-attr]


def peer_rows(peer: rdflib.Dataset, text: str) -> Counter[tuple[str, ...]]:
    """The peer's rows as strings."""
    return Counter(tuple("" if t is None else str(t) for t in row) for row in peer.query(text))  # type: ignore[union-attr]


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def markdown(results: dict[str, Any]) -> str:
    """The results as text for a person."""
    rows = results["queries"]
    lines = [", ".join(f"{name} {value}" for name, value in results["machine"].items()), ""]
    lines += [f"{name}: {value:.2f}" for name, value in results["build"].items()]
    lines += ["", "| " + " | ".join(rows[0]) + " |", "| --- " * len(rows[0]) + "|"]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    lines += ["", f"Median ratio (rdflib / itu-align): {median(row['ratio'] for row in rows)}"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
