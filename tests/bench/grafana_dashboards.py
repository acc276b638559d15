"""Compare pushing unchanged dashboards with community.grafana: `python -m tests.bench.grafana_dashboards [--runs N]`.

The server is the stand-in for Grafana (tests/standins/grafana), the same for both, or with --url one of yours: then
GRAFANA_ADMIN_PASSWORD, or the file of --password-file, is the password of --user, who has to be an administrator. It
gets a folder, dashboards and a service account whose names begin with llmmon-bench, which are gone afterwards.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
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
from tests.standins.run import start
from tests.support.counting import counting

PASSWORD = "Stand-In-1"  # noqa: S105 - of the stand-in
# Of all that the bench makes in a Grafana.
NAME = "llmmon-bench"
DASHBOARDS, BYTES = 30, 40_000
LEAST_TIMES_FASTER, MOST_TIMES_BARE, MOST_TIMES_LINEAR = 20.0, 1.3, 1.5


@dataclass(frozen=True)
class Server:
    """A Grafana, and who its administrator is."""

    url: str
    user: str
    password: str
    title: str

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.url + path, json=body, auth=(self.user, self.password), timeout=60)
        # What is not there needs no deletion.
        if not answer.ok and (method, answer.status_code) != ("DELETE", 404):
            raise SystemExit(f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None


@contextmanager
def token_of(server: Server) -> Iterator[str]:
    """A token for both: with a password community.grafana switches the user's organisation, which is not served."""
    account = server.send("POST", "/api/serviceaccounts", {"name": NAME, "role": "Admin"})
    path = f"/api/serviceaccounts/{account['id']}"
    try:
        yield str(server.send("POST", f"{path}/tokens", {"name": NAME})["key"])
    finally:
        server.send("DELETE", path)


def write_dashboards(directory: Path, number: int) -> None:
    """Distinct dashboards of some 40 KB."""
    directory.mkdir()
    for index in range(number):
        panels: list[dict[str, Any]] = []
        model = {"uid": f"{NAME}-{index}", "title": f"{NAME} {index}", "schemaVersion": 39, "panels": panels}
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


def ours(source: Path, token: str) -> dict[str, Any]:
    parameters = {
        "url": "{{ url }}",
        "token": token,
        "src": str(source),
        "owner": NAME,
        "folder_uid": NAME,
        "folder_title": NAME,
        "prune": True,
    }
    return {"name": "Push with llmmon.stack.grafana_dashboards", "llmmon.stack.grafana_dashboards": parameters}


def theirs(source: Path, token: str) -> dict[str, Any]:
    parameters = {
        "url": "{{ url }}",
        "grafana_api_key": token,
        "path": "{{ item }}",
        "folder": NAME,
        "overwrite": True,
    }
    task = {"name": "Push with community.grafana", "community.grafana.grafana_dashboard": parameters}
    return {**task, "loop": sorted(str(path) for path in source.glob("*.json"))}


def requests_of(server: Server, folder: Path, task: dict[str, Any]) -> int:
    """How many requests a task sends, counted by a proxy in a run of its own."""
    with counting(server.url) as counted:
        play(folder, counted.url, task)
        return len(counted.requests)


def bare(server: Server, source: Path, number: int) -> float:
    """Seconds that a bare session takes for the same GETs and a comparison, as many at once as the module."""
    wanted = [json.loads((source / f"{index}.json").read_text()) for index in range(number)]
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (server.user, server.password)
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=http.CONNECTIONS))

        def get(index: int) -> None:
            served = session.get(f"{server.url}/api/dashboards/uid/{NAME}-{index}", timeout=10).json()["dashboard"]
            same.append({key: served[key] for key in wanted[index]} == wanted[index])

        same: list[bool] = []
        begun = time.monotonic()
        with ThreadPoolExecutor(http.CONNECTIONS) as pool:
            list(pool.map(get, range(number)))
        elapsed = time.monotonic() - begun
    if not all(same) or len(same) != number:
        raise SystemExit("the dashboards are not as they were pushed")
    return elapsed


