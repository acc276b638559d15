"""What is wrong with llmmon_grafana_data_sources."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.data_sources import (
    data_source_problems,
)


def source(**changes: Any) -> dict[str, Any]:
    return {"name": "Loki", "uid": "loki", "type": "loki", **changes}


def test_a_data_source_may_not_take_the_name_of_ours() -> None:
    (sentence,) = data_source_problems([source(name="Prometheus")], "own", True)
    assert "Prometheus is the name of llmmon's own data source" in sentence


def test_good_data_sources() -> None:
    assert data_source_problems([], "own", True) == []
    assert data_source_problems([source(), source(name="B", uid="b_2")], "own", True) == []
    assert data_source_problems([source(isDefault=True)], "own", False) == []
    assert data_source_problems([source(isDefault=False)], "own", True) == []


@pytest.mark.parametrize(
    ("sources", "own_is_default", "names"),
    [
        ([source(isDefault=True)], True, "llmmon's own (llmmon_grafana_prometheus_is_default), Loki"),
        ([source(isDefault=True), source(name="B", uid="b", isDefault=True)], False, "Loki, B"),
    ],
)
def test_only_one_data_source_is_the_default(sources: list[dict[str, Any]], own_is_default: bool, names: str) -> None:
    assert data_source_problems(sources, "own", own_is_default) == [
        f"llmmon_grafana_data_sources: more than one data source is the default: {names}; Grafana does not start with"
        " two, so set isDefault on one of them only"
    ]


def test_names_and_uids_of_data_sources_are_unique() -> None:
    assert data_source_problems([source(), source()], "own", True) == [
        "llmmon_grafana_data_sources: the name Loki appears twice",
        "llmmon_grafana_data_sources: the uid loki appears twice",
    ]


@pytest.mark.parametrize("uid", [None, "", "a-b", "a b", "a\n", "x" * 41, "own"])
def test_uids_of_data_sources(uid: str | None) -> None:
    # No hyphen: the data source proxy of Grafana 9.4 cuts the uid there.
    sentence = (
        f"llmmon_grafana_data_sources: Loki needs a uid of its own, of 1 to 40 letters, digits or '_', but has {uid!r}"
    )
    assert data_source_problems([source(uid=uid)], "own", True) == [sentence]
    # Two that lack one have no uid in common.
    assert len(data_source_problems([source(uid=None), source(name="B", uid=None)], "own", True)) == 2
