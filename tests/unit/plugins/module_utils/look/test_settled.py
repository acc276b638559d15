"""Which steps may be left out, from what was found of each."""

from __future__ import annotations

from itertools import combinations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.look.settled import settled

CONTAINERS = {"prometheus": ["prometheus", "prober"], "grafana": ["grafana"]}
ALL = {
    "places",
    "prometheus configuration",
    "prometheus container",
    "prober container",
    "prometheus service",
    "grafana configuration",
    "grafana container",
    "grafana service",
    "grafana admin",
    "grafana dashboards",
    "record",
}


def steps(*unsettled: str) -> set[str]:
    return set(settled({step: step not in unsettled for step in ALL}, CONTAINERS))


def test_where_nothing_differs_nothing_is_left_to_do() -> None:
    assert steps() == ALL


@pytest.mark.parametrize(
    ("differs", "to_do"),
    [
        # Containers are made in these directories and this network.
        ("places", ALL),
        # A new configuration may make a service fail that was fine.
        ("prometheus configuration", {"prometheus configuration", "prometheus service", "record"}),
        ("prometheus container", {"prometheus container", "prometheus service", "record"}),
        ("prober container", {"prober container", "prometheus service", "record"}),
        ("prometheus service", {"prometheus service", "record"}),
        (
            "grafana container",
            {"grafana container", "grafana service", "grafana admin", "grafana dashboards", "record"},
        ),
        ("grafana dashboards", {"grafana dashboards", "record"}),
        ("record", {"record"}),
    ],
)
def test_what_builds_on_a_difference_is_done_again(differs: str, to_do: set[str]) -> None:
    assert ALL - steps(differs) == to_do


def test_no_step_with_a_difference_is_ever_left_out() -> None:
    for pair in combinations(ALL, 2):
        assert not steps(*pair) & set(pair)


def test_what_was_not_looked_at_is_not_settled() -> None:
    assert settled({}, CONTAINERS) == []
    found = {"places": True, "prometheus configuration": True, "prometheus service": True}
    assert settled(found, CONTAINERS) == ["places", "prometheus configuration"]
