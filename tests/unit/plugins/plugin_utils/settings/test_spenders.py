"""What is wrong with the choice of top spenders."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import SPENDERS
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.spenders import spender_problems


@pytest.mark.parametrize(
    "chosen", [{}, {"by": None}, {"by": list(SPENDERS), "limit": 1}, {"by": ["key"], "limit": "100"}]
)
def test_what_can_be_recorded(chosen: dict[str, Any]) -> None:
    assert spender_problems(chosen) == []


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        (
            {"by": ["keys"]},
            "llmmon_top_spenders.by has 'keys', which is unknown; known are key, user, project, customer",
        ),
        ({"by": ["key", "key"]}, "llmmon_top_spenders.by names one of them twice"),
        ({"limit": 0}, "llmmon_top_spenders.limit is 0, but must be a whole number from 1 to 100"),
        ({"limit": 101}, "llmmon_top_spenders.limit is 101, but must be a whole number from 1 to 100"),
        ({"limit": 2.5}, "llmmon_top_spenders.limit is 2.5, but must be a whole number from 1 to 100"),
        ({"limit": "all"}, "llmmon_top_spenders.limit is 'all', but must be a whole number from 1 to 100"),
    ],
)
def test_what_cannot(chosen: dict[str, Any], problem: str) -> None:
    assert spender_problems(chosen) == [problem]
