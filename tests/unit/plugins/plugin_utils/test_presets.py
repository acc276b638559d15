"""Presets: which there are, which are in use, and what is wrong with one, as sentences that name its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import (
    gateway_presets,
    preset_kinds,
    preset_problems,
    problems_of_preset,
)

COUNTER = [{"metrics": ["x_total"]}]


def problems(tmp_path: Path, preset: Any) -> list[str]:
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(preset))
    return problems_of_preset(path)


@pytest.mark.parametrize(
    "good",
    [
        {"requests": COUNTER},
        {"requests": COUNTER, "failures": {"all": COUNTER, "provider": COUNTER}},
        {"tokens": [{"metrics": ["new_total", "old_total"], "matchers": 'a="b"', "type": "input"}]},
        {"latency": {"metrics": ["x"], "unit": "seconds"}},
        {"latency": {"metrics": ["x"], "matchers": 'a="b"', "unit": "seconds"}},
        {"latency": {"sum": COUNTER, "count": COUNTER, "summary": ["x"], "unit": "microseconds"}},
        {"waiting": COUNTER, "labels": {"model": ["a", "b"], "team": ["c"]}, "defaults": {"model": "all"}},
    ],
)
def test_what_is_right(tmp_path: Path, good: dict[str, Any]) -> None:
    assert problems(tmp_path, good) == []


@pytest.mark.parametrize("nothing", [None, [], "requests", {}, {"labels": {}}, {"failures": {"all": COUNTER}}])
def test_a_preset_that_maps_nothing(tmp_path: Path, nothing: Any) -> None:
    assert problems(tmp_path, nothing)[0].startswith("maps nothing: it needs at least one of requests, ")


def test_what_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("requests: [")
    assert problems_of_preset(tmp_path / "own.yml") == ["is not valid YAML"]


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (
            {"request": COUNTER},
            "has a key that means nothing: request; known are requests, tokens, cached_input, cost_usd, cooldowns,"
            " fallbacks, running, waiting, kv_cache_usage, latency, time_to_first_token, inter_token_latency, failures,"
            " deployments, team_budgets, labels, defaults, idle_series_vanish, metrics_path, replaces_shipped",
        ),
        ({"tokens": "x_total"}, "must give a list for tokens"),
        ({"tokens": []}, "must give a list for tokens"),
        ({"tokens": ["x_total"]}, "must give a list of names, metrics, in each entry of tokens"),
        ({"tokens": [{"metrics": "x_total"}]}, "must give a list of names, metrics, in each entry of tokens"),
        ({"tokens": [{"metrics": []}]}, "must give a list of names, metrics, in each entry of tokens"),
        ({"running": [{"metrics": [1]}]}, "must give a list of names, metrics, in each entry of running"),
        (
            {"tokens": [{"metrics": ["x"], "type": "total"}]},
            "may add to tokens only matchers, and a type that is input or output",
        ),
        (
            {"tokens": [{"metrics": ["x"], "matcher": 'a="b"'}]},
            "may add to tokens only matchers, and a type that is input or output",
        ),
        ({"failures": COUNTER}, "must have failures.all, and may have failures.provider besides"),
        ({"failures": {"provider": COUNTER}}, "must have failures.all, and may have failures.provider besides"),
        (
            {"failures": {"all": COUNTER, "caller": COUNTER}},
            "must have failures.all, and may have failures.provider besides",
        ),
        ({"failures": {"all": "x_total"}}, "must give a list for failures.all"),
        ({"latency": {"metrics": ["x"]}}, "must give latency a unit: seconds, milliseconds, microseconds"),
        ({"latency": {"metrics": ["x"], "unit": "s"}}, "must give latency a unit: seconds, milliseconds, microseconds"),
        ({"latency": "x"}, "must give latency a unit: seconds, milliseconds, microseconds"),
        (
            {"latency": {"metric": "x", "unit": "seconds"}},
            "must give latency either metrics (a histogram) or sum and count",
        ),
        (
            {"latency": {"sum": COUNTER, "unit": "seconds"}},
            "must give latency either metrics (a histogram) or sum and count",
        ),
        (
            {"latency": {"sum": COUNTER, "count": COUNTER, "matchers": 'a="b"', "unit": "seconds"}},
            "must give latency either metrics (a histogram) or sum and count",
        ),
        ({"labels": {"model": "x"}}, "must give a list of labels for each of labels"),
        ({"labels": []}, "must give a list of labels for each of labels"),
        ({"defaults": "all"}, "must give defaults by label"),
        (
            {"labels": {"region": ["x"]}},
            "names a label that rules do not know: region; known are model, type, team, reason, deployment, address,"
            " fallback, key, user, project, customer",
        ),
        ({"labels": {"team": ["x", "y"]}}, "must give one label for team"),
        ({"labels": {"key": ["x", "y"]}}, "must give one label for key"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, part: dict[str, Any], problem: str) -> None:
    assert problems(tmp_path, {"requests": COUNTER} | part) == [problem]


def test_failures_are_a_part_of_requests(tmp_path: Path) -> None:
    preset = {"tokens": COUNTER, "failures": {"all": COUNTER}}
    assert problems(tmp_path, preset) == ["counts failures, but no requests that they are a part of"]


def test_files_are_named_and_only_those_in_use(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("---\n")
    (tmp_path / "unused.yml").write_text("---\n")
    gateways = [{"name": "a", "kind": "empty"}, {"name": "b", "kind": "empty"}, {"name": "c", "kind": "unheard_of"}]
    (problem,) = preset_problems(gateways, str(tmp_path))
    assert problem.startswith(f"the preset {tmp_path / 'empty.yml'} maps nothing: ")
    with pytest.raises(AnsibleFilterError, match=r"empty\.yml maps nothing"):
        gateway_presets(gateways, str(tmp_path))


@pytest.fixture
def presets(tmp_path: Path) -> str:
    """A directory with two presets."""
    (tmp_path / "canonical.yml").write_text("requests: [{metrics: [llm_requests_total]}]\n")
    (tmp_path / "litellm.yml").write_text("requests: [{metrics: [litellm_requests_total]}]\n")
    (tmp_path / "notes.txt").touch()
    return str(tmp_path)


def test_there_is_one_kind_a_file(presets: str) -> None:
    assert preset_kinds(presets) == ["canonical", "litellm"]
    assert preset_kinds(f"{presets}/nothing") == []


@pytest.mark.parametrize(
    ("gateways", "kinds"),
    [
        ([], []),
        ([{"name": "a"}], ["canonical"]),
        (
            [{"name": "a"}, {"name": "b", "kind": "litellm"}, {"name": "c", "kind": "canonical"}],
            ["canonical", "litellm"],
        ),
        ([{"name": "a", "kind": "unknown"}], []),
    ],
)
def test_presets_in_use(gateways: list[dict[str, Any]], kinds: list[str], presets: str) -> None:
    found = gateway_presets(gateways, presets)
    assert list(found) == kinds
    assert all(preset["requests"][0]["metrics"][0].endswith("_requests_total") for preset in found.values())
