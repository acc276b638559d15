"""What is wrong with llmmon_receivers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import (
    NATIVE,
    PASSED_THROUGH,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import (
    receiver_problems,
)

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests
EMAIL = {"to": "a@example", "from": "b@example", "smarthost": "mail.example:587"}
SLACK = {"webhook_url": "https://hooks.example/x"}


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
        {"pagerduty": {"routing_key": SECRET, "config": {"class": "llm"}}, "opsgenie": {"api_key": SECRET}},
        {"msteams": SLACK, "mattermost": {**SLACK, "channel": "a"}, "google_chat": SLACK},
        {"telegram": {"bot_token": SECRET, "chat_id": -1001234567890, "message_thread_id": "7"}},
        {"telegram": {"bot_token": SECRET, "config": {"chat_id": -5}}},
        # As they were written before these types had settings of their own.
        {"telegram": {"secrets": {"bot_token": SECRET}, "config": {"chat_id": -5}}},
        {"msteams": {"secrets": {"webhook_url": SECRET}}, "mattermost": {"secrets": {"webhook_url": SECRET}}},
        {"opsgenie": {"secrets": {"api_key": SECRET}}},
    ],
)
def test_good_receivers(receivers: dict[str, Any]) -> None:
    assert receiver_problems(receivers) == []


BAD_URL = "is not a URL that begins with http:// or https:// and names a host"
NO_URL = "is empty; give it a URL, or leave the receiver out"
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
            [
                "llmmon_receivers.slakc: slakc is not a type of receiver; correct the name, or give it a type; known"
                f" are {KNOWN}"
            ],
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
            {"pagerduty": {"routing_key": SECRET, "class": "llm"}},
            [
                "llmmon_receivers.pagerduty: class is unknown; a receiver of the type pagerduty has routing_key, type,"
                " send_resolved, config, secrets, and all that Alertmanager knows of it goes into config"
            ],
        ),
        (
            {"pagerduty": {"routing_key": SECRET, "secrets": {"routing_key": SECRET}}},
            ["llmmon_receivers.pagerduty: routing_key is there and in secrets, too; keep one of them"],
        ),
        ({"pagerduty": {}}, ["llmmon_receivers.pagerduty.routing_key is missing"]),
        ({"opsgenie": {"api_key": " "}}, ["llmmon_receivers.opsgenie.api_key is missing"]),
        ({"msteams": {}}, [f"llmmon_receivers.msteams.webhook_url {NO_URL}"]),
        ({"msteams": {"webhook_url": SECRET}}, [f"llmmon_receivers.msteams.webhook_url {BAD_URL}"]),
        ({"mattermost": {"webhook_url": SECRET}}, [f"llmmon_receivers.mattermost.webhook_url {BAD_URL}"]),
        ({"google_chat": {"webhook_url": SECRET}}, [f"llmmon_receivers.google_chat.webhook_url {BAD_URL}"]),
        (
            {"google_chat": {"secrets": {"url": SECRET}}},
            [f"llmmon_receivers.google_chat.webhook_url {NO_URL}"],
        ),
        (
            {"telegram": {}},
            [
                "llmmon_receivers.telegram.bot_token is missing",
                "llmmon_receivers.telegram.chat_id is missing; it is a number, such as -1001234567890",
            ],
        ),
        (
            {"telegram": {"bot_token": SECRET, "chat_id": "@channel"}},
            ["llmmon_receivers.telegram.chat_id is '@channel', which is not a number such as -1001234567890"],
        ),
        (
            {"webex": {}},
            ["llmmon_receivers.webex is empty; write Alertmanager's settings for webex into config and secrets"],
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
                "llmmon_receivers.pagerduty.secrets: 'routing_key_file' must be the name of one of"
                " Alertmanager's keys, without _file; write one that is nested with dots, such as"
                " http_config.authorization.credentials"
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


@pytest.mark.parametrize(("version", "taken"), [("0.31.1", False), ("0.32.0", True), ("0.33.1", True), ("mine", True)])
def test_google_chat_needs_an_alertmanager_that_says_what_a_webhook_gets(version: str, taken: bool) -> None:
    found = receiver_problems({"room": {"type": "google_chat", **SLACK}}, "", version)
    assert found == (
        []
        if taken
        else [
            "llmmon_receivers.room: Google Chat takes nothing that Alertmanager 0.31.1 can send; set"
            " llmmon_alertmanager_version to 0.32.0 or later, or leave the receiver out"
        ]
    )
    assert receiver_problems({"slack": SLACK}, "", version) == []


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
