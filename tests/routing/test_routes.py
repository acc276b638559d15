"""Who gets what, as amtool of both versions reads the rendered routes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.routing import rendering, variants
from tests.routing.rendering import VERSIONS, Release
from tests.support.rendering import REPOSITORY, render_rules

DEFAULT = ["slack", "email"]
ALL = ["slack", "slack-payments", "discord", "email", "pager"]

ROUTES: list[tuple[dict[str, str], list[str]]] = [
    # Nothing special.
    ({"alertname": "LLMHighLatencyP95", "severity": "warning", "job": "gw"}, DEFAULT),
    # Paged, and told to the others as well.
    ({"alertname": "LLMHighFailureRatio", "severity": "critical", "job": "gw"}, ["pager", *DEFAULT]),
    # A team's own.
    ({"alertname": "LLMCostBudgetForecastOver", "severity": "warning", "team": "payments"}, ["slack-payments"]),
    ({"alertname": "LLMCostBudgetBurnFast", "severity": "critical", "team": "payments"}, ["pager", "slack-payments"]),
    ({"alertname": "A", "severity": "warning", "team": "billing.eu"}, ["slack-payments"]),
    # The dot is one.
    ({"alertname": "A", "severity": "warning", "team": "billing-eu"}, DEFAULT),
    # Matchers.
    ({"alertname": "A", "severity": "warning", "job": "gw", "model": "gpt-4.1-mini"}, ["discord", "slack"]),
    ({"alertname": "A", "severity": "warning", "job": "gw", "model": "gpt-401"}, DEFAULT),
    ({"alertname": "A", "severity": "warning", "model": "gpt-4.1"}, DEFAULT),
    # Nobody.
    ({"alertname": "A", "severity": "info"}, ["nobody"]),
    # Ours, and before everything that users write.
    ({"alertname": "Watchdog", "severity": "none"}, ["heartbeat"]),
    ({"alertname": "LLMMonDeliveryProbe", "severity": "info"}, [*ALL, "heartbeat"]),
    ({"alertname": "AlertNotificationsFailing", "severity": "critical", "integration": "slack"}, ["email"]),
    ({"alertname": "AlertNotificationsFailing", "severity": "critical", "integration": "email"}, ["slack"]),
    ({"alertname": "AlertNotificationsFailing", "severity": "critical", "integration": "pagerduty"}, DEFAULT),
    ({"alertname": "AlertNotificationsFailing", "severity": "critical", "integration": "webhook"}, DEFAULT),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("labels", "receivers"), ROUTES, ids=lambda value: "-".join(value))
def test_routes(version: str, labels: dict[str, str], receivers: list[str], releases: dict[str, Release]) -> None:
    assert rendering.receivers_of(version, releases["teams"], labels) == receivers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "A"}, ["slack"]),
        ({"alertname": "A", "severity": "critical"}, ["slack"]),
        ({"alertname": "Watchdog"}, ["nobody"]),
        ({"alertname": "LLMMonDeliveryProbe"}, ["slack"]),
        # There is no other channel: better to try the one that is said to be dead than to tell nobody.
        ({"alertname": "AlertNotificationsFailing", "integration": "slack"}, ["slack"]),
    ],
)
def test_routes_of_the_simple_form(
    version: str, labels: dict[str, str], receivers: list[str], releases: dict[str, Release]
) -> None:
    assert rendering.receivers_of(version, releases["simple"], labels) == receivers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("alert", ["A", "Watchdog", "LLMMonDeliveryProbe", "AlertNotificationsFailing"])
def test_without_receivers_nobody_is_told(version: str, alert: str, releases: dict[str, Release]) -> None:
    assert rendering.receivers_of(version, releases["nobody"], {"alertname": alert}) == ["nobody"]


def test_what_is_critical_is_repeated_sooner_and_information_later(releases: dict[str, Release]) -> None:
    route = releases["teams"].content()["route"]
    *_, critical, information, rest = route["routes"]
    repeated = [part["repeat_interval"] for part in (critical, route, information)]
    assert repeated == ["1h", "24h", "4d"]
    assert (critical["matchers"], information["matchers"]) == (['severity="critical"'], ['severity="info"'])
    assert "matchers" not in rest


@pytest.mark.parametrize("version", VERSIONS)
def test_the_example_of_the_guide_reaches_the_team_of_a_gateway(version: str, tmp_path: Path) -> None:
    """Labels as the rules write them; the case labels_of_gateways of tests/rules shows that Prometheus sends them."""
    guide = (REPOSITORY / "docs" / "receivers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.+?)```", guide, re.DOTALL)
    (example,) = [yaml.safe_load(block) for block in blocks if "llmmon_routes:" in block]
    ((gateway,),) = [yaml.safe_load(block)["llmmon_gateways"] for block in blocks if "llmmon_gateways:" in block]
    named = {name for route in example["llmmon_routes"] for name in route["receivers"]}
    release = rendering.lay_out(
        tmp_path,
        llmmon_receivers={name: {"type": "webhook", "url": "http://example.org"} for name in sorted(named)},
        llmmon_mute_time_intervals=variants.TEAMS["llmmon_mute_time_intervals"],
        **example,
    )
    rules = [
        rule
        for group in yaml.safe_load(render_rules(llmmon_gateways=[gateway])["llm_alerts.yml"])["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    alerts = {
        rule["alert"]: dict(re.findall(r', "(\w+)", "(\w+)", "job", "payments-proxy"', rule["expr"])) for rule in rules
    }
    assert alerts == {name: {"team": "payments", "env": "prod"} for name in alerts}
    severities = {rule["labels"]["severity"] for rule in rules}
    assert severities >= {"critical", "warning"}
    for severity in severities:
        labels = {"alertname": "LLMHighFailureRatio", "severity": severity, "job": "payments-proxy", "team": "payments"}
        paged = ["pagerduty"] if severity == "critical" else []
        assert rendering.receivers_of(version, release, labels) == [*paged, "slack-payments"]
