"""What an engine leaves in the machine's network when it ends, and putting that back as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.testbed.shell import TestbedError, run

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_TABLES = ("filter", "nat")
# How an engine names the bridge of a network; only ours has any while no other engine has its chains there.
_OUR_BRIDGE = re.compile(r" br-[0-9a-f]{12}\b")


def remember() -> dict[str, str]:
    """What is there before our engine starts."""
    return {
        "bridge": "yes" if Path("/sys/class/net/docker0").exists() else "no",
        "chains": "yes" if any(chains_of_engines(_rules(table)) for table in _TABLES) else "no",
        "forward": "ACCEPT" if "-P FORWARD ACCEPT" in _rules("filter") else "DROP",
        "forwarding": _FORWARDING.read_text().strip(),
    }


def restore(before: dict[str, str], subnets: str) -> None:
    """Remove the engine's bridge, chains and rules, unless another engine had put its own there first."""
    if before.get("chains") == "no":
        for table in _TABLES:
            _remove_chains(table, subnets)
        run(["iptables", "-P", "FORWARD", before["forward"]])
        _FORWARDING.write_text(before["forwarding"])
    if before.get("bridge") == "no" and Path("/sys/class/net/docker0").exists():
        run(["ip", "link", "delete", "docker0"])


def clear_dead(subnets: str) -> None:
    """Remove what one of our engines left when it was killed: two bridges with one address reach nobody.

    Call it only while no engine answers. The engine may have been another checkout's, so no record of ours tells of it.
    """
    left = bridges_in(run(["ip", "-json", "-4", "address", "show"]), subnets)
    if not left:
        return
    for table in _TABLES:
        _remove_chains(table, subnets)
    for bridge in left:
        run(["ip", "link", "delete", bridge])


def bridges_in(addresses: str, subnets: str) -> list[str]:
    """The bridges of an engine that have an address of ours, out of what `ip -json address` says."""
    return [
        interface["ifname"]
        for interface in json.loads(addresses)
        if (interface["ifname"] == "docker0" or _OUR_BRIDGE.search(f" {interface['ifname']}"))
        and any(address["local"].startswith(subnets) for address in interface["addr_info"])
    ]


def _rules(table: str) -> str:
    try:
        return run(["iptables", "-t", table, "-S"])
    except TestbedError:
        # A table that the kernel lacks holds nothing.
        return ""


def chains_of_engines(rules: str) -> list[str]:
    """The chains that an engine makes; DOCKER_OUTPUT and its like are how a container resolves names: not ours."""
    names = [line.split()[1] for line in rules.splitlines() if line.startswith("-N ")]
    return [name for name in names if name == "DOCKER" or name.startswith("DOCKER-")]


def rules_of_engine(rules: str, subnets: str) -> list[str]:
    """The rules outside of those chains that lead into them, or are about our bridges and addresses."""
    chains = set(chains_of_engines(rules))
    found = []
    for line in rules.splitlines():
        words = line.split()
        if words[0] != "-A" or words[1] in chains:
            continue
        if chains & set(words) or "docker0" in words or _OUR_BRIDGE.search(line) or f" {subnets}" in line:
            found.append(line)
    return found


def _remove_chains(table: str, subnets: str) -> None:
    rules = _rules(table)
    for rule in rules_of_engine(rules, subnets):
        run(["iptables", "-t", table, "-D", *rule.split()[1:]])
    for action in ("-F", "-X"):
        for chain in chains_of_engines(rules):
            run(["iptables", "-t", table, action, chain])
