"""Advice out of what a real Prometheus knows."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import prometheus_advice
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.advice import advice_checks

from tests.support import prometheus
from tests.support.loopback import Server
from tests.support.modules import run_module
from tests.support.versions import EVERYWHERE
from tests.testbed.tools import tool

GATEWAYS: list[Gateway] = [
    {"name": "proxy.eu", "kind": "canonical", "targets": []},  # type: ignore[typeddict-item]
    {"name": "talkative", "kind": "litellm", "targets": []},  # type: ignore[typeddict-item]
    {"name": "terse", "kind": "litellm", "targets": []},  # type: ignore[typeddict-item]
]
OVERRIDES: list[dict[str, Any]] = [
    {"latency_p95_seconds": 3},
    {"model": "chat.*", "latency_p95_seconds": 5},
    {"gateway": r"proxy\.eu", "model": "embed", "latency_p95_seconds": 1},
    {"model": "chatt", "latency_p95_seconds": 5},
]


BUDGETS: dict[str, Any] = {"teams": {"search": 5, "sales": 5}, "gateways": {"proxy.eu": 5, "talkative": 5}, "all": 9}
PRICES = ["chat-*", "gone*"]
CHECKS = advice_checks(GATEWAYS, OVERRIDES, BUDGETS, PRICES)


def lines(second: int) -> list[str]:
    models = {"proxy.eu": ["chat-mini", "odd\\nname"], "talkative": ["embed"]}
    series = [
        f'job_model:llm_requests:rate5m{{job="{job}",model="{model}",source="x"}} 1'
        for job, names in models.items()
        for model in names
    ]
    for job, samples in {"talkative": 9947, "terse": 5001, "proxy.eu": 90000}.items():
        series.append(f'scrape_samples_post_metric_relabeling{{job="{job}",instance="a"}} {samples}')
    series.append('job_model_type:llm_tokens_used:rate5m{job="proxy.eu",model="chat-mini",type="input",source="x"} 1')
    series.append('job_team:llm_requests:rate5m{job="proxy.eu",team="search",source="x"} 1')
    series.append('job:llm_cost_usd:rate5m{job="proxy.eu"} 1')
    series.append(f"llmmon:token_price_file_timestamp_seconds {second - 91 * 86400}")
    series.append('litellm_proxy_total_requests_metric_total{job="talkative",hashed_api_key="a"} 1')
    series.append('litellm_proxy_total_requests_metric_total{job="terse"} 1')
    return [f"{one} {second}" for one in series]


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_what_fits_nothing_is_said(version: str, tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_text("\n".join([*sorted(lines(int(time.time()) - 30)), "# EOF\n"]), encoding="utf-8")
    made = subprocess.run(
        [tool("promtool", version), "tsdb", "create-blocks-from", "openmetrics", page, tmp_path / "data"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with prometheus.running(version, tmp_path) as server:
        answer = run_module(prometheus_advice, {"url": server.url, "checks": CHECKS})
        # As if there were no teams.
        checks = [{**check, "query": check["query"].replace("job_team:", "none:")} for check in CHECKS[:-1]]
        nobody = run_module(prometheus_advice, {"url": server.url, "checks": checks})
    assert (answer["failed"], answer["changed"]) == (False, False)
    assert answer["sentences"] == [
        "llmmon_threshold_overrides, entry 3: the model 'embed' matches no model of the last day; correct it, or remove"
        " the entry; known are chat-mini, odd?name",
        "llmmon_threshold_overrides, entry 4: the model 'chatt' matches no model of the last day; correct it, or remove"
        " the entry; known are chat-mini, embed, odd?name",
        "The gateway talkative exposes 9947 series, some for each of its keys; no rule reads these. LiteLLM's"
        " prometheus_metrics_config leaves them out: docs/gateways.md, Fewer series from LiteLLM",
        "llmmon_token_prices: 'gone*' matches no model that used tokens in the last day; correct it, or remove it;"
        " known are chat-mini",
        "llmmon_budgets.teams: 'sales' is no team that any gateway has seen in the last day; correct it, or remove it;"
        " known are search",
        "llmmon_budgets.gateways: nothing at 'talkative' costs anything: no model there has a price, and no cost is"
        " reported; set llmmon_token_prices or llmmon_gpu_hour_prices, or remove the budget",
        "llmmon_token_price_file is 91 days old; take the list in anew",
    ]
    assert nobody["sentences"][-1] == (
        "llmmon_budgets.teams: no gateway says which team a request is from; set team in the labels of gateways, or"
        " give gateways the budgets"
    )


def test_without_any_model_there_is_nothing_to_say(tmp_path: Path) -> None:
    with prometheus.running(EVERYWHERE["prometheus"][-1], tmp_path) as server:
        answer = run_module(prometheus_advice, {"url": server.url, "checks": CHECKS})
    assert (answer["failed"], answer["sentences"]) == (False, [])


def test_names_are_cut_to_a_readable_length() -> None:
    names = [f"model-{number:03}" for number in range(30)] + ["x" * 500]
    samples: list[dict[str, Any]] = [{"metric": {"model": name}, "value": [0, "1"]} for name in names]
    assert prometheus_advice.known_names(samples, "model").endswith(", model-019 and 11 more")
    assert prometheus_advice.shown("x" * 500) == "x" * 57 + "..."
    assert prometheus_advice.shown("a\x1b[31m\u202eb") == "a?[31m?b"


def test_what_does_not_answer_as_prometheus_is_an_error(server: Server) -> None:
    answer = run_module(prometheus_advice, {"url": server.url, "checks": CHECKS})
    assert answer["failed"]
    assert answer["msg"].startswith("Prometheus cannot be asked whether settings fit: GET ")
