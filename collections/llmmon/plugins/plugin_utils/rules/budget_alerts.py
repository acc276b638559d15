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

# What the texts of these alerts have in common.
_SHARE = "{{ $value | humanizePercentage }} of the requests [[ who ]]"
_BESIDE = "(not counting what LLMHighFailureRatio told)"
_GONE = "The objective allows [[ budget ]] over a month; at this rate that is used up in [[ days ]] days or sooner."
_LASTING = "The objective allows [[ budget ]] over a month, and it does not get better by itself."


@dataclass(frozen=True)
class _Texts:
    """What an alert says of an objective."""

    summary: str
    description: str


@dataclass(frozen=True)
class _Objective:
    """A share of requests that gateways owe their users, and how it is missed."""

    alert: str
    # What its two alerts say.
    fast: _Texts
    slow: _Texts
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
        if self.of_models:
            return '{{ if $labels.model }}for model "{{ $labels.model }}" {{ end }}at {{ $labels.job }}'
        return "at {{ $labels.job }}"


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
    owed = list(by_value(settings, lambda job: settings.overrides.slo_of(job, settings.slo)))
    yield _Objective(
        alert="LLMErrorBudgetBurn",
        fast=_Texts(
            "The error budget of an LLM gateway is gone within days at this rate",
            f"{_SHARE} failed over the last hour or 6 hours {_BESIDE}. {_GONE}",
        ),
        slow=_Texts(
            "The error budget of an LLM gateway will not last the month",
            f"{_SHARE} failed over the last day or 3 days {_BESIDE}. {_LASTING}",
        ),
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
            fast=_Texts(
                "The latency budget of an LLM gateway is gone within days at this rate",
                f"{_SHARE} took longer than [[ slowest ]] over the last hour or 6 hours. {_GONE}",
            ),
            slow=_Texts(
                "The latency budget of an LLM gateway will not last the month",
                f"{_SHARE} took longer than [[ slowest ]] over the last day or 3 days. {_LASTING}",
            ),
            part="llm_response_latency_seconds_slow",
            whole="llm_response_latency_seconds_count",
            name="latency",
            owed=owed,
            of_models=of_models,
        )


def _burn_alerts_of(objective: _Objective, settings: RuleSettings) -> list[Rule]:
    """Two windows each: the long one shows that it matters, the short one that it is not over yet."""
    alerting = settings.alerting
    slowest = "their model's threshold"
    if not settings.overrides.for_models("latency_p95_seconds"):
        slowest = "[[ seconds ]]s"
    values = {
        "who": alerting.said(objective.who),
        "budget": objective.budget_text,
        "days": f"{round(MONTH / float(settings.thresholds['burn_rate_6h']), 1):g}",
        "slowest": alerting.said(slowest, {"seconds": settings.thresholds["latency_p95_seconds"]}),
    }
    return [
        rule
        for speed, texts, long, longer in (
            ("Fast", objective.fast, _HOUR, _HOURS),
            ("Slow", objective.slow, _DAY, _DAYS),
        )
        for rule in alerting.alert(
            f"{objective.alert}{speed}",
            f"{_burning(objective, long, settings)}\nor\n{_burning(objective, longer, settings)}",
            summary=texts.summary,
            description=texts.description,
            values=values,
            dashboard_for=["job"],
        )
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
