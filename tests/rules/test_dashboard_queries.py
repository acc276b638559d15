"""Every query of the dashboards reads series that exist, recorded ones wherever there are any, and finds something."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import OF_GATEWAYS, OF_MODELS
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import SPENDERS

from dashboards import cost, instances, parts
from tests.rules import catalogue, dashboards, promtool, recorded
from tests.rules.dashboards import ASKED_RAW, BOARDS, ENGINES, STACK
from tests.rules.promql import metric_names
from tests.rules.test_presets import metrics
from tests.support import exposition, rendering

PAGES = [page for page in exposition.pages() if page.job in {"canonical", "litellm", "vllm", "sglang"}]
# What Prometheus says of its targets, and the prober and canaries of gateways.
OF_TARGETS = {
    "ALERTS",
    "ALERTS_FOR_STATE",
    "llmmon_canary_agreement",
    "llmmon_canary_cap_left_dollars",
    "llmmon_canary_certificate_days_left",
    "llmmon_canary_connect_seconds",
    "llmmon_canary_duration_seconds",
    "llmmon_canary_first_token_seconds",
    "llmmon_canary_requests_total",
    "llmmon_canary_tokens_per_second",
    "probe_http_status_code",
    "process_start_time_seconds",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "up",
}
# Labels that recorded series have; whoever groups by another one has to read the raw series.
RECORDED_BY = {"job", "model", "type", "team", "le"}
MINUTES = 55

# Besides the pages: their targets, tokens that nobody has a price for, and a configuration that was refused.
MORE = {
    'up{job="litellm", instance="a:1"}': "1x60",
    'scrape_duration_seconds{job="litellm", instance="a:1"}': "0.1x60",
    'scrape_samples_post_metric_relabeling{job="litellm", instance="a:1"}': "100x60",
    'probe_http_status_code{job="llm-metrics-probe", gateway="litellm", instance="a:1"}': "200x60",
    'probe_http_status_code{job="llm-metrics-noauth", gateway="litellm", instance="a:1"}': "401x60",
    'llmmon_canary_agreement{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_cap_left_dollars{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_certificate_days_left{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_connect_seconds{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_duration_seconds{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_first_token_seconds{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_tokens_per_second{job="canary", canary="a", gateway="litellm"}': "1x60",
    'llmmon_canary_requests_total{job="canary", canary="a", gateway="litellm", cause="stalled"}': "0+1x60",
    'llm_tokens_used_total{job="canonical", instance="a:1", model="unpriced", type="input"}': "0+60x60",
    'up{job="host-node", host="m-1"}': "1x60",
    'up{job="host-gpu", host="m-1"}': "1x60",
    'node_cpu_seconds_total{job="host-node", host="m-1", cpu="0", mode="idle"}': "0+30x60",
    'node_memory_MemAvailable_bytes{job="host-node", host="m-1"}': "1x60",
    'node_memory_MemTotal_bytes{job="host-node", host="m-1"}': "2x60",
    'node_filesystem_avail_bytes{job="host-node", host="m-1", mountpoint="/", fstype="ext4"}': "1x60",
    'node_filesystem_size_bytes{job="host-node", host="m-1", mountpoint="/", fstype="ext4"}': "2x60",
    'DCGM_FI_DEV_GPU_UTIL{job="host-gpu", host="m-1", gpu="0"}': "50x60",
    'DCGM_FI_DEV_FB_USED{job="host-gpu", host="m-1", gpu="0"}': "1x60",
    'DCGM_FI_DEV_FB_FREE{job="host-gpu", host="m-1", gpu="0"}': "1x60",
    'DCGM_FI_DEV_GPU_TEMP{job="host-gpu", host="m-1", gpu="0"}': "60x60",
    'DCGM_FI_DEV_POWER_USAGE{job="host-gpu", host="m-1", gpu="0"}': "300x60",
    'DCGM_FI_DEV_THERMAL_VIOLATION{job="host-gpu", host="m-1", gpu="0"}': "0+1000000000x60",
    'DCGM_FI_DEV_XID_ERRORS{job="host-gpu", host="m-1", gpu="0"}': "79x60",
    'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL{job="host-gpu", host="m-1", gpu="0"}': "1x60",
    'prometheus_config_last_reload_successful{job="prometheus", instance="p:1"}': "0x60",
    'process_start_time_seconds{job="litellm", instance="a:1"}': "1x60",
    'process_start_time_seconds{job="prometheus", instance="p:1"}': "1x60",
}


@cache
def rules() -> dict[str, str]:
    rendered = rendering.render_rules(
        llmmon_gateways=[{"name": page.job, "kind": page.kind, "targets": ["a:1"]} for page in PAGES],
        llmmon_token_prices=recorded.PRICES,
        llmmon_token_price_file=str(Path(__file__).parent / "prices.json"),
        llmmon_token_price_models=["made-up-*"],
        __llmmon_inventory_folder="/",
        llmmon_slo={"latency": 0.95},
        # So that there is every line that there can be.
        llmmon_threshold_overrides=[{**dict.fromkeys(OF_MODELS, 0.5), **dict.fromkeys(OF_GATEWAYS, 7)}],
        llmmon_top_spenders={"by": list(SPENDERS), "limit": 5},
        llmmon_hosts=[{"name": "m-1", "node": "http://m-1:9100", "gpu": "http://m-1:9400", "gateways": ["litellm"]}],
        # Little enough to be spent within the hour.
        llmmon_budgets={"teams": {"search": {"month": 720, "day": 50}}, "gateways": {"litellm": 500}, "all": 5000},
    )
    # As long as these tests last there is something usual.
    shorter = {
        "[6h]) >= 60": "[6h]) >= 30",
        "[1d:30m] offset 1h) >= 6": "[1d:10m]) >= 3",
        "[1d:30m] offset 1h": "[1d:10m]",
    }
    for long, short in shorter.items():
        rendered = {name: content.replace(long, short) for name, content in rendered.items()}
    return rendered


def known_to(uid: str) -> set[str]:
    """What a dashboard may read."""
    names = catalogue.recorded_names(rules()) | OF_TARGETS
    raw = ASKED_RAW if uid == ENGINES else ()
    exposed = set().union(*(page.names for page in exposition.pages() if page.kind in raw))
    return names | {spelled for name in exposed for spelled in instances.spellings(name)}


@pytest.mark.parametrize("uid", [uid for uid in BOARDS if uid != STACK])
def test_queries_read_only_what_is_recorded_or_exposed(uid: str) -> None:
    """What the stack's own health is read from, real services are asked in test_dashboard_of_the_stack.py."""
    known = known_to(uid)
    for expression in dashboards.expressions(BOARDS[uid]) + dashboards.frame_expressions(BOARDS[uid]):
        assert metric_names(dashboards.filled_in(expression)) <= known, expression


