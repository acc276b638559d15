"""What users write, from nothing at all to everything at once."""

from __future__ import annotations

from typing import Any

EMAIL = {"to": "oncall@example.org", "from": "llmmon@example.org", "smarthost": "mail.example.org:587"}
SECRET = "s3cret-0a1b2c3d"  # noqa: S105 - made up for these tests

# The guide's way, and no more.
SIMPLE: dict[str, Any] = {"llmmon_receivers": {"slack": {"webhook_url": f"https://hooks.example.org/{SECRET}"}}}

TEAMS: dict[str, Any] = {
    "llmmon_receivers": {
        "slack": {"webhook_url": f"https://hooks.example.org/{SECRET}", "channel": "#llm"},
        "slack-payments": {"type": "slack", "webhook_url": f"https://hooks.example.org/p/{SECRET}"},
        "discord": {"webhook_url": f"https://discord.example.org/{SECRET}"},
        "email": {**EMAIL, "username": "llmmon", "password": SECRET},
        "pager": {"type": "pagerduty", "secrets": {"routing_key": SECRET}, "config": {"severity": "critical"}},
    },
    "llmmon_default_receivers": ["slack", "email"],
    "llmmon_routes": [
        {"severity": "critical", "receivers": ["pager"], "continue": True},
        {"team": ["payments", "billing.eu"], "receivers": ["slack-payments"], "mute_time_intervals": ["night"]},
        {"matchers": ['model=~"gpt-4\\.1.*"', 'job!=""'], "receivers": ["discord", "slack"], "group_by": ["model"]},
        {"severity": "info", "receivers": []},
    ],
    "llmmon_mute_time_intervals": {
        "night": {"times": [{"start_time": "22:00", "end_time": "07:00"}], "location": "Europe/Berlin"},
    },
    "llmmon_heartbeat_url": f"https://beat.example.org/{SECRET}",
}

EVERYTHING: dict[str, Any] = {
    **TEAMS,
    "llmmon_default_receivers": None,
    "llmmon_receivers": {
        **TEAMS["llmmon_receivers"],
        "mail-tls": {"type": "email", **EMAIL, "smarthost": "mail.example.org:465", "tls": "implicit"},
        "mail-plain": {"type": "email", **EMAIL, "tls": "none"},
        "webhook": {"url": "http://sink.example.org/x", "bearer_token": SECRET, "config": {"max_alerts": 10}},
        "slack-proxied": {
            "type": "slack",
            "webhook_url": f"https://hooks.example.org/q/{SECRET}",
            "send_resolved": False,
            "config": {"username": "bot", "http_config": {"proxy_url": "http://proxy.example.org:3128"}},
        },
        "telegram": {"secrets": {"bot_token": f"1:{SECRET}"}, "config": {"chat_id": -5}},
        "msteams": {"secrets": {"webhook_url": f"https://teams.example.org/{SECRET}"}},
        "teams": {"type": "msteamsv2", "secrets": {"webhook_url": f"https://teams.example.org/v2/{SECRET}"}},
        "opsgenie": {"secrets": {"api_key": SECRET}},
        "paging": {"type": "pagerduty", "routing_key": SECRET},
        "genie": {"type": "opsgenie", "api_key": SECRET, "config": {"responders": [{"name": "llm", "type": "team"}]}},
        "channel": {"type": "msteams", "webhook_url": f"https://teams.example.org/v3/{SECRET}"},
        "chat": {"type": "telegram", "bot_token": f"1:{SECRET}", "chat_id": "-5", "message_thread_id": 7},
        "mattermost": {"webhook_url": f"https://mattermost.example.org/hooks/{SECRET}", "channel": "llm"},
        "pushover": {"secrets": {"user_key": SECRET, "token": SECRET}},
        "victorops": {"secrets": {"api_key": SECRET}, "config": {"routing_key": "llm"}},
        "webex": {"secrets": {"http_config.authorization.credentials": SECRET}, "config": {"room_id": "r"}},
    },
    "llmmon_routes": [
        *TEAMS["llmmon_routes"],
        {
            "matchers": ['"über label"="ü"', "a!=b", 'c="quote \\" and \\\\ and \\n"'],
            "receivers": ["webhook"],
            "active_time_intervals": ["office", "end-of-month"],
            "group_wait": "0s",
            "group_interval": "1m",
            "repeat_interval": "1h30m",
        },
    ],
    "llmmon_mute_time_intervals": {
        **TEAMS["llmmon_mute_time_intervals"],
        # Without quotes YAML takes the second for a number.
        "office": [{"times": [{"start_time": "09:00", "end_time": 1020}], "weekdays": ["monday:friday"]}],
        "end-of-month": {"days_of_month": [-1, "1:2"], "months": ["may", 12, "6:8"], "years": [2030, "2031:2032"]},
    },
    "llmmon_inhibit_rules": [
        {"source_matchers": ['alertname="Maintenance"'], "target_matchers": ['severity="warning"'], "equal": ["job"]}
    ],
    "llmmon_alertmanager_global": {"resolve_timeout": "10m", "http_config": {"follow_redirects": False}},
}
EVERYTHING["llmmon_default_receivers"] = list(EVERYTHING["llmmon_receivers"])

VARIANTS: dict[str, dict[str, Any]] = {"nobody": {}, "simple": SIMPLE, "teams": TEAMS, "everything": EVERYTHING}