def pushing(server: Server, source: Path) -> Callable[[], float]:
    """Seconds of the module's own work in this process: requests and comparing."""
    owner = dashboards.DashboardOwner(NAME)
    wanted = dashboard_wanted.WantedSet(
        dashboard_files.read_directory(source, owner, NAME, {}), [Folder(NAME, NAME)], owner
    )

    def push() -> float:
        client = http.HttpClient(http.Connection(server.url, user=server.user, password=server.password))
        begun = time.monotonic()
        run = dashboard_push.Push(client, wanted, check_mode=False)
        run.run()
        return time.monotonic() - begun

    return push


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.grafana_dashboards", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--url", help="a Grafana of yours, such as http://127.0.0.1:3000")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--without-growth", action="store_true", help="leave out the 100 and 500 dashboards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not given.url:
            with start(folder / "grafana", {"security": {"admin_password": PASSWORD}}) as standin:
                server = Server(standin.url, "admin", PASSWORD, "the stand-in for Grafana")
                return measured(server, folder, given.runs, not given.without_growth)
        password = os.environ.get("GRAFANA_ADMIN_PASSWORD", "")
        if given.password_file:
            password = given.password_file.read_text(encoding="utf-8").rstrip("\n")
        if not password:
            parser.error("--url needs a password: in GRAFANA_ADMIN_PASSWORD, or in the file of --password-file")
        server = Server(given.url.rstrip("/"), given.user, password, "")
        version = server.send("GET", "/api/health").get("version", "of an unknown version")
        server = dataclasses.replace(server, title=f"Grafana {version}")
        return measured(server, folder, given.runs, not given.without_growth)


def measured(server: Server, folder: Path, runs: int, growth: bool) -> int:
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    print(f"server: {server.title}; dashboards of {BYTES // 1000} KB, unchanged")
    print(f"{'what':38} {'seconds':>8} {'spread':>16} {'requests':>9} {'changed':>8}")
    try:
        with token_of(server) as token:
            good = against_community(server, folder, runs, token)
        return 0 if (not growth or scaling(server, folder, runs)) and good else 1
    finally:
        # With all that is in it.
        server.send("DELETE", f"/api/folders/{NAME}")


def row(title: str, seconds: float, spread: str = "", sent: int | str = "", changed: bool | str = "") -> None:
    print(f"{title:38} {seconds:8.2f} {spread:>16} {sent!s:>9} {changed!s:>8}", flush=True)


def against_community(server: Server, folder: Path, runs: int, token: str) -> bool:
    source = folder / "dashboards"
    write_dashboards(source, DASHBOARDS)
    # The folder is there before both.
    play(folder, server.url, ours(source, token))
    tasks = {"community.grafana.grafana_dashboard": theirs(source, token), "grafana_dashboards": ours(source, token)}
    for task in tasks.values():
        play(folder, server.url, task)
    # By turns, since the machine may have other work.
    rounds = [{title: play(folder, server.url, task) for title, task in tasks.items()} for _ in range(runs)]
    for title, task in tasks.items():
        seconds = [done[title][0] for done in rounds]
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        changed = any(done[title][1]["changed"] for done in rounds)
        row(title, statistics.median(seconds), spread, requests_of(server, folder, task), changed)
    push = pushing(server, source)
    pairs = [(push(), bare(server, source, DASHBOARDS)) for _ in range(max(runs, 15))]
    row("  its requests and comparing, alone", statistics.median(own for own, _ in pairs))
    title = f"  bare requests.Session, {http.CONNECTIONS} at once"
    row(title, statistics.median(plain for _, plain in pairs), sent=DASHBOARDS)
    them, us = tasks
    faster = statistics.median(done[them][0] / done[us][0] for done in rounds)
    times_bare = statistics.median(own / plain for own, plain in pairs)
    print(f"times faster than community.grafana: {faster:.1f} (at least {LEAST_TIMES_FASTER:g})")
    print(f"times a bare session: {times_bare:.2f} (at most {MOST_TIMES_BARE:g})")
    return faster >= LEAST_TIMES_FASTER and times_bare <= MOST_TIMES_BARE


def scaling(server: Server, folder: Path, runs: int) -> bool:
    """Whether more and more unchanged dashboards each take as long."""
    per_dashboard = []
    for number in (100, 500):
        source = folder / f"dashboards-{number}"
        write_dashboards(source, number)
        push = pushing(server, source)
        row(f"{number} dashboards: until all are there", push())
        seconds = statistics.median(push() for _ in range(runs))
        row(f"{number} dashboards: unchanged", seconds)
        per_dashboard.append(seconds / number)
    times_linear = per_dashboard[1] / per_dashboard[0]
    print(f"a dashboard of 500 in times of one of 100: {times_linear:.2f} (at most {MOST_TIMES_LINEAR:g})")
    return times_linear <= MOST_TIMES_LINEAR


if __name__ == "__main__":
    sys.exit(main())
