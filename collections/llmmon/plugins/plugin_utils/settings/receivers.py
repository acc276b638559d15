# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_receivers, as sentences that name the variable to change."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.versions import parse
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import (
    HEARTBEAT,
    NATIVE,
    NOBODY,
    NUMBERS,
    PASSED_THROUGH,
    SECRET_KEYS,
    TWO_WAYS,
    type_of,
    written_our_way,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import host_and_port, url_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown

COMMON_KEYS = ("type", "send_resolved", "config", "secrets")
OWN_KEYS: dict[str, tuple[str, ...]] = {
    "slack": ("webhook_url", "channel"),
    "discord": ("webhook_url",),
    "webhook": ("url", "bearer_token"),
    "email": ("to", "from", "smarthost", "username", "password", "tls"),
    "pagerduty": ("routing_key",),
    "opsgenie": ("api_key",),
    "msteams": ("webhook_url",),
    "telegram": ("bot_token", "chat_id", "message_thread_id"),
    "mattermost": ("webhook_url", "channel"),
    "google_chat": ("webhook_url",),
}
TLS_MODES = ("starttls", "implicit", "none")
# From this version on Alertmanager sends a webhook what its configuration says, and not its own JSON alone.
_SAYS_WHAT_A_WEBHOOK_GETS = (0, 32, 0)

# Keys of Alertmanager's that hold a secret and have a twin with _file.
_SECRET_IN_CONFIG = {
    *("alert_source_token", "api_key", "api_secret", "app_token", "auth_password", "auth_secret", "bearer_token"),
    *("bot_token", "client_secret", "credentials", "password", "token", "token_id", "user_key", "webhook_url"),
}
# The same where another type has something harmless of that name.
_SECRET_OF_TYPE = {
    *(("pagerduty", "routing_key"), ("pagerduty", "service_key"), ("slack", "api_url"), ("webhook", "url")),
    *(("mattermost", "api_url"), ("google_chat", "url")),
}
# A dot ends the receiver's name in the name of a secret's file, so it has none.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_SECRET_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def receiver_problems(receivers: dict[str, Any], heartbeat_url: str = "", alertmanager_version: str = "") -> list[str]:
    """What is wrong with llmmon_receivers and llmmon_heartbeat_url, for a version of Alertmanager if one is named."""
    found = url_problem("llmmon_heartbeat_url", heartbeat_url) if heartbeat_url else []
    not_a_dictionary = dictionary_problems("llmmon_receivers", receivers)
    for name, settings in () if not_a_dictionary else receivers.items():
        variable = f"llmmon_receivers.{name}"
        if not _NAME.fullmatch(str(name)):
            found.append(
                f"llmmon_receivers: the name {shown(name)} must consist of letters, digits, '_' and '-'; it becomes"
                " part of a file's name"
            )
        elif name in {NOBODY, HEARTBEAT}:
            found.append(f"llmmon_receivers: {name} is the name of llmmon's own receiver; choose another name")
        elif not isinstance(settings, dict):
            found.append(f"{variable} must be a dictionary")
        else:
            found += _settings_problems(variable, type_of(name, settings), settings)
            found += _version_problems(variable, type_of(name, settings), alertmanager_version)
    return found + not_a_dictionary


def _settings_problems(variable: str, kind: str, settings: dict[str, Any]) -> list[str]:
    if kind not in NATIVE + PASSED_THROUGH:
        known = ", ".join(NATIVE + PASSED_THROUGH)
        if "type" in settings:
            return [f"{variable}.type: {kind} is unknown; known are {known}"]
        return [f"{variable}: {kind} is not a type of receiver; correct the name, or give it a type; known are {known}"]
    allowed = (*OWN_KEYS.get(kind, ()), *COMMON_KEYS)
    found = [
        f"{variable}: {key} is unknown; a receiver of the type {kind} has {', '.join(allowed)}"
        + (", and all that Alertmanager knows of it goes into config" if kind in TWO_WAYS + PASSED_THROUGH else "")
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
        "msteams": lambda v, s: url_problem(f"{v}.webhook_url", s.get("webhook_url")),
        "mattermost": lambda v, s: url_problem(f"{v}.webhook_url", s.get("webhook_url")),
        "google_chat": lambda v, s: url_problem(f"{v}.webhook_url", s.get("webhook_url")),
        "telegram": _telegram_problems,
        "pagerduty": lambda v, s: _missing(v, s, ("routing_key",)),
        "opsgenie": lambda v, s: _missing(v, s, ("api_key",)),
    }
    # A webhook of Slack's may be replaced by a token of an app of one's own, which is then among the secrets.
    other_way = kind == "slack" and not settings.get("webhook_url") and settings.get("secrets")
    # In Alertmanager's words, as they were the only ones before; what is wrong with these its amtool says.
    theirs = not written_our_way(kind, settings) and (settings.get("config") or settings.get("secrets"))
    if kind in checks and not other_way and not theirs:
        found += checks[kind](variable, settings)
    elif kind in PASSED_THROUGH and not settings.get("config") and not settings.get("secrets"):
        found.append(f"{variable} is empty; write Alertmanager's settings for {kind} into config and secrets")
    found += [
        f"{variable}: {key} is there and in secrets, too; keep one of them"
        for key in SECRET_KEYS.get(kind, {})
        if settings.get(key) and (settings.get("secrets") or {}).get(key)
    ]
    return found + _secret_problems(variable, settings) + _open_secrets(variable, kind, settings.get("config") or {})


def _version_problems(variable: str, kind: str, alertmanager_version: str) -> list[str]:
    version = parse(str(alertmanager_version))
    if kind != "google_chat" or version is None or version >= _SAYS_WHAT_A_WEBHOOK_GETS:
        return []
    return [
        f"{variable}: Google Chat takes nothing that Alertmanager {alertmanager_version} can send; set"
        " llmmon_alertmanager_version to 0.32.0 or later, or leave the receiver out"
    ]


def _missing(variable: str, settings: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [f"{variable}.{key} is missing" for key in keys if not str(settings.get(key) or "").strip()]


def _telegram_problems(variable: str, settings: dict[str, Any]) -> list[str]:
    found = _missing(variable, settings, ("bot_token",))
    config = settings.get("config") or {}
    if not settings.get("chat_id") and not config.get("chat_id") and not config.get("chat_id_file"):
        found.append(f"{variable}.chat_id is missing; it is a number, such as -1001234567890")
    return found + [
        f"{variable}.{key} is {shown(settings[key])}, which is not a number such as -1001234567890"
        for key in NUMBERS
        if settings.get(key) and not re.fullmatch(r"-?[0-9]{1,18}", str(settings[key]))
    ]


def _email_problems(variable: str, settings: dict[str, Any]) -> list[str]:
    found = _missing(variable, settings, ("to", "from", "smarthost"))
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
        f"{variable}.secrets: {shown(key)} must be the name of one of Alertmanager's keys, without _file; write one"
        " that is nested with dots, such as http_config.authorization.credentials"
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
