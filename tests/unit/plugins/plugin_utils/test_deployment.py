"""Which steps of a deployment have something to do, by what a look has found."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.deployment import steps_to_do

SERVICES = ["prometheus", "alertmanager", "grafana"]
NOTHING: dict[str, Any] = {"thanos": [], "grafana": [], "docs": False, "canary": [], "backup": ""}
CONTAINERS = {"thanos": ["thanos-store", "thanos-query"], "docs": ["docs"], "canary": ["canary"]}
SETTLED = [
    "alertmanager service",
    "grafana admin",
    "grafana dashboards",
    "grafana service",
    "prometheus service",
    "record",
]


def host(**other: Any) -> dict[str, Any]:
    return {"look": {"settled": SETTLED}, "containers_there": [], "backups_scheduled": False, **other}


def left(found: dict[str, Any], wanted: dict[str, Any] | None = None, *, check_mode: bool = False) -> list[str]:
    return steps_to_do(found, SERVICES, {**NOTHING, **(wanted or {})}, CONTAINERS, check_mode)


def test_a_host_that_is_as_it_should_be_has_nothing_left() -> None:
    assert left(host()) == []


def test_where_nothing_has_looked_the_services_have_all_to_do() -> None:
    assert left({}) == [*SERVICES, "record"]
    assert left({"containers_there": ["docs"]}) == [*SERVICES, "docs", "record"]


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ("prometheus service", "prometheus"),
        ("alertmanager service", "alertmanager"),
        ("grafana service", "grafana"),
        ("grafana admin", "grafana"),
        ("grafana dashboards", "grafana"),
        ("record", "record"),
    ],
)
def test_what_differs_has_to_be_done(missing: str, step: str) -> None:
    look = {"settled": [name for name in SETTLED if name != missing]}
    assert left(host(look=look)) == [step]


def test_a_service_that_is_not_wanted_has_no_step() -> None:
    assert steps_to_do(host(look={"settled": ["record"]}), [], NOTHING, CONTAINERS, False) == []
    # Whatever is wanted of one that other hosts have.
    accounts = {**NOTHING, "grafana": [{"name": "ci"}]}
    assert steps_to_do(host(), ["prometheus", "alertmanager"], accounts, CONTAINERS, False) == []


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("thanos", ["sidecar"]),
        ("docs", True),
        ("canary", [{"gateway": "a"}]),
        ("backup", "daily"),
        # Service accounts are asked of Grafana itself.
        ("grafana", [{"name": "ci"}]),
    ],
)
def test_what_no_look_compares_is_done_where_it_is_wanted(step: str, wanted: object) -> None:
    assert left(host(), {step: wanted}) == [step]


@pytest.mark.parametrize(
    ("step", "there"),
    [
        ("thanos", {"containers_there": ["other", "thanos-query"]}),
        ("docs", {"containers_there": ["docs"]}),
        ("canary", {"containers_there": ["canary"]}),
        ("backup", {"backups_scheduled": True}),
    ],
)
def test_what_is_there_and_not_wanted_is_removed(step: str, there: dict[str, Any]) -> None:
    assert left(host(**there)) == [step]


def test_check_mode_writes_no_record() -> None:
    assert left(host(look={"settled": SETTLED[:-1]}), check_mode=True) == []
    assert left({}, check_mode=True) == SERVICES
