"""What verify.yml says at its end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support import rendering

STATUS = rendering.REPOSITORY / "roles" / "status"
ALERTMANAGER = rendering.REPOSITORY / "roles" / "alertmanager"
PLACES = {
    "llmmon_grafana_url": "https://grafana.example",
    "llmmon_prometheus_external_url": "https://prometheus.example",
    "llmmon_alertmanager_external_url": "https://alertmanager.example",
}


def summary(**variables: Any) -> str:
    variables = rendering.role_variables(STATUS) | {"__llmmon_proof": {"services": []}} | variables
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


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, ""),
        ({"llmmon_bind_address": "[::1]"}, ""),
        ({"llmmon_grafana_bind_address": "10.0.0.5"}, ""),
        ({"llmmon_bind_address": "0.0.0.0"}, "without a sign-in: alertmanager and prometheus ("),  # noqa: S104
        ({"llmmon_bind_address": "10.0.0.5", "llmmon_services": ["alertmanager"]}, "sign-in: alertmanager ("),
        ({"llmmon_prometheus_bind_address": "10.0.0.5"}, "without a sign-in: prometheus ("),
    ],
)
def test_what_is_open_to_others_without_a_sign_in_is_said(variables: dict[str, Any], named: str) -> None:
    text = summary(**PLACES, **variables)
    assert ("sign-in:" in text) == bool(named)
    assert named in text


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9090"),
        ("0.0.0.0", "http://127.0.0.1:9090"),  # noqa: S104
        ("10.0.0.5", "http://10.0.0.5:9090"),
        ("[fd00::5]", "http://[fd00::5]:9090"),
        ("[::]", "http://127.0.0.1:9090"),
    ],
)
def test_the_host_reaches_what_it_publishes(address: str, url: str) -> None:
    variables = rendering.role_variables(STATUS) | {"llmmon_prometheus_bind_address": address}
    templar = Templar(loader=DataLoader(), variables=variables)
    assert templar.template(trust_as_template("{{ __llmmon_prometheus_local_url }}")) == url


def test_jobs_whose_names_differ_in_case_only_are_all_named() -> None:
    targets = {"up": 2, "total": 2, "targets": [{"job": "Gw"}, {"job": "gw"}, {"job": "gw"}]}
    assert "scrape targets: 2 of 2 up (Gw, gw)\n" in summary(
        **PLACES, __llmmon_proof={"services": [], "targets": targets}
    )


def test_of_many_jobs_the_first_are_named() -> None:
    targets = {"up": 12, "total": 12, "targets": [{"job": f"gw{number:02}"} for number in range(12)]}
    text = summary(**PLACES, __llmmon_proof={"services": [], "targets": targets})
    assert "scrape targets: 12 of 12 up (gw00, " in text
    assert "gw09, and 2 more)\n" in text


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"llmmon_receivers": {"slack": {}, "email": {}}}, "receivers: slack, email (not tried: "),
        ({"llmmon_receivers": {}}, "warning: alerts reach nobody, since there is no receiver: "),
        # It tells no person.
        ({"llmmon_receivers": {}, "llmmon_heartbeat_url": "https://h.example"}, "warning: alerts reach nobody, "),
    ],
)
def test_who_is_told_is_always_said(variables: dict[str, Any], line: str) -> None:
    assert line in summary(**rendering.role_variables(ALERTMANAGER) | PLACES | variables)


def test_receivers_are_not_named_where_they_were_tried_or_are_elsewhere() -> None:
    variables = rendering.role_variables(ALERTMANAGER) | PLACES | {"llmmon_receivers": {"slack": {}}}
    tried = {"__llmmon_delivery": {"reached": ["slack"], "seconds": 1.1}}
    assert summary(**variables | tried).strip() == "alerts: a synthetic one reached slack within 1.1 s"
    assert "receiver" not in summary(**variables | {"llmmon_services": ["prometheus"]})
