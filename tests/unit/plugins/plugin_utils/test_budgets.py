"""Budgets as rules read them."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import Budget, budgets
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import unknown_variable_problems


def test_a_number_is_a_months() -> None:
    assert budgets({"teams": {"b": 2, "a": {"day": 1, "month": None}}, "all": 5, "gateways": None}) == [
        Budget("team", "a", {"day": 1}),
        Budget("team", "b", {"month": 2}),
        Budget("all", "", {"month": 5}),
    ]


def test_each_has_the_labels_of_what_is_spent() -> None:
    labels = [budget.labels for budget in budgets({"teams": {"a": 1}, "gateways": {"g": 1}, "all": 0})]
    assert labels == [{"scope": "team", "team": "a"}, {"scope": "gateway", "job": "g"}, {"scope": "all"}]


def test_the_former_name_is_refused_with_the_new_one() -> None:
    (problem,) = unknown_variable_problems(["llmmon_team_budgets"], ["llmmon_budgets", "llmmon_backup_keep"])
    assert "did you mean llmmon_budgets?" in problem
