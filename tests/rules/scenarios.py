"""Deployments whose rendered rules lie in expected/, so that every change of a rule shows in review.

To renew expected/: python -m tests.rules.scenarios
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support import rendering

EXPECTED = Path(__file__).parent / "expected"

# Gateways with everything that the user may say of one.
GATEWAYS_WITH_OPTIONS: list[dict[str, Any]] = [
    {
        "name": "llm-auth-proxy",
        "targets": ["a:8000", "b:8000"],
        "bearer_token": "made-up",
        "sample_limit": 1000,
        "labels": {"team": "search"},
        "metric_relabel_configs": [{"action": "labeldrop", "regex": "user|key"}],
    },
    {
        "name": "proxy.eu",
        "kind": "canonical",
        "targets": ["c:8000"],
        "scheme": "https",
        "metrics_path": "/v1/metrics",
        "bearer_token": "made-up",
        "sample_limit": 0,
    },
    {"name": "litellm", "kind": "litellm", "targets": ["d:4000"]},
    {"name": "tgi", "kind": "tgi", "targets": ["e:80"], "labels": {"model": "llama", "team": "chat"}},
    {"name": "vllm.1", "kind": "vllm", "targets": ["f:8000"]},
    {"name": "vllm.2", "kind": "vllm", "targets": ["g:8000"]},
    {"name": "triton", "kind": "triton", "targets": ["h:8002"]},
]

CANARIES: list[dict[str, Any]] = [
    {
        "name": "chat",
        "gateway": "llm-auth-proxy",
        "url": "https://gateway.example/v1",
        "model": "m",
        "cap": {"requests_per_hour": 120},
    }
]

# A machine with each of the two exporters of GPUs, and a fleet.
HOSTS: list[dict[str, Any]] = [
    {
        "name": "gpu-1",
        "node": "http://gpu-1.example:9100",
        "gpu": "http://gpu-1.example:9400",
        "gateways": ["llm-auth-proxy"],
    },
    {"name": "gpu-2", "gpu": "https://gpu-2.example:9835", "gateways": ["llm-auth-proxy"]},
    {"name": "fleet", "files": True, "gateways": ["llm-auth-proxy"]},
]

SCENARIOS: dict[str, dict[str, Any]] = {
    "one_gateway": {"llmmon_gateways": [{"name": "llm-auth-proxy", "targets": ["a:8000"]}]},
    "every_kind": {
        "llmmon_gateways": [
            {"name": kind, "kind": kind, "targets": [f"{kind.replace('_', '-')}:80"]} for kind in rendering.presets()
        ]
    },
    "options": {
        "llmmon_gateways": GATEWAYS_WITH_OPTIONS,
        "llmmon_failure_definition": "provider",
        "llmmon_thresholds": {
            "failure_ratio": 0.1,
            "slow_request_ratio": 0.025,
            "latency_p95_seconds": 2.5,
            "request_surge_ratio": 4,
            "token_surge_ratio": 7.5,
            "burn_rate_1h": 10,
            "burn_rate_6h": "5.5",
            "budget_hourly_share": 0.05,
            "budget_forecast_ratio": 1.2,
            "budget_used_ratio": 0.7,
            "budget_nearly_used_ratio": "0.9",
            "waiting_requests": 3,
            "kv_cache_usage_ratio": 0.9,
            "series_per_target": 100000,
            "series_growth_ratio": 3,
            "sample_limit_ratio": 0.75,
            "failed_notifications_ratio": 0.05,
            "head_series": 2000000,
            "storage_days_left": 7,
            "backup_age_hours": 50,
            "host_disk_ratio": 0.8,
            "host_memory_ratio": 0.85,
            "gpu_memory_ratio": "0.995",
            "gpu_throttled_ratio": 0.25,
        },
        "llmmon_threshold_overrides": [
            {"gateway": r"vllm\..", "latency_p95_seconds": 8, "waiting_requests": 20, "kv_cache_usage_ratio": 0.99},
            {"model": "gpt-4o.*", "latency_p95_seconds": "12.5", "failure_ratio": 0.3, "slow_request_ratio": 0.1},
            {"gateway": "litellm", "model": "o1|o3", "latency_p95_seconds": 60, "minimum_requests": 5},
            {"gateway": "litellm", "request_surge_ratio": 6, "token_surge_ratio": 9},
            {"gateway": "tgi|triton", "slo": {"availability": 0.97, "minimum_requests": 10}},
        ],
        "llmmon_slo": {"availability": 0.995, "latency": 0.9, "minimum_requests": 50},
        "llmmon_surge_floors": {"requests_per_second": 0.02, "tokens_per_second": 7},
        "llmmon_alerts": {
            "LLMRequestSurge": {"for": "1h30m"},
            "LLMTokenSurge": {"for": "90s", "severity": "info"},
            "LLMNoTraffic": {"enabled": False},
            "LLMTargetDown": {
                "severity": "warning",
                "labels": {"team": "ops", "number": 3},
                "annotations": {"summary": 'The gateway "LLM" is not there: 안녕', "value": "{{ $value }}"},
            },
            "PrometheusHeadSeriesHigh": {"enabled": False},
        },
        "llmmon_alert_minimum_requests": 7,
        "llmmon_token_prices": {
            "m": {"input": 2.5e-06, "output": "0.002"},
            "org/m 1": {"input": 1},
            "org/*": {"input": 2, "cached_input": 0.5},
            "*": {"output": 3},
        },
        "llmmon_gpu_hour_prices": {"vllm.1": 2.5, "triton": "1.25", "tgi": 4},
        "llmmon_budgets": {
            "teams": {"search": 720, "R&D: east": {"month": 0.5, "day": "0.1"}},
            "gateways": {"litellm": {"day": 100}, "vllm.1": 2000},
            "all": 5000,
        },
        "llmmon_prometheus_rule_interval": "20s",
        "llmmon_runbook_base_url": "https://wiki.example/llm/",
        "llmmon_grafana_url": "https://grafana.example/",
        "llmmon_backup_schedule": "daily",
        "llmmon_backup_schedule_scope": "config",
        "llmmon_remote_write": [{"name": "central", "url": "https://engine.example/api/v1/write"}],
        "llmmon_thanos_components": ["sidecar", "store", "compact", "query"],
        "llmmon_canaries": CANARIES,
        "llmmon_hosts": HOSTS,
    },
    "services_elsewhere": {
        "llmmon_gateways": rendering.GATEWAYS,
        "llmmon_services": ["prometheus"],
        "llmmon_prometheus_alertmanagers": [],
        "llmmon_prober_enabled": False,
        "llmmon_backup_schedule": "daily",
    },
    "no_gateway": {"llmmon_gateways": []},
}


def main() -> None:
    shutil.rmtree(EXPECTED, ignore_errors=True)
    for scenario, variables in SCENARIOS.items():
        folder = EXPECTED / scenario
        folder.mkdir(parents=True)
        for name, content in rendering.render_rules(**variables).items():
            (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
