"""The example of docs/gateways.md: a kind of the user's own, beside the inventory, recorded like any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules import promtool
from tests.support import rendering
from tests.support.rendering import REPOSITORY

SECTION = (REPOSITORY / "docs" / "gateways.md").read_text(encoding="utf-8").partition("## Another kind")[2]
# Path, as its first line says, to content.
EXAMPLES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", SECTION, re.DOTALL))
SETTINGS: dict[str, Any] = yaml.safe_load(EXAMPLES["my-inventory/group_vars/llmmon/main.yml"])

# What a page gains in a minute. Every fourth request fails, half of those by a mistake of the caller.
PAGE = {
    'house_requests_total{llm="m", status="200"}': 45,
    'house_requests_total{llm="m", status="400"}': 6,
    'house_requests_total{llm="m", status="503"}': 9,
    'house_prompt_tokens_total{llm="m"}': 6000,
    'house_tokens_out_total{llm="m"}': 3000,
    'house_request_duration_ms_bucket{llm="m", le="500"}': 0,
    'house_request_duration_ms_bucket{llm="m", le="1000"}': 30,
    'house_request_duration_ms_bucket{llm="m", le="2000"}': 54,
    'house_request_duration_ms_bucket{llm="m", le="4000"}': 60,
    'house_request_duration_ms_bucket{llm="m", le="+Inf"}': 60,
    'house_request_duration_ms_sum{llm="m"}': 66000,
    'house_request_duration_ms_count{llm="m"}': 60,
}
RECORDED = {
    "job_model:llm_requests:rate5m": 1,
    "job_model:llm_requests_failed:ratio_rate5m": 0.25,
    "job_model:llm_tokens_used:rate5m": 150,
    "job_model:llm_response_latency_seconds:mean_rate5m": 1.1,
    "job_model:llm_response_latency_seconds:p95_rate5m": 3,
    "job_model:llm_response_latency_seconds_slow:ratio_rate5m": 0.1,
    "job_model:llm_requests_waiting": 3,
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The user's repository as the example shows it."""
    for name, content in EXAMPLES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def rendered(repository: Path, **settings: Any) -> dict[str, str]:
    inventory = {"inventory_dir": str(repository / "my-inventory"), "playbook_dir": "/nowhere"}
    return rendering.render_rules(**inventory, **{**SETTINGS, **settings})


def test_the_example_shows_a_preset_and_where_it_lies() -> None:
    assert sorted(EXAMPLES) == ["my-inventory/group_vars/llmmon/main.yml", "presets/house.yml"]


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_the_example_is_recorded(version: str, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rendered(repository)["llm_recording.yml"])
    target = '{job="house-proxy", instance="proxy.example:9100", '
    series = [{"series": name.replace("{", target), "values": f"0+{value}x7"} for name, value in PAGE.items()]
    series.append({"series": f'house_queue_length{target}llm="m"}}', "values": "3x7"})
    expected = [
        {
            "expr": f'round(sum by (job, model) ({name}{{job="house-proxy"}}), 0.0001)',
            "eval_time": "7m",
            "exp_samples": [{"labels": '{job="house-proxy", model="m"}', "value": value}],
        }
        for name, value in RECORDED.items()
    ]
    case = {
        "rule_files": ["rules.yml"],
        "group_eval_order": ["llmmon_settings", "llmmon_recording", "llmmon_surge", "llmmon_costs"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": expected}],
    }
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(case))
    result = promtool.test_rules(version, [tmp_path / "cases.yml"])
    assert result.returncode == 0, promtool.explain(result)


def test_the_folder_is_found_beside_the_inventory_in_it_and_by_its_path(repository: Path) -> None:
    beside = rendered(repository)
    assert "house_requests_total" in beside["llm_recording.yml"]
    (repository / "presets").rename(repository / "elsewhere")
    assert rendered(repository, llmmon_presets_directory="../elsewhere") == beside
    assert rendered(repository, llmmon_presets_directory=str(repository / "elsewhere")) == beside
    (repository / "elsewhere").rename(repository / "my-inventory" / "presets")
    assert rendered(repository) == beside


def test_a_file_can_stand_for_a_kind_that_comes_with_llmmon(repository: Path) -> None:
    preset = repository / "presets" / "house.yml"
    preset.rename(repository / "presets" / "vllm.yml").write_text(
        f"replaces_shipped: true\n{EXAMPLES['presets/house.yml']}"
    )
    gateways = [{**SETTINGS["llmmon_gateways"][0], "kind": "vllm"}]
    rules = rendered(repository, llmmon_gateways=gateways)["llm_recording.yml"]
    assert "house_requests_total" in rules
    assert "vllm:request_success_total" not in rules
