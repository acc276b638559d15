"""Variables that look like llmmon's and are not."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import (
    misspelt_prefix_problems,
    unknown_variable_problems,
)

KNOWN = [
    "llmmon_receivers",
    "llmmon_routes",
    "llmmon_gateways",
    "llmmon_config_root",
    "llmmon_data_root",
    "llmmon_prometheus_port",
    "llmmon_grafana_port",
    "something_else",
]
END = "Correct or remove it in your inventory."


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("llmmon_recievers", "llmmon_receivers"),
        ("llmmon_receiver", "llmmon_receivers"),
        ("llmmon_gateway", "llmmon_gateways"),
        ("llmmon_promethues_port", "llmmon_prometheus_port"),
        ("llmmon_Routes", "llmmon_routes"),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(name: str, nearest: str) -> None:
    assert unknown_variable_problems([name], KNOWN) == [
        f"{name} is not a variable of llmmon; did you mean {nearest}? {END}"
    ]


# What all of them begin with is no likeness.
@pytest.mark.parametrize("name", ["llmmon_x", "llmmon_", "llmmon_zzzzzzzz", "llmmon_something_else"])
def test_a_name_with_nothing_near_is_told_all_the_same(name: str) -> None:
    assert unknown_variable_problems([name], KNOWN) == [f"{name} is not a variable of llmmon. {END}"]


def test_names_that_are_known_or_not_of_llmmon_pass() -> None:
    assert (
        unknown_variable_problems([*KNOWN, "ansible_host", "__llmmon_internal", "llmmonitor", "recievers"], KNOWN) == []
    )
    assert unknown_variable_problems([], KNOWN) == []
    assert unknown_variable_problems(KNOWN, []) != []


def test_several_are_told_in_order_and_once_each() -> None:
    names = ["llmmon_roots", "llmmon_recievers", "llmmon_routes", "llmmon_recievers", "llmmon_9"]
    expected = [
        f"llmmon_9 is not a variable of llmmon. {END}",
        f"llmmon_recievers is not a variable of llmmon; did you mean llmmon_receivers? {END}",
        f"llmmon_roots is not a variable of llmmon; did you mean llmmon_routes? {END}",
    ]
    assert unknown_variable_problems(names, KNOWN) == expected
    assert unknown_variable_problems(reversed(names), reversed(KNOWN)) == expected


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("llmon_receivers", "llmmon_receivers"),
        ("lmmon_gateways", "llmmon_gateways"),
        ("llmmom_config_root", "llmmon_config_root"),
        ("LLMMON_gateways", "llmmon_gateways"),
        ("llmon_recievers", "llmmon_receivers"),
    ],
)
def test_a_name_that_nearly_begins_like_ours_is_told_what_was_meant(name: str, meant: str) -> None:
    assert misspelt_prefix_problems([name], KNOWN) == [
        f"{name} is not a variable of llmmon; did you mean {meant}? Correct it in your inventory."
    ]


@pytest.mark.parametrize(
    "name", ["llmmonitor_routes", "llama_routes", "llm_routes", "llmon_version", "llmmon_routes", "gateways", "llmon_"]
)
def test_a_name_of_something_else_is_left_alone(name: str) -> None:
    assert misspelt_prefix_problems([name], KNOWN) == []
