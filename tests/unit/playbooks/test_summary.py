"""What verify.yml says at its end."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support import rendering

STATUS = rendering.REPOSITORY / "roles" / "status"
PLACES = {
    "llmmon_grafana_url": "https://grafana.example",
    "llmmon_prometheus_external_url": "https://prometheus.example",
    "llmmon_alertmanager_external_url": "https://alertmanager.example",
}


def summary(**variables: Any) -> str:
    variables = rendering.role_variables(STATUS) | {"__llmmon_status": {"services": []}} | variables
    text = (STATUS / "templates" / "summary.txt.j2").read_text(encoding="utf-8")
    return str(Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text)))


def test_links_that_lead_to_localhost_are_named() -> None:
    assert "set llmmon_grafana_url, llmmon_prometheus_external_url and llmmon_alertmanager_external_url to" in summary()
    assert "set llmmon_runbook_base_url to" in summary(**PLACES, llmmon_runbook_base_url="docs/runbooks")


def test_links_that_open_are_nothing_to_speak_of() -> None:
    assert "Links" not in summary(**PLACES)


def test_each_host_speaks_of_the_links_that_its_services_write() -> None:
    assert "set llmmon_alertmanager_external_url to" in summary(llmmon_services=["alertmanager"])
    assert "set llmmon_grafana_url and llmmon_prometheus_external_url to" in summary(llmmon_services=["prometheus"])
    assert "Links" not in summary(llmmon_services=["grafana"])


def test_jobs_whose_names_differ_in_case_only_are_all_named() -> None:
    targets = {"up": 2, "total": 2, "targets": [{"job": "Gw"}, {"job": "gw"}, {"job": "gw"}]}
    assert "scrape targets: 2 of 2 up (Gw, gw)" in summary(**PLACES, __llmmon_targets=targets)
