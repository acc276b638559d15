# SPDX-License-Identifier: Apache-2.0
"""How well models keep what they owe, where they have an objective of their own.

Only of these a sample a minute is kept beside what is recorded of all: windows of three days of every model would cost
too much.
"""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import own_threshold
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.trends import TOLD, ratios

# By objective: requests that miss it, and all of them.
MISSED = {"availability": "job_model:llm_requests_failed_owed", "latency": "job_model:llm_responses_slow_owed"}
ASKED = {"availability": "job_model:llm_requests_owed", "latency": "job_model:llm_responses_owed"}
_READ = {
    "availability": (
        f"job_model:llm_requests_failed:rate5m unless on (job, model) {TOLD}",
        "job_model:llm_requests:rate5m",
    ),
    "latency": (
        "job_model:llm_response_latency_seconds_slow:rate5m",
        "job_model:llm_response_latency_seconds_count:rate5m",
    ),
}


def model_objectives(settings: RuleSettings) -> list[Rule]:
    """Failures and slow answers over longer times, of models that owe something."""
    rules = []
    for name, (missed, asked) in _READ.items():
        if settings.overrides.for_models(f"slo_{name}"):
            own = own_threshold(f"slo_{name}")
            rules += [
                record(f"{MISSED[name]}:rate5m", f"{missed}\nand on (job, model) {own}"),
                record(f"{ASKED[name]}:rate5m", f"{asked} and on (job, model) {own}"),
                *ratios(MISSED[name], ASKED[name]),
            ]
    return rules
