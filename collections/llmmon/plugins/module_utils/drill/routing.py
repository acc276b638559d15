# SPDX-License-Identifier: Apache-2.0
"""The configuration of a drill's Alertmanager: the deployed routes and texts, and receivers that only the drill has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Where integrations have their title, and where their text; of the first that is there.
_TITLES = ("title", "subject", "message", "description", "entity_display_name", "summary")
_TEXTS = ("text", "message", "description", "state_message", "html")
_SUFFIX = "_configs"
# The label of everything that a drill sends to people.
DRILL = "drill"
# What is at the top of each message to the drill: one line for each alert, then one that ends them.
IDENTITY = "{{ range .Alerts.Firing }}{{ .Labels.alertname }}\t{{ .Labels.job }}\t{{ $.Receiver }}\n{{ end }}"
END = "--"
_PLAIN = "{{ .CommonAnnotations.summary }}"
_AT_ONCE = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "24h"}
_LEFT_OUT = ("mute_time_intervals", "active_time_intervals")

Config = dict[str, Any]


def drill_config(config: Mapping[str, Any], directory: str, url: str, real: bool) -> Config:
    """The configuration for a drill.

    ``directory`` is where the deployed one lies, ``url`` where the drill listens. With ``real`` the deployed receivers
    are told as well. Alerts do not wait for one another, keep none quiet, and are told at every hour: else most of them
    would be silent while all fire at once.
    """
    found: Config = {
        "templates": [_absolute(pattern, directory) for pattern in config.get("templates") or []],
        "route": _route(config["route"], real),
        "receivers": [_receiver(receiver, url, real) for receiver in config["receivers"]],
    }
    if real and config.get("global"):
        found["global"] = config["global"]
    return found


def _absolute(pattern: str, directory: str) -> str:
    return pattern if pattern.startswith("/") else f"{directory}/{pattern}"


def _route(route: Mapping[str, Any], real: bool) -> Config:
    found = {key: value for key, value in route.items() if key not in _LEFT_OUT} | _AT_ONCE
    if real and "group_by" in route and "..." not in route["group_by"]:
        # An incident of a drill is another one than that of the live alert, and ends without it.
        found["group_by"] = [*route["group_by"], DRILL]
    if "routes" in route:
        found["routes"] = [_route(child, real) for child in route["routes"]]
    return found


def _receiver(receiver: Mapping[str, Any], url: str, real: bool) -> Config:
    told = list(_observed(receiver, url)) or [_observer(url, _PLAIN, _PLAIN)]
    own = {key: value for key, value in receiver.items() if key != "name"} if real else {}
    return {"name": receiver["name"], **own, "slack_configs": [*own.get("slack_configs", []), *told]}


def _observed(receiver: Mapping[str, Any], url: str) -> Iterator[Config]:
    for integration, configs in receiver.items():
        if integration.endswith(_SUFFIX):
            for config in configs:
                title, text = _template(config, _TITLES), _template(config, _TEXTS)
                yield _observer(url, title or text or _PLAIN, text or title or _PLAIN)


def _template(config: Mapping[str, Any], names: tuple[str, ...]) -> str:
    subject = config.get("headers", {}).get("Subject") if "title" in names else None
    return str(subject or next((config[name] for name in names if isinstance(config.get(name), str)), ""))


def _observer(url: str, title: str, text: str) -> Config:
    """Tells the drill what a receiver is told, in the words of the deployed templates, and of which alerts."""
    return {
        "api_url": url,
        "send_resolved": False,
        "title": title,
        "text": f"{IDENTITY}{END}\n{text}",
        # Alertmanager's own templates for these are of no use, and not every build of it has them.
        **dict.fromkeys(
            ("channel", "username", "fallback", "pretext", "footer", "icon_url", "icon_emoji", "title_link"), ""
        ),
        "callback_id": "",
    }
