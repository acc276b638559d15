"""The proof of delivery, asked of a real Alertmanager: who is reached, who is not, and why."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.receivers import look_at_receivers
from ansible_collections.llmmon.stack.plugins.modules import alertmanager_probe
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import all_receivers, probe_receivers
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import receiver_problems

from tests.routing import apis, running
from tests.support import services
from tests.support.loopback import Answer, Server, unused_port
from tests.support.modules import run_module
from tests.support.services import Service
from tests.support.versions import SIGNAL

pytestmark = pytest.mark.skipif(
    not services.can_have_own_mounts(),
    reason="Debian's Alertmanager needs its templates, and this machine lets no test show it any",
)

OK = Answer(body=b"ok", content_type=None)
SECRET = "T0123/B0123/s3cret-s3cret"  # noqa: S105 - made up for these tests


def probe(service: Service, receivers: dict[str, Any], **more: Any) -> dict[str, Any]:
    parameters = {
        "url": service.url,
        "receivers": probe_receivers(receivers),
        "secrets_directory": str(service.root / "current" / "secrets"),
        "container": "alertmanager",
        "timeout": 30,
        **more,
    }
    return run_module(alertmanager_probe, parameters)


@pytest.fixture
def log_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the module read the log of a process instead of a container's."""

    def use(service: Service) -> None:
        monkeypatch.setattr(alertmanager_probe, "Engine", lambda: service)

    return use


def who_is_told(service: Service, receivers: dict[str, Any], record: Path) -> str:
    """The line of a summary, as status.yml and verify.yml look for it."""
    wanted = [{key: receiver[key] for key in ("name", "settings")} for receiver in probe_receivers(receivers)]
    secrets = str(service.root / "current" / "secrets")
    asked = {"urls": [service.url], "own": True, "wanted": wanted, "record": str(record), "required": True}
    line: str = look_at_receivers({**asked, "secrets_directory": secrets})["line"]
    return line


def test_an_alertmanager_without_receivers_tells_nobody(tmp_path: Path) -> None:
    for version in SIGNAL["alertmanager"]:
        with running.alertmanager(
            version, tmp_path / version, llmmon_heartbeat_url="https://beat.example.org"
        ) as service:
            assert who_is_told(service, {}, tmp_path / "none").startswith(
                "receivers: NOBODY is told of alerts, because"
            )


def probes(server: Server) -> list[tuple[str, str]]:
    """Which addresses got the synthetic alert, and whether as firing or resolved."""
    found = []
    for request in server.requests:
        content = request.json
        if "attachments" in content:
            status = "firing" if "FIRING" in content["attachments"][0]["title"] else "resolved"
        else:
            assert content["groupLabels"]["alertname"] == "LLMMonDeliveryProbe"
            status = content["status"]
        found.append((request.path, status))
    return found


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_every_receiver_is_reached_and_hears_of_the_end(version: str, server: Server, tmp_path: Path) -> None:
    server.answers.update({f"POST /{path}": OK for path in ("slack", "payments", "hook", "beat")})
    with running.mailbox() as mailbox:
        receivers = {
            "slack": {"webhook_url": f"{server.url}/slack"},
            "slack-payments": {"type": "slack", "webhook_url": f"{server.url}/payments"},
            "webhook": {"url": f"{server.url}/hook"},
            "email": {"to": "a@example.org", "from": "b@example.org", "smarthost": mailbox.address, "tls": "none"},
        }
        settings: dict[str, Any] = {"llmmon_receivers": receivers, "llmmon_heartbeat_url": f"{server.url}/beat"}
        # Only some get anything otherwise, and they are quiet now.
        settings["llmmon_default_receivers"] = ["slack"]
        settings["llmmon_routes"] = [
            {"receivers": ["slack-payments", "webhook", "email"], "mute_time_intervals": ["now"], "team": "x"}
        ]
        settings["llmmon_mute_time_intervals"] = {"now": {"times": [{"start_time": "00:00", "end_time": "24:00"}]}}
        with running.alertmanager(version, tmp_path, **settings) as service:
            everybody, record = all_receivers(receivers, settings["llmmon_heartbeat_url"]), tmp_path / "receivers.json"
            assert who_is_told(service, everybody, record).count("(not tried)") == len(receivers)
            answer = probe(service, everybody, record_to=str(record))
            assert not answer["failed"], answer
            assert answer["reached"] == ["slack", "slack-payments", "webhook", "email", "heartbeat"]
            # A machine that is slow enough is told the end, too, by now.
            assert answer["seconds"] < 20
            assert mailbox.messages
            assert [status for _, status in probes(server)[:4]] == ["firing"] * 4
            told = next(request.json["alerts"] for request in server.requests if request.path == "/hook")
            begun = datetime.datetime.fromisoformat(told[0]["startsAt"])
            assert begun <= datetime.datetime.now(datetime.UTC) < begun + datetime.timedelta(minutes=1)
            assert service.client.get("/api/v2/alerts") == []
            assert who_is_told(service, everybody, record) == answer["line"]
            assert answer["line"].count("(tried ") == len(receivers)
            # The end is told at the next look at the group, to all but the heartbeat.
            assert wait_for(lambda: (len(server.requests) >= 7 and len(mailbox.messages) == 2) or None, 15)
            assert sorted(probes(server)[4:]) == [
                ("/hook", "resolved"),
                ("/payments", "resolved"),
                ("/slack", "resolved"),
            ]
            # A second proof is a second message.
            assert probe(service, receivers)["reached"] == ["slack", "slack-payments", "webhook", "email"]
            # Other secrets are other receivers.
            (service.root / "current" / "secrets" / "slack.webhook_url").write_text("https://hooks.example.org/new")
            assert "slack (not tried), slack-payments (tried " in who_is_told(service, everybody, record)


