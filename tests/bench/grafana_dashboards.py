"""Compare pushing unchanged dashboards with community.grafana: `python -m tests.bench.grafana_dashboards [--runs N]`.

The server is the stand-in for Grafana (tests/standins/grafana), the same for both; a real one is not measured here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients import http
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards import files as dashboard_files
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards import model as dashboards
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards import push as dashboard_push
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards import wanted as dashboard_wanted
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import Folder

from tests.conftest import REPOSITORY
from tests.standins.run import StandIn, start
from tests.support.counting import counting

PASSWORD = "Stand-In-1"  # noqa: S105 - of the stand-in
DASHBOARDS, BYTES = 30, 40_000
AT_ONCE = 8
LEAST_TIMES_FASTER, MOST_TIMES_BARE, MOST_TIMES_LINEAR = 20.0, 1.3, 1.5


def write_dashboards(directory: Path, number: int) -> None:
    """Distinct dashboards of some 40 KB."""
    directory.mkdir()
    for index in range(number):
        panels: list[dict[str, Any]] = []
        model = {"uid": f"bench-{index}", "title": f"Bench {index}", "schemaVersion": 39, "panels": panels}
        while len(json.dumps(model)) < BYTES:
            name = len(panels) + 1
            expression = f'sum by (model) (rate(llm_requests_total{{job="bench{index}", panel="{name}"}}[5m]))'
            target = {
                "refId": "A",
                "expr": expression,
                "datasource": {"type": "prometheus", "uid": "llmmon_prometheus"},
            }
            place = {"h": 8, "w": 12, "x": 0, "y": name}
            panels.append(
                {"id": name, "type": "timeseries", "title": f"p{name}", "gridPos": place, "targets": [target]}
            )
        (directory / f"{index}.json").write_text(json.dumps(model))


def play(folder: Path, url: str, task: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Seconds and result of one task in a playbook, start-up of Ansible not included."""
    book = folder / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": {"url": url}, "tasks": [task]}]))
    environment = os.environ | {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", str(book)]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the playbook failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    answer = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"][0]
    span = answer["task"]["duration"]
    seconds = datetime.fromisoformat(span["end"]) - datetime.fromisoformat(span["start"])
    return seconds.total_seconds(), answer["hosts"]["localhost"]


def token_of(standin: StandIn) -> str:
    """A token for both: with a password community.grafana switches the user's organisation, which is not served."""
    answers: list[dict[str, Any]] = []
    for path, body in (("", {"name": "bench", "role": "Admin"}), ("/{id}/tokens", {"name": "bench"})):
        url = f"{standin.url}/api/serviceaccounts" + path.format(**(answers[0] if answers else {}))
        answers.append(requests.post(url, json=body, auth=("admin", PASSWORD), timeout=10).json())
    return str(answers[1]["key"])


def ours(source: Path, token: str) -> dict[str, Any]:
    parameters = {
        "url": "{{ url }}",
        "token": token,
        "src": str(source),
        "folder_uid": "bench",
        "folder_title": "Bench",
        "prune": True,
    }
    return {"name": "Push with llmmon.stack.grafana_dashboards", "llmmon.stack.grafana_dashboards": parameters}


def theirs(source: Path, token: str) -> dict[str, Any]:
    parameters = {
        "url": "{{ url }}",
        "grafana_api_key": token,
        "path": "{{ item }}",
        "folder": "Bench",
        "overwrite": True,
    }
    task = {"name": "Push with community.grafana", "community.grafana.grafana_dashboard": parameters}
    return {**task, "loop": sorted(str(path) for path in source.glob("*.json"))}


def requests_of(standin: StandIn, folder: Path, task: dict[str, Any]) -> int:
    """How many requests a task sends, counted by a proxy in a run of its own."""
    with counting(standin.url) as counted:
        play(folder, counted.url, task)
        return len(counted.requests)


def bare(url: str, source: Path, number: int) -> float:
    """Seconds that a bare session takes for the same GETs and a comparison, eight at once."""
    wanted = [json.loads((source / f"{index}.json").read_text()) for index in range(number)]
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("admin", PASSWORD)
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

        def get(index: int) -> None:
            served = session.get(f"{url}/api/dashboards/uid/bench-{index}", timeout=10).json()["dashboard"]
            same.append({key: served[key] for key in wanted[index]} == wanted[index])

        same: list[bool] = []
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(get, range(number)))
        elapsed = time.monotonic() - begun
    if not all(same) or len(same) != number:
        raise SystemExit("the dashboards are not as they were pushed")
    return elapsed


