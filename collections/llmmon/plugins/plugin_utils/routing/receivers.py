# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_receivers into the receivers of Alertmanager's configuration."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

HEARTBEAT = "heartbeat"
NOBODY = "nobody"

# These have settings of their own here; the others are written as Alertmanager documents them.
NATIVE = (
    *("slack", "discord", "email", "webhook", "pagerduty", "opsgenie", "msteams", "telegram", "mattermost"),
    "google_chat",
)
# Of these both are taken: our own settings, or Alertmanager's for the integration of that name, in config and secrets.
TWO_WAYS = ("pagerduty", "opsgenie", "msteams", "telegram", "mattermost")
PASSED_THROUGH = (
    *("incidentio", "jira", "msteamsv2", "pushover", "rocketchat", "sns", "victorops", "webex", "wechat"),
)
# What Alertmanager sends by, where our own settings of a type do not name an integration of its own. Microsoft
# retires what "msteams" sends to; Mattermost takes what Slack does, in every version of Alertmanager; for Google Chat
# there is no integration, but a webhook whose content is said.
_SENT_BY = {"msteams": "msteamsv2", "mattermost": "slack", "google_chat": "webhook"}
# What goes into a file, and under which key of Alertmanager's the file is named.
SECRET_KEYS: dict[str, dict[str, str]] = {
    "slack": {"webhook_url": "api_url_file"},
    "discord": {"webhook_url": "webhook_url_file"},
    "webhook": {"url": "url_file", "bearer_token": "http_config.authorization.credentials_file"},
    "email": {"password": "auth_password_file"},
    "pagerduty": {"routing_key": "routing_key_file"},
    "opsgenie": {"api_key": "api_key_file"},
    "msteams": {"webhook_url": "webhook_url_file"},
    "telegram": {"bot_token": "bot_token_file"},
    "mattermost": {"webhook_url": "api_url_file"},
    "google_chat": {"webhook_url": "url_file"},
}
# Settings that Alertmanager knows by the same name.
_SAME_NAME: dict[str, tuple[str, ...]] = {
    "slack": ("channel",),
    "mattermost": ("channel",),
    "telegram": ("chat_id", "message_thread_id"),
}
NUMBERS = ("chat_id", "message_thread_id")
_TITLE, _TEXT = '{{ template "llmmon.plain.title" . }}', '{{ template "llmmon.plain.text" . }}'
_CHAT_TITLE, _CHAT_TEXT = '{{ template "llmmon.chat.title" . }}', '{{ template "llmmon.chat.text" . }}'
_MESSAGES: dict[str, dict[str, Any]] = {
    "slack": {
        "title": '{{ template "llmmon.slack.title" . }}',
        "title_link": '{{ template "llmmon.link" . }}',
        "text": '{{ template "llmmon.slack.text" . }}',
        "fallback": '{{ template "llmmon.slack.title" . }}',
        "color": '{{ template "llmmon.slack.color" . }}',
    },
    "discord": {
        "content": '{{ template "llmmon.discord.content" . }}',
        "title": '{{ template "llmmon.discord.title" . }}',
        "message": '{{ template "llmmon.discord.message" . }}',
    },
    "email": {
        "headers": {"Subject": '{{ template "llmmon.email.subject" . }}'},
        "html": '{{ template "llmmon.email.html" . }}',
        "text": '{{ template "llmmon.email.text" . }}',
    },
    "mattermost": {
        "title": _CHAT_TITLE,
        "title_link": '{{ template "llmmon.link" . }}',
        "text": _CHAT_TEXT,
        "fallback": _CHAT_TITLE,
        "color": '{{ template "llmmon.slack.color" . }}',
    },
    # Alertmanager reads a text that is YAML as such, and then once more as a template: with the asterisk none is.
    "google_chat": {"payload": {"text": f"*{_CHAT_TITLE}*\n{_CHAT_TEXT}"}},
    # Of many alerts Alertmanager's own templates make messages that are too long, and then cut, or refused.
    "telegram": {"message": f"{_TITLE}\n{_TEXT}", "parse_mode": ""},
    "pagerduty": {
        "description": _TITLE,
        "details": {"firing": _TEXT, "resolved": ""},
        "severity": '{{ template "llmmon.pagerduty.severity" . }}',
    },
    "opsgenie": {
        "message": _TITLE,
        "description": _TEXT,
        "priority": '{{ template "llmmon.opsgenie.priority" . }}',
    },
    "pushover": {"title": _TITLE, "message": _TEXT},
    "victorops": {"entity_display_name": _TITLE, "state_message": _TEXT},
    "webex": {"message": f"{_TITLE}\n{_TEXT}"},
    "msteams": {"title": _CHAT_TITLE, "text": _CHAT_TEXT},
    "msteamsv2": {"title": _CHAT_TITLE, "text": _CHAT_TEXT},
}


def type_of(name: str, settings: dict[str, Any]) -> str:
    """A receiver's type; a receiver that does not say is named after it."""
    return str(settings.get("type", name))


def written_our_way(kind: str, settings: dict[str, Any]) -> bool:
    """Whether a receiver has our own settings of its type, and not Alertmanager's."""
    return kind not in TWO_WAYS or any(settings.get(key) for key in SECRET_KEYS[kind])


