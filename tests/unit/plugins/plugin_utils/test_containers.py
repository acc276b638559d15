"""What the containers of a service should be, for the look at the host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.containers import services_wanted

RUN = {"service": "prometheus", "name": "llmmon-prometheus", "image": "prometheus:3", "command": ["--flag"]}
PROBER = {"service": "prober", "name": "llmmon-prober", "image": "prober:1", "memory": "64m"}
LIMITS = {"prometheus": "2g"}


def wanted(*containers: dict[str, Any], unwanted: tuple[str, ...] = (), **changes: Any) -> list[dict[str, Any]]:
    service = {"record": {"name": "prometheus"}, "containers": containers, "unwanted_containers": unwanted}
    (found,) = services_wanted([service], **{"memory_limits": LIMITS, "shared": ["llmmon"], **changes})
    assert found.keys() == {"record", "containers"}
    containers_of_it: list[dict[str, Any]] = found["containers"]
    return containers_of_it


def test_each_container_is_named_with_whether_it_is_wanted() -> None:
    found = wanted(RUN, PROBER, unwanted=("llmmon-prober",))
    assert [{name: value for name, value in one.items() if name != "asked"} for one in found] == [
        {"service": "prometheus", "name": "llmmon-prometheus", "image": "prometheus:3", "wanted": True},
        {"service": "prober", "name": "llmmon-prober", "image": "prober:1", "wanted": False},
    ]


@pytest.mark.parametrize(
    ("container", "changes"),
    [
        ({**RUN, "command": ["--other"]}, {}),
        (RUN, {"memory_limits": {"prometheus": "3g"}}),
        (RUN, {"shared": ["another network"]}),
    ],
    ids=["its own", "its memory", "what all have"],
)
def test_the_digest_tells_whether_anything_else_is_asked_for(
    container: dict[str, Any], changes: dict[str, Any]
) -> None:
    (before,), (again,) = wanted(RUN), wanted(dict(reversed(RUN.items())))
    assert before["asked"] == again["asked"]
    (after,) = wanted(container, **changes)
    assert after["asked"] != before["asked"]


def test_a_container_that_says_its_memory_needs_no_other_limit() -> None:
    (before,), (after,) = wanted(PROBER), wanted(PROBER, memory_limits={"prometheus": "3g"})
    assert before["asked"] == after["asked"]
