"""What becomes of llmmon_receivers, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.filter.receivers import (
    NATIVE,
    PASSED_THROUGH,
    all_receivers,
    integration_config,
    probe_receivers,
    receiver_configs,
    receiver_problems,
    receiver_secrets,
)

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests
PLACE = "/etc/secrets"
EMAIL = {"to": "a@example", "from": "b@example", "smarthost": "mail.example:587"}
SLACK = {"webhook_url": "https://hooks.example/x"}

# -- what Alertmanager reads


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
    }


def test_the_heartbeat_is_a_webhook_that_hears_of_nothing_resolved() -> None:
    assert all_receivers({"slack": SLACK}) == {"slack": SLACK}
    receivers = all_receivers({"slack": SLACK}, "https://beat.example/x")
    assert integration_config("heartbeat", receivers["heartbeat"], PLACE) == {
        "send_resolved": False,
        "url_file": f"{PLACE}/heartbeat.url",
    }
    assert probe_receivers(receivers) == [
        {"name": "slack", "integration": "slack", "variable": "llmmon_receivers.slack"},
        {"name": "heartbeat", "integration": "webhook", "variable": "llmmon_heartbeat_url"},
    ]


# -- what is wrong


@pytest.mark.parametrize(
    "receivers",
    [
        {},
        {"slack": {**SLACK, "channel": "#a"}, "discord": SLACK},
        {"webhook": {"url": "http://sink:1/", "bearer_token": SECRET}},
        {"email": EMAIL},
        {"email": {**EMAIL, "tls": "implicit", "username": "u", "password": SECRET}},
        {"a_b-C1": {"type": "slack", **SLACK, "send_resolved": False, "config": {"username": "bot"}}},
        # A token of an app instead of a webhook, from 0.32 on.
        {"slack": {"secrets": {"app_token": SECRET}, "config": {"channel": "#a"}}},
        {"pagerduty": {"secrets": {"routing_key": SECRET}}},
        {"victorops": {"secrets": {"api_key": SECRET}, "config": {"routing_key": "team"}}},
        {"webex": {"secrets": {"http_config.authorization.credentials": SECRET}, "config": {"room_id": "r"}}},
    ],
)
def test_good_receivers(receivers: dict[str, Any]) -> None:
    assert receiver_problems(receivers) == []


BAD_URL = "is not an URL that begins with http:// or https:// and names a host"
NO_URL = "is empty; give it an URL, or leave the receiver out"
KNOWN = ", ".join(NATIVE + PASSED_THROUGH)


@pytest.mark.parametrize(
    ("receivers", "expected"),
    [
        ({"slack": {}}, [f"llmmon_receivers.slack.webhook_url {NO_URL}"]),
        ({"slack": {"webhook_url": SECRET}}, [f"llmmon_receivers.slack.webhook_url {BAD_URL}"]),
        ({"discord": {"webhook_url": SECRET}}, [f"llmmon_receivers.discord.webhook_url {BAD_URL}"]),
        ({"ops": {"type": "discord"}}, [f"llmmon_receivers.ops.webhook_url {NO_URL}"]),
        ({"webhook": {"url": SECRET}}, [f"llmmon_receivers.webhook.url {BAD_URL}"]),
        (
            {"webhook": {"url": "http://h", "bearer_token": " \n"}},
            ["llmmon_receivers.webhook.bearer_token is empty; give it a value, or leave it out"],
        ),
        ({"email": {}}, [f"llmmon_receivers.email.{key} is missing" for key in ("to", "from", "smarthost")]),
        (
            {"email": {**EMAIL, "smarthost": "mail.example"}},
            ["llmmon_receivers.email.smarthost is not of the form host:port"],
        ),
        (
            {"email": {**EMAIL, "smarthost": "mail.example:99999"}},
            ["llmmon_receivers.email.smarthost is not of the form host:port"],
        ),
        ({"email": {**EMAIL, "tls": "ssl"}}, ["llmmon_receivers.email.tls must be one of starttls, implicit, none"]),
        (
            {"email": {**EMAIL, "username": "u"}},
            ["llmmon_receivers.email needs username and password together, or neither"],
        ),
        (
            {"email": {**EMAIL, "username": "u", "password": ""}},
            ["llmmon_receivers.email.password is empty; give it a value, or leave it out"],
        ),
        (
            {"slakc": SLACK},
            [f"llmmon_receivers.slakc: slakc is no type of receiver, so it needs a type of its own; known are {KNOWN}"],
        ),
        ({"a": {"type": "slakc"}}, [f"llmmon_receivers.a.type: slakc is unknown; known are {KNOWN}"]),
        ({"slack": "https://h/x"}, ["llmmon_receivers.slack must be a dictionary"]),
        ({"slack": None}, ["llmmon_receivers.slack must be a dictionary"]),
        (
            {"slack": {**SLACK, "chanel": "#a"}},
            [
                "llmmon_receivers.slack: chanel is unknown; a receiver of the type slack has webhook_url, channel,"
                " type, send_resolved, config, secrets"
            ],
        ),
        (
            {"pagerduty": {"routing_key": SECRET, "secrets": {"routing_key": SECRET}}},
            [
                "llmmon_receivers.pagerduty: routing_key is unknown; a receiver of the type pagerduty has type,"
                " send_resolved, config, secrets, and all that Alertmanager knows of it goes into config"
            ],
        ),
        (
            {"pagerduty": {}},
            [
                "llmmon_receivers.pagerduty is empty; write Alertmanager's settings for pagerduty into config and"
                " secrets"
            ],
        ),
        ({"slack": {**SLACK, "config": "x"}}, ["llmmon_receivers.slack.config must be a dictionary"]),
        ({"slack": {**SLACK, "send_resolved": "no"}}, ["llmmon_receivers.slack.send_resolved must be true or false"]),
        (
            {"pagerduty": {"secrets": {"routing_key": ""}}},
            ["llmmon_receivers.pagerduty.secrets.routing_key is empty; give it a value, or leave it out"],
        ),
        (
            {"pagerduty": {"secrets": {"routing_key_file": "/x"}}},
            [
                "llmmon_receivers.pagerduty.secrets: 'routing_key_file' must be the name of a key of Alertmanager's,"
                " without _file; one that lies deeper has dots, such as http_config.authorization.credentials"
            ],
        ),
        (
            {"pagerduty": {"config": {"routing_key": SECRET}}},
            [
                "llmmon_receivers.pagerduty.config.routing_key is a secret: move it to"
                " llmmon_receivers.pagerduty.secrets, under the name routing_key"
            ],
        ),
        (
            {"slack": {**SLACK, "config": {"http_config": {"authorization": {"credentials": SECRET}}}}},
            [
                "llmmon_receivers.slack.config.http_config.authorization.credentials is a secret: move it to"
                " llmmon_receivers.slack.secrets, under the name http_config.authorization.credentials"
            ],
        ),
        ({"nobody": SLACK}, ["llmmon_receivers: nobody is the name of llmmon's own receiver; choose another name"]),
        (
            {"heartbeat": SLACK},
            ["llmmon_receivers: heartbeat is the name of llmmon's own receiver; choose another name"],
        ),
    ],
)
def test_bad_receivers(receivers: dict[str, Any], expected: list[str]) -> None:
    assert receiver_problems(receivers) == expected


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "../a", "-a", "a\n", "ü", "x" * 64])
def test_names_are_fit_for_files(name: str) -> None:
    assert receiver_problems({name: {"type": "slack", **SLACK}}) == [
        f"llmmon_receivers: the name {name!r} must consist of letters, digits, '_' and '-'; it becomes part of a file's"
        " name"
    ]


def test_the_heartbeat_s_address_is_one() -> None:
    assert receiver_problems({}, "https://beat.example/x") == []
    assert receiver_problems({}, SECRET) == [f"llmmon_heartbeat_url {BAD_URL}"]


def test_no_sentence_shows_a_secret() -> None:
    receivers = {
        "slack": {"webhook_url": SECRET, "extra": SECRET},
        "webhook": {"url": SECRET, "bearer_token": SECRET, "config": {"url": SECRET}},
        "email": {**EMAIL, "password": SECRET},
        "pagerduty": {"config": {"routing_key": SECRET}, "secrets": {"a b": SECRET}},
    }
    found = receiver_problems(receivers, SECRET)
    assert len(found) >= 7
    assert SECRET not in " ".join(found)
