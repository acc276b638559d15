"""Who gets what, as amtool of both versions reads the rendered routes."""

from __future__ import annotations

import pytest

from tests.routing import rendering
from tests.routing.rendering import VERSIONS, Release

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
