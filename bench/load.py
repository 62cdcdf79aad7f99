"""`make bench`, the second part: many clients beside hostile ones, and many updates beside readers.

A server of its own on loopback, without budgets, since all clients here have one address. The clients run in this
process on the same cores, so the figures are ratios between two runs of the same thing, not what a server can do.
"""

import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

from itu_align.graph import schema, tokens

PROGRAM = Path(sys.executable).parent / "itu-align"
CLIENTS = 32
HOSTILE = 8
SECONDS = 20.0
UPDATES = 10_000
ATTACKS = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f",
    "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER(CONTAINS(STR(?c), STR(?f))) }",
    "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
)
Answer = tuple[float, int]


def main() -> dict[str, Any]:
    """Both parts; the figures are printed and returned."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        subprocess.run([PROGRAM, "build", "--data", data], check=True, capture_output=True)
        _, secret = tokens.create(data, ["admin"])
        with server(data) as (port, pid):
            results = {"load": bench_load(port), "updates": bench_updates(port, pid, secret)}
    print(json.dumps(results, indent=2))
    return results


@contextmanager
def server(data: Path) -> Iterator[tuple[int, int]]:
    """A running server: its port and process id."""
    command = [str(PROGRAM), "serve", "--port", "0", "--data", str(data)]
    command += ["--requests", "0", "--query-seconds", "0", "--concurrent", "0", "--timeout", "10"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield int(line.rpartition(":")[2].partition("/")[0]), process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def bench_load(port: int) -> dict[str, float]:
    """Times of innocent queries, alone and beside hostile clients, in milliseconds."""
    alone = run_clients(port, hostile=0)
    beside = run_clients(port, hostile=HOSTILE)
    figures = {"clients": CLIENTS, "hostile": HOSTILE}
    for name, answers in (("alone", alone), ("beside", beside)):
        times = [seconds * 1000 for seconds, _ in answers]
        figures |= {
            f"{name}: answers/s": round(len(times) / SECONDS, 1),
            f"{name}: median ms": round(quantiles(times, n=100)[49], 1),
            f"{name}: p95 ms": round(quantiles(times, n=100)[94], 1),
            f"{name}: failed": sum(status != 200 for _, status in answers),
        }
    figures["p95 ratio"] = round(figures["beside: p95 ms"] / figures["alone: p95 ms"], 2)
    return figures


def run_clients(port: int, hostile: int) -> list[Answer]:
    """What the innocent clients saw in the time."""
    questions = list(schema.questions().values())
    answers: list[Answer] = []
    until = time.monotonic() + SECONDS

    def innocent(number: int) -> None:
        order = random.Random(number)  # noqa: S311 - an order of questions, no secret
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < until:
            fresh = f"{order.choice(questions)}\n# {order.random()}"  # another text, so no answer comes from the cache
            answers.append(timed(connection, f"/sparql?query={quote(fresh)}"))

    def attacker(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < until:
            timed(connection, f"/sparql?query={quote(ATTACKS[number % len(ATTACKS)])}")

    together([*[(innocent, n) for n in range(CLIENTS)], *[(attacker, n) for n in range(hostile)]])
    return answers


def bench_updates(port: int, pid: int, secret: str) -> dict[str, float]:
    """Updates one after the other, each replacing a number, while readers check that they only see whole ones."""
    wrong = 0
    done = threading.Event()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/sparql-update"}
    template = (
        "DELETE WHERE {{ GRAPH <urn:n> {{ ?s ?p ?o }} }} ; "
        "INSERT DATA {{ GRAPH <urn:n> {{ <urn:a> <urn:p> {0} . <urn:b> <urn:p> {0} }} }}"
    )

    def reader(_: int) -> None:
        nonlocal wrong
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        query = quote("SELECT ?a ?b { GRAPH <urn:n> { <urn:a> <urn:p> ?a . <urn:b> <urn:p> ?b } }")
        while not done.is_set():
            connection.request("GET", f"/sparql?format=csv&query={query}")
            rows = connection.getresponse().read().decode().split()[1:]
            wrong += any(len(set(row.split(","))) != 1 for row in rows) or len(rows) > 1

    threads = [threading.Thread(target=reader, args=(n,)) for n in range(2)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    before, started = memory(pid), time.perf_counter()
    for number in range(UPDATES):
        connection.request("POST", "/update", template.format(number).encode(), headers)
        response = connection.getresponse()
        wrong += response.status != 200
        response.read()
        if number == UPDATES // 10:
            before = memory(pid)
            for thread in threads:
                thread.start()
    seconds = time.perf_counter() - started
    done.set()
    for thread in threads:
        thread.join()
    after = memory(pid)
    figures = {"updates": UPDATES, "updates/s": round(UPDATES / seconds, 1), "wrong or failed": wrong}
    return {**figures, "MiB after a tenth": round(before, 1), "MiB at the end": round(after, 1)}


def memory(pid: int) -> float:
    """Proportional memory of the server and all below it, in MiB (proc(5), smaps_rollup)."""
    total = 0
    for each in family(pid):
        try:
            text = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(text.partition("Pss:")[2].split()[0])
    return total / 1024


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def timed(connection: http.client.HTTPConnection, path: str) -> Answer:
    """Seconds until the whole answer is there, and its status; 0 where it broke off."""
    started = time.perf_counter()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (http.client.HTTPException, OSError):
        connection.close()
        return time.perf_counter() - started, 0
    return time.perf_counter() - started, response.status


def together(calls: list[tuple[Callable[[int], None], int]]) -> None:
    """Run in threads, and wait for all."""
    threads = [threading.Thread(target=call, args=(number,)) for call, number in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
