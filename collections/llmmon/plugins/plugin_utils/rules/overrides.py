# SPDX-License-Identifier: Apache-2.0
"""How rules compare with the threshold of each model and gateway, where the user has set one of its own.

Models are known only once there is traffic: a rule records the threshold of each, alerts compare with that, and
dashboards draw it. Gateways are known beforehand: their alerts have a term for each number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import (
    MODEL_OBJECTIVES,
    OF_GATEWAYS,
    OF_MODELS,
    Override,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import chosen, one_of_jobs, quoted
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings

Value = TypeVar("Value")

RECORDED = "llmmon:threshold_override"


def override_rules(settings: RuleSettings) -> list[Rule]:
    """The thresholds of models and gateways that have their own; of several overrides the later one counts."""
    rules = []
    for name, series in (OF_MODELS | MODEL_OBJECTIVES).items():
        given = settings.overrides.for_models(name)
        if given:
            terms = [f"group by (job, model) ({chosen(series, *matchers(one))}) * {one.numbers[name]}" for one in given]
            rules.append(record(RECORDED, "\nor on (job, model)\n".join(terms), name=name))
    for name in OF_GATEWAYS:
        default = settings.thresholds[name]
        for job in settings.jobs:
            own = settings.overrides.of_gateway(name, job, default)
            if own != default:
                rules.append(record(RECORDED, f"vector({own})", name=name, job=job))
    return rules


def compared(settings: RuleSettings, name: str, expression: str, operator: str, default: Number) -> str:
    """A model's series, as far as they are beyond its threshold of this name."""
    if not settings.overrides.for_models(name):
        return f"{expression} {operator} {default}"
    own = own_threshold(name)
    return (
        f"(\n  {expression} {operator} on (job, model) group_left () {own}\n"
        f"  or ({expression} unless on (job, model) {own}) {operator} {default}\n)"
    )


def threshold_text(settings: RuleSettings, name: str, default: str, form: str = "") -> str:
    """The threshold of the model that an alert is about, as its text shows it.

    ``form`` is the pipeline that makes a text of a number, ``default`` the text where there is no override.
    """
    if not settings.overrides.for_models(name):
        return default
    asked = f'{RECORDED}{{name="{name}",job=%q,model=%q}}'
    return (
        f"{{{{ with printf `{asked}` $labels.job $labels.model | query }}}}{{{{ . | first | value{form} }}}}"
        f"{{{{ else }}}}{default}{{{{ end }}}}"
    )


def gateway_threshold_text(settings: RuleSettings, name: str, default: Number) -> str:
    """The threshold of the gateway that an alert is about, as its text shows it."""
    if all(settings.overrides.of_gateway(name, job, default) == default for job in settings.jobs):
        return str(default)
    asked = f'{RECORDED}{{name="{name}",job=%q}}'
    return (
        f"{{{{ with printf `{asked}` $labels.job | query }}}}{{{{ . | first | value }}}}"
        f"{{{{ else }}}}{default}{{{{ end }}}}"
    )


def own_threshold(name: str) -> str:
    """The recorded thresholds of models that have their own."""
    return f'{RECORDED}{{name="{name}"}}'


def by_value(settings: RuleSettings, value_of: Callable[[str], Value]) -> Iterator[tuple[Value, str]]:
    """Each value that gateways have, with the matcher of these gateways: empty where all have the same."""
    values = {job: value_of(job) for job in settings.jobs}
    distinct: list[Value] = []
    for value in values.values():
        if value not in distinct:
            distinct.append(value)
    for value in distinct:
        jobs = [job for job, own in values.items() if own == value]
        yield value, "" if len(distinct) == 1 else one_of_jobs(jobs)


def matchers(override: Override) -> tuple[str, str]:
    """The matchers of an override's models: of their gateways, and of their names. Empty ones match all."""
    return (
        "" if override.jobs is None else one_of_jobs(override.jobs),
        "" if override.model is None else f"model=~{quoted(override.model)}",
    )
