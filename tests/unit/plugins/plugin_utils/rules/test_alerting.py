"""Alerting rules as they are written, and as the user tunes them."""

from __future__ import annotations

import dataclasses

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.alerting import Alerting

ALERTING = Alerting(
    tuning={"LLMX": {"severity": "warning", "for": "5m"}, "Y": {"severity": "none"}, "Off": {"enabled": False}},
    runbooks="https://wiki.example",
    dashboards="https://grafana.example/d",
    alertmanager="https://alertmanager.example",
    first_checks={"LLMX": "Look."},
)


def test_a_rule_is_written() -> None:
    rules = ALERTING.alert(
        "LLMX",
        "\n    a\n      and b\n",
        summary="S",
        description='One\n    two "three"',
        labels={"job": "j"},
        dashboard_for=["job", "model"],
        among="known",
    )
    assert rules == [
        {
            "alert": "LLMX",
            "expr": "a\n  and b",
            "for": "5m",
            "labels": {"severity": "warning", "component": "llm", "job": "j"},
            "annotations": {
                "summary": "S",
                "description": 'One two "three"',
                "first_check": "Look.",
                "runbook_url": "https://wiki.example/LLMX.md",
                "dashboard_url": (
                    "https://grafana.example/d/llmmon-operations?var-job={{ $labels.job | urlquery }}"
                    "&var-model={{ $labels.model | urlquery }}"
                ),
                "sort_key": '{{ $value | printf "%020.6f" }}',
                "models_in_all": (
                    "{{ with printf `count(count by (model) (known{job=%q}))` $labels.job | query }}"
                    '{{ . | first | value | printf "%.0f" }}{{ end }}'
                ),
            },
        }
    ]


def test_alerts_about_a_gateway_have_its_labels() -> None:
    labelled = dataclasses.replace(ALERTING, gateway_labels={"team": {"search": ["a", "b"]}})

    def expression(*dashboard_for: str, **labels: str) -> str:
        (rule,) = labelled.alert("LLMX", "x", summary="", description="", dashboard_for=dashboard_for, labels=labels)
        return rule["expr"]

    assert expression("job", "model") == 'label_replace(\nx\n, "team", "search", "job", "a|b")'
    assert expression("job", job="a") == 'label_replace(\nx\n, "team", "search", "job", "a")'
    assert expression("job", job="c") == "x"
    # That of a team is its own.
    assert expression("job", "team") == expression("team") == expression() == "x"


def test_a_rule_that_fires_at_once_has_no_duration() -> None:
    (rule,) = ALERTING.alert("Y", "a", summary="S", description="D")
    assert "for" not in rule
    assert rule["labels"]["component"] == "monitoring"
    assert rule["annotations"]["dashboard_url"] == "https://grafana.example/d/llmmon-stack"


def test_an_alert_may_open_another_dashboard() -> None:
    (rule,) = ALERTING.alert("Y", "a", summary="S", description="D", dashboard="llmmon-cost")
    assert rule["annotations"]["dashboard_url"] == "https://grafana.example/d/llmmon-cost"


def test_a_rule_that_is_off_is_nothing() -> None:
    assert ALERTING.alert("Off", "a", summary="S", description="D") == []
