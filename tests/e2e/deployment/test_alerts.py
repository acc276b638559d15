"""What it is all for: a gateway that fails is told to people, in every channel, and so is that it works again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.stack import Stack
from tests.testbed import gateway
from tests.testbed.shell import PATIENCE, wait_until
from tests.testbed.sinks import Entry

ALERT, PROBE = "LLMHighFailureRatio", "LLMMonDeliveryProbe"
# So many requests at a time: the alert needs 20 in five minutes, and is over when fewer than a fifth of them failed.
FAILING, GOOD = 20, 100
REFUSED_RECEIVERS = {
    "llmmon_receivers": {
        "slack": {},
        "pager": {"type": "pagerdoty", "secrets": {"routing_key": "k"}},
        "webhook": {"url": "hooks.example.org/x"},
    },
    "llmmon_default_receivers": [],
}
REFUSED_ROUTES = {
    "llmmon_receivers": {"webhook": {"url": "http://sink.example.org"}},
    "llmmon_routes": [
        {"severity": "critical", "receivers": ["pager"]},
        {"severity": "warning", "receivers": ["webhook", "webhook"]},
        {"matchers": ['model=~"gpt-(4"'], "receivers": ["webhook"], "mute_time_intervals": ["weekend"]},
    ],
    "llmmon_mute_time_intervals": {
        "night": {"times": [{"start_time": "22:00", "end_time": "7"}], "location": "Europe/Berln"},
    },
}

# Answers as OpenAI's interface does, where the model that always fails looks for it.
UPSTREAM = """
import http.server, json
class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "word"}
        body = json.dumps({
            "id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 9), Model).serve_forever()
"""


def receivers(stack: Stack) -> dict[str, Any]:
    """Every native type, and two of one."""
    sink = f"http://{stack.sinks.webhook}"
    return {
        "slack": {"webhook_url": f"{sink}/slack"},
        "slack-payments": {"type": "slack", "webhook_url": f"{sink}/payments"},
        "discord": {"webhook_url": f"{sink}/discord"},
        "webhook": {"url": f"{sink}/generic"},
        "email": {
            "to": "oncall@example.org",
            "from": "llmmon@example.org",
            "smarthost": stack.sinks.smtp,
            "tls": "none",
        },
    }


def settings(stack: Stack) -> dict[str, Any]:
    """As in production, only quicker."""
    return {
        "llmmon_receivers": receivers(stack),
        "llmmon_default_receivers": ["slack", "discord", "webhook", "email"],
        "llmmon_routes": [{"team": "payments", "receivers": ["slack-payments"], "mute_time_intervals": ["night"]}],
        "llmmon_mute_time_intervals": {
            "night": {"times": [{"start_time": "22:00", "end_time": "07:00"}], "location": "Europe/Berlin"}
        },
        "llmmon_heartbeat_url": f"http://{stack.sinks.webhook}/beat",
        "llmmon_alertmanager_route": {"group_wait": "1s", "group_interval": "2s"},
        "llmmon_alerts": {ALERT: {"for": "2s"}},
    }


@pytest.fixture(scope="module")
def alerting(fresh_stack: Stack) -> Iterator[Stack]:
    """The stack with receivers, deployed with the proof that they are reached."""
    existed = fresh_stack.on_host("test -e /var/lib/llmmon/state.json && echo yes || true") == "yes"
    fresh_stack.sinks.clear()
    result = fresh_stack.run("site.yml", variables={**settings(fresh_stack), "llmmon_verify_delivery": True})
    assert result.code == 0, result.output
    assert "alerts: a synthetic one reached slack, slack-payments, discord, webhook, email, heartbeat" in result.message
    yield fresh_stack
    if existed:
        # For tests that come after, and for none if there are none.
        fresh_stack.run("site.yml")


def posts(stack: Stack, path: str, words: str) -> list[Entry]:
    """What came to an address of the sink with these words in it."""
    found = stack.sinks.records("webhook")
    return [entry for entry in found if entry["path"] == path and words in json.dumps(entry["json"])]


def mails(stack: Stack, words: str) -> list[Entry]:
    return [entry for entry in stack.sinks.records("smtp") if words in entry["subject"]]


def ask(stack: Stack, count: int) -> dict[int, int]:
    """Requests to the model that fails until its upstream is mended; how often each status was answered."""
    url = f"{stack.gateway.url}/v1/chat/completions"
    request = {"model": gateway.FAILING_MODEL, "messages": [{"role": "user", "content": "Say a word."}]}

    def one(_: int) -> int:
        headers = {"Authorization": f"Bearer {stack.gateway.token}"}
        return requests.post(url, headers=headers, json=request, timeout=PATIENCE).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, range(count)))
    return {status: statuses.count(status) for status in set(statuses)}


def states_of_alert(stack: Stack) -> set[str]:
    """Of the alert about the model, and of others of its name if there are any."""
    try:
        alerts = stack.api(9090, "/api/v1/alerts")["data"]["alerts"]
    except ValueError:
        # On a busy machine the engine may lose the output of a command; it is asked for again.
        return {"unknown"}
    return {str(alert["state"]) for alert in alerts if alert["labels"]["alertname"] == ALERT}


def test_the_proof_reached_every_receiver_in_its_own_way(alerting: Stack) -> None:
    for path in ("/slack", "/payments", "/discord", "/generic", "/beat"):
        assert posts(alerting, path, PROBE), path
    assert mails(alerting, PROBE)


def test_when_each_was_tried_is_said_from_then_on(alerting: Stack) -> None:
    result = alerting.run("status.yml", variables=settings(alerting))
    for name in ("slack", "slack-payments", "discord", "webhook", "email"):
        assert re.search(rf"{name} \(tried 20\d\d-\d\d-\d\dT\d\d:\d\dZ\)", result.message), result.output
    assert alerting.on_host("stat --format %a /var/lib/llmmon/receivers.json") == "600"


def test_a_stack_that_tells_nobody_does_not_end_green(alerting: Stack) -> None:
    nobody = {"llmmon_receivers_required": True, "llmmon_heartbeat_url": ""}
    result = alerting.run("site.yml", "--tags", "alertmanager,verify", variables=nobody)
    assert result.code != 0, result.output
    assert "nobody is told of alerts, because Alertmanager has no receiver: set llmmon_receivers" in result.message
    result = alerting.run("verify.yml")
    assert result.code == 0, result.output
    assert "receivers: NOBODY is told of alerts, which llmmon_receivers_required: false allows" in result.message
    # Back to what the tests that follow build on.
    again = alerting.run("site.yml", "--tags", "alertmanager", variables=settings(alerting))
    assert again.code == 0, again.output


def test_failures_of_a_gateway_are_told_everywhere_and_so_is_their_end(alerting: Stack) -> None:
    # Traffic goes on until it is noticed: Prometheus does not see the rise of a counter before its first scrape.
    def firing_while_it_fails() -> bool:
        answers = ask(alerting, FAILING)
        assert 200 not in answers, answers
        return "firing" in states_of_alert(alerting)

    wait_until(firing_while_it_fails, timeout=PATIENCE, what=f"{ALERT} did not fire", pause=1)

    firing, model = f"] {ALERT} llm-auth-proxy (critical)", gateway.FAILING_MODEL

    def told() -> bool:
        found = [posts(alerting, path, firing) for path in ("/slack", "/discord")]
        found += [posts(alerting, "/generic", ALERT), mails(alerting, firing)]
        return all(any(model in json.dumps(entry).replace("\\", "") for entry in entries) for entries in found)

    wait_until(told, timeout=PATIENCE, what=f"{ALERT} did not arrive")
    mail = mails(alerting, firing)[-1]
    assert mail["subject"].startswith("[FIRING:")
    for part in (model, "Too many LLM requests fail", "(threshold 20%)", ">Silence</a>"):
        assert part in mail["body"]
    (attachment,) = posts(alerting, "/slack", firing)[-1]["json"]["attachments"]
    assert attachment["color"] == "danger"
    for part in ("Too many LLM requests fail", f"model={model}", "(threshold 20%)", "since ", "|Silence>"):
        assert part in attachment["text"]
    discord = posts(alerting, "/discord", firing)[-1]["json"]
    assert discord["content"].startswith("[FIRING:")
    assert "threshold 20%" in discord["embeds"][0]["description"]
    assert posts(alerting, "/generic", ALERT)[0]["json"]["status"] == "firing"
    # What is not about the team is not its business.
    assert not posts(alerting, "/payments", ALERT)

    gateway.container_of(alerting.gateway.name).exec_run(["python3", "-c", UPSTREAM], detach=True)
    wait_until(lambda: set(ask(alerting, 1)) == {200}, timeout=PATIENCE, what="The model did not recover")

    def over_while_it_works() -> bool:
        answers = ask(alerting, GOOD)
        assert answers.get(200, 0) > GOOD * 0.95, answers
        return not states_of_alert(alerting)

    wait_until(over_while_it_works, timeout=PATIENCE, what=f"{ALERT} was not over", pause=1)
    over = f"[RESOLVED] {ALERT} llm-auth-proxy (critical)"
    wait_until(
        lambda: (
            bool(mails(alerting, over))
            and all(posts(alerting, path, over) for path in ("/slack", "/discord"))
            and bool(posts(alerting, "/generic", '"status": "resolved", "alerts"'))
        ),
        timeout=PATIENCE,
        what="Nobody was told of its end",
    )
    # Prometheus repeats it once a minute, if it was not yet told of Alertmanager at the first time.
    wait_until(lambda: bool(posts(alerting, "/beat", "Watchdog")), timeout=PATIENCE, what="There was no heartbeat")
    assert not [path for path in ("/slack", "/generic") if posts(alerting, path, "Watchdog")]


def with_dead_ones(stack: Stack) -> dict[str, Any]:
    """The settings, and three receivers that are never reached."""
    sink = f"http://{stack.sinks.webhook}"
    dead = {
        "broken": {"type": "slack", "webhook_url": f"{sink}/status/500"},
        "revoked": {"type": "discord", "webhook_url": f"{sink}/status/404"},
        "hanging": {"type": "webhook", "url": f"{sink}/hang/s3cret-part-of-it"},
    }
    found = settings(stack)
    return {
        **found,
        "llmmon_receivers": {**found["llmmon_receivers"], **dead},
        "llmmon_default_receivers": [*found["llmmon_default_receivers"], *dead],
    }


def test_a_dead_receiver_is_named_and_the_others_are_reached(alerting: Stack) -> None:
    alerting.sinks.clear()
    variables = {**with_dead_ones(alerting), "llmmon_verify_delivery": True}
    result = alerting.run("site.yml", "--tags", "alertmanager,verify", variables=variables)
    assert result.code != 0, result.output
    for words in (
        "3 of 9 receivers did not get the synthetic alert",
        "slack (broken): ",
        "unexpected status code 500",
        "correct llmmon_receivers.broken",
        "discord (revoked): unexpected status code 404",
        "webhook (hanging): no answer in time",
        "Reached: slack, slack-payments, discord, webhook, email, heartbeat",
    ):
        assert words in result.message, result.output
    assert "s3cret-part-of-it" not in result.output
    for path in ("/slack", "/payments", "/discord", "/generic", "/beat"):
        assert posts(alerting, path, PROBE), path
    assert mails(alerting, PROBE)


def test_verify_bothers_nobody_unless_it_is_told_to(alerting: Stack) -> None:
    # The end of the synthetic alert before may still be on its way.
    before = len(mails(alerting, f"[FIRING:1] {PROBE}"))
    result = alerting.run("verify.yml", variables=with_dead_ones(alerting))
    assert result.code == 0, result.output
    assert "loaded, none fails" in result.message
    assert "a synthetic one" not in result.message
    assert len(mails(alerting, f"[FIRING:1] {PROBE}")) == before


def refused(stack: Stack, variables: dict[str, Any], *words: str) -> None:
    """The settings are refused with these words, and nothing has changed."""
    before = stack.fingerprint()
    result = stack.run("site.yml", variables=variables)
    assert result.code != 0, result.output
    for sentence in words:
        assert sentence in result.message.replace('\\"', '"'), result.output
    assert stack.fingerprint() == before


def test_wrong_receivers_are_refused_before_anything_changes(alerting: Stack) -> None:
    # YAML would keep the last of them and forget the others.
    twice = alerting.inventory / "group_vars" / "llmmon" / "receivers.yml"
    twice.write_text("llmmon_receivers:\n" + "  webhook: {url: 'http://sink.example.org'}\n" * 2)
    try:
        refused(
            alerting,
            REFUSED_RECEIVERS,
            "llmmon_receivers: the name webhook appears twice in",
            "llmmon_receivers.slack.webhook_url is empty",
            "llmmon_receivers.pager.type: pagerdoty is unknown; known are slack, discord, email, webhook",
            "llmmon_receivers.webhook.url is not a URL",
        )
    finally:
        twice.unlink()


def test_wrong_routes_are_refused_before_anything_changes(alerting: Stack) -> None:
    refused(
        alerting,
        REFUSED_ROUTES,
        "llmmon_routes, route 1: there is no receiver 'pager' in llmmon_receivers",
        "llmmon_routes, route 2: the receiver webhook appears twice",
        "llmmon_routes, route 3: the regular expression of 'model=~\"gpt-(4\"' does not compile",
        "llmmon_routes, route 3: there is no time interval 'weekend'",
        "llmmon_mute_time_intervals.night.location: 'Europe/Berln' is not a time zone",
        "llmmon_mute_time_intervals.night.times: '7' is not a time of day",
    )