def pushing(url: str, source: Path) -> Callable[[], float]:
    """Seconds of the module's own work in this process: reading files, requests, comparing."""
    owner = dashboards.DashboardOwner("llmmon")
    wanted = dashboard_wanted.WantedSet(
        dashboard_files.read_directory(source, owner, "bench", {}), [Folder("bench", "Bench")], owner
    )

    def push() -> float:
        client = http.HttpClient(http.Connection(url, user="admin", password=PASSWORD))
        begun = time.monotonic()
        run = dashboard_push.Push(client, wanted, check_mode=False)
        run.run()
        return time.monotonic() - begun

    return push


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.grafana_dashboards", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs: int = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        security = {"security": {"admin_password": PASSWORD}}
        with start(folder / "a", security) as standin:
            return report(*against_community(standin, folder, runs), *scaling(folder, runs))


def against_community(standin: StandIn, folder: Path, runs: int) -> tuple[list[list[Any]], float, float]:
    source = folder / "dashboards"
    write_dashboards(source, DASHBOARDS)
    token = token_of(standin)
    # The folder is there before both.
    play(folder, standin.url, ours(source, token))
    rows: list[list[Any]] = []
    medians: dict[str, float] = {}
    tasks = {"community.grafana.grafana_dashboard": theirs(source, token), "grafana_dashboards": ours(source, token)}
    for title, task in tasks.items():
        play(folder, standin.url, task)
        seconds, results = [], []
        for _ in range(runs):
            elapsed, result = play(folder, standin.url, task)
            seconds.append(elapsed)
            results.append(result["changed"])
        medians[title] = statistics.median(seconds)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        rows.append([title, f"{medians[title]:.2f}", spread, requests_of(standin, folder, task), any(results)])
    push = pushing(standin.url, source)
    pairs = [(push(), bare(standin.url, source, DASHBOARDS)) for _ in range(max(runs, 15))]
    own, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    rows.append(["  its requests and comparing, alone", f"{own:.3f}", "", "", ""])
    rows.append(["  bare requests.Session, 8 at once", f"{plain:.3f}", "", DASHBOARDS, ""])
    return rows, medians["community.grafana.grafana_dashboard"] / medians["grafana_dashboards"], own / plain


def scaling(folder: Path, runs: int) -> tuple[list[list[Any]], float]:
    """Seconds for more and more unchanged dashboards."""
    rows, per_dashboard = [], []
    for number in (100, 500):
        source = folder / f"dashboards-{number}"
        write_dashboards(source, number)
        with start(folder / f"s{number}", {"security": {"admin_password": PASSWORD}}) as standin:
            push = pushing(standin.url, source)
            first = push()
            seconds = statistics.median(push() for _ in range(runs))
        per_dashboard.append(seconds / number)
        rows.append([f"{number} dashboards: first, unchanged", f"{first:.2f}", f"{seconds:.2f}", "", ""])
    return rows, per_dashboard[1] / per_dashboard[0]


def report(
    rows: list[list[Any]], faster: float, times_bare: float, more_rows: list[list[Any]], times_linear: float
) -> int:
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    print(f"server: the stand-in for Grafana; {DASHBOARDS} dashboards of {BYTES // 1000} KB, unchanged")
    print(f"{'what':38} {'seconds':>8} {'spread':>16} {'requests':>9} {'changed':>8}")
    for title, seconds, spread, sent, changed in rows + more_rows:
        print(f"{title:38} {seconds:>8} {spread:>16} {sent!s:>9} {changed!s:>8}")
    print(f"times faster than community.grafana: {faster:.1f} (at least {LEAST_TIMES_FASTER:g})")
    print(f"times a bare session: {times_bare:.2f} (at most {MOST_TIMES_BARE:g})")
    print(f"a dashboard of 500 in times of one of 100: {times_linear:.2f} (at most {MOST_TIMES_LINEAR:g})")
    good = faster >= LEAST_TIMES_FASTER and times_bare <= MOST_TIMES_BARE and times_linear <= MOST_TIMES_LINEAR
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
