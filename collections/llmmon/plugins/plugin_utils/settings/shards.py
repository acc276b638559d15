# SPDX-License-Identifier: Apache-2.0
"""What is wrong with how gateways are spread over hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SPANNING = ("teams", "all")


def shard_problems(hosts: Sequence[str], replicas: int, budgets: Mapping[str, Any], replica_label: str) -> list[str]:
    """What is wrong with a shard of these hosts.

    ``budgets`` is llmmon_budgets, ``replica_label`` is llmmon_prometheus_replica_label.
    """
    found = []
    if int(replicas) > len(hosts):
        found.append(
            f"llmmon_replicas is {replicas}, but llmmon_shard is true on {len(hosts)} host(s) with a Prometheus"
            f" ({', '.join(sorted(hosts))}): a gateway cannot be on more hosts than there are"
        )
    if int(replicas) > 1 and not replica_label:
        found.append(
            "llmmon_shard with llmmon_replicas of more than 1 needs llmmon_prometheus_replica_label, such as"
            " prometheus_replica, or people are told of each alert once a host"
        )
    spanning = [section for section in _SPANNING if budgets.get(section)]
    if spanning and int(replicas) < len(hosts):
        found.append(
            f"llmmon_budgets has {' and '.join(spanning)}, which add up all gateways, and no host of the shard has them"
            f" all: keep to budgets of gateways, or raise llmmon_replicas to {len(hosts)}"
        )
    return found
