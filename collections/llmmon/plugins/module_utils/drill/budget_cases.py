# SPDX-License-Identifier: Apache-2.0
"""What makes each alert about budgets of money fire.

A budget is used up, nearly used up, or runs low: three worlds.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator

from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import LOUD, NEARLY, QUIET, Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import HOUR, MINUTE, Series, recorded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import INSTANCE, Traffic

CASES: dict[str, str] = {
    "LLMCostBudgetBurnFast": LOUD,
    "LLMCostBudgetForecastOver": LOUD,
    "LLMCostBudgetUsedUp": LOUD,
    "LLMCostDayLimitReached": LOUD,
    "LLMCostBudgetNearlyUsed": NEARLY,
    "LLMCostBudgetRunningLow": QUIET,
}
# Few samples, so that what they add up to is known.
_AGES = tuple(range(HOUR, 6 * MINUTE, -10 * MINUTE))


def series(world: str, gateways: Iterable[Gateway], now: int) -> Iterator[Series]:
    """What is spent in a world, of every budget there is; ``now`` is in seconds since 1970."""
    for gateway in gateways:
        if world == LOUD:
            yield from _spending(gateway)
        yield from _own_budgets(gateway, _share(world, gateway))
    for gateway in list(gateways)[:1]:
        if world != LOUD:
            yield from _spent(gateway, _share(world, gateway), now)


def _share(world: str, gateway: Gateway) -> float:
    """How much of a budget is used."""
    low = max([0.8, *gateway.loaded.thresholds("budget_used_ratio")])
    nearly = max([0.95, *gateway.loaded.thresholds("budget_nearly_used_ratio")])
    return {LOUD: 2.0, NEARLY: (nearly + 1) / 2}.get(world, (low + nearly) / 2)


def _spending(gateway: Gateway) -> Iterator[Series]:
    """More in a second than any budget of a month."""
    budgets = gateway.loaded.budgets()
    most = max([1.0, *(dollars for _, dollars in budgets)])
    teams = sorted({labels.get("team", "") for labels, _ in budgets} | {""})
    model = gateway.loaded.priced_model()
    for team in teams:
        # By the gateway's own count, and by the price of tokens.
        yield from gateway.traffic(Traffic("drill-costly", dollars=100 * most, team=team))
        if model:
            yield from gateway.traffic(Traffic(model, tokens=1e12 * most, team=team))


def _spent(gateway: Gateway, share: float, now: int) -> Iterator[Series]:
    """The dollars of this month that were recorded, by the minute."""
    today = time.gmtime(now)
    for labels, dollars in gateway.loaded.budgets():
        dated = {**labels, "month": str(today.tm_mon), "day": str(today.tm_mday)}
        one = recorded("budget:llm_cost_usd:rate5m", dated, share * dollars / 60 / len(_AGES))
        yield dataclasses.replace(one, ages=_AGES)


def _own_budgets(gateway: Gateway, share: float) -> Iterator[Series]:
    """Those that the gateway keeps itself."""
    kept = gateway.kind.preset.get("team_budgets")
    if not kept or "remaining" not in kept:
        return
    team = gateway.kind.preset.get("labels", {}).get("team", ["team"])[0]
    labels = {"job": gateway.job, "instance": INSTANCE, team: "drill"}
    yield Series(kept["limit"][0]["metrics"][0], labels, 100.0)
    yield Series(kept["remaining"][0]["metrics"][0], labels, 100.0 * (1 - min(share, 1.0)))
