"""The configuration of a drill's Alertmanager."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.drill.routing import END, drill_config

from tests.routing import rendering

URL = "http://127.0.0.1:1/"
SECRET = "s3cret"  # noqa: S105 - made up
CONFIG: dict[str, Any] = {
    "global": {"smtp_auth_password": SECRET},
    "templates": ["templates/*.tmpl", "/own/*.tmpl"],
    "inhibit_rules": [{"source_matchers": ['a="b"'], "equal": ["job"]}],
    "time_intervals": [{"name": "night"}],
    "route": {
        "receiver": "nobody",
        "group_by": ["alertname"],
        "group_wait": "30s",
        "routes": [
            {"receiver": "chat", "matchers": ['severity="critical"'], "mute_time_intervals": ["night"]},
            {"receiver": "pager", "group_by": ["..."], "active_time_intervals": ["night"], "continue": True},
        ],
    },
    "receivers": [
        {"name": "nobody"},
        {"name": "chat", "slack_configs": [{"api_url": f"http://{SECRET}", "title": "T", "text": "X"}]},
        {
            "name": "pager",
            "pagerduty_configs": [{"routing_key": SECRET, "description": "D", "details": {"firing": "F"}}],
        },
        {"name": "post", "email_configs": [{"to": "a", "headers": {"Subject": "S"}, "html": "H"}]},
        {"name": "hook", "webhook_configs": [{"url": f"http://{SECRET}"}]},
    ],
}


def told(config: dict[str, Any], name: str) -> list[dict[str, Any]]:
    (receiver,) = (one for one in config["receivers"] if one["name"] == name)
    return [one for one in receiver["slack_configs"] if one.get("api_url") == URL]


def test_nobody_but_the_drill_is_told_and_no_secret_is_in_it() -> None:
    config = drill_config(CONFIG, "/etc/am", URL, real=False)
    assert SECRET not in str(config)
    assert all(set(receiver) == {"name", "slack_configs"} for receiver in config["receivers"])
    assert {one["api_url"] for receiver in config["receivers"] for one in receiver["slack_configs"]} == {URL}


def test_words_are_those_of_the_receivers_own_templates() -> None:
    config = drill_config(CONFIG, "/etc/am", URL, real=False)
    words = {
        name: [(one["title"], one["text"].partition(f"{END}\n")[2]) for one in told(config, name)]
        for name in ("chat", "pager", "post")
    }
    assert words == {"chat": [("T", "X")], "pager": [("D", "D")], "post": [("S", "H")]}
    assert "summary" in told(config, "hook")[0]["text"]
    assert config["templates"] == ["/etc/am/templates/*.tmpl", "/own/*.tmpl"]


def test_routes_are_the_deployed_ones_but_nothing_waits_or_is_muted() -> None:
    config = drill_config(CONFIG, "/etc/am", URL, real=False)
    at_once = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "24h"}
    assert config["route"] == {
        "receiver": "nobody",
        "group_by": ["alertname"],
        **at_once,
        "routes": [
            {"receiver": "chat", "matchers": ['severity="critical"'], **at_once},
            {"receiver": "pager", "group_by": ["..."], "continue": True, **at_once},
        ],
    }
    assert "inhibit_rules" not in config


def test_people_are_told_as_well_when_they_are_meant_and_as_of_another_incident() -> None:
    config = drill_config(CONFIG, "/etc/am", URL, real=True)
    (pager,) = (one for one in config["receivers"] if one["name"] == "pager")
    assert pager["pagerduty_configs"] == CONFIG["receivers"][2]["pagerduty_configs"]
    assert len(told(config, "pager")) == 1
    assert config["global"] == CONFIG["global"]
    assert config["route"]["group_by"] == ["alertname", "drill"]
    assert config["route"]["routes"][1]["group_by"] == ["..."]


def test_it_does_not_change_what_is_deployed(tmp_path: Path) -> None:
    deployed = rendering.lay_out(tmp_path, llmmon_receivers={"slack": {"webhook_url": "http://x"}}).content()
    before = str(deployed)
    drill_config(deployed, "/etc/am", URL, real=True)
    assert str(deployed) == before
