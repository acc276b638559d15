"""What site.yml asks to be proved, and when the look at a host is to prove it in its own run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.deployment import value

SERVICES = ["prometheus", "alertmanager", "grafana"]


@pytest.mark.parametrize(
    ("services", "parts"),
    [
        (SERVICES, {"targets", "rules", "grafana", "receivers"}),
        (["prometheus", "alertmanager"], {"targets", "rules", "receivers"}),
        (["prometheus"], {"targets", "rules", "receivers"}),
        (["alertmanager"], {"receivers"}),
        (["grafana"], {"grafana"}),
    ],
    ids=" ".join,
)
def test_only_what_a_host_has_is_asked_for(services: list[str], parts: set[str]) -> None:
    asked = value("__llmmon_proof_asked", llmmon_services=services)
    assert asked.keys() == {"services", "timeout", *parts}
    assert [service["name"] for service in asked["services"]] == services


def test_with_the_presets_of_the_role_of_prometheus() -> None:
    """Whichever role asks: in the look at the host it is another one."""
    assert "litellm" in value("__llmmon_proof_asked.targets.kinds")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ansible_run_tags": ["prometheus", "verify"]},
        # Of other hosts, which have one.
        {"llmmon_services": ["prometheus"], "llmmon_grafana_service_accounts": [{"name": "ci"}]},
    ],
    ids=str,
)
def test_the_look_proves_where_it_can_find_nothing_to_do(settings: dict[str, Any]) -> None:
    assert value("__llmmon_prove_at_once", **settings) is True


@pytest.mark.parametrize(
    "settings",
    [
        {"ansible_check_mode": True},
        {"ansible_run_tags": ["prometheus"]},
        {"ansible_skip_tags": ["verify"]},
        {"llmmon_thanos_components": ["sidecar"]},
        {"llmmon_grafana_service_accounts": [{"name": "ci"}]},
        {"llmmon_docs": True},
        {"llmmon_canaries": [{"gateway": "a"}]},
        {"llmmon_backup_schedule": "daily"},
        {"llmmon_verify_delivery": True},
        {"llmmon_verify_settings": True},
    ],
    ids=str,
)
def test_the_look_does_not_prove_what_is_not_asked_for_or_has_more_to_it(settings: dict[str, Any]) -> None:
    assert value("__llmmon_prove_at_once", **settings) is False


ALL = [*(f"{service} service" for service in SERVICES), "grafana admin", "grafana dashboards", "record"]
DONE = {"look": {"settled": ALL}, "proof": {"services": []}}


@pytest.mark.parametrize(
    ("host", "proved"),
    [
        ({"__llmmon_host": DONE}, True),
        ({"__llmmon_host": {**DONE, "proof": {}}}, False),
        ({"__llmmon_host": {**DONE, "look": {"settled": ["record"]}}}, False),
        # It has to go.
        ({"__llmmon_host": {**DONE, "backups_scheduled": True}}, False),
        # Nothing has looked.
        ({}, False),
    ],
)
def test_what_was_proved_counts_only_where_nothing_is_left_to_do(host: dict[str, Any], proved: bool) -> None:
    assert value("__llmmon_proved", **host) is proved
