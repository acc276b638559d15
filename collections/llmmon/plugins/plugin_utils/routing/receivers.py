# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_receivers into the receivers of Alertmanager's configuration."""

from __future__ import annotations

import copy
from typing import Any

HEARTBEAT = "heartbeat"
NOBODY = "nobody"

# These have settings of their own here; the others are written as Alertmanager documents them.
NATIVE = ("slack", "discord", "email", "webhook")
PASSED_THROUGH = (
    "incidentio",
    "jira",
    "mattermost",
    "msteams",
    "msteamsv2",
    "opsgenie",
    "pagerduty",
    "pushover",
    "rocketchat",
    "sns",
    "telegram",
    "victorops",
    "webex",
    "wechat",
)
# What goes into a file, and under which key of Alertmanager's the file is named.
SECRET_KEYS: dict[str, dict[str, str]] = {
    "slack": {"webhook_url": "api_url_file"},
    "discord": {"webhook_url": "webhook_url_file"},
    "webhook": {"url": "url_file", "bearer_token": "http_config.authorization.credentials_file"},
    "email": {"password": "auth_password_file"},
}
_TITLE, _TEXT = '{{ template "llmmon.plain.title" . }}', '{{ template "llmmon.plain.text" . }}'
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
    # Of many alerts Alertmanager's own templates make messages that are too long, and then cut, or refused.
    "telegram": {"message": f"{_TITLE}\n{_TEXT}", "parse_mode": ""},
    "pagerduty": {"description": _TITLE, "details": {"firing": _TEXT, "resolved": ""}},
    "opsgenie": {"message": _TITLE, "description": _TEXT},
    "pushover": {"title": _TITLE, "message": _TEXT},
    "victorops": {"entity_display_name": _TITLE, "state_message": _TEXT},
    "webex": {"message": f"{_TITLE}\n{_TEXT}"},
    "msteams": {"title": _TITLE, "text": _TEXT},
    "msteamsv2": {"title": _TITLE, "text": _TEXT},
}


def type_of(name: str, settings: dict[str, Any]) -> str:
    """A receiver's type; a receiver that does not say is named after it."""
    return str(settings.get("type", name))


def all_receivers(receivers: dict[str, Any], heartbeat_url: str = "") -> dict[str, Any]:
    """The user's receivers, and the one that gets the Watchdog."""
    if not heartbeat_url:
        return receivers
    return {**receivers, HEARTBEAT: {"type": "webhook", "url": heartbeat_url, "send_resolved": False}}


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
        kind = type_of(name, settings)
        found.append({"name": name, f"{kind}_configs": [integration_config(name, settings, secrets_directory)]})
    return found


def integration_config(name: str, settings: dict[str, Any], secrets_directory: str) -> dict[str, Any]:
    """What Alertmanager is told of one receiver: our messages, the settings, and over all of it ``config``."""
    kind = type_of(name, settings)
    config = {"send_resolved": settings.get("send_resolved", True), **copy.deepcopy(_MESSAGES.get(kind, {}))}
    if kind == "slack" and settings.get("channel"):
        config["channel"] = settings["channel"]
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
    """What alertmanager_probe has to know of every receiver."""
    return [
        {
            "name": name,
            "integration": type_of(name, settings),
            "variable": "llmmon_heartbeat_url" if name == HEARTBEAT else f"llmmon_receivers.{name}",
        }
        for name, settings in receivers.items()
    ]
