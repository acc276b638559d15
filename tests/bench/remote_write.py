"""What an engine gets, in bytes a month: `python -m tests.bench.remote_write [--seconds N]`.

A gateway with 50 models is scraped and its rules are evaluated every second by a real Prometheus of the version that
llmmon ships, which writes to two real engines at once: to one what was recorded, to the other everything. What that is
at the shipped intervals is computed from it.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.engines.writing import WRITE, another_prometheus
from tests.rules.boards import world
from tests.support import exposition, prometheus, rendering
from tests.support.loopback import unused_port
from tests.support.versions import SHIPPED

VERSION = SHIPPED["prometheus"]
MONTH = 30 * 86400
# As shipped, in seconds.
SCRAPES, RULES = 15, 30
COUNTED = ("bytes_total", "samples_total")
ENOUGH_SECONDS = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.remote_write", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds: int = parser.parse_args().seconds
    page = next(page for page in world.pages() if page.job == world.MANY)
    with tempfile.TemporaryDirectory() as name, exposition.served([page]) as target:
        folder, ports = Path(name), (unused_port(), unused_port())
        with (
            another_prometheus(VERSION, folder / "recorded", ports[0]) as recorded,
            another_prometheus(VERSION, folder / "everything", ports[1]) as everything,
        ):
            write_configuration(folder / "writer", target, {"recorded": recorded, "everything": everything})
            with prometheus.running(VERSION, folder / "writer") as server:
                counted = "prometheus_remote_storage_bytes_total"
                assert wait_for(lambda: len(server.query(f"{counted} > 0")) == 2 or None, ENOUGH_SECONDS)
                # Rates need some minutes of samples before all of them are recorded.
                assert wait_for(lambda: server.query("job_model:llm_requests:rate5m") or None, ENOUGH_SECONDS)
                before = counts(server)
                began = time.monotonic()
                wait_for(lambda: None, seconds, interval=1)
                report(before, counts(server), time.monotonic() - began)
    return 0


def write_configuration(folder: Path, target: str, engines: dict[str, str]) -> None:
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=[{"name": world.MANY, "targets": [target], "metrics_path": f"/{world.MANY}"}],
        llmmon_prometheus_alertmanagers=[],
        llmmon_prometheus_version=VERSION,
        llmmon_prober_enabled=False,
        llmmon_prometheus_external_labels={"site": "bench"},
        llmmon_prometheus_scrape_interval="1s",
        llmmon_prometheus_scrape_timeout="1s",
        llmmon_prometheus_rule_interval="1s",
        llmmon_remote_write=[{"name": send, "url": url + WRITE, "send": send} for send, url in engines.items()],
    )
    for name, content in tree.items():
        path = folder / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def counts(server: prometheus.Server) -> dict[tuple[str, str], float]:
    """Engine and what is counted, to the number."""
    return {
        (labels["remote_name"], counted): value
        for counted in COUNTED
        for labels, value in server.query(f"prometheus_remote_storage_{counted}")
    }


def report(before: dict[tuple[str, str], float], after: dict[tuple[str, str], float], seconds: float) -> None:
    a_second = {key: (value - before[key]) / seconds for key, value in after.items()}
    print(f"Prometheus {VERSION}, Python {platform.python_version()}; a gateway with {world.MODELS} models")
    for name, counted in (("samples", "samples_total"), ("bytes", "bytes_total")):
        recorded = a_second["recorded", counted]
        raw = a_second["everything", counted] - recorded
        month = {"recorded": recorded / RULES * MONTH, "everything": (raw / SCRAPES + recorded / RULES) * MONTH}
        for send, number in month.items():
            print(f"{send:11} {number / 1e6:10.0f} million {name} a month")
    each = [a_second[send, "bytes_total"] / a_second[send, "samples_total"] for send in ("recorded", "everything")]
    print(f"bytes of a sample: {each[0]:.1f} recorded, {each[1]:.1f} of everything")


if __name__ == "__main__":
    sys.exit(main())
