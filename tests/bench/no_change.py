"""Count the module runs of a second site.yml and time it: `python -m tests.bench.no_change [--runs N]`.

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
from pathlib import Path

from tests.support.stack import SECRETS, Stack, make_inventory
from tests.testbed import gateway, hosts, lifecycle, sinks

NAME = "bench"
MOST_MODULE_RUNS = 4
COUNTER = "/usr/local/bin/counting-python"
COUNTED = "/var/tmp/module-runs"  # noqa: S108 - on the test host

# A name that Ansible puts into each module's command would do as well; a real interpreter sees all of them.
_SCRIPT = f'#!/bin/sh\necho run >> {COUNTED}\nexec /usr/bin/python3 "$@"\n'


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.no_change", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs: int = parser.parse_args().runs
    lifecycle.up()
    hosts.destroy(NAME)
    host = hosts.create(NAME)
    found = gateway.start_gateway(NAME)
    try:
        with tempfile.TemporaryDirectory() as folder:
            inventory = make_inventory(Path(folder), host, found, intervals={})
            environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
            environment |= {"PROMETHEUS_BEARER_TOKEN": found.token, **SECRETS, "ANSIBLE_NOCOLOR": "1"}
            stack = Stack(host, found, sinks.start_sinks(NAME), inventory, environment)
            return report(*measure(stack, runs))
    finally:
        gateway.stop_gateway(NAME)
        sinks.stop_sinks(NAME)
        hosts.destroy(NAME)


def measure(stack: Stack, runs: int) -> tuple[float, list[float], list[int]]:
    """Seconds of the first run, and seconds and module runs of each run that changes nothing."""
    interpreter = place_counter(stack)
    first = timed(stack, interpreter, changes=True)
    seconds, counts = [], []
    for _ in range(runs):
        stack.on_host(f": > {COUNTED}")
        seconds.append(timed(stack, interpreter, changes=False))
        counts.append(counted(stack))
    return first, seconds, counts


def place_counter(stack: Stack) -> dict[str, str]:
    """Put the counting interpreter on the host; returns the variable by which Ansible takes it."""
    stack.on_host(f"printf '%s' '{_SCRIPT}' > {COUNTER} && chmod 755 {COUNTER}; : > {COUNTED}")
    return {"ansible_python_interpreter": COUNTER}


def counted(stack: Stack) -> int:
    """The module runs since the counter was placed or emptied."""
    return int(stack.on_host(f"wc -l < {COUNTED}"))


def timed(stack: Stack, variables: dict[str, str], *, changes: bool) -> float:
    begun = time.monotonic()
    result = stack.run("site.yml", variables=variables)
    elapsed = time.monotonic() - begun
    if result.code != 0 or (result.recap("changed") > 0) is not changes:
        raise SystemExit(f"site.yml did not go as expected:\n{result.output}")
    return elapsed


def report(first: float, seconds: list[float], counts: list[int]) -> int:
    print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}; one host, verification included")
    print(f"first run:     {first:6.1f} s")
    print(f"no-change run: {statistics.median(seconds):6.1f} s (median of {len(seconds)};", end=" ")
    print(f"{min(seconds):.1f} to {max(seconds):.1f})")
    print(f"module runs:   {max(counts):6d} (allowed: {MOST_MODULE_RUNS})")
    return 0 if max(counts) <= MOST_MODULE_RUNS else 1


if __name__ == "__main__":
    sys.exit(main())
