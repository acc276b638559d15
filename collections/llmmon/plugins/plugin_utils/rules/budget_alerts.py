# SPDX-License-Identifier: Apache-2.0
"""Alerts about budgets that are used up too fast: of errors, and of slow answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model_objectives import ASKED, MISSED
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import (
    RECORDED,
    by_value,
    compared,
    own_threshold,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import chosen
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.trends import UNTOLD
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent

# Days that an objective is about.
MONTH = 30


@dataclass(frozen=True)
class _Objective:
    """A share of requests that gateways owe their users, and how it is missed."""

    alert: str
    budget_of: str
    # What the requests that do not meet it did.
    missed_by: str
    # What is left out, put behind the time it is about.
    beside: str
    # Recorded names: of those requests, and of all.
    part: str
    whole: str
    # Its name in llmmon_slo.
    name: str
    # What gateways owe, each with the matcher of those that do, which is empty for all.
    owed: Sequence[tuple[Mapping[str, Number], str]]
    # Whether models have objectives of their own.
    of_models: bool

    def budget(self, slo: Mapping[str, Number]) -> float:
        """The share of requests that may miss it."""
        return round(1 - float(slo[self.name]), 6)

    @property
    def budget_text(self) -> str:
        """The same as texts of alerts show it."""
        budgets = {self.budget(slo) for slo, _ in self.owed}
        if len(budgets) == 1:
            of_gateway = percent(*budgets)
        else:
            of_gateway = _asked(f'1 - llmmon:objective{{name="{self.name}",job=%q}}', "$labels.job")
        if not self.of_models:
            return of_gateway
        own = f'1 - {RECORDED}{{name="slo_{self.name}",job=%q,model=%q}}'
        of_model = _asked(own, "$labels.job $labels.model")
        return f"{{{{ if $labels.model }}}}{of_model}{{{{ else }}}}{of_gateway}{{{{ end }}}}"

    @property
    def who(self) -> str:
        """Whose requests, as texts of alerts show it."""
        of_model = ' for model "{{ $labels.model }}"'
        named = f"{{{{ if $labels.model }}}}{of_model}{{{{ end }}}}" if self.of_models else ""
        return f"{named} at {{{{ $labels.job }}}}"


@dataclass(frozen=True)
class _Burn:
    """How fast a budget may go over a window; the short window shows that it still does."""

    window: str
    seconds: int
    short: str


_HOUR, _HOURS = _Burn("1h", 3600, "5m"), _Burn("6h", 21600, "30m")
_DAY, _DAYS = _Burn("1d", 86400, "2h"), _Burn("3d", 259200, "6h")


def burn_alerts(settings: RuleSettings) -> list[Rule]:
    """A fast and a slow burn of each objective."""
    return [rule for objective in _objectives(settings) for rule in _burn_alerts_of(objective, settings)]


def _objectives(settings: RuleSettings) -> Iterator[_Objective]:
    slowest = f"{settings.thresholds['latency_p95_seconds']}s"
    if settings.overrides.for_models("latency_p95_seconds"):
        slowest = "their model's threshold"
    owed = list(by_value(settings, lambda job: settings.overrides.slo_of(job, settings.slo)))
    yield _Objective(
        alert="LLMErrorBudgetBurn",
        budget_of="error",
        missed_by="failed",
        beside=" (not counting what LLMHighFailureRatio told)",
        part=UNTOLD,
        whole="llm_requests",
        name="availability",
        owed=owed,
        of_models=bool(settings.overrides.for_models("slo_availability")),
    )
    # Only where somebody has said what is owed: the threshold of all models is a guess.
    owed = [(slo, jobs) for slo, jobs in owed if "latency" in slo]
    of_models = bool(settings.overrides.for_models("slo_latency"))
    if owed or of_models:
        yield _Objective(
            alert="LLMLatencyBudgetBurn",
            budget_of="latency",
            missed_by=f"took longer than {slowest}",
            beside="",
            part="llm_response_latency_seconds_slow",
            whole="llm_response_latency_seconds_count",
            name="latency",
            owed=owed,
            of_models=of_models,
        )


def _burn_alerts_of(objective: _Objective, settings: RuleSettings) -> list[Rule]:
    """Two windows each: the long one shows that it matters, the short one that it is not over yet."""
    alert = settings.alerting.alert
    burnt = f"{{{{ $value | humanizePercentage }}}} of the requests{objective.who} {objective.missed_by}"
    allowed = f"The objective allows {objective.budget_text} over a month"
    days = round(MONTH / float(settings.thresholds["burn_rate_6h"]), 1)
    return [
        *alert(
            f"{objective.alert}Fast",
            f"{_burning(objective, _HOUR, settings)}\nor\n{_burning(objective, _HOURS, settings)}",
            summary=f"The {objective.budget_of} budget of an LLM gateway is gone within days at this rate",
            description=f"{burnt} over the last hour or 6 hours{objective.beside}."
            f" {allowed}; at this rate that is used up in {days:g} days or sooner.",
            dashboard_for=["job"],
        ),
        *alert(
            f"{objective.alert}Slow",
            f"{_burning(objective, _DAY, settings)}\nor\n{_burning(objective, _DAYS, settings)}",
            summary=f"The {objective.budget_of} budget of an LLM gateway will not last the month",
            description=f"{burnt} over the last day or 3 days{objective.beside}."
            f" {allowed}, and it does not get better by itself.",
            dashboard_for=["job"],
        ),
    ]


def _burning(objective: _Objective, burn: _Burn, settings: RuleSettings) -> str:
    """A ratio burns the budget too fast over a long window, and still does over a short one.

    The long one has requests enough: a handful burns nothing.
    """
    requests = f"avg_over_time(job:{objective.whole}:rate5m[{burn.window}]) * {burn.seconds}"
    terms = []
    for slo, jobs in objective.owed:
        limit = round(float(settings.thresholds[f"burn_rate_{burn.window}"]) * objective.budget(slo), 6)
        ratio = chosen(f"job:{objective.part}:ratio_rate{burn.window}", jobs)
        terms.append(
            f"round({ratio}, 0.0001) > {limit}\n"
            f"  and on (job) round(job:{objective.part}:ratio_rate{burn.short}, 0.0001) > {limit}\n"
            f"  and on (job) round({requests}, 0.01) >= {slo['minimum_requests']}"
        )
    if objective.of_models:
        terms.append(_model_burning(objective, burn, settings))
    return "\nor\n".join(terms)


def _model_burning(objective: _Objective, burn: _Burn, settings: RuleSettings) -> str:
    """The same of models that have an objective of their own."""
    part, whole = MISSED[objective.name], ASKED[objective.name]
    budget = f"(1 - {own_threshold(f'slo_{objective.name}')})"
    limit = f"round({float(settings.thresholds[f'burn_rate_{burn.window}']):g} * {budget}, 0.000001)"
    requests = f"round(avg_over_time({whole}:rate5m[{burn.window}]) * {burn.seconds}, 0.01)"
    enough = compared(settings, "slo_minimum_requests", requests, ">=", settings.slo["minimum_requests"])
    return (
        f"round({part}:ratio_rate{burn.window}, 0.0001) > on (job, model) group_left () {limit}\n"
        f"  and on (job, model) round({part}:ratio_rate{burn.short}, 0.0001) > on (job, model) group_left () {limit}\n"
        f"  and on (job, model) {enough}"
    )


def _asked(query: str, labels: str) -> str:
    """A share that the text of an alert asks Prometheus for."""
    return (
        f"{{{{ with printf `{query}` {labels} | query }}}}{{{{ . | first | value | humanizePercentage }}}}{{{{ end }}}}"
    )
