"""The module that proves delivery, against an Alertmanager that answers what the test says."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN
from ansible_collections.llmmon.stack.plugins.modules import alertmanager_probe

from tests.support.deliveries import GIVEN_UP, page
from tests.support.loopback import Answer, Request, Server, as_json
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("fast_clock")


PARAMETERS: dict[str, Any] = {
    "receivers": [{"name": "slack", "integration": "slack", "variable": "llmmon_receivers.slack"}]
}


def metrics(server: Server, *pages: str) -> None:
    """Answer with these pages in turn, and with the last one for ever."""
    left = list(pages)
    server.answers["GET /metrics"] = lambda _: Answer(body=(left.pop(0) if len(left) > 1 else left[0]).encode())


def alertmanager(server: Server) -> list[dict[str, Any]]:
    """Take alerts, and tell those that have not ended; returns all that came."""
    taken: list[dict[str, Any]] = []

    def take(request: Request) -> Answer:
        taken.extend(request.json)
        return Answer()

    server.answers["POST /api/v2/alerts"] = take
    return taken


def known(server: Server, probe: str, *alerts: dict[str, Any]) -> None:
    server.answers[f"GET /api/v2/alerts?filter=probe%3D%22{probe}%22"] = as_json(list(alerts))


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> str:
    """Know by which label the alert is told from those of other runs."""

    class Fixed:
        hex = "f00d"

    monkeypatch.setattr(uuid, "uuid4", Fixed)
    return Fixed.hex


NOTHING, UNDER_WAY = page(("slack", "slack", 0, 0, 0, 0)), page(("slack", "slack", 1, 0, 0, 0))
HALF_COUNTED, GONE = page(("slack", "slack", 1, 0, 1, 0)), page(("slack", "slack", 1, 1, 1, 1))


def test_the_module_sends_watches_and_resolves(server: Server, fixed: str) -> None:
    taken = alertmanager(server)
    known(server, fixed)
    metrics(server, NOTHING, UNDER_WAY, page(("slack", "slack", 1, 0, 1, 0)))
    answer = run_module(alertmanager_probe, {"url": server.url, **PARAMETERS})
    assert not answer["failed"]
    assert not answer["changed"]
    assert (answer["reached"], answer["unreached"]) == (["slack"], [])
    fired, resolved = taken
    assert (
        fired["labels"]
        == resolved["labels"]
        == {
            "alertname": "LLMMonDeliveryProbe",
            "severity": "info",
            "probe": fixed,
        }
    )
    assert fired["endsAt"] > resolved["endsAt"] >= resolved["startsAt"] == fired["startsAt"]


def test_the_alert_says_what_it_is_told_to_say(server: Server, fixed: str) -> None:
    taken = alertmanager(server)
    known(server, fixed)
    metrics(server, NOTHING, UNDER_WAY, page(("slack", "slack", 1, 0, 1, 0)))
    run_module(alertmanager_probe, {"url": server.url, "summary": "시험", **PARAMETERS})
    english = "llmmon proves that alerts reach this receiver. There is nothing to do."
    assert taken[0]["annotations"] == {"summary": "시험", "description": english}


def test_a_request_that_is_counted_before_its_failure_is_not_believed(server: Server, fixed: str) -> None:
    alertmanager(server)
    known(server, fixed)
    metrics(server, NOTHING, HALF_COUNTED, GONE)
    answer = run_module(alertmanager_probe, {"url": server.url, **PARAMETERS})
    assert "slack (slack): Alertmanager's log does not say why" in answer["msg"]


def test_the_alert_is_resolved_although_time_was_short(server: Server, fixed: str) -> None:
    taken = alertmanager(server)
    known(server, fixed, {"status": {"silencedBy": ["all-of-it"]}})
    metrics(server, NOTHING)
    answer = run_module(alertmanager_probe, {"url": server.url, "timeout": 3, **PARAMETERS})
    assert "a silence covers the alert (all-of-it)" in answer["msg"]
    assert len(taken) == 2


def test_the_reason_comes_from_the_log_without_secrets(
    server: Server, fixed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Engine:
        def logs_since(self, container: str, *_: object) -> list[str]:
            assert container == "alertmanager"
            return [GIVEN_UP.replace("ops/", "slack/").replace("no_service", "no s3cret-token")]

    monkeypatch.setattr(alertmanager_probe, "Engine", Engine)
    (tmp_path / "slack.webhook_url").write_text("s3cret-token")
    alertmanager(server)
    known(server, fixed)
    metrics(server, NOTHING, GONE)
    answer = run_module(
        alertmanager_probe,
        {"url": server.url, "container": "alertmanager", "secrets_directory": str(tmp_path), **PARAMETERS},
    )
    assert f"received an error response from Slack: no {HIDDEN}; correct llmmon_receivers.slack" in answer["msg"]
    assert "s3cret-token" not in json.dumps(answer)
    assert answer["deliveries"][0]["reason"].endswith(HIDDEN)


def test_what_was_tried_is_written_down(server: Server, fixed: str, tmp_path: Path) -> None:
    alertmanager(server)
    known(server, fixed)
    record, secrets = tmp_path / "receivers.json", tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "slack.webhook_url").write_text("s3cret-token")
    receivers = [{**PARAMETERS["receivers"][0], "settings": "0a1b"}]
    parameters = {
        "url": server.url,
        "receivers": receivers,
        "record_to": str(record),
        "secrets_directory": str(secrets),
    }
    metrics(server, NOTHING, UNDER_WAY, HALF_COUNTED)
    answer = run_module(alertmanager_probe, parameters)
    (last,) = Tries(record).read().values()
    assert (last.reached, last.settings) == (True, fingerprint("slack", "0a1b", str(secrets)))
    assert answer["line"] == f"receivers: slack (tried {last.at[:16]}Z)"
    assert not answer["changed"]
    assert "s3cret" not in record.read_text()
    metrics(server, NOTHING, GONE)
    answer = run_module(alertmanager_probe, parameters)
    assert answer["failed"]
    assert answer["line"].endswith("and NOT reached)")
    assert [last.reached for last in Tries(record).read().values()] == [False]


def test_a_record_that_cannot_be_written_is_a_warning(server: Server, fixed: str, tmp_path: Path) -> None:
    alertmanager(server)
    known(server, fixed)
    metrics(server, NOTHING, UNDER_WAY, HALF_COUNTED)
    answer = run_module(alertmanager_probe, {"url": server.url, "record_to": str(tmp_path / "no" / "x"), **PARAMETERS})
    assert not answer["failed"]
    assert "when the receivers were tried cannot be written down" in answer["warnings"][0]


def test_check_mode_sends_nothing(server: Server) -> None:
    assert not run_module(alertmanager_probe, {"url": server.url, **PARAMETERS}, check_mode=True)["failed"]
    assert server.requests == []


def test_nobody_to_tell_is_no_proof(server: Server) -> None:
    answer = run_module(alertmanager_probe, {"url": server.url, "receivers": []})
    assert answer["msg"] == "there is no receiver, so no alert would reach anybody: set llmmon_receivers"


def test_an_alertmanager_that_does_not_answer_is_named(server: Server) -> None:
    answer = run_module(alertmanager_probe, {"url": server.url, **PARAMETERS})
    assert answer["msg"].startswith("the synthetic alert cannot be sent or watched: GET ")
