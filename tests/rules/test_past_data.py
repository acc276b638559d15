"""Rules can be filled in for past data: `promtool tsdb create-blocks-from rules` takes all of them, and loses nothing.

Where a rule has one series from two expressions, promtool writes one after the other; what is older than what it has
written is refused, or lost without a word.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules import catalogue, promtool
from tests.support import prometheus, rendering

GATEWAYS: list[dict[str, Any]] = [
    {"name": "llm-auth-proxy", "targets": ["a:8000"]},
    {"name": "litellm", "kind": "litellm", "targets": ["d:4000"]},
]
MINUTE, HOUR = 60, 3600
MINUTES = 180
# Series that come from one expression first, and from another later.
WHOLE = (
    "job_model:llm_requests_failed:rate5m",
    "job:llm_requests:rate5m_baseline",
    "job:llm_tokens_used:rate5m_baseline",
)
MODEL = 'job="llm-auth-proxy",model="m"'


def samples(begin: int) -> Iterator[str]:
    """Each series that a rule can have from one place first and from another later, and then from the first again."""
    for minute in range(MINUTES):
        at = begin + minute * MINUTE
        hour = minute // 60
        yield f'up{{job="llm-auth-proxy",instance="a:8000"}} 1 {at}'
        yield f'llm_requests_total{{{MODEL},instance="a:8000"}} {60 * minute} {at}'
        yield f'job_model:llm_requests:rate5m{{{MODEL},source="canonical"}} 1 {at}'
        yield f'job_model:llm_response_latency_seconds_count:rate5m{{{MODEL},source="canonical"}} 1 {at}'
        for edge, below in (("1", 0.5 if hour == 1 else 1), ("2", 1), ("+Inf", 1)):
            name = "job_model_le:llm_response_latency_seconds_bucket:rate5m"
            yield f'{name}{{{MODEL},source="canonical",le="{edge}"}} {below} {at}'
        yield f'job_model_type:llm_tokens_used:rate5m{{{MODEL},source="canonical",type="input"}} 9 {at}'
        for signal in ("llm_requests", "llm_tokens_used"):
            yield f'job:{signal}:rate5m_baseline_recent{{job="llm-auth-proxy"}} {1 if hour == 1 else 3} {at}'
            yield f'job:{signal}:rate5m_baseline_week{{job="llm-auth-proxy"}} 2 {at}'
        if hour == 1:
            yield f'llm_requests_failed_total{{{MODEL},instance="a:8000"}} {6 * minute} {at}'


def lines(begin: int) -> str:
    # One metric after the other, as the format wants it.
    return "\n".join([*sorted(samples(begin), key=lambda line: line.partition("{")[0]), "# EOF\n"])


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_promtool_fills_in_every_rule(version: str, tmp_path: Path) -> None:
    begin = int(time.time()) // MINUTE * MINUTE - 12 * HOUR
    (tmp_path / "samples").write_text(lines(begin), encoding="utf-8")
    made = promtool.run(version, "tsdb", "create-blocks-from", "openmetrics", tmp_path / "samples", tmp_path / "data")
    assert made.returncode == 0, promtool.explain(made)
    rules = tmp_path / "llm_recording.yml"
    prices = {"m": {"input": 1}}
    content = rendering.render_rules(llmmon_gateways=GATEWAYS, llmmon_token_prices=prices)["llm_recording.yml"]
    # What the rules before have recorded is there already: promtool reads only what Prometheus has.
    rules.write_text(yaml.safe_dump({"groups": catalogue.groups(content)}), encoding="utf-8")
    end = begin + (MINUTES - 1) * MINUTE
    retention = "--storage.tsdb.retention.time=10y"
    with prometheus.running(version, tmp_path, retention) as server:
        span = (f"--start={begin}", f"--end={end}", "--eval-interval=1m")
        place = (f"--url={server.url}", f"--output-dir={tmp_path / 'filled'}")
        filled = promtool.run(version, "tsdb", "create-blocks-from", "rules", *span, *place, rules)
    assert filled.returncode == 0, promtool.explain(filled)
    assert "error" not in promtool.explain(filled).lower(), promtool.explain(filled)
    again = tmp_path / "again"
    again.mkdir()
    (tmp_path / "filled").rename(again / "data")
    with prometheus.running(version, again, retention) as server:
        for name in WHOLE:
            # Not the series itself, which Prometheus goes on showing for 5 minutes.
            counted = f"count_over_time({name}[1m])"
            written = server.get("query_range", query=counted, start=str(begin), end=str(end), step="60")["result"]
            # But for the first minute, before which there is nothing.
            assert [len(found["values"]) >= MINUTES - 1 for found in written] == [True], name
