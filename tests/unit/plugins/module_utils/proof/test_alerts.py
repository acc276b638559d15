"""The proof of alerts, against a server that answers as Prometheus and Alertmanager do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, Try, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.proof.alerts import verify_alerts
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

from tests.support.loopback import Answer, Request, Server, as_json

pytestmark = pytest.mark.usefixtures("fast_clock")

DIRECTORY = "/etc/llmmon/prometheus/current"
SETTINGS = {"name": "slack", "integration": "slack", "settings": "0a"}
PATH = {"receiver": "slack", "matchers": [], "continue": False, "muted": "", "meant": False, "routes": []}
GATEWAY = {
    "kind": "canonical",
    "signals": {"requests": ["llm_requests_total"]},
    "counters": {"requests": [["llm_requests_total", ""]]},
    "labels": {"team": "search"},
    "model": ["model"],
    "team": ["team"],
    "complete": False,
    "has_default_model": False,
    "vanishing": False,
}


RULES = [
    {"type": "alerting", "name": "LLMNoTraffic", "query": "llm_requests_total == 0", "labels": {"component": "llm"}},
    {"type": "alerting", "name": "Mine", "query": "mine > 1", "labels": {"severity": "warning"}},
]
GROUPS = [
    {"file": f"{DIRECTORY}/{file}", "rules": [rule]} for file, rule in zip(("rules/a", "rules.d/b"), RULES, strict=True)
]


class Prometheus(dict[str, Any]):
    """Answers as one that has these series: their names, each with the labels of one."""

    def __init__(self) -> None:
        super().__init__()
        self.has: dict[str, dict[str, str]] = {"up": {"job": "gw"}, "mine": {}, "llm_requests_total": {"job": "gw"}}
        self["GET /api/v1/rules?exclude_alerts=true"] = as_json({"data": {"groups": GROUPS}})
        self["GET /api/v2/silences"] = as_json([])
        self["GET /api/v1/targets/metadata?match_target=%7Bjob%3D%22gw%22%7D"] = as_json({"data": []})

    def get(self, asked: str, default: Any = None) -> Any:
        query = parse_qs(urlsplit(asked).query).get("query", [""])[0]
        if not query:
            return super().get(asked, default)
        # Enough of the language for what is asked here: what is named is found.
        found: list[dict[str, Any]] = [
            {"metric": {"__name__": name, **labels}, "value": [0, "50"]}
            for name, labels in self.has.items()
            if " offset " not in query and (re.search(rf"\b{name}\b", query) or query.startswith("group by (__name__)"))
        ]
        return as_json({"data": {"result": found}})


@pytest.fixture(autouse=True)
def prometheus(server: Server) -> Prometheus:
    server.answers = found = Prometheus()
    return found


def options(server: Server, **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"directory": DIRECTORY, "gateways": {"gw": GATEWAY}, "not_proved": {}, "paths": [PATH]}
    usual |= {"alertmanager_url": server.url, "receivers": [SETTINGS], "record": None, "secrets_directory": None}
    return {**usual, **more}


def verify(server: Server, seconds: float = 5, **more: Any) -> dict[str, Any]:
    return verify_alerts(HttpClient(Connection(url=server.url)), options(server, **more), seconds)


def test_alerts_that_can_fire_are_counted(server: Server) -> None:
    said = verify(server)
    assert (said["line"], said["cannot_fire"], said["total"]) == ("alerts: 2 can fire", [], 2)


def test_what_has_just_been_started_is_waited_for(server: Server, prometheus: Prometheus) -> None:
    del prometheus.has["mine"]

    def silences(_: Request) -> Answer:
        prometheus.has["mine"] = {}
        return as_json([])

    prometheus["GET /api/v2/silences"] = silences
    assert verify(server, 100)["line"] == "alerts: 2 can fire"


def test_one_that_cannot_fails_the_proof_with_what_to_do(server: Server, prometheus: Prometheus) -> None:
    del prometheus.has["mine"]
    prometheus.has["llm_calls_total"] = {"job": "gw"}
    prometheus.has["llm_requests_count_total"] = prometheus.has.pop("llm_requests_total")
    with pytest.raises(NotProved) as raised:
        verify(server)
    assert str(raised.value) == (
        "alerts that cannot fire here: 2 (0 can)."
        " LLMNoTraffic of gw: llm_requests_total is not on its page, where llm_requests_count looks like its new name"
        " | Mine: mine has no series here"
        "; mend what is said of each, or name them in llmmon_alerts_not_proved with the reason why they need not be"
        " able to fire"
    )
    assert raised.value.facts["line"] == "alerts: 0 can fire, 2 cannot: LLMNoTraffic, Mine"
    known = {"LLMNoTraffic": "the gateway is new", "Mine": "it waits for a job"}
    assert verify(server, not_proved=known)["known"] == [f"{name}: {why}" for name, why in known.items()]


def test_the_running_alertmanager_and_the_last_test_alert_are_asked(
    server: Server, prometheus: Prometheus, tmp_path: Path
) -> None:
    record = tmp_path / "receivers.json"
    Tries(record).note({"slack": Try("2031-01-02T03:04:05", False, fingerprint("slack", "0a", None))})
    with pytest.raises(NotProved, match="LLMNoTraffic, Mine: its receiver slack did not take the test alert of 2031"):
        verify(server, record=str(record))
    pager = {**PATH, "receiver": "pager"}
    (note,) = verify(server, record=str(record), paths=[{**PATH, "continue": True}, pager])["notes"]
    assert note == {
        "why": "its receiver slack did not take the test alert of 2031-01-02T03:04Z",
        "alerts": ["LLMNoTraffic", "Mine"],
    }
    # With other settings it was not tried.
    assert verify(server, record=str(record), receivers=[{**SETTINGS, "settings": "0b"}])["cannot_fire"] == []
    matchers = [{"name": "team", "value": "search", "isRegex": False, "isEqual": True}]
    prometheus["GET /api/v2/silences"] = as_json(
        [{"endsAt": "2199-01-01T00:00:00Z", "matchers": matchers, "status": {"state": "active"}}]
    )
    # The gateway's own label.
    with pytest.raises(NotProved, match=r"1 can.* LLMNoTraffic: it is silenced until 2199-01-01"):
        verify(server)
    # Where nobody is told, another proof says so; and of an Alertmanager elsewhere nothing is known.
    assert verify(server, paths=[], alertmanager_url="")["line"] == "alerts: 2 can fire"


def test_a_service_that_does_not_answer_is_told(server: Server) -> None:
    server.answers = {}
    with pytest.raises(NotProved, match=r"^Prometheus or Alertmanager cannot be asked whether alerts can fire: GET "):
        verify(server)
