"""What is wrong with llmmon_alerts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.alerts import (
    alert_problems,
)

from tests.conftest import REPOSITORY

KNOWN = ["LLMTargetDown", "LLMTokenSurge", "Watchdog"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"enabled": False},
        {"for": "90s"},
        {"for": "1h30m"},
        {"for": "2d"},
        {"for": "1w"},
        {"for": "1w2d"},
        {"for": "1500ms"},
        {"for": 0},
        {"keep_firing_for": "1h30m"},
        {"severity": "info", "labels": {"team": "ops"}, "annotations": {"summary": "Ours"}},
    ],
)
def test_alerts_that_can_be_tuned_so_pass(changes: dict[str, Any]) -> None:
    assert alert_problems({"LLMTargetDown": changes}, KNOWN) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (None, "must be a dictionary with some of enabled, for, keep_firing_for, severity"),
        ("10m", "must be a dictionary"),
        ({"if": "10m"}, ": if is unknown; known are enabled, for, keep_firing_for, severity, labels, annotations"),
        ({"enabled": "no"}, ".enabled is 'no', but must be true or false"),
        ({"for": "5 minutes"}, ".for is '5 minutes', but must be a duration such as 90s, 5m or 1h30m"),
        ({"for": 300}, ".for is 300, but"),
        ({"keep_firing_for": "a while"}, ".keep_firing_for is 'a while', but must be a duration"),
        ({"for": ""}, ".for is '', but"),
        ({"for": None}, ".for is None, but"),
        ({"for": "30m1h"}, ".for is '30m1h', but"),
        ({"severity": "critcal"}, ".severity is 'critcal', but must be one of critical, warning, info, none"),
        ({"labels": ["team"]}, ".labels must be a dictionary"),
        ({"labels": {"my-team": "x"}}, ".labels must be a dictionary whose keys consist of"),
        ({"annotations": {"": "x"}}, ".annotations must be"),
    ],
)
def test_what_an_alert_does_not_know_is_named(changes: Any, words: str) -> None:
    (problem,) = alert_problems({"LLMTargetDown": changes}, KNOWN)
    assert problem.startswith("llmmon_alerts.LLMTargetDown")
    assert words in problem


def test_an_unknown_alert_is_told_the_known_ones() -> None:
    (problem,) = alert_problems({"LLMTargetsDown": {"enabled": False}}, KNOWN)
    assert problem == (
        "llmmon_alerts: there is no alert LLMTargetsDown; there are LLMTargetDown, LLMTokenSurge, Watchdog"
    )


def test_the_role_looks_at_all_of_it() -> None:
    role = REPOSITORY / "roles" / "prometheus"
    assert "or __llmmon_rule_problems" in (role / "vars" / "main" / "main.yml").read_text()
    rules = (role / "vars" / "main" / "rules.yml").read_text()
    for name in ("threshold_problems", "alert_problems", "relabeling_problems", "rule_file_problems"):
        assert f"llmmon.stack.{name}" in rules
