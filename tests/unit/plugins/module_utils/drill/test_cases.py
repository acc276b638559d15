"""Every alert that there can be has series that make it fire, which some kind of gateway can have."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.drill import (
    budget_cases,
    gateway_cases,
    host_cases,
    stack_cases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import WORLDS
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import Kind

from tests.support import rendering

ALERTS = set(rendering.role_variables()["__llmmon_alert_defaults"])
KINDS_OF_CASES = (gateway_cases.CASES, budget_cases.CASES, stack_cases.CASES, host_cases.CASES)
CASES = {alert: case for cases in KINDS_OF_CASES for alert, case in cases.items()}


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_an_alert_has_a_case(alert: str) -> None:
    assert alert in CASES, f"{alert} has no case in plugins/module_utils/drill/: write what makes it fire"


def test_no_case_is_of_an_alert_that_there_is_not() -> None:
    assert set(CASES) == ALERTS
    assert len(CASES) == sum(len(cases) for cases in KINDS_OF_CASES)


def test_signals_of_cases_are_those_of_some_kind() -> None:
    kinds = [Kind(preset) for preset in rendering.presets().values()]
    for alert, case in gateway_cases.CASES.items():
        assert any(all(kind.knows(signal) for signal in case.signals) for kind in kinds), alert
        assert case.world in WORLDS