# Ten seconds for what Alertmanager does not give up at once; the older one's words are asked for further below.
@pytest.mark.parametrize("version", SIGNAL["alertmanager"][-1:])
def test_dead_receivers_are_named_and_the_others_are_reached(
    version: str, server: Server, log_of: Any, tmp_path: Path
) -> None:
    server.answers["POST /hook"] = OK
    server.answers[f"POST /{SECRET}"] = Answer(status=404, body=b"no_service", content_type=None)
    server.answers["POST /broken"] = Answer(status=500)
    server.answers["POST /hanging"] = Answer(wait=True)
    receivers = {
        "slack": {"webhook_url": f"{server.url}/{SECRET}"},
        "broken": {"type": "webhook", "url": f"{server.url}/broken"},
        "hanging": {"type": "webhook", "url": f"{server.url}/hanging"},
        "discord": {"webhook_url": f"http://127.0.0.1:{unused_port()}/api/webhooks/1/{SECRET}"},
        "email": {"to": "a@b", "from": "c@d", "smarthost": f"127.0.0.1:{unused_port()}", "tls": "none"},
        "webhook": {"url": f"{server.url}/hook"},
    }
    with running.alertmanager(version, tmp_path, llmmon_receivers=receivers) as service:
        log_of(service)
        answer = probe(service, receivers)
        assert answer["failed"]
        assert answer["reached"] == ["webhook"]
        assert answer["unreached"] == ["slack", "broken", "hanging", "discord", "email"]
        message = answer["msg"]
        assert message.startswith("5 of 6 receivers did not get the synthetic alert. slack (slack): ")
        for words in (
            "no_service; correct llmmon_receivers.slack |",
            "webhook (broken): unexpected status code 500",
            "webhook (hanging): no answer in time (context deadline exceeded",
            "connection refused; correct llmmon_receivers.discord",
            "connection refused; correct llmmon_receivers.email",
            "Reached: webhook",
        ):
            assert words in message, message
        assert SECRET not in json.dumps(answer)
        assert "s3cret-s3cret" not in json.dumps(answer)
        # Long before those that fail were given up.
        assert probes(server).count(("/hook", "firing")) == 1
        assert answer["seconds"] < 20
        assert service.client.get("/api/v2/alerts") == []