def integration_of(name: str, settings: dict[str, Any]) -> str:
    """What Alertmanager sends by: the word in its configuration, its metrics and its log."""
    kind = type_of(name, settings)
    return _SENT_BY.get(kind, kind) if written_our_way(kind, settings) else kind


def all_receivers(
    receivers: dict[str, Any], heartbeat_url: str = "", slack_webhook_url: str = "", discord_webhook_url: str = ""
) -> dict[str, Any]:
    """The user's receivers, those of the guide's two addresses, and the one that gets the Watchdog.

    Whoever names a receiver of his own after one of the two means that one, and an address that he has given one of his
    own is not told twice. What is no dictionary stays what it is: the check of the settings says so.
    """
    if not isinstance(receivers, dict):
        return receivers
    short = {"slack": slack_webhook_url, "discord": discord_webhook_url}
    taken = {
        (type_of(name, settings), str(settings.get("webhook_url") or "").strip())
        for name, settings in receivers.items()
        if isinstance(settings, dict)
    }
    found: dict[str, Any] = {
        kind: {"webhook_url": url} for kind, url in short.items() if url and (kind, str(url).strip()) not in taken
    }
    found |= receivers
    if heartbeat_url:
        found[HEARTBEAT] = {"type": "webhook", "url": heartbeat_url, "send_resolved": False}
    return found


def secret_file_name(receiver: str, key: str) -> str:
    """Name of the file that holds a secret of a receiver."""
    return f"{receiver}.{key}"


def receiver_secrets(receivers: dict[str, Any]) -> dict[str, str]:
    """Files with what is secret: name to content."""
    found = {}
    for name, settings in receivers.items():
        own = {key: settings.get(key) for key in SECRET_KEYS.get(type_of(name, settings), {})}
        for key, value in {**own, **(settings.get("secrets") or {})}.items():
            if value:
                # A line break at the end, as files and vaults have it, would be part of a URL or a token.
                found[secret_file_name(name, key)] = str(value).strip()
    return found


def receiver_configs(receivers: dict[str, Any], secrets_directory: str) -> list[dict[str, Any]]:
    """The list ``receivers`` of Alertmanager's configuration."""
    found: list[dict[str, Any]] = [{"name": NOBODY}]
    for name, settings in receivers.items():
        sent_by = integration_of(name, settings)
        found.append({"name": name, f"{sent_by}_configs": [integration_config(name, settings, secrets_directory)]})
    return found


def integration_config(name: str, settings: dict[str, Any], secrets_directory: str) -> dict[str, Any]:
    """What Alertmanager is told of one receiver: our messages, the settings, and over all of it ``config``."""
    kind = type_of(name, settings)
    # Of a mattermost that is written in Alertmanager's words the keys depend on its version.
    messages = _MESSAGES.get(kind, {}) if kind != "mattermost" or written_our_way(kind, settings) else {}
    config = {"send_resolved": settings.get("send_resolved", True), **copy.deepcopy(messages)}
    for key in _SAME_NAME.get(kind, ()):
        if settings.get(key):
            # Alertmanager takes a number in quotes for a text.
            config[key] = int(settings[key]) if key in NUMBERS else settings[key]
    if kind == "email":
        config.update(_email_config(settings))
    files = {key: path for key, path in SECRET_KEYS.get(kind, {}).items() if settings.get(key)}
    files.update({key: f"{key}_file" for key in settings.get("secrets") or {}})
    for key, path in files.items():
        _put(config, path, f"{secrets_directory}/{secret_file_name(name, key)}")
    return _laid_over(config, settings.get("config") or {})


def _email_config(settings: dict[str, Any]) -> dict[str, Any]:
    tls, smarthost = settings.get("tls", "starttls"), str(settings["smarthost"])
    config = {
        "to": settings["to"],
        "from": settings["from"],
        "smarthost": smarthost,
        "require_tls": tls == "starttls",
    }
    # Port 465 means TLS from the first byte by itself; for other ports Alertmanager wants to be told, from 0.31 on.
    if tls == "implicit" and not smarthost.endswith(":465"):
        config["force_implicit_tls"] = True
    if settings.get("username"):
        config["auth_username"] = settings["username"]
    return config


def _put(config: dict[str, Any], path: str, value: str) -> None:
    """Set a key of a nested dictionary, such as ``http_config.authorization.credentials_file``."""
    *parents, last = path.split(".")
    for parent in parents:
        config = config.setdefault(parent, {})
    config[last] = value


def _laid_over(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def probe_receivers(receivers: dict[str, Any]) -> list[dict[str, str]]:
    """What the modules that speak of receivers have to know of each."""
    if not isinstance(receivers, dict):
        return []
    return [
        {
            "name": name,
            "integration": integration_of(name, settings),
            "variable": "llmmon_heartbeat_url" if name == HEARTBEAT else f"llmmon_receivers.{name}",
            "settings": _digest(name, settings),
        }
        for name, settings in receivers.items()
        if isinstance(settings, dict)
    ]


def _digest(name: str, settings: dict[str, Any]) -> str:
    """What tells a receiver's settings from others, without its secrets: these are compared on the host."""
    kind = type_of(name, settings)
    secret = {*SECRET_KEYS.get(kind, {}), "secrets"}
    told = {key: value for key, value in settings.items() if key not in secret}
    words = json.dumps([kind, told, sorted(settings.get("secrets") or {})], sort_keys=True, default=str)
    return hashlib.sha256(words.encode()).hexdigest()
