# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_receivers into what Alertmanager reads, and say what is wrong with it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.filter.settings import host_and_port, url_problem

HEARTBEAT = "heartbeat"
NOBODY = "nobody"

# These have settings of their own here, and our messages; the others are written as Alertmanager documents them.
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
COMMON_KEYS = ("type", "send_resolved", "config", "secrets")
OWN_KEYS: dict[str, tuple[str, ...]] = {
    "slack": ("webhook_url", "channel"),
    "discord": ("webhook_url",),
    "webhook": ("url", "bearer_token"),
    "email": ("to", "from", "smarthost", "username", "password", "tls"),
}
# What goes into a file, and under which key of Alertmanager's the file is named.
SECRET_KEYS: dict[str, dict[str, str]] = {
    "slack": {"webhook_url": "api_url_file"},
    "discord": {"webhook_url": "webhook_url_file"},
    "webhook": {"url": "url_file", "bearer_token": "http_config.authorization.credentials_file"},
    "email": {"password": "auth_password_file"},
}
TLS_MODES = ("starttls", "implicit", "none")

# Keys of Alertmanager's that hold a secret and have a twin with _file.
_SECRET_IN_CONFIG = {
    *("alert_source_token", "api_key", "api_secret", "app_token", "auth_password", "auth_secret", "bearer_token"),
    *("bot_token", "client_secret", "credentials", "password", "token", "token_id", "user_key", "webhook_url"),
}
# The same where another type has something harmless of that name.
_SECRET_OF_TYPE = {("pagerduty", "routing_key"), ("pagerduty", "service_key"), ("slack", "api_url"), ("webhook", "url")}
# A dot ends the receiver's name in the name of a secret's file, so it has none.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_SECRET_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")

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
}


def type_of(name: str, settings: dict[str, Any]) -> str:
    """A receiver's type; a receiver that does not say is named after it."""
    return str(settings.get("type", name))


def all_receivers(receivers: dict[str, Any], heartbeat_url: str = "") -> dict[str, Any]:
    """The user's receivers, and the one that gets the Watchdog."""
    if not heartbeat_url:
        return receivers
    return {**receivers, HEARTBEAT: {"type": "webhook", "url": heartbeat_url, "send_resolved": False}}


# -- what Alertmanager reads


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
                # A line break at the end, as files and vaults have it, would be part of an URL or a token.
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


# -- what is wrong


def receiver_problems(receivers: dict[str, Any], heartbeat_url: str = "") -> list[str]:
    """What is wrong with llmmon_receivers and llmmon_heartbeat_url."""
    found = url_problem("llmmon_heartbeat_url", heartbeat_url) if heartbeat_url else []
    for name, settings in receivers.items():
        variable = f"llmmon_receivers.{name}"
        if not _NAME.fullmatch(str(name)):
            found.append(
                f"llmmon_receivers: the name {name!r} must consist of letters, digits, '_' and '-'; it becomes part of"
                " a file's name"
            )
        elif name in {NOBODY, HEARTBEAT}:
            found.append(f"llmmon_receivers: {name} is the name of llmmon's own receiver; choose another name")
        elif not isinstance(settings, dict):
            found.append(f"{variable} must be a dictionary")
        else:
            found += _settings_problems(variable, type_of(name, settings), settings)
    return found


