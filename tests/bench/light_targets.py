"""Time runs that change nothing on many hosts: `python -m tests.bench.light_targets --hosts 10 25 50 100`.

A target has a connection, directories, a network, an address and containers of its own. Several share one engine, since
as many machines do not fit into one. To Ansible each is a host, with all its module runs.

With `--one-stack` all targets look at the same stack, each by a connection of its own, so that nothing but Ansible
has more to do for more of them.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.bench.spending import HEADING, Spent, line, spent
from tests.support.stack import SSH_OPTIONS, Stack, environment_for, make_inventory
from tests.testbed import gateway, hosts, lifecycle, sinks
from tests.testbed.hosts import Host

NAME = "light"
GROUP = "llmmon"
MOST_HOSTS, MOST_SECONDS = 100, 60.0
# So many first deployments at a time end before a playbook is given up.
DEPLOYED_AT_ONCE = 10
# With the shipped intervals a hundred stacks have more to do than two cores can, before anything is deployed.
INTERVALS = {
    "llmmon_prometheus_scrape_interval": "60s",
    "llmmon_prometheus_rule_interval": "60s",
    "llmmon_prober_interval": "5m",
    "llmmon_health_interval": "5m",
    "llmmon_verify_timeout": 120,
}
SERVICES = ("prometheus", "alertmanager", "grafana")


@dataclass(frozen=True)
class Target:
    """One host of the inventory."""

    name: str
    machine: Host
    # Among the targets of its machine, from 1.
    number: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.light_targets", description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[MOST_HOSTS], metavar="N", help="how many, one by one")
    parser.add_argument("--machines", type=int, default=4, help="how many engines they share")
    parser.add_argument("--services", nargs="+", choices=SERVICES, default=list(SERVICES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one-stack", action="store_true", help="the same containers for all of them")
    given = parser.parse_args()
    steps = sorted(given.hosts)
    names = [f"{NAME}-{number}" for number in range(1, 2 if given.one_stack else given.machines + 1)]
    lifecycle.up()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        for name in names:
            hosts.destroy(name)
            held.callback(hosts.destroy, name)
        targets = make_targets([hosts.create(name) for name in names], steps[-1], one_stack=given.one_stack)
        stack = make_stack(Path(folder), targets, given.services, held)
        measured: dict[int, list[Spent]] = {}
        deployed = 0
        print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}; {', '.join(given.services)} each")
        print(HEADING)
        for step in steps:
            wanted = 1 if given.one_stack else step
            deploy(stack, names, deployed, wanted)
            deployed = wanted
            limit = ("--limit", f"{GROUP}[0:{step - 1}]")
            # The first proof waits until every target was scraped.
            stack.run("site.yml", *limit)
            run = functools.partial(stack.run, "site.yml", *limit)
            measured[step] = [spent(run, names) for _ in range(given.rounds)]
            print(line(f"no change, with proof, {step} hosts", measured[step]), f" load {os.getloadavg()[0]:.1f}")
    return report(measured)


def make_targets(machines: Sequence[Host], number: int, *, one_stack: bool) -> list[Target]:
    """Spread evenly over the machines; of one stack each is the first of its machine."""
    for machine in machines:
        # Real hosts each see the controller come once; these see it come as often as it has forks.
        settings = f"echo 'MaxStartups 500' > /etc/ssh/sshd_config.d/{NAME}.conf"
        code, output = hosts.shell(machine, f"{settings} && systemctl restart ssh")
        if code != 0:
            raise SystemExit(f"sshd of {machine.name} does not take so many connections:\n{output}")
    return [
        Target(
            f"target-{index + 1:03}", machines[index % len(machines)], 1 if one_stack else index // len(machines) + 1
        )
        for index in range(number)
    ]


def make_stack(folder: Path, targets: Sequence[Target], services: Sequence[str], held: ExitStack) -> Stack:
    """One inventory of all targets."""
    proxy = gateway.start_gateway(NAME)
    held.callback(gateway.stop_gateway, NAME)
    receivers = sinks.start_sinks(NAME)
    held.callback(sinks.stop_sinks, NAME)
    inventory = make_inventory(folder, targets[0].machine, proxy, INTERVALS | {"llmmon_services": list(services)})
    entries = {target.name: variables_of(target, folder) for target in targets}
    (inventory / "hosts.yml").write_text(yaml.safe_dump({GROUP: {"hosts": entries}}))
    environment = environment_for(proxy)
    return Stack(targets[0].machine, proxy, receivers, inventory, environment)


def variables_of(target: Target, folder: Path) -> dict[str, Any]:
    """How Ansible reaches a target, and what keeps it apart from the others of its machine."""
    own = f"llmmon-{target.number}"
    return {
        "ansible_host": target.machine.address,
        "ansible_user": "operator",
        "ansible_ssh_private_key_file": target.machine.private_key,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={target.machine.known_hosts} {SSH_OPTIONS}",
        # By its address alone it would share the connection of the others.
        "ansible_control_path": str(folder / f"cm-{target.name}"),
        "llmmon_bind_address": f"127.0.1.{target.number}",
        "llmmon_network": own,
        "llmmon_config_root": f"/etc/{own}",
        "llmmon_data_root": f"/var/lib/{own}",
        "llmmon_backup_directory": f"/var/backups/{own}",
        **{f"llmmon_{service}_container": f"{own}-{service}" for service in (*SERVICES, "prober")},
    }


def deploy(stack: Stack, names: Sequence[str], first: int, number: int) -> None:
    """Deploy further targets, some at a time, without their proof."""
    for begin in range(first, number, DEPLOYED_AT_ONCE):
        end = min(begin + DEPLOYED_AT_ONCE, number)
        limit = f"{GROUP}[{begin}:{end - 1}]"
        run = functools.partial(stack.run, "site.yml", "--skip-tags", "verify", "--limit", limit)
        spent(run, names, changes=True)


def report(measured: dict[int, list[Spent]]) -> int:
    steps = list(measured)
    walls = {step: statistics.median(run.wall for run in runs) for step, runs in measured.items()}
    for few, many in itertools.pairwise(steps):
        pairs = list(zip(measured[few], measured[many], strict=True))
        further = many - few
        here = statistics.median((b.controller - a.controller) / further for a, b in pairs)
        there = statistics.median((b.hosts - a.hosts) / further for a, b in pairs)
        wall = (walls[many] - walls[few]) / further
        print(f"a further host, from {few} to {many}: {wall:.2f} s, CPU here {here:.2f} s, on hosts {there:.2f} s")
    last = measured[steps[-1]]
    share = statistics.median(run.hosts / (run.hosts + run.controller) for run in last)
    print(f"share of the hosts in all CPU of {steps[-1]} hosts: {100 * share:.0f} %")
    if steps[-1] < MOST_HOSTS:
        return 0
    print(f"{steps[-1]} hosts: {walls[steps[-1]]:.1f} s (at most {MOST_SECONDS:g})")
    return 0 if walls[steps[-1]] <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
