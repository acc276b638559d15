"""Which alerts a real Alertmanager keeps quiet, and when it tells nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.routing import running
from tests.support import services
from tests.support.loopback import Answer, Server, as_json
from tests.support.services import Service
from tests.support.versions import SIGNAL

pytestmark = pytest.mark.skipif(
    not services.can_have_own_mounts(),
    reason="Debian's Alertmanager needs its templates, and this machine lets no test show it any",
)

AT = {"job": "gw", "instance": "gw:1", "severity": "warning"}
DOWN = {**AT, "alertname": "LLMTargetDown", "severity": "critical"}
REFUSED = {**DOWN, "alertname": "LLMMetricsAuthFailure"}
FAILING = {**AT, "alertname": "LLMHighFailureRatio", "model": "m", "severity": "critical"}
SLOW = {**AT, "alertname": "LLMHighLatencyP95", "model": "m"}
SURGE = {"job": "gw", "alertname": "LLMRequestSurge", "severity": "warning"}

# What fires first, what then fires, and whether that is told.
CASES: dict[str, tuple[dict[str, str], dict[str, str], bool]] = {
    "a warning beside the same as critical": ({**SLOW, "severity": "critical"}, SLOW, False),
    "a warning about another model": ({**SLOW, "severity": "critical"}, {**SLOW, "model": "n"}, True),
    "a warning at another gateway": ({**SLOW, "severity": "critical"}, {**SLOW, "job": "other"}, True),
    "a warning where neither has a job": (
        {"alertname": "A", "severity": "critical"},
        {"alertname": "A", "severity": "warning"},
        True,
    ),
    "a target that is down because it refuses": (REFUSED, DOWN, False),
    "another target that is down": (REFUSED, {**DOWN, "instance": "gw:2"}, True),
    "a target that is down for all one knows": (
        {"alertname": "LLMMetricsAuthFailure", "severity": "critical"},
        {"alertname": "LLMTargetDown", "severity": "critical"},
        True,
    ),
    "a surge where a target is down": (DOWN, SURGE, False),
    "a surge where the target has gone": ({**DOWN, "alertname": "LLMAllTargetsGone"}, SURGE, False),
    "a surge at another gateway": (DOWN, {**SURGE, "job": "other"}, True),
    "no metrics where the token is refused": (REFUSED, {**AT, "alertname": "LLMMetricsMissing"}, False),
    "no traffic where a target is down": (DOWN, {**SURGE, "alertname": "LLMNoTraffic"}, False),
    "no traffic, where nobody knows": (
        {"alertname": "LLMTargetDown", "severity": "critical"},
        {"alertname": "LLMNoTraffic", "severity": "warning"},
        True,
    ),
    "slow burning beside fast burning": (
        {**SURGE, "alertname": "LLMErrorBudgetBurnFast", "severity": "critical"},
        {**SURGE, "alertname": "LLMErrorBudgetBurnSlow"},
        False,
    ),
    "slow burning of another budget": (
        {**SURGE, "alertname": "LLMErrorBudgetBurnFast", "severity": "critical"},
        {**SURGE, "alertname": "LLMLatencyBudgetBurnSlow"},
        True,
    ),
    "slow burning of latency beside fast": (
        {**SURGE, "alertname": "LLMLatencyBudgetBurnFast", "severity": "critical"},
        {**SURGE, "alertname": "LLMLatencyBudgetBurnSlow"},
        False,
    ),
    "a team's forecast beside its spree": (
        {"alertname": "LLMCostBudgetBurnFast", "scope": "team", "team": "a", "severity": "critical"},
        {"alertname": "LLMCostBudgetForecastOver", "scope": "team", "team": "a", "severity": "warning"},
        False,
    ),
    "another team's forecast": (
        {"alertname": "LLMCostBudgetBurnFast", "scope": "team", "team": "a", "severity": "critical"},
        {"alertname": "LLMCostBudgetForecastOver", "scope": "team", "team": "b", "severity": "warning"},
        True,
    ),
    "the forecast of a budget that is used up": (
        {"alertname": "LLMCostBudgetUsedUp", "scope": "all", "severity": "critical"},
        {"alertname": "LLMCostBudgetForecastOver", "scope": "all", "severity": "warning"},
        False,
    ),
    "a gateway's forecast beside all that is spent": (
        {"alertname": "LLMCostBudgetUsedUp", "scope": "all", "severity": "critical"},
        {"alertname": "LLMCostBudgetForecastOver", "scope": "gateway", "job": "a", "severity": "warning"},
        True,
    ),
    "slow answers of a model that fails": (FAILING, SLOW, False),
    "slow answers of a model that fails, counted": (
        FAILING,
        {**SLOW, "alertname": "LLMSlowRequestsOver5Percent"},
        False,
    ),
    "slow answers of another model": (FAILING, {**SLOW, "model": "n"}, True),
    "slow answers beside the same, counted": (SLOW, {**SLOW, "alertname": "LLMSlowRequestsOver5Percent"}, False),
    "slow answers beside those of another model, counted": (
        SLOW,
        {**SLOW, "alertname": "LLMSlowRequestsOver5Percent", "model": "n"},
        True,
    ),
    "a budget of slow answers beside a model that is slow": (
        SLOW,
        {**SURGE, "alertname": "LLMLatencyBudgetBurnSlow"},
        False,
    ),
    "a budget of slow answers at another gateway": (
        SLOW,
        {**SURGE, "alertname": "LLMLatencyBudgetBurnSlow", "job": "other"},
        True,
    ),
    "a critical burn beside a warning": (
        SLOW,
        {**SURGE, "alertname": "LLMLatencyBudgetBurnFast", "severity": "critical"},
        True,
    ),
    "slower than usual, of a model that fails": (FAILING, {**SLOW, "alertname": "LLMLatencyDegraded"}, False),
}


def states(service: Service) -> dict[str, dict[str, Any]]:
    """Status by the label that tells the cases apart."""
    alerts = service.client.get("/api/v2/alerts")
    return {alert["labels"].get("role", ""): alert["status"] for alert in alerts}


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_inhibition(version: str, tmp_path: Path) -> None:
    with running.alertmanager(version, tmp_path) as service:
        wrong = {}
        for name, (source, target, told) in CASES.items():
            source, target = {**source, "role": "source"}, {**target, "role": "target"}
            running.send(service, source, target)

            def inhibited() -> bool | None:
                return bool(states(service)["target"]["inhibitedBy"]) or None

            # It takes note of a source by itself, some time after it was sent.
            if bool(wait_for(inhibited, 0.1 if told else 5, interval=0.02)) is told:
                wrong[name] = states(service)
            assert states(service)["source"]["inhibitedBy"] == [], name
            running.resolve(service, source, target)
            assert states(service) == {}
        assert wrong == {}


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_at_night_one_route_is_quiet_and_others_are_not(version: str, server: Server, tmp_path: Path) -> None:
    """Also where a route has several receivers: Alertmanager's routes do not inherit when to be quiet."""
    server.answers.update({f"POST /{path}": Answer() for path in ("one", "two", "rest")})
    always = {"times": [{"start_time": "00:00", "end_time": "24:00"}]}
    never = {"years": ["2001"]}
    with running.alertmanager(
        version,
        tmp_path,
        llmmon_receivers={name: {"type": "webhook", "url": f"{server.url}/{name}"} for name in ("one", "two", "rest")},
        llmmon_default_receivers=["rest"],
        llmmon_routes=[
            {"severity": "warning", "receivers": ["one", "two"], "mute_time_intervals": ["night"]},
            {"severity": "info", "receivers": ["one"], "mute_time_intervals": ["holiday"], "group_wait": "0s"},
        ],
        llmmon_mute_time_intervals={"night": always, "holiday": never},
        llmmon_alertmanager_route={"group_wait": "0s", "group_interval": "1s"},
    ) as service:
        running.send(service, {"alertname": "Muted", "severity": "warning"})
        running.send(service, {"alertname": "Told", "severity": "info"}, {"alertname": "Paged", "severity": "critical"})
        assert wait_for(lambda: len(server.asked("POST")) >= 2 or None, 10)
        # A time in which the other would have come, too.
        wait_for(lambda: len(server.asked("POST")) > 2 or None, 1.5)
        told = {(request.path, request.json["commonLabels"]["alertname"]) for request in server.requests}
        assert told == {("/one", "Told"), ("/rest", "Paged")}


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_the_heartbeat_is_sent_at_once_and_its_end_is_not(version: str, server: Server, tmp_path: Path) -> None:
    server.answers.update({"POST /beat": as_json({}), "POST /people": as_json({})})
    with running.alertmanager(
        version,
        tmp_path,
        llmmon_receivers={"webhook": {"url": f"{server.url}/people"}},
        llmmon_heartbeat_url=f"{server.url}/beat",
        llmmon_alertmanager_route={"group_wait": "0s", "group_interval": "1s"},
    ) as service:
        watchdog = {"alertname": "Watchdog", "severity": "none"}
        running.send(service, watchdog)
        assert wait_for(lambda: server.asked("POST") or None, 5) == ["/beat"]
        running.resolve(service, watchdog)
        wait_for(lambda: len(server.asked("POST")) > 1 or None, 1.5)
        assert server.asked("POST") == ["/beat"]