def _settings_problems(variable: str, kind: str, settings: dict[str, Any]) -> list[str]:
    if kind not in NATIVE + PASSED_THROUGH:
        known = ", ".join(NATIVE + PASSED_THROUGH)
        if "type" in settings:
            return [f"{variable}.type: {kind} is unknown; known are {known}"]
        return [f"{variable}: {kind} is no type of receiver, so it needs a type of its own; known are {known}"]
    allowed = (*OWN_KEYS.get(kind, ()), *COMMON_KEYS)
    found = [
        f"{variable}: {key} is unknown; a receiver of the type {kind} has {', '.join(allowed)}"
        + ("" if kind in NATIVE else ", and all that Alertmanager knows of it goes into config")
        for key in settings
        if key not in allowed
    ]
    if not isinstance(settings.get("send_resolved", True), bool):
        found.append(f"{variable}.send_resolved must be true or false")
    for key in ("config", "secrets"):
        if not isinstance(settings.get(key) or {}, dict):
            return [*found, f"{variable}.{key} must be a dictionary"]
    checks: dict[str, Callable[[str, dict[str, Any]], list[str]]] = {
        "slack": lambda v, s: url_problem(f"{v}.webhook_url", s.get("webhook_url")),
        "discord": lambda v, s: url_problem(f"{v}.webhook_url", s.get("webhook_url")),
        "webhook": _webhook_problems,
        "email": _email_problems,
    }
    # A webhook of Slack's may be replaced by a token of an app of one's own, which is then among the secrets.
    other_way = kind == "slack" and not settings.get("webhook_url") and settings.get("secrets")
    if kind in checks and not other_way:
        found += checks[kind](variable, settings)
    elif kind in PASSED_THROUGH and not settings.get("config") and not settings.get("secrets"):
        found.append(f"{variable} is empty; write Alertmanager's settings for {kind} into config and secrets")
    return found + _secret_problems(variable, settings) + _open_secrets(variable, kind, settings.get("config") or {})


def _email_problems(variable: str, settings: dict[str, Any]) -> list[str]:
    found = [f"{variable}.{key} is missing" for key in ("to", "from", "smarthost") if not settings.get(key)]
    if settings.get("smarthost") and host_and_port(settings["smarthost"]) is None:
        found.append(f"{variable}.smarthost is not of the form host:port")
    if settings.get("tls", "starttls") not in TLS_MODES:
        found.append(f"{variable}.tls must be one of {', '.join(TLS_MODES)}")
    if ("username" in settings) != ("password" in settings):
        found.append(f"{variable} needs username and password together, or neither")
    return found + _empty_problems(variable, settings, ("username", "password"))


def _webhook_problems(variable: str, settings: dict[str, Any]) -> list[str]:
    return url_problem(f"{variable}.url", settings.get("url")) + _empty_problems(variable, settings, ("bearer_token",))


def _empty_problems(variable: str, settings: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    """Settings that are there without a value: Alertmanager would look for a file that is not written."""
    return [
        f"{variable}.{key} is empty; give it a value, or leave it out"
        for key in keys
        if key in settings and not str(settings[key] or "").strip()
    ]


def _secret_problems(variable: str, settings: dict[str, Any]) -> list[str]:
    secrets = settings.get("secrets") or {}
    found = _empty_problems(f"{variable}.secrets", secrets, tuple(secrets))
    return found + [
        f"{variable}.secrets: {key!r} must be the name of a key of Alertmanager's, without _file; one that lies deeper"
        " has dots, such as http_config.authorization.credentials"
        for key in secrets
        if not _SECRET_NAME.fullmatch(str(key)) or str(key).endswith("_file")
    ]


def _open_secrets(variable: str, kind: str, config: dict[str, Any], path: str = "") -> list[str]:
    """Secrets which would stand in the configuration for all to read who may read that."""
    found = []
    for key, value in config.items():
        if isinstance(value, dict):
            found += _open_secrets(variable, kind, value, f"{path}{key}.")
        elif value and (key in _SECRET_IN_CONFIG or (not path and (kind, key) in _SECRET_OF_TYPE)):
            found.append(
                f"{variable}.config.{path}{key} is a secret: move it to {variable}.secrets, under the name {path}{key}"
            )
    return found


class FilterModule:
    """Filters of llmmon.stack."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {
            "all_receivers": all_receivers,
            "probe_receivers": probe_receivers,
            "receiver_configs": receiver_configs,
            "receiver_problems": receiver_problems,
            "receiver_secrets": receiver_secrets,
        }
