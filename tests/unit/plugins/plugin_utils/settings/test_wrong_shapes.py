"""A list that is given as text, or anything else of the wrong shape, is one sentence; never one a character."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.alerts import alert_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.data_sources import data_source_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import (
    gateway_problems,
    relabeling_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.grafana import grafana_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import interval_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import receiver_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.routes import route_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.rule_files import rule_file_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import threshold_problems

Check = Callable[[Any], list[str]]
SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests


def gateway(key: str) -> Check:
    return lambda value: gateway_problems([{"name": "gw", "targets": ["gw:1"], key: value}], ["canonical"], "")


def route(key: str) -> Check:
    def check(value: Any) -> list[str]:
        return route_problems([{"receivers": ["slack"], key: value}], ["slack"], {"slack": {}}, {})

    return check


# What messages call the value, and who reads it.
LISTS: dict[str, Check] = {
    "llmmon_gateways": lambda value: gateway_problems(value, ["canonical"], ""),
    "llmmon_gateways: targets of gw": gateway("targets"),
    "llmmon_gateways: metric_relabel_configs of gw": lambda value: relabeling_problems(
        [{"name": "gw", "metric_relabel_configs": value}]
    ),
    "llmmon_prometheus_rule_files": lambda value: rule_file_problems(value, {}),
    "llmmon_routes": lambda value: route_problems(value, [], {}, {}),
    "llmmon_routes, route 1: group_by": route("group_by"),
    "llmmon_default_receivers": lambda value: route_problems([], value, {"slack": {}}, {}),
    "llmmon_grafana_data_sources": lambda value: data_source_problems(value, "own", True),
    "llmmon_grafana_dashboard_files": lambda value: grafana_problems(value, [], "llmmon", {}),
    "llmmon_grafana_folders": lambda value: grafana_problems([], value, "llmmon", {}),
    "llmmon_grafana_folders: files of Team": lambda value: grafana_problems(
        [], [{"uid": "team", "title": "Team", "files": value}], "llmmon", {}
    ),
}
DICTIONARIES: dict[str, Check] = {
    "llmmon_gateways: labels of gw": gateway("labels"),
    "llmmon_gateways: entry 1": lambda value: gateway_problems([value], ["canonical"], ""),
    "llmmon_thresholds": lambda value: threshold_problems(value, {}, {}, {}),
    "llmmon_slo": lambda value: threshold_problems({}, value, {}, {}),
    "llmmon_surge_floors": lambda value: threshold_problems({}, {}, value, {}),
    "llmmon_alerts": lambda value: alert_problems(value, []),
    "llmmon_receivers": receiver_problems,
    "llmmon_mute_time_intervals": interval_problems,
    "llmmon_grafana_secrets": lambda value: grafana_problems([], [], "llmmon", value),
    "llmmon_grafana_data_sources: entry 1": lambda value: data_source_problems([value], "own", True),
    "llmmon_grafana_folders: entry 1": lambda value: grafana_problems([], [value], "llmmon", {}),
}


@pytest.mark.parametrize("value", ["host:8000", SECRET, 8000, {"a": "b"}, True])
@pytest.mark.parametrize("subject", LISTS)
def test_a_list_of_another_shape_is_one_sentence(subject: str, value: Any) -> None:
    (sentence,) = LISTS[subject](value)
    assert sentence.startswith(f"{subject} is ")
    assert ", but must be a list, such as [" in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize("value", ["a=b", SECRET, 5, ["a", "b"], True])
@pytest.mark.parametrize("subject", DICTIONARIES)
def test_a_dictionary_of_another_shape_is_one_sentence(subject: str, value: Any) -> None:
    (sentence,) = DICTIONARIES[subject](value)
    assert sentence.startswith(f"{subject} is ")
    assert sentence.endswith(", but must be a dictionary")


OPTIONAL = {"llmmon_gateways: metric_relabel_configs of gw", "llmmon_grafana_folders: files of Team"}


@pytest.mark.parametrize("subject", LISTS)
def test_what_is_left_empty_is_told_where_it_is_needed(subject: str) -> None:
    found = LISTS[subject](None)
    if subject in OPTIONAL:
        assert found == []
    elif subject.endswith("targets of gw"):
        assert found == ["llmmon_gateways: gw has no targets; write at least one host:port"]
    else:
        assert len(found) == 1
        assert found[0].startswith(f"{subject} is empty, but must be a list")


def test_relabeling_of_gateways_that_are_none_is_for_others_to_tell() -> None:
    assert relabeling_problems("gateway:8000") == []  # type: ignore[arg-type]
    assert relabeling_problems(["gateway:8000"]) == []  # type: ignore[list-item]


def test_routes_of_receivers_that_are_none_are_not_looked_at() -> None:
    routes: list[Any] = [{"receivers": ["slack"], "mute_time_intervals": ["night"]}]
    (sentence,) = route_problems(routes, ["slack"], "slack", {})  # type: ignore[arg-type]
    assert sentence == "llmmon_receivers is text, but must be a dictionary"
    # What is wrong with the intervals themselves is told by their own check.
    assert route_problems(routes, ["slack"], {"slack": {}}, "night") == []  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["receivers", "matchers", "mute_time_intervals"])
@pytest.mark.parametrize("value", [[{"a": "b"}], {"a": "b"}, [["a"]], [5]])
def test_whatever_a_route_lists_can_be_told(key: str, value: Any) -> None:
    (sentence,) = route(key)(value)
    assert sentence.startswith("llmmon_routes, route 1: ")
    assert str(value[0] if isinstance(value, list) else value) in sentence


def test_names_of_any_kind_can_be_told() -> None:
    gateways: list[Any] = [{"name": name, "targets": ["a:1"]} for name in (["x"], ["x"], {"y": 1})]
    assert [sentence.partition(" must ")[0] for sentence in gateway_problems(gateways, ["canonical"], "")] == [
        "llmmon_gateways: the name ['x'] appears twice; a name is a job label and",
        "llmmon_gateways: the name ['x']",
        "llmmon_gateways: the name ['x']",
        "llmmon_gateways: the name {'y': 1}",
    ]
    sources: list[Any] = [{"name": ["x"], "uid": ["y"]}, {"name": ["x"], "uid": "b"}]
    assert "llmmon_grafana_data_sources: the name ['x'] appears twice" in data_source_problems(sources, "own", True)


def test_a_single_target_is_told_with_the_name_of_its_gateway() -> None:
    assert gateway("targets")("host:8000") == [
        'llmmon_gateways: targets of gw is text, but must be a list, such as ["gateway.example:8000"]'
    ]