def firsthand(version: str, server: Server) -> dict[str, dict[str, Any]]:
    """Give one receiver of each of these types, but for those that an Alertmanager of this version cannot tell."""
    found = apis.receivers(server.url)
    wrong = receiver_problems(found, "", version)
    if wrong:
        assert [sentence.partition(":")[0] for sentence in wrong] == ["llmmon_receivers.google_chat"]
        del found["google_chat"]
    return found


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_services_are_reached_as_they_want_it(version: str, server: Server, log_of: Any, tmp_path: Path) -> None:
    apis.serve(server)
    receivers = firsthand(version, server)
    with running.alertmanager(version, tmp_path, llmmon_receivers=receivers) as service:
        log_of(service)
        answer = probe(service, receivers)
        assert not answer["failed"], answer
        assert answer["reached"] == list(receivers)
        told = {name: (title, text) for name, title, text in map(apis.text_of, server.requests[: len(receivers)])}
        assert set(told) == set(receivers)
        for title, text in told.values():
            assert title == "[FIRING:1] LLMMonDeliveryProbe (info)"
            assert text.startswith("A test: nothing is wrong\n")
        # The end is told, too.
        assert wait_for(lambda: len(server.requests) >= 2 * len(receivers) or None, 15), service.log.read_text()


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_what_a_service_refuses_is_said_in_its_words(version: str, server: Server, log_of: Any, tmp_path: Path) -> None:
    apis.serve(server)
    receivers = firsthand(version, server)
    for name, settings in receivers.items():
        settings |= apis.wrong(server.url)[name]
    with running.alertmanager(version, tmp_path, llmmon_receivers=receivers) as service:
        log_of(service)
        answer = probe(service, receivers)
    assert answer["unreached"] == list(receivers)
    sentences = {
        name: sentence
        for sentence in answer["msg"].partition("alert. ")[2].split(" | ")
        for name in receivers
        if f"({name})" in sentence
    }
    expected = {
        "pagerduty": "Length of 'routing_key' is incorrect (should be 32 characters)",
        "opsgenie": "Key format is not valid!",
        "msteams": "DirectApiAuthorizationRequired",
        "telegram": "Unauthorized",
        "mattermost": "web.incoming_webhook.invalid.app_error",
        "google_chat": "UNAUTHENTICATED",
    }
    for name in receivers:
        assert expected[name] in sentences[name], answer["msg"]
        assert f"correct llmmon_receivers.{name}" in sentences[name]
    assert "s3cret" not in json.dumps(answer)


def test_a_chat_that_is_not_there_is_said(server: Server, log_of: Any, tmp_path: Path) -> None:
    apis.serve(server)
    receivers = {"telegram": {**apis.receivers(server.url)["telegram"], "chat_id": -5}}
    with running.alertmanager(SIGNAL["alertmanager"][-1], tmp_path, llmmon_receivers=receivers) as service:
        log_of(service)
        assert "chat not found" in probe(service, receivers)["msg"]


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_without_names_in_the_metrics_the_integration_is_named(
    version: str, server: Server, log_of: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "FEATURE", "--log.level=info")
    server.answers.update({"POST /one": OK, "POST /two": Answer(status=403)})
    receivers = {name: {"type": "webhook", "url": f"{server.url}/{name}"} for name in ("one", "two")}
    with running.alertmanager(version, tmp_path, llmmon_receivers=receivers) as service:
        log_of(service)
        answer = probe(service, receivers)
        assert (answer["reached"], answer["unreached"]) == ([], ["one", "two"])
        assert "webhook (one, two): unexpected status code 403" in answer["msg"]
        server.answers["POST /two"] = OK
        assert probe(service, receivers)["reached"] == ["one", "two"]


@pytest.mark.parametrize("version", SIGNAL["alertmanager"])
def test_a_silence_is_named(version: str, server: Server, tmp_path: Path) -> None:
    receivers = {"webhook": {"url": f"{server.url}/hook"}}
    with running.alertmanager(version, tmp_path, llmmon_receivers=receivers) as service:
        everything = {"name": "alertname", "value": ".+", "isRegex": True, "isEqual": True}
        silence = {"matchers": [everything], "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
        service.client.send("POST", "/api/v2/silences", {**silence, "createdBy": "test", "comment": "all of it"})
        answer = probe(service, receivers, timeout=2)
        assert "did not try, because a silence covers the alert" in answer["msg"]
        assert server.requests == []


def test_a_pair_proves_each_its_own_way(server: Server, tmp_path: Path) -> None:
    """The second of two waits 15 seconds for the first, which knows nothing of its alert."""
    version = SIGNAL["alertmanager"][-1]
    server.answers["POST /hook"] = OK
    receivers = {"webhook": {"url": f"{server.url}/hook"}}
    gossip = [f"127.0.0.1:{unused_port()}" for _ in range(2)]
    flags = ("--cluster.peer-timeout=2s", "--cluster.gossip-interval=50ms", "--cluster.settle-timeout=2s")
    with (
        running.alertmanager(
            version, tmp_path / "a", f"--cluster.listen-address={gossip[0]}", *flags, llmmon_receivers=receivers
        ) as first,
        running.alertmanager(
            version,
            tmp_path / "b",
            f"--cluster.listen-address={gossip[1]}",
            f"--cluster.peer={gossip[0]}",
            *flags,
            llmmon_receivers=receivers,
        ) as second,
    ):
        assert wait_for(
            lambda: len(second.client.get("/api/v2/status")["cluster"]["peers"]) == 2 or None, 20, interval=0.2
        )
        for service in (first, second):
            assert probe(service, receivers)["reached"] == ["webhook"]
        assert probes(server).count(("/hook", "firing")) == 2
