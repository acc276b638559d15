"""Proposals out of the history of a real Prometheus."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.proposals import Finding
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.surges import SURGES
from ansible_collections.llmmon.stack.plugins.modules import prometheus_calibrate
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.overrides import override_problems

from tests.support import prometheus, rendering
from tests.support.loopback import Answer, Server
from tests.support.modules import run_module
from tests.support.versions import EVERYWHERE
from tests.testbed.tools import tool
from tests.unit.plugins.plugin_utils.settings.test_thresholds import DEFAULTS

HOURS = 5
EDGES = ("0.5", "1.0", "2.0", "5.0", "10.0", "20.0", "+Inf")
SET = {"latency_p95_seconds": 2, "failure_ratio": 0.2, "request_surge_ratio": 3, "token_surge_ratio": 5}
GIVEN = {"days": 1, "thresholds": SET, "availability": 0.99}


def lines(end: int) -> Iterator[str]:
    """What rules have recorded in the last hours, a minute each."""
    for second in range(end - HOURS * 3600, end + 1, 60):
        # Ten minutes in which answers took much longer.
        slow = 0 <= second - (end - 7200) < 600
        for model, rate, p95, failed in (
            ("chat", 1, 18 if slow else 6, 0.03),
            ("embed (v1.5)", 5, 0.2, 0),
            ("rare", 0.01, 40, 1),
        ):
            labels = f'job="proxy.eu",model="{model}",source="canonical"'
            yield f"job_model:llm_requests:rate5m{{{labels}}} {rate} {second}"
            yield f"job_model:llm_requests:increase5m{{{labels}}} {rate * 300} {second}"
            yield f"job_model:llm_response_latency_seconds:p95_rate5m{{{labels}}} {p95} {second}"
            yield f"job_model:llm_requests_failed:ratio_rate5m{{{labels}}} {failed} {second}"
            for edge in EDGES:
                bucket = "job_model_le:llm_response_latency_seconds_bucket:rate5m"
                yield f'{bucket}{{{labels},le="{edge}"}} {rate} {second}'
        yield f'job:llm_requests:rate5m{{job="proxy.eu"}} 6.01 {second}'
        # Ten minutes of each hour, and of these the second hour's were so yesterday as well.
        surge = 12 if (end - second) % 3600 < 600 else 1
        yield f'job:llm_requests:surge_ratio{{job="proxy.eu"}} {surge} {second}'
        if 3600 <= end - second < 7200:
            yield f'job:llm_requests:rate5m_same_time{{job="proxy.eu"}} 5 {second}'
        yield f'job:llm_requests_failed:rate5m{{job="proxy.eu"}} 0.12 {second}'
        yield f'llmmon:objective{{job="proxy.eu",name="availability"}} 0.99 {second}'
        if end - second < 3600:
            # Begun an hour ago, and with many requests and failures at once: no objective for a month follows.
            yield f'job:llm_requests:rate5m{{job="new.eu"}} 10 {second}'
            yield f'job:llm_requests_failed:rate5m{{job="new.eu"}} 5 {second}'
        own = 'job="proxy.eu",model="embed (v1.5)",name="latency_p95_seconds"'
        yield f"llmmon:threshold_override{{{own}}} 0.5 {second}"


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_thresholds_are_proposed_for_what_was_recorded(version: str, tmp_path: Path) -> None:
    end = int(time.time()) // 60 * 60 - 600
    page = tmp_path / "page"
    page.write_text("\n".join([*lines(end), "# EOF\n"]), encoding="utf-8")
    made = subprocess.run(
        [tool("promtool", version), "tsdb", "create-blocks-from", "openmetrics", page, tmp_path / "data"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with prometheus.running(version, tmp_path) as server:
        answer = run_module(prometheus_calibrate, {**GIVEN, "url": server.url, "until": end})
        nothing = run_module(prometheus_calibrate, {**GIVEN, "url": server.url, "until": end - 86400})
    assert (answer["failed"], answer["changed"], answer["note"], answer["hours"]) == (False, False, "", HOURS)
    models = {model["model"]: model for model in answer["models"]}
    assert list(models) == ["chat", "embed (v1.5)", "rare"]
    chat = models["chat"]
    assert (chat["p95_median"], chat["failures"], chat["minutes"]) == (6, 0.03, HOURS * 60 + 1)
    assert chat["proposals"] == [
        {"name": "latency_p95_seconds", "current": 2, "fired": 1, "proposed": 20, "would_fire": 0},
        {"name": "failure_ratio", "current": 0.2, "fired": 0, "proposed": 0.2, "would_fire": 0},
    ]
    assert models["embed (v1.5)"]["proposals"][0]["current"] == 0.5
    assert answer["gateways"] == [
        {
            "gateway": "proxy.eu",
            "proposals": [
                {"name": "request_surge_ratio", "current": 3, "fired": HOURS - 1, "proposed": 15, "would_fire": 0}
            ],
        }
    ]
    assert (models["rare"]["enough"], models["rare"]["minutes"], models["rare"]["proposals"]) == (False, 0, [])
    # 5 hours of 24.
    assert models["rare"]["requests_per_hour"] == pytest.approx(0.01 * 3600 * HOURS / 24, rel=0.1)
    pasted = yaml.safe_load(answer["yaml"])["llmmon_threshold_overrides"]
    assert pasted == answer["overrides"]
    assert pasted == [
        {"gateway": r"proxy\.eu", "slo": {"availability": 0.96}, "request_surge_ratio": 15},
        {"gateway": r"proxy\.eu", "model": "chat", "latency_p95_seconds": 20},
    ]
    assert override_problems(pasted, [{"name": "proxy.eu"}], DEFAULTS) == []
    assert nothing["models"] == []
    assert nothing["note"] == (
        f"Prometheus at {server.url} has recorded no requests in the last 1 days: let it watch some traffic first,"
        " or look further back with llmmon_calibrate_days"
    )


def test_where_nothing_had_enough_traffic_one_sentence_says_so() -> None:
    found = Finding("gw", "m", 1.0, 3, None, None, None, ())
    assert prometheus_calibrate.note([found], "http://x", 7) == (
        "no model had traffic enough for a proposal: each needs 120 minutes with requests enough"
        " (llmmon_alert_minimum_requests in 5 minutes)"
    )


def test_a_prometheus_that_does_not_answer_is_an_error(server: Server) -> None:
    server.answers["GET /api/v1/query"] = Answer(status=503, body=b"starting")
    answer = run_module(prometheus_calibrate, {**GIVEN, "url": server.url})
    assert answer["failed"]
    assert answer["msg"].startswith("the history of Prometheus cannot be read: GET ")


def test_no_days_are_nothing_to_look_at() -> None:
    answer = run_module(prometheus_calibrate, {**GIVEN, "url": "http://127.0.0.1:9", "days": 0})
    assert (answer["failed"], answer["msg"]) == (True, "days is 0, but must be above 0: correct llmmon_calibrate_days")


def test_what_is_read_is_recorded() -> None:
    """The names that the module asks for are names that the rules have."""
    names = {rule["record"] for rule in recorded_rules()}
    text = (Path(prometheus_calibrate.__file__).parents[1] / "module_utils" / "calibration" / "history.py").read_text()
    of_surges = {
        f"job:{signal}:{series}" for signal in SURGES.values() for series in ("surge_ratio", "rate5m_same_time")
    }
    asked = {
        "job_model:llm_response_latency_seconds:p95_rate5m",
        "job_model:llm_requests_failed:ratio_rate5m",
        "job_model:llm_requests:increase5m",
        "job_model:llm_requests:rate5m",
        "llmmon:threshold_override",
        "llmmon:objective",
    }
    assert asked | of_surges <= names
    assert all(name in text for name in asked)


def recorded_rules() -> list[dict[str, Any]]:
    rendered = rendering.render_rules(llmmon_threshold_overrides=[{"failure_ratio": 0.3}])["llm_recording.yml"]
    return [rule for group in yaml.safe_load(rendered)["groups"] for rule in group["rules"]]
