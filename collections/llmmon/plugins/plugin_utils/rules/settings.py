# SPDX-License-Identifier: Apache-2.0
"""What rules depend on besides gateways and presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.alerting import Alerting

# As the user wrote it, which is how rules show it: 0.2, 1e-06, "0.5" (from --extra-vars).
Number = int | float | str


@dataclass(frozen=True)
class RuleSettings:
    """The user's settings with all defaults filled in; ``__llmmon_rule_settings`` of the role prometheus.

    ``alertmanagers`` are those that Prometheus sends alerts to, ``services`` those that are deployed beside it.
    """

    interval: str
    thresholds: Mapping[str, Number]
    slo: Mapping[str, Number]
    surge_floors: Mapping[str, Number]
    minimum_requests: Number
    failure_definition: str
    token_prices: Mapping[str, Mapping[str, Number]]
    team_budgets: Mapping[str, Number]
    alerting: Alerting
    prober: bool
    services: Sequence[str]
    alertmanagers: Sequence[str]
    backup_schedule: str
    backup_schedule_scope: str

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> RuleSettings:
        """From ``__llmmon_rule_settings``."""
        return cls(**{**variables, "alerting": Alerting(**variables["alerting"])})
