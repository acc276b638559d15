"""What is refused of a shard before a host is touched."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shards import shard_problems


@pytest.mark.parametrize(
    ("hosts", "replicas", "budgets", "label"),
    [
        (["one", "two", "three"], 2, {}, "replica"),
        (["one", "two", "three"], 2, {"gateways": {"litellm": 10}}, "replica"),
        # Each has all gateways then.
        (["one", "two"], 2, {"all": 10, "teams": {"a": 1}}, "replica"),
        (["one", "two"], 1, {}, ""),
    ],
)
def test_a_shard_that_works_is_taken(hosts: list[str], replicas: int, budgets: dict[str, Any], label: str) -> None:
    assert shard_problems(hosts, replicas, budgets, label) == []


@pytest.mark.parametrize(
    ("hosts", "replicas", "budgets", "label", "words"),
    [
        (
            ["b", "a"],
            3,
            {},
            "replica",
            "llmmon_replicas is 3, but llmmon_shard is true on 2 host(s) with a Prometheus (a, b)",
        ),
        (["a", "b"], 2, {}, "", "needs llmmon_prometheus_replica_label"),
        (["a", "b", "c"], 2, {"all": 5}, "replica", "llmmon_budgets has all, which add up all gateways"),
        (["a", "b", "c"], 2, {"all": 5, "teams": {"t": 1}}, "replica", "has teams and all"),
    ],
)
def test_one_that_does_not_is_one_sentence(
    hosts: list[str], replicas: int, budgets: dict[str, Any], label: str, words: str
) -> None:
    [found] = shard_problems(hosts, replicas, budgets, label)
    assert words in found
