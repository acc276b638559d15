# SPDX-License-Identifier: Apache-2.0
"""Who spends most: keys, users, projects or customers, as far as the gateway says who they are.

There may be thousands. Only the first of each gateway are recorded: by what they have spent since the gateway counts,
which changes slowly, so that the same ones are recorded from one moment to the next.
"""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source

# LiteLLM's word for nobody.
_NOBODY = "|None"
# As in costs.py: a day of one sample a minute.
_DAY = "23h59m30s"


def spender_rules(source: Source, settings: RuleSettings) -> list[Rule]:
    """US dollars per second of those who have spent most at each gateway of a kind that charges them."""
    rules = []
    for spender in settings.top_spenders["by"]:
        labels = source.preset.get("labels", {}).get(spender)
        if labels and "cost_usd" in source.preset:
            charged, present = source.preset["cost_usd"], f'{labels[0]}!~"{_NOBODY}"'
            spent = source.canonical(charged, [spender], gauges=True, present=present)
            first = f"topk by (job) ({settings.top_spenders['limit']}, {spent})"
            rate = source.canonical(charged, [spender], present=present)
            rules.append(source.record(_rate(spender), f"{rate}\nand on (job, {spender})\n{first}"))
    return rules


def spender_sums(settings: RuleSettings) -> list[Rule]:
    """US dollars in a day."""
    return [
        record(f"job_{spender}:llm_cost_usd:increase1d", f"sum_over_time({_rate(spender)}[{_DAY}]) * 60")
        for spender in settings.top_spenders["by"]
    ]


def _rate(spender: str) -> str:
    return f"job_{spender}:llm_cost_usd:rate5m"
