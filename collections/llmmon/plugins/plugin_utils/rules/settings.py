# SPDX-License-Identifier: Apache-2.0
"""What rules depend on besides gateways and presets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import Budget, budgets
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.languages import language
from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import Number, Overrides
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.alerting import Alerting
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.gateway_labels import gateway_labels

__all__ = ["Number", "RuleSettings"]


@dataclass(frozen=True)
class RuleSettings:
    """The user's settings with all defaults filled in; ``__llmmon_rule_settings`` of the role prometheus.

    ``jobs`` are the names of all gateways, ``alertmanagers`` those that Prometheus sends alerts to, ``services`` those
    that are deployed beside it.
    """

    interval: str
    thresholds: Mapping[str, Number]
    overrides: Overrides
    jobs: Sequence[str]
    slo: Mapping[str, Number]
    surge_floors: Mapping[str, Number]
    minimum_requests: Number
    failure_definition: str
    token_prices: Mapping[str, Mapping[str, Number]]
    # Seconds since 1970; 0 where there is no list of prices.
    price_file_date: Number
    gpu_hour_prices: Mapping[str, Number]
    budgets: Sequence[Budget]
    # ``by``: a list of what spenders can be; ``limit``: how many of each are recorded for a gateway.
    top_spenders: Mapping[str, Any]
    alerting: Alerting
    prober: bool
    # Whether canaries ask the gateways.
    canaries: bool
    # As in llmmon_hosts.
    hosts: Sequence[Mapping[str, Any]]
    services: Sequence[str]
    alertmanagers: Sequence[str]
    backup_schedule: str
    backup_schedule_scope: str
    # Whether samples are written to an engine.
    remote_writes: bool
    # Whether this Prometheus scrapes components of Thanos.
    thanos: bool
    # Whether archives are copied off the host.
    backup_copied: bool

    @classmethod
    def of(cls, variables: Mapping[str, Any], gateways: Iterable[Gateway] = ()) -> RuleSettings:
        """From ``__llmmon_rule_settings``; ``gateways`` are those that the rules are about."""
        given = dict(variables)
        known = list(gateways)
        alerting = dict(given.pop("alerting"))
        chosen = language(alerting.pop("language"))
        runbooks = chosen.place_of_runbooks(alerting.pop("runbooks"), alerting.pop("site"))
        jobs = [gateway["name"] for gateway in known]
        overrides = Overrides.of(given.pop("threshold_overrides"), jobs)
        return cls(
            **{
                **given,
                "alerting": Alerting(
                    **alerting, language=chosen, runbooks=runbooks, gateway_labels=gateway_labels(known)
                ),
                "overrides": overrides,
                "jobs": jobs,
                "budgets": budgets(given["budgets"]),
            }
        )
