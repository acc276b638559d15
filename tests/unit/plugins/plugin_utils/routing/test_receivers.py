"""What becomes of llmmon_receivers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import (
    SECRET_KEYS,
    all_receivers,
    integration_config,
    probe_receivers,
    receiver_configs,
    receiver_secrets,
)

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests
PLACE = "/etc/secrets"
EMAIL = {"to": "a@example", "from": "b@example", "smarthost": "mail.example:587"}
SLACK = {"webhook_url": "https://hooks.example/x"}


def test_a_receiver_s_type_is_its_name_unless_it_says_another() -> None:
    configs = receiver_configs({"slack": SLACK, "slack-payments": {"type": "slack", **SLACK}}, PLACE)
    assert [sorted(config) for config in configs] == [["name"], ["name", "slack_configs"], ["name", "slack_configs"]]
    assert [config["name"] for config in configs] == ["nobody", "slack", "slack-payments"]
    (config,) = configs[2]["slack_configs"]
    assert config["api_url_file"] == f"{PLACE}/slack-payments.webhook_url"


def test_secrets_become_files_of_their_own() -> None:
    receivers = {
        "slack": {"webhook_url": f"https://slack/{SECRET}\n", "channel": "#a"},
        "discord": {"webhook_url": "https://discord"},
        "webhook": {"url": "https://sink", "bearer_token": "t"},
        "email": {**EMAIL, "username": "u", "password": "p"},
        "pager": {"type": "pagerduty", "secrets": {"routing_key": "k"}},
        "room": {"type": "webex", "secrets": {"http_config.authorization.credentials": "c"}},
    }
    assert receiver_secrets(receivers) == {
        "slack.webhook_url": f"https://slack/{SECRET}",
        "discord.webhook_url": "https://discord",
        "webhook.url": "https://sink",
        "webhook.bearer_token": "t",
        "email.password": "p",
        "pager.routing_key": "k",
        "room.http_config.authorization.credentials": "c",
    }
    written = str(receiver_configs(receivers, PLACE))
    assert SECRET not in written
    assert written.count(PLACE) == len(receiver_secrets(receivers))


def test_what_is_not_given_is_not_looked_for() -> None:
    assert receiver_secrets({}) == {}
    assert receiver_secrets({"email": EMAIL}) == {}
    config = integration_config("webhook", {"url": "u"}, PLACE)
    assert config == {"send_resolved": True, "url_file": f"{PLACE}/webhook.url"}


def test_a_bearer_token_goes_to_where_alertmanager_looks_for_it() -> None:
    config = integration_config("w", {"type": "webhook", "url": "u", "bearer_token": "t"}, PLACE)
    assert config["http_config"] == {"authorization": {"credentials_file": f"{PLACE}/w.bearer_token"}}


@pytest.mark.parametrize(
    ("tls", "smarthost", "expected"),
    [
        (None, "m:587", {"require_tls": True}),
        ("starttls", "m:25", {"require_tls": True}),
        ("none", "m:25", {"require_tls": False}),
        # Alertmanager knows this port, and older ones do not know the key.
        ("implicit", "m:465", {"require_tls": False}),
        ("implicit", "m:2465", {"require_tls": False, "force_implicit_tls": True}),
    ],
)
def test_tls_of_mail(tls: str | None, smarthost: str, expected: dict[str, bool]) -> None:
    settings = {**EMAIL, "smarthost": smarthost, **({"tls": tls} if tls else {})}
    config = integration_config("email", settings, PLACE)
    assert {key: value for key, value in config.items() if key.endswith("_tls")} == expected


def test_the_user_s_config_is_laid_over_ours() -> None:
    settings = {
        "url": "u",
        "bearer_token": "t",
        "send_resolved": False,
        "config": {"max_alerts": 5, "http_config": {"proxy_url": "http://proxy:3128"}},
    }
    config = integration_config("webhook", settings, PLACE)
    assert config["send_resolved"] is False
    assert config["max_alerts"] == 5
    assert set(config["http_config"]) == {"authorization", "proxy_url"}
    assert settings["config"] == {"max_alerts": 5, "http_config": {"proxy_url": "http://proxy:3128"}}


def test_messages_of_one_receiver_do_not_leak_into_another() -> None:
    first = {"webhook_url": "u", "config": {"title": "mine"}}
    mine, other = integration_config("slack", first, PLACE), integration_config("slack", {"webhook_url": "u"}, PLACE)
    assert (mine["title"], other["title"]) == ("mine", '{{ template "llmmon.slack.title" . }}')


def test_what_is_passed_through_is_as_alertmanager_wants_it() -> None:
    settings = {"type": "telegram", "secrets": {"bot_token": "1:a"}, "config": {"chat_id": -5}}
    assert integration_config("chat", settings, PLACE) == {
        "send_resolved": True,
        "chat_id": -5,
        "bot_token_file": f"{PLACE}/chat.bot_token",
        # Plain text: of Alertmanager's own HTML a cut would leave what Telegram refuses.
        "message": '{{ template "llmmon.plain.title" . }}\n{{ template "llmmon.plain.text" . }}',
        "parse_mode": "",
    }
    own = {"chat_id": -5, "message": "mine", "parse_mode": "HTML"}
    assert integration_config("chat", {**settings, "config": own}, PLACE).items() >= own.items()
    assert integration_config("jira", {"config": {"project": "p"}}, PLACE) == {"send_resolved": True, "project": "p"}


def test_the_heartbeat_is_a_webhook_that_hears_of_nothing_resolved() -> None:
    assert all_receivers({"slack": SLACK}) == {"slack": SLACK}
    receivers = all_receivers({"slack": SLACK}, "https://beat.example/x")
    assert integration_config("heartbeat", receivers["heartbeat"], PLACE) == {
        "send_resolved": False,
        "url_file": f"{PLACE}/heartbeat.url",
    }
    assert [(r["name"], r["integration"], r["variable"]) for r in probe_receivers(receivers)] == [
        ("slack", "slack", "llmmon_receivers.slack"),
        ("heartbeat", "webhook", "llmmon_heartbeat_url"),
    ]


URLS = {"slack_webhook_url": "https://hooks.example/env", "discord_webhook_url": "https://discord.example/env"}


def test_the_two_addresses_of_the_guide_add_to_what_is_named() -> None:
    email = {"email": EMAIL}
    assert all_receivers(email, **URLS) == {
        "slack": {"webhook_url": URLS["slack_webhook_url"]},
        "discord": {"webhook_url": URLS["discord_webhook_url"]},
        "email": EMAIL,
    }
    assert all_receivers(email) == email
    # Whoever names one himself means that one.
    assert all_receivers({"slack": SLACK}, slack_webhook_url=URLS["slack_webhook_url"]) == {"slack": SLACK}


def test_an_address_that_has_a_receiver_is_not_told_twice() -> None:
    own = {"ops": {"type": "slack", "webhook_url": f"{URLS['slack_webhook_url']}\n"}}
    assert all_receivers(own, slack_webhook_url=URLS["slack_webhook_url"]) == own
    other = {"ops": {"type": "mattermost", "webhook_url": URLS["slack_webhook_url"]}}
    assert list(all_receivers(other, slack_webhook_url=URLS["slack_webhook_url"])) == ["slack", "ops"]


@pytest.mark.parametrize("value", [None, [], "slack"])
def test_what_is_no_dictionary_is_left_to_the_check_of_the_settings(value: Any) -> None:
    assert all_receivers(value, **URLS) == value
    assert probe_receivers(value) == []


@pytest.mark.parametrize(
    ("name", "settings", "sent_by", "expected"),
    [
        ("pagerduty", {"routing_key": "k"}, "pagerduty", {"routing_key_file": f"{PLACE}/pagerduty.routing_key"}),
        ("opsgenie", {"api_key": "k"}, "opsgenie", {"api_key_file": f"{PLACE}/opsgenie.api_key"}),
        ("msteams", {"webhook_url": "u"}, "msteamsv2", {"webhook_url_file": f"{PLACE}/msteams.webhook_url"}),
        (
            "telegram",
            {"bot_token": "1:a", "chat_id": "-5", "message_thread_id": 7},
            "telegram",
            {"bot_token_file": f"{PLACE}/telegram.bot_token", "chat_id": -5, "message_thread_id": 7},
        ),
        (
            "mattermost",
            {"webhook_url": "u", "channel": "town-square"},
            "slack",
            {"api_url_file": f"{PLACE}/mattermost.webhook_url", "channel": "town-square"},
        ),
        ("google_chat", {"webhook_url": "u"}, "webhook", {"url_file": f"{PLACE}/google_chat.webhook_url"}),
        # In Alertmanager's own words, as they were the only ones before.
        ("msteams", {"secrets": {"webhook_url": "u"}}, "msteams", {"webhook_url_file": f"{PLACE}/msteams.webhook_url"}),
        (
            "mattermost",
            {"secrets": {"webhook_url": "u"}},
            "mattermost",
            {"send_resolved": True, "webhook_url_file": f"{PLACE}/mattermost.webhook_url"},
        ),
    ],
)
def test_what_alertmanager_sends_by(
    name: str, settings: dict[str, Any], sent_by: str, expected: dict[str, Any]
) -> None:
    (_, written) = receiver_configs({name: settings}, PLACE)
    (config,) = written[f"{sent_by}_configs"]
    assert config.items() >= expected.items()
    assert [receiver["integration"] for receiver in probe_receivers({name: settings})] == [sent_by]
    for key in SECRET_KEYS[name]:
        if settings.get(key):
            assert receiver_secrets({name: settings}) == {f"{name}.{key}": settings[key]}
            assert key not in config


def test_a_digest_tells_settings_from_others_and_no_secret() -> None:
    def digest(settings: dict[str, Any], name: str = "slack") -> str:
        (receiver,) = probe_receivers({name: settings})
        return receiver["settings"]

    assert re.fullmatch("[0-9a-f]{64}", digest(SLACK))
    assert digest(SLACK) == digest({**SLACK, "webhook_url": "https://hooks.example/other"})
    others = [
        digest({**SLACK, "channel": "#a"}),
        digest({**SLACK, "send_resolved": False}),
        digest({**SLACK, "config": {"username": "bot"}}),
        digest({"secrets": {"app_token": "t"}}),
        digest(SLACK, "discord"),
    ]
    assert len({digest(SLACK), *others}) == 6
