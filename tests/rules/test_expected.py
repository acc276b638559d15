"""The rendered rules are those in expected/, whoever computes them and however they are written down.

To renew expected/ after a change that is wanted: python -m tests.rules.scenarios
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.rules.scenarios import EXPECTED, SCENARIOS
from tests.support import rendering


def test_every_scenario_has_its_folder_and_every_folder_its_scenario() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_rules_are_as_expected(scenario: str) -> None:
    """Groups and rules in their order, and everything in them."""
    files = rendering.render_rules(**SCENARIOS[scenario])
    expected = {path.name: path for path in (EXPECTED / scenario).iterdir()}
    assert set(files) == set(expected)
    for name, path in expected.items():
        found, wanted = parsed(files[name]), parsed(path.read_text(encoding="utf-8"))
        assert [group["name"] for group in found] == [group["name"] for group in wanted]
        for group, wanted_group in zip(found, wanted, strict=True):
            for rule, wanted_rule in zip(group["rules"], wanted_group["rules"], strict=False):
                assert rule == wanted_rule, f"{name}, {group['name']}"
            assert group == wanted_group


def test_a_rule_that_is_not_as_expected_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCENARIOS, "one_gateway", SCENARIOS["one_gateway"] | {"llmmon_alert_minimum_requests": 21})
    with pytest.raises(AssertionError, match=r"llm_alerts\.yml, llmmon_alerts"):
        test_rules_are_as_expected("one_gateway")


def parsed(content: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(content)["groups"]
    return groups
