"""Judge many scrape targets, beside asking for them and no more: `python -m tests.bench.scrape_targets [--rounds N]`.

The module asks again and again while it waits, so a look must cost hardly more than its request. Seconds are those of
the processor in this process, in which the server does not run: other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import evidence
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import Wanted, finished, judge

TARGETS = 5000
MOST = 1.5


def url_of(job: str, number: int) -> str:
    return f"http://{job}-{number}.example:8000/metrics"


def page(jobs: list[str]) -> bytes:
    """What Prometheus answers about the targets: all are up, and scraped in the far future, so that all counts."""
    found = [
        {
            "discoveredLabels": {
                "__address__": f"{job}-{number}.example:8000",
                "__metrics_path__": "/metrics",
                "job": job,
            },
            "labels": {"job": job, "instance": f"{job}-{number}.example:8000"},
            "scrapePool": job,
            "scrapeUrl": url_of(job, number),
            "globalUrl": url_of(job, number),
            "lastError": "",
            "lastScrape": "2999-01-02T03:04:05.123456789Z",
            "lastScrapeDuration": 0.0031,
            "health": "up",
            "scrapeInterval": "15s",
            "scrapeTimeout": "10s",
        }
        for job in jobs
        for number in range(TARGETS // len(jobs))
    ]
    return json.dumps({"status": "success", "data": {"activeTargets": found, "droppedTargets": []}}).encode()


def serve(body: bytes, pipe: Pipe) -> None:
    """Answer with the page, in a process of its own; its port comes through the pipe."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the method it overrides
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_port)
    server.serve_forever()


@contextlib.contextmanager
def served(body: bytes) -> Iterator[str]:
    """Yield the address of a server which answers with the page."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(body, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure(jobs: list[str], rounds: int) -> list[tuple[float, float]]:
    """Seconds of a bare request with its answer read, and of a look; by turns."""
    wanted = Wanted(
        jobs, scrape_urls={job: [url_of(job, each) for each in range(TARGETS // len(jobs))] for job in jobs}
    )
    with served(page(jobs)) as url:
        session = requests.Session()
        session.trust_env = False
        client = HttpClient(Connection(url=url))
        counts = evidence(client, fresh=True)

        def bare() -> None:
            session.get(f"{url}/api/v1/targets?state=active", timeout=30).json()

        def look() -> None:
            if not finished(judge(client, wanted, counts)):
                raise SystemExit("the targets are not judged as they should be")

        bare()
        look()
        return [(seconds(bare), seconds(look)) for _ in range(rounds)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scrape_targets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}; {TARGETS} targets")
    worst = 0.0
    for count in (5, 200, 1000):
        found = measure([f"gateway-{number:04}" for number in range(count)], rounds)
        times = statistics.median(look / bare for bare, look in found)
        worst = max(worst, times)
        bare, look = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{count:5} jobs: request {bare * 1000:6.1f} ms, look {look * 1000:6.1f} ms,", end=" ")
        print(f"{times:.2f} times (allowed: {MOST})")
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
