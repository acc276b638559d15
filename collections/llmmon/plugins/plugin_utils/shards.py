# SPDX-License-Identifier: Apache-2.0
"""Which hosts of a shard scrape a gateway: a few of them each, and as few moves as can be when a host joins or leaves.

Each host computes it by itself and comes to the same, by highest random weight: every pair of a gateway and a host has
a number that only depends on the two names, and a gateway is on the hosts with the highest. A host that joins takes
gateways from one host each, and those of one that leaves get one new host each; all other pairs stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any


def hosts_of(gateway: str, hosts: Sequence[str], replicas: int) -> list[str]:
    """The hosts that scrape a gateway, at most ``replicas``."""

    def weight(host: str) -> tuple[bytes, str]:
        return hashlib.sha256(f"{gateway}\0{host}".encode()).digest(), host

    return sorted(set(hosts), key=weight, reverse=True)[:replicas]


def shard_gateways(
    gateways: Sequence[Mapping[str, Any]], host: str, hosts: Sequence[str], replicas: int
) -> list[Mapping[str, Any]]:
    """Of llmmon_gateways those that ``host`` scrapes, in their order; ``hosts`` are all of the shard, it included."""
    return [gateway for gateway in gateways if host in hosts_of(str(gateway.get("name")), hosts, int(replicas))]