@pytest.mark.parametrize("kind", ASKED_RAW)
def test_engines_are_asked_only_what_is_not_recorded(kind: str) -> None:
    for expression in dashboards.expressions(BOARDS[ENGINES]):
        assert not needlessly_raw(expression, kind), expression


def test_a_needlessly_raw_query_is_found() -> None:
    assert needlessly_raw('sum by (job) (rate(vllm:prompt_tokens_total{job=~"$job"}[5m]))', "vllm")
    assert needlessly_raw("vllm:num_requests_running", "vllm")
    assert not needlessly_raw("sum by (job, instance) (vllm:num_requests_running)", "vllm")
    assert not needlessly_raw("sum(rate(vllm:num_preemptions_total[5m]))", "vllm")


def needlessly_raw(expression: str, kind: str) -> set[str]:
    """Metrics that are read raw, grouped by nothing that their recorded series does not have as well."""
    mapped = {name for name, _ in metrics(rendering.presets()[kind])}
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}
    return set() if grouped - RECORDED_BY else metric_names(dashboards.filled_in(expression)) & mapped


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_every_query_finds_something_when_there_is_traffic(version: str, tmp_path: Path) -> None:
    asked = [expression for board in BOARDS.values() for expression in dashboards.frame_expressions(board)]
    for uid, board in BOARDS.items():
        asked += dashboards.expressions(board) if uid != STACK else []
    result = ask(version, tmp_path, asked, MORE)
    assert result.returncode == 0, promtool.explain(result)


def test_all_who_can_be_top_spenders_are_drawn() -> None:
    assert cost.SPENDERS == SPENDERS


def test_what_can_be_overridden_is_drawn() -> None:
    # Three are not lines in a graph: how many requests are enough to speak of the usual, and how slow or failing is.
    floors = {"minimum_requests", "latency_degraded_floor_seconds", "failures_unusual_floor_ratio"}
    assert set(parts.OWN) == {*OF_MODELS, *OF_GATEWAYS} - floors
    drawn = {
        name
        for name in parts.OWN
        for board in BOARDS.values()
        for asked in dashboards.expressions(board)
        if f'llmmon:threshold_override{{name="{name}"' in asked
    }
    assert drawn == set(parts.OWN)


def test_a_query_that_finds_nothing_is_reported(tmp_path: Path) -> None:
    version = promtool.VERSION
    board = BOARDS["llmmon-cost"]
    without_unpriced = {series: values for series, values in MORE.items() if "unpriced" not in series}
    result = ask(version, tmp_path, dashboards.expressions(board), without_unpriced)
    assert result.returncode == 1
    assert "unless on (job, model)" in promtool.explain(result)
    assert promtool.explain(result).count("expr: ") == 1


def ask(version: str, place: Path, asked: list[str], more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Whether each expression finds something, in one run."""
    files = rules()
    for name, content in files.items():
        (place / name).write_text(content, encoding="utf-8")
    series = [series for page in PAGES for series in page.input_series(MINUTES)]
    series += [{"series": name, "values": values} for name, values in more.items()]
    questions: list[dict[str, Any]] = [
        {
            "expr": f"count({expression}) > bool 0",
            "eval_time": f"{MINUTES}m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for expression in sorted({dashboards.filled_in(expression) for expression in asked})
    ]
    (place / "cases.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": list(files),
                "group_eval_order": [
                    group["name"] for content in files.values() for group in yaml.safe_load(content)["groups"]
                ],
                "evaluation_interval": "1m",
                "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": questions}],
            },
        ),
        encoding="utf-8",
    )
    return promtool.test_rules(version, [place / "cases.yml"])
