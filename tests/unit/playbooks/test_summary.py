"""What verify.yml says at its end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import receivers_arguments

from tests.support import rendering

STATUS = rendering.REPOSITORY / "roles" / "status"
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


LINE = "receivers: slack (not tried); verify.yml -e llmmon_verify_delivery=true sends each a test alert"
TRIED = "receivers: slack (tried 2026-01-02T03:04Z)"


def test_who_is_told_is_a_line_of_every_summary() -> None:
    proof = {"services": [], "receivers": {"line": LINE}}
    assert summary(**PLACES, __llmmon_proof=proof).strip() == LINE
    # The step that was skipped has a result, too.
    assert summary(**PLACES, __llmmon_proof=proof, __llmmon_delivery={"skipped": True}).strip() == LINE


def test_what_was_just_tried_is_newer_than_what_was_looked_at_before() -> None:
    proof = {"services": [], "receivers": {"line": LINE}}
    tried = {"reached": ["slack"], "seconds": 1.1, "line": TRIED}
    lines = summary(**PLACES, __llmmon_proof=proof, __llmmon_delivery=tried).strip().splitlines()
    assert lines == ["alerts: a synthetic one reached slack within 1.1 s", TRIED]


def test_a_heartbeat_that_was_tried_is_nobody_s_proof() -> None:
    proof = {"services": [], "receivers": {"line": "receivers: NOBODY is told of alerts"}}
    tried = {"reached": ["heartbeat"], "seconds": 1.1, "line": ""}
    assert "receivers: NOBODY is told of alerts" in summary(**PLACES, __llmmon_proof=proof, __llmmon_delivery=tried)


def test_the_status_has_the_line_too() -> None:
    nothing = {"services": [], "backups": [], "interrupted": "", "problems": []}
    variables = rendering.role_variables(STATUS) | {"__llmmon_status": {**nothing, "receivers": {"line": TRIED}}}
    text = (STATUS / "templates" / "status.txt.j2").read_text(encoding="utf-8")
    lines = str(Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))).splitlines()
    assert "receivers:      slack (tried 2026-01-02T03:04Z)" in lines


def told(**variables: Any) -> Any:
    """What the modules look for of receivers, as the roles write it."""
    known = rendering.role_variables(STATUS) | {"llmmon_slack_webhook_url": "", "llmmon_discord_webhook_url": ""}
    templar = Templar(loader=DataLoader(), variables=known | variables)
    return templar.template(trust_as_template("{{ __llmmon_told if __llmmon_alerts_here else none }}"))


def test_a_host_is_judged_by_its_own_alertmanager() -> None:
    found = told(llmmon_receivers={"email": {}}, llmmon_slack_webhook_url="https://hooks.example/x")
    assert (found["own"], found["urls"], found["required"]) == (True, ["http://127.0.0.1:9093"], True)
    assert [receiver["name"] for receiver in found["wanted"]] == ["slack", "email"]
    assert {frozenset(receiver) for receiver in found["wanted"]} == {frozenset({"name", "settings"})}
    assert "hooks.example" not in str(found)
    # What the modules take, and no more.
    assert set(found) == set(receivers_arguments()) - {"judge"}


def test_a_host_without_one_is_judged_by_those_that_it_sends_to() -> None:
    elsewhere = ["10.0.0.5:9093", "10.0.0.6:9093"]
    found = told(llmmon_services=["prometheus", "grafana"], llmmon_prometheus_alertmanagers=elsewhere)
    assert (found["own"], found["urls"]) == (False, [f"http://{place}" for place in elsewhere])
    assert told(llmmon_services=["prometheus"])["urls"] == []
    assert told(llmmon_services=["grafana"]) is None


def test_whoever_means_it_is_not_told_that_nobody_is() -> None:
    assert told(llmmon_receivers_required=False)["required"] is False
