# SPDX-License-Identifier: Apache-2.0
"""Whether requests fail where there are few of them: too few in 5 minutes, but enough in an hour."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import compared, threshold_text
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent

# With 1 failure in 100, so many of the 10 requests of an hour fail by chance once in millions of hours.
_FAILURES = 5


def hourly_requests() -> list[Rule]:
    """Requests and failures of an hour and of half of it, by model: a sample a minute, however often rules run."""
    return [
        record(
            f"job_model:{signal}:increase{window}",
            f"round(sum_over_time(job_model:{signal}:rate5m[{samples}:1m]) * 60, 0.01)",
        )
        for signal in ("llm_requests", "llm_requests_failed")
        # Half a minute is left out of the range, as in costs.py.
        for window, samples in (("30m", "29m30s"), ("1h", "59m30s"))
    ]


def low_traffic_alerts(settings: RuleSettings) -> list[Rule]:
    """Where LLMHighFailureRatio has too few requests to speak."""
    threshold = settings.thresholds["failure_ratio"]

    def failing(window: str) -> str:
        ratio = f"round({failed}{window} / ({requests}{window} > 0), 0.0001)"
        return compared(settings, "failure_ratio", ratio, ">", threshold)

    failed, requests = "job_model:llm_requests_failed:increase", "job_model:llm_requests:increase"
    share = threshold_text(settings, "failure_ratio", percent(threshold), " | humanizePercentage")
    return settings.alerting.alert(
        "LLMLowTrafficFailing",
        "\n".join(
            [
                failing("1h"),
                f"and on (job, model) {failing('30m')}",
                f"and on (job, model) {failed}1h >= {_FAILURES}",
                "unless on (job, model) "
                + compared(settings, "minimum_requests", f"{requests}5m", ">=", settings.minimum_requests),
            ]
        ),
        summary="Too many of the few LLM requests fail",
        description='{{ $value | humanizePercentage }} of the requests for model "{{ $labels.model }}" at'
        " {{ $labels.job }} failed in the last hour, and they still do"
        " (threshold [[ threshold ]]). There are too few of them for LLMHighFailureRatio.",
        values={"threshold": share},
        dashboard_for=("job", "model"),
        among=f"{requests}1h",
    )
