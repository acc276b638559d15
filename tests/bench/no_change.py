"""Time a first site.yml and those that change nothing, and count their module runs: `python -m tests.bench.no_change`.

A first deployment stands beside the same containers started by hand, and several hosts (`--hosts 4`) beside one.

A module run is one start of Python on the host. They are counted there, by an interpreter that writes a line and
then becomes the real one, so nothing that Ansible sends can be missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.bench.spending import HEADING, Spent, line, spent
from tests.support.stack import SSH_OPTIONS, Stack, environment_for, make_inventory, variables_of_the_testbed
from tests.testbed import gateway, hosts, lifecycle, sinks
from tests.testbed.hosts import Host

NAME = "bench"
# As inventories/single calls it.
FIRST = "monitoring"
ALONE = ("--limit", FIRST)
MOST_MODULE_RUNS = 4
SETTLED_WITHIN = 1200
COUNTER = "/usr/local/bin/counting-python"
COUNTED = "/var/tmp/module-runs"  # noqa: S108 - on the test host

# A name that Ansible puts into each module's command would do as well; a real interpreter sees all of them.
_SCRIPT = f'#!/bin/sh\necho run >> {COUNTED}\nexec /usr/bin/python3 "$@"\n'


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.no_change", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--hosts", type=int, default=1, help="how many hosts, beside one of them")
    given = parser.parse_args()
    lifecycle.up()
    names = [NAME, *(f"{NAME}-{number}" for number in range(2, given.hosts + 1))]
    for name in names:
        hosts.destroy(name)
    found = [hosts.create(name) for name in names]
    proxy = gateway.start_gateway(NAME)
    try:
        with tempfile.TemporaryDirectory() as folder:
            inventory = make_inventory(Path(folder), found[0], proxy, intervals={})
            add_hosts(inventory, found[1:])
            environment = environment_for(proxy)
            stack = Stack(found[0], proxy, sinks.start_sinks(NAME), inventory, environment)
            print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}; Docker with images present")
            print(f"the same containers by hand, until ready: {by_hand(stack):6.1f} s")
            print(f"a first deployment without its proof:     {first_deployment(stack):6.1f} s")
            # The first proof waits until every target was scraped.
            stack.run("verify.yml", *ALONE)
            interpreter = place_counter(stack)
            settle(stack, interpreter, *ALONE)
            seconds, counts = unchanged(stack, interpreter, given.runs, *ALONE)
            print_seconds("no change, with proof", seconds)
            print_seconds("no change, --check", repeated(stack, given.runs, "--check", *ALONE))
            if given.hosts > 1:
                stack.run("site.yml")
                compare_with_one(stack, names, given.runs)
            print(f"module runs of a run that changes nothing: {max(counts)} (allowed: {MOST_MODULE_RUNS})")
            return 0 if max(counts) <= MOST_MODULE_RUNS else 1
    finally:
        gateway.stop_gateway(NAME)
        sinks.stop_sinks(NAME)
        for name in names:
            hosts.destroy(name)


def compare_with_one(stack: Stack, names: Sequence[str], runs: int) -> None:
    """What several hosts cost beside one. Elsewhere their own work is theirs; here it takes cores of the controller."""
    print(HEADING)
    one = [spent(lambda: stack.run("site.yml", *ALONE), names[:1]) for _ in range(runs)]
    print(line("no change, one host", one))
    each = [spent(lambda: stack.run("site.yml"), names) for _ in range(runs)]
    print(line(f"no change, {len(names)} hosts", each))
    times = statistics.median(run.wall for run in each) / statistics.median(run.wall for run in one)
    apart = statistics.median(map(without_hosts, each)) / statistics.median(map(without_hosts, one))
    print(f"  times one host: {times:.2f}; without what the hosts' own work takes of the cores: {apart:.2f}")


def without_hosts(run: Spent) -> float:
    """Seconds that a run would take if its hosts had other cores, at least."""
    return run.wall - run.hosts / (os.cpu_count() or 1)


def add_hosts(inventory: Path, others: Sequence[Host]) -> None:
    """More hosts with the settings of the one that is there."""
    path = inventory / "hosts.yml"
    written = yaml.safe_load(path.read_text())
    all_hosts = written["llmmon"]["hosts"]
    for number, host in enumerate(others, start=2):
        ssh = f"-o UserKnownHostsFile={host.known_hosts} {SSH_OPTIONS}"
        own = {"ansible_host": host.address, "ansible_ssh_private_key_file": host.private_key}
        all_hosts[f"{FIRST}-{number}"] = {**all_hosts[FIRST], **own, "ansible_ssh_common_args": ssh}
    path.write_text(yaml.safe_dump(written))


def by_hand(stack: Stack) -> float:
    """Seconds from the first `docker run` of the same four containers, with their own settings, until all are ready."""
    images = variables_of_the_testbed()
    ready = {
        "prometheus": ":9090/-/ready",
        "alertmanager": ":9093/-/ready",
        "grafana": ":3000/api/health",
        "prober": ":9115/",
    }
    starts = "; ".join(
        f"docker run -d --rm --network host --name by-hand-{service} {images[f'llmmon_{service}_image']} >/dev/null"
        for service in ready
    )
    waits = "; ".join(f"until curl -sf -o /dev/null http://127.0.0.1{path}; do :; done" for path in ready.values())
    begun = time.monotonic()
    stack.on_host(f"{starts}; timeout 60 sh -c '{waits}'")
    elapsed = time.monotonic() - begun
    stack.on_host("docker rm -f " + " ".join(f"by-hand-{service}" for service in ready))
    return elapsed


def first_deployment(stack: Stack) -> float:
    begun = time.monotonic()
    result = stack.run("site.yml", "--skip-tags", "verify", *ALONE)
    if result.code != 0:
        raise SystemExit(result.output)
    return time.monotonic() - begun


def repeated(stack: Stack, runs: int, *arguments: str) -> list[float]:
    return [timed(stack, {}, *arguments, changes=False) for _ in range(runs)]


def print_seconds(what: str, seconds: Sequence[float]) -> None:
    spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
    print(f"{what}: {statistics.median(seconds):.1f} s (median of {len(seconds)}; {spread})")


def settle(stack: Stack, interpreter: dict[str, str], *arguments: str) -> list[int]:
    """Run until the look proves by itself, which it does not while rules were not due yet since the start.

    Returns the module runs of each.
    """
    begun, counts = time.monotonic(), []
    while time.monotonic() - begun < SETTLED_WITHIN:
        counts += unchanged(stack, interpreter, 1, *arguments)[1]
        if counts[-1] == 1:
            return counts
    raise SystemExit(f"after {SETTLED_WITHIN} s of runs that change nothing the look still does not prove by itself")


def unchanged(stack: Stack, interpreter: dict[str, str], runs: int, *arguments: str) -> tuple[list[float], list[int]]:
    """Seconds and module runs of each run that changes nothing."""
    seconds, counts = [], []
    for _ in range(runs):
        stack.on_host(f": > {COUNTED}")
        seconds.append(timed(stack, interpreter, *arguments, changes=False))
        counts.append(counted(stack))
    return seconds, counts


def place_counter(stack: Stack) -> dict[str, str]:
    """Put the counting interpreter on the host; returns the variable by which Ansible takes it."""
    stack.on_host(f"printf '%s' '{_SCRIPT}' > {COUNTER} && chmod 755 {COUNTER}; : > {COUNTED}")
    return {"ansible_python_interpreter": COUNTER}


def counted(stack: Stack) -> int:
    """The module runs since the counter was placed or emptied."""
    return int(stack.on_host(f"wc -l < {COUNTED}"))


def timed(stack: Stack, variables: dict[str, str], *arguments: str, changes: bool) -> float:
    begun = time.monotonic()
    result = stack.run("site.yml", *arguments, variables=variables)
    elapsed = time.monotonic() - begun
    if result.code != 0 or (result.recap("changed") > 0) is not changes:
        raise SystemExit(f"site.yml did not go as expected:\n{result.output}")
    return elapsed


if __name__ == "__main__":
    sys.exit(main())
