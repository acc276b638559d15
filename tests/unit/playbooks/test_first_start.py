"""What site.yml takes for a first start, and what it does with it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from tests.support.collection import REPOSITORY
from tests.support.deployment import the_play, value, variables

ALERTMANAGER, GRAFANA = "llmmon-alertmanager", "llmmon-grafana"
PROMETHEUS, PROBER = "llmmon-prometheus", "llmmon-prober"


def look(*absent: str, settled: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"__llmmon_host": {"look": {"settled": [*settled], "absent_containers": [*absent], "images": []}}}


@pytest.mark.parametrize(
    ("absent", "settings", "first"),
    [
        ([ALERTMANAGER, PROMETHEUS, PROBER, GRAFANA], {}, ["alertmanager", "prometheus", "grafana"]),
        ([GRAFANA], {}, ["grafana"]),
        # The prober has read an older configuration, and has to be told.
        ([PROMETHEUS], {}, []),
        ([PROBER], {}, []),
        ([PROMETHEUS], {"llmmon_prober_enabled": False}, ["prometheus"]),
        ([ALERTMANAGER, PROMETHEUS, PROBER, GRAFANA], {"llmmon_services": ["prometheus"]}, ["prometheus"]),
        ([], {}, []),
    ],
    ids=str,
)
def test_a_service_starts_first_where_nothing_has_read_its_configuration(
    absent: list[str], settings: dict[str, Any], first: list[str]
) -> None:
    assert value("__llmmon_first_started", **look(*absent), **settings) == first


def test_nothing_starts_first_where_nobody_has_looked() -> None:
    assert value("__llmmon_first_started") == []


def test_no_gateway_has_to_be_named_where_no_prometheus_is_deployed() -> None:
    known = variables(**look(ALERTMANAGER, GRAFANA))
    del known["llmmon_gateways"]
    templar = Templar(loader=DataLoader(), variables=known)
    assert templar.template(known["__llmmon_first_started"]) == ["alertmanager", "grafana"]


def test_what_has_started_is_remembered_before_anything_that_builds_on_it_can_fail() -> None:
    names = [task["name"] for task in the_play()["tasks"]]
    assert names[names.index("Deploy Alertmanager") :] == [
        "Deploy Alertmanager",
        "Deploy Prometheus",
        "Deploy Grafana",
        "Write down what is deployed",
        "Deploy Thanos",
        "Serve the documentation",
        "Let canaries ask the gateways",
        "Schedule the backups",
    ]


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"ansible_check_mode": False}, True),
        ({"ansible_check_mode": False, "__llmmon_grafana_admin": {"changed": True}}, True),
        ({"ansible_check_mode": True, "__llmmon_grafana_admin": {"changed": False}}, True),
        # Nothing was reset, and five wrong passwords lock the user.
        ({"ansible_check_mode": True, "__llmmon_grafana_admin": {"changed": True}}, False),
        ({"ansible_check_mode": True, **look(GRAFANA), "__llmmon_container_run": {"skipped": True}}, False),
    ],
    ids=str,
)
def test_check_mode_asks_no_grafana_that_would_not_let_it_in(settings: dict[str, Any], asked: bool) -> None:
    assert value("__llmmon_grafana_can_be_asked", **(look(settled=("grafana container",)) | settings)) is asked


@pytest.mark.parametrize("role", ["common", "prometheus", "engine"])
def test_files_are_looked_for_in_the_same_places_whichever_role_asks(role: str) -> None:
    roles = REPOSITORY / "roles"
    places = value("__llmmon_file_places", role_path=str(roles / role), inventory_dir="/mine/inventory")
    assert places[:2] == ["/mine/inventory", "/mine"]
    assert places[-3:] == [str(roles / name / "files") for name in ("prometheus", "alertmanager", "grafana")]
