"""The verdict on what Alertmanager delivers. tests/routing asks a real one."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import alertmanager_probe
from ansible_collections.llmmon.stack.plugins.modules.alertmanager_probe import (
    HIDDEN,
    Counts,
    Delivery,
    Receiver,
    assess,
    counted,
    explained,
    fields,
    masked,
    reasons,
    secrets_in,
    settled,
    untried_because,
    verdict,
)

from tests.support.loopback import Answer, Request, Server, as_json
from tests.support.modules import run_module

SLACK, OPS = Receiver("slack", "slack", "llmmon_receivers.slack"), Receiver("ops", "slack", "llmmon_receivers.ops")
MAIL = Receiver("mail", "email", "llmmon_receivers.mail")

# -- counting


def page(*counts: tuple[str, str, int, int, int, int]) -> str:
    """A metrics page: integration, receiver, then notifications, failed ones, requests, failed ones."""
    lines = []
    for integration, receiver, *numbers in counts:
        labels = f'integration="{integration}"' + (f',receiver_name="{receiver}"' if receiver else "")
        begun, given_up, requests, failed = numbers
        lines += [
            f"alertmanager_notifications_total{{{labels}}} {begun}",
            f'alertmanager_notifications_failed_total{{{labels},reason="clientError"}} 0',
            f'alertmanager_notifications_failed_total{{{labels},reason="other"}} {given_up}',
            f"alertmanager_notification_requests_total{{{labels}}} {requests}",
            f"alertmanager_notification_requests_failed_total{{{labels}}} {failed}",
            f"alertmanager_notification_latency_seconds_count{{{labels}}} 99",
        ]
    return "\n".join([*lines, "alertmanager_alerts 3"])


def test_counters_are_added_up_over_reasons() -> None:
    text = page(("slack", "ops", 3, 1, 5, 2)).replace('reason="clientError"} 0', 'reason="clientError"} 4')
    assert counted(text) == {("slack", "ops"): Counts(3, 5, 5, 2)}
    assert counted(page(("email", "", 1, 0, 1, 0))) == {("email", ""): Counts(1, 0, 1, 0)}
    assert counted("") == {}


def test_what_came_in_between() -> None:
    assert Counts(5, 2, 7, 3).since(Counts(4, 2, 5, 3)) == Counts(1, 0, 2, 0)
    # Alertmanager was started again.
    assert Counts(1, 0, 1, 0).since(Counts(4, 2, 5, 3)) == Counts(1, 0, 1, 0)


def deliveries(before: str, after: str, *receivers: Receiver) -> list[Delivery]:
    return assess(counted(before), counted(after), list(receivers))


def test_each_receiver_is_judged_by_its_own_counters() -> None:
    before = page(("slack", "slack", 9, 9, 9, 9), ("slack", "ops", 0, 0, 0, 0), ("email", "mail", 1, 0, 1, 0))
    after = page(("slack", "slack", 10, 9, 10, 9), ("slack", "ops", 1, 1, 3, 3), ("email", "mail", 2, 0, 1, 0))
    slack, ops, mail = deliveries(before, after, SLACK, OPS, MAIL)
    assert (slack.reached, slack.given_up) == (True, False)
    assert (ops.reached, ops.given_up) == (False, True)
    # A notification is counted when it begins: this one is under way.
    assert (mail.reached, mail.given_up) == (False, False)
    assert settled([slack, ops])
    assert not settled([slack, ops, mail])


def test_a_notification_that_arrives_at_the_second_attempt_has_arrived() -> None:
    (slack,) = deliveries(page(), page(("slack", "slack", 1, 0, 3, 2)), SLACK)
    assert slack.reached


def test_what_is_delivered_counts_more_than_what_failed_meanwhile() -> None:
    (slack,) = deliveries(page(), page(("slack", "slack", 3, 1, 3, 1)), SLACK)
    assert (slack.reached, slack.given_up) == (True, False)


def test_without_names_receivers_of_one_integration_are_counted_together() -> None:
    before = page(("slack", "", 5, 0, 5, 0), ("email", "", 0, 0, 0, 0))
    (both, mail) = deliveries(before, page(("slack", "", 7, 1, 7, 1), ("email", "", 1, 0, 1, 0)), SLACK, OPS, MAIL)
    assert both.names == ["slack", "ops"]
    assert (both.reached, both.given_up, mail.reached) == (False, True, True)
    (both, _) = deliveries(before, page(("slack", "", 7, 0, 7, 0)), SLACK, OPS, MAIL)
    assert both.reached


def test_a_receiver_that_alertmanager_does_not_know_is_never_reached() -> None:
    (ops,) = deliveries(page(("slack", "slack", 0, 0, 0, 0)), page(("slack", "slack", 1, 0, 1, 0)), OPS)
    assert (ops.reached, ops.given_up) == (False, False)


# -- reasons

GIVEN_UP = (
    'time=2026-01-02T03:04:05Z level=ERROR source=dispatch.go:360 msg="Notify for alerts failed" component=dispatcher'
    ' num_alerts=1 err="ops/slack[0]: notify retry canceled due to unrecoverable error after 1 attempts:'
    ' channel \\"\\": received an error response from Slack: no_service"'
)
ATTEMPT = (
    'time=2026-01-02T03:04:05Z level=WARN msg="Notify attempt failed, will retry later" component=dispatcher'
    ' receiver=mail integration=email[0] aggrGroup="{}:{a=\\"b\\"}" attempts=1 err="dial tcp 10.0.0.1:25: refused"'
)
LATE = (
    'level=ERROR msg="Notify for alerts failed" component=dispatcher num_alerts=1'
    ' err="w_1-a/webhook[0]: notify retry canceled after 2 attempts: context deadline exceeded"'
)


def test_reasons_are_read_from_the_log() -> None:
    assert reasons(
        [GIVEN_UP, ATTEMPT, LATE, "", "no fields", 'level=INFO msg="Completed loading"', '{"a": '],
    ) == {
        ("slack", "ops"): 'channel "": received an error response from Slack: no_service',
        ("email", "mail"): "dial tcp 10.0.0.1:25: refused",
        ("webhook", "w_1-a"): "context deadline exceeded",
    }


def test_the_log_may_be_json() -> None:
    line = json.dumps({"level": "ERROR", "err": fields(GIVEN_UP)["err"], "num_alerts": 1})
    assert list(reasons([line])) == [("slack", "ops")]


def test_the_end_counts_more_than_an_attempt() -> None:
    attempt = ATTEMPT.replace("receiver=mail integration=email", "receiver=ops integration=slack")
    assert reasons([attempt, GIVEN_UP]) == reasons([GIVEN_UP, attempt]) == reasons([GIVEN_UP])


def test_words_that_need_an_explanation() -> None:
    assert explained("context deadline exceeded", True) == "no answer in time (context deadline exceeded)"
    assert explained("refused", True) == "refused"
    assert "does not say why" in explained("", True)
    assert "still trying" in explained("", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a s3cret b", f"a {HIDDEN} b"),
        ("Post https://hooks.example/services/T0/B0/abcdefgh: EOF", f"Post {HIDDEN}: EOF"),
        ("404 for /services/T0/B0/abcdefgh", f"404 for {HIDDEN}"),
        ("no token abcdefgh here", f"no token {HIDDEN} here"),
        ("see https://other.example/a?b=c now", f"see https://other.example/{HIDDEN} now"),
        ("dial tcp 10.0.0.1:25: refused by hooks.example", "dial tcp 10.0.0.1:25: refused by hooks.example"),
    ],
)
def test_secrets_are_masked(text: str, expected: str) -> None:
    assert masked(text, ["https://hooks.example/services/T0/B0/abcdefgh", "s3cret", ""]) == expected


def test_secrets_are_read_from_their_directory(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n")
    (tmp_path / "folder").mkdir()
    assert secrets_in(str(tmp_path)) == ["one"]
    assert secrets_in(str(tmp_path / "nothing")) == secrets_in(None) == []


# -- verdict


def test_the_verdict_is_one_sentence_a_receiver() -> None:
    (slack, ops, mail) = deliveries(
        page(),
        page(("slack", "slack", 1, 0, 1, 0), ("slack", "ops", 1, 1, 1, 1), ("email", "mail", 0, 0, 0, 0)),
        SLACK,
        OPS,
        MAIL,
    )
    assert verdict([slack], {}, "") is None
    assert verdict([slack, ops, mail], {("slack", "ops"): "no_service"}, "nobody tried") == (
        "2 of 3 receivers did not get the synthetic alert. slack (ops): no_service; correct llmmon_receivers.ops |"
        " email (mail): nobody tried; correct llmmon_receivers.mail. Reached: slack"
    )


def test_why_nobody_tried() -> None:
    assert "silence covers the alert (abc)" in untried_because([{"status": {"silencedBy": ["abc"], "inhibitedBy": []}}])
    assert "another alert inhibits" in untried_because([{"status": {"silencedBy": [], "inhibitedBy": ["x"]}}])
    assert "no route" in untried_because([{"status": {"silencedBy": [], "inhibitedBy": []}}])
    assert "no route" in untried_because([])


# -- the module


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait without waiting: the clock of the waiting moves on with every look at it."""
    seconds = iter(range(10**6))
    waiting = "ansible_collections.llmmon.stack.plugins.module_utils.host.waiting.time"
    monkeypatch.setattr(f"{waiting}.sleep", lambda _: None)
    monkeypatch.setattr(f"{waiting}.monotonic", lambda: float(next(seconds)))


PARAMETERS = {"receivers": [{"name": "slack", "integration": "slack", "variable": "llmmon_receivers.slack"}]}


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
    assert fired["endsAt"] > resolved["endsAt"]


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


def test_check_mode_sends_nothing(server: Server) -> None:
    assert not run_module(alertmanager_probe, {"url": server.url, **PARAMETERS}, check_mode=True)["failed"]
    assert server.requests == []


def test_nobody_to_tell_is_no_proof(server: Server) -> None:
    answer = run_module(alertmanager_probe, {"url": server.url, "receivers": []})
    assert answer["msg"] == "there is no receiver, so no alert would reach anybody: set llmmon_receivers"


def test_an_alertmanager_that_does_not_answer_is_named(server: Server) -> None:
    answer = run_module(alertmanager_probe, {"url": server.url, **PARAMETERS})
    assert answer["msg"].startswith("the synthetic alert cannot be sent or watched: GET ")
