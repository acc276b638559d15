"""Every preset maps what its gateway really exposes: pages in fixtures/, and beside them what is recorded of them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import (
    COUNTERS,
    DURATIONS,
    GAUGES,
    LISTS,
    problems_of_preset,
)

from tests.rules import catalogue, promtool, recorded
from tests.rules.promql import metric_names
from tests.support import exposition, rendering

PRESETS = rendering.presets()
PAGES = exposition.pages()
# The kinds that the README promises.
KINDS = [
    *("canonical", "litellm", "envoy_ai_gateway", "kong", "higress", "otel_genai", "bifrost", "agentgateway", "llm_d"),
    *("vllm", "ray_vllm", "sglang", "tgi", "triton", "trtllm", "dynamo", "nim", "llamacpp"),
]
# Slow answers cannot be counted with the default threshold; their series are there once it is an edge of the histogram.
TWO_SECONDS_IS_NO_EDGE = {"tgi", "envoy_ai_gateway", "otel_genai", "bifrost", "agentgateway"}
# As soon as a rate of 5 minutes is what it stays.
MINUTES = 7


def pages_of(kind: str) -> list[exposition.Page]:
    return [page for page in PAGES if page.kind == kind]


def metrics(preset: dict[str, Any]) -> list[tuple[str, str]]:
    """The names of the series that a preset reads, each with its matchers."""
    found = []
    lists = [preset.get(signal, []) for signal in (*COUNTERS, *GAUGES)]
    lists += [metrics for signal in LISTS for metrics in preset.get(signal, {}).values()]
    for signal in DURATIONS:
        duration = preset.get(signal, {})
        lists += [duration.get("sum", []), duration.get("count", [])]
        matchers = duration.get("matchers", "")
        found += [(f"{name}_{part}", matchers) for name in duration.get("metrics", []) for part in ("bucket", "sum")]
        found += [(name, 'quantile="0.95"') for name in duration.get("summary", [])]
    entries = [entry for entries in lists for entry in entries]
    return found + [(name, entry.get("matchers", "")) for entry in entries for name in entry["metrics"]]


def test_these_kinds_have_a_preset_and_a_page() -> None:
    assert sorted(PRESETS) == sorted(KINDS)
    assert {page.kind for page in PAGES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_preset_has_the_documented_form(kind: str) -> None:
    assert problems_of_preset(rendering.PRESETS / f"{kind}.yml") == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_preset_reads_only_what_its_gateway_exposes(kind: str) -> None:
    samples = [sample for page in pages_of(kind) for sample in page.samples]
    for name, matchers in metrics(PRESETS[kind]):
        labels = set(re.findall(r'(\w+)[=!]~?"', matchers))
        known = {label for sample in samples if sample.name == name for label in sample.label_names}
        assert name in {sample.name for sample in samples}, f"{kind}: no page has {name}"
        assert labels <= known, f"{kind}: no page has {name} with {labels - known}"
    known = {label for sample in samples for label in sample.label_names}
    for origins in PRESETS[kind].get("labels", {}).values():
        assert set(origins) <= known, f"{kind}: no page has {set(origins) - known}"


def test_recording_rules_read_only_what_gateways_expose_and_other_rules_record() -> None:
    rules = catalogue.rules({"llm_recording.yml": recorded.rules(PAGES)})
    # Prometheus writes one itself, and most processes the other.
    exposed = (
        {name for page in PAGES for name in page.names}
        | {"up", "process_start_time_seconds"}
        | {"job_instance:llm_requests_series:count"}
    )
    names = {rule["record"] for rule in rules}
    for rule in rules:
        # What has been told already is read from the alerts themselves.
        told = {"ALERTS"} if rule["record"] == "job:llm_requests_failed_untold:rate5m" else set()
        assert metric_names(str(rule["expr"])) <= exposed | names | told, rule["record"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_series_of_a_kind_is_expected_of_some_page(kind: str) -> None:
    rules = catalogue.rules({"llm_recording.yml": recorded.rules(PAGES)})
    own = {rule["record"] for rule in rules if rule.get("labels", {}).get("source") == kind}
    own = {name for name in own if name.startswith("job_") and not name.startswith("job_model_le:")}
    if kind in TWO_SECONDS_IS_NO_EDGE:
        slow = {name for name in own if "_slow:" in name}
        assert slow
        own -= slow
    # Prices are set for the models of some pages only; what they give is expected of those.
    own -= {name for name in own if "cost_usd" in name and "cost_usd" not in PRESETS[kind]}
    expected = {name for page in pages_of(kind) for name in recorded.expectation(page)["recorded"]}
    assert own <= expected


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_pages_are_recorded_exactly(version: str, tmp_path: Path) -> None:
    """All pages at once, each the page of a job: none may touch another's series."""
    result = run(version, tmp_path, PAGES, recorded.rules(PAGES), recorded_of(PAGES) | edges_of(PAGES))
    assert result.returncode == 0, promtool.explain(result)


