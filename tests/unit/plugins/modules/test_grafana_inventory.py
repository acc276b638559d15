"""What an upgrade of Grafana must not lose, told from what it may change."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules.grafana_inventory import (
    dashboard_entry,
    data_source_entry,
    losses,
)

MODEL: dict[str, Any] = {
    "id": 7,
    "uid": "one",
    "title": "One",
    "version": 3,
    "schemaVersion": 37,
    "panels": [{"title": "P", "type": "timeseries", "targets": [{"refId": "A", "expr": "up"}]}],
}
SOURCE = {"uid": "p", "name": "P", "type": "prometheus", "url": "http://p:9090", "jsonData": {}}


def inventory(model: dict[str, Any] = MODEL, folder: str = "f", source: dict[str, Any] = SOURCE) -> dict[str, Any]:
    entry = dashboard_entry({"dashboard": model, "meta": {"folderUid": folder}})
    folders = {"f": {"title": "F", "whole": "x"}}
    return {"folders": folders, "dashboards": {"one": entry}, "data_sources": {"p": data_source_entry(source)}}


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(MODEL), **values}


def test_what_is_the_same_or_new_is_no_loss() -> None:
    after = inventory(changed(id=99))
    after["dashboards"]["two"] = after["dashboards"]["one"]
    assert losses(inventory(), after) == []


def test_a_newer_form_of_the_same_dashboard_is_no_loss() -> None:
    panel = {**MODEL["panels"][0], "fieldConfig": {"defaults": {}}}
    assert losses(inventory(), inventory(changed(schemaVersion=41, version=4, panels=[panel]))) == []


@pytest.mark.parametrize(
    "after",
    [
        inventory(changed(title="Another")),
        inventory(changed(panels=[])),
        inventory(changed(schemaVersion=41, panels=[])),
        inventory(folder=""),
        # An older state that came back.
        inventory(changed(version=2)),
    ],
)
def test_a_dashboard_that_is_not_what_it_was_is_named(after: dict[str, Any]) -> None:
    assert losses(inventory(), after) == ["the dashboard 'One' (one) is not what it was"]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("folders", "the folder 'F' (f) has gone"),
        ("dashboards", "the dashboard 'One' (one) has gone"),
        ("data_sources", "the data source 'P' (p) has gone"),
    ],
)
def test_what_has_gone_is_named(kind: str, sentence: str) -> None:
    assert losses(inventory(), {**inventory(), kind: {}}) == [sentence]


def test_a_data_source_that_points_elsewhere_is_named() -> None:
    assert losses(inventory(), inventory(source={**SOURCE, "url": "http://q:9090"})) != []