def test_failures_of_the_provider_are_told_from_the_callers(tmp_path: Path) -> None:
    rules = recorded.rules(PAGES, "provider")
    result = run(promtool.VERSION, tmp_path, PAGES, rules, failures_of_the_provider(PAGES))
    assert result.returncode == 0, promtool.explain(result)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_a_preset_is_there_for_nothing(kind: str, tmp_path: Path) -> None:
    """Without any of its matchers, or any of the names that a metric has had, something must be recorded wrongly."""
    pages = pages_of(kind)
    expectations = {"all": recorded_of(pages)}
    if provided := failures_of_the_provider(pages):
        expectations["provider"] = provided
    weakened = {}
    for definition, wanted in expectations.items():
        rules = recorded.rules(pages, definition)
        for what, changed in weaknesses(PRESETS[kind], rules):
            # A matcher of one definition is in the rules of that one only; a name is in both.
            if changed != rules and what not in weakened:
                weakened[what] = (changed, wanted)
    with ThreadPoolExecutor() as pool:
        outcomes = pool.map(lambda what: run(promtool.VERSION, folder(tmp_path), pages, *weakened[what]), weakened)
        for what, result in zip(weakened, outcomes, strict=True):
            assert result.returncode, f"nobody notices that {kind} lacks {what}"
            assert "got:" in result.stdout + result.stderr, promtool.explain(result)


def test_what_the_newer_name_does_not_have_is_not_read_from_the_older(tmp_path: Path) -> None:
    pages = [page for page in PAGES if page.job == "otel_genai-both"]
    rules = recorded.rules(pages)
    weakened = re.sub(r" unless on \(job, instance\) [^)]+", "", rules)
    assert run(promtool.VERSION, folder(tmp_path), pages, rules, recorded_of(pages)).returncode == 0
    assert run(promtool.VERSION, folder(tmp_path), pages, weakened, recorded_of(pages)).returncode == 1


def weaknesses(preset: dict[str, Any], rules: str) -> Iterator[tuple[str, str]]:
    """The rules with one matcher or one of several names left out."""
    for matchers in {matchers for _, matchers in metrics(preset) if "quantile" not in matchers} - {""}:
        yield matchers, rules.replace(f", {matchers}", "")
    for name in names_of_several(preset):
        yield name, re.sub(rf"(?<![\w:]){name}{{", "gone{", rules)


def names_of_several(preset: dict[str, Any]) -> list[str]:
    """The names of series that are read under more than one."""
    lists = [preset.get(signal, []) for signal in (*COUNTERS, *GAUGES)]
    lists += [metrics for signal in LISTS for metrics in preset.get(signal, {}).values()]
    several = [entry["metrics"] for entries in lists for entry in entries if len(entry["metrics"]) > 1]
    found = {name for names in several for name in names}
    for signal in DURATIONS:
        names = preset.get(signal, {}).get("metrics", [])
        found |= {f"{name}_{part}" for name in names for part in ("bucket", "sum") if len(names) > 1}
    return sorted(found)


def folder(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=parent))


def recorded_of(pages: list[exposition.Page]) -> dict[str, list[dict[str, Any]]]:
    """All that is recorded of these pages: one expression and its samples."""
    found = [
        {"labels": "{" + ", ".join([f'series="{name}"', *(_quoted(label) for label in labels)]) + "}", "value": value}
        for page in pages
        for (name, *labels), value in recorded.expected(page).items()
    ]
    return {f'round(label_replace({recorded.OF_KINDS}, "series", "$1", "__name__", "(.+)"), 0.0001)': found}


def edges_of(pages: list[exposition.Page]) -> dict[str, list[dict[str, Any]]]:
    """How many edges each recorded histogram must have."""
    found = {}
    for page in pages:
        for signal, name in zip(DURATIONS, ("response_latency", *DURATIONS[1:]), strict=True):
            duration = PRESETS[page.kind].get(signal, {})
            for metric in [name for name in duration.get("metrics", []) if f"{name}_bucket" in page.names][:1]:
                edges = {s.labels.partition('le="')[2] for s in page.samples if s.name == f"{metric}_bucket"}
                series = f'job_model_le:llm_{name}_{duration["unit"]}_bucket:rate5m{{job="{page.job}"}}'
                found[f"count(group by (le) ({series}))"] = [{"labels": "{}", "value": len(edges)}]
    return found


def failures_of_the_provider(pages: list[exposition.Page]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for page in pages:
        expected = recorded.expectation(page).get("failed_by_provider", {})
        assert bool(expected) == ("provider" in PRESETS[page.kind].get("failures", {})), page.job
        for model, value in expected.items():
            series = f'job_model:llm_requests_failed:rate5m{{job="{page.job}", model="{model}"}}'
            labels = f'{{job="{page.job}", model="{model}", source="{page.kind}"}}'
            found[f"round({series}, 0.0001)"] = [{"labels": labels, "value": value}]
    return found


def _quoted(label: str) -> str:
    name, _, value = label.partition("=")
    return f'{name}="{value}"'


def run(
    version: str,
    place: Path,
    pages: list[exposition.Page],
    rules: str,
    expectations: dict[str, list[dict[str, Any]]],
) -> subprocess.CompletedProcess[str]:
    (place / "rules.yml").write_text(rules, encoding="utf-8")
    (place / "cases.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["rules.yml"],
                "group_eval_order": ["llmmon_settings", "llmmon_recording", "llmmon_surge", "llmmon_costs"],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [series for page in pages for series in page.input_series(MINUTES)],
                        "promql_expr_test": [
                            {"expr": expression, "eval_time": f"{MINUTES}m", "exp_samples": samples}
                            for expression, samples in expectations.items()
                        ],
                    }
                ],
            }
        ),
        encoding="utf-8",
    )
    return promtool.test_rules(version, [place / "cases.yml"])
