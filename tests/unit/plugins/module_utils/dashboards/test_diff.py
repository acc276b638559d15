"""What differs between two dashboards, as lines for a person."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.diff import differing_values, flat

PANELS: list[dict[str, Any]] = [
    {"id": 1, "title": "One", "targets": [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "down"}]},
    {"id": 2, "title": "Two", "options": {"colors": ["red", "green"]}},
]


def test_only_what_differs_is_shown_by_where_it_stands() -> None:
    changed = [{**PANELS[0], "targets": [PANELS[0]["targets"][0], {"refId": "B", "expr": "sum(down)"}]}, PANELS[1]]
    assert differing_values({"title": "ü", "panels": PANELS}, {"title": "ü", "panels": changed}) == (
        'panels[id=1].targets[refId=B].expr: "down"\n',
        'panels[id=1].targets[refId=B].expr: "sum(down)"\n',
    )


def test_a_panel_in_front_does_not_shift_the_others() -> None:
    before, after = differing_values({"panels": PANELS}, {"panels": [{"id": 3, "title": "New"}, *PANELS]})
    assert before == 'panels (order): "id=1, id=2"\n'
    assert after == 'panels (order): "id=3, id=1, id=2"\npanels[id=3].id: 3\npanels[id=3].title: "New"\n'


def test_what_has_no_name_goes_by_its_place_and_empty_values_show() -> None:
    assert flat({"a": [True, None], "b": {}, "c": [], "d": [{"id": 1}, {"id": 1}]}) == {
        "a[0]": "true",
        "a[1]": "null",
        "b": "{}",
        "c": "[]",
        "d[0].id": "1",
        "d[1].id": "1",
    }


def test_a_diff_that_nobody_would_read_is_cut() -> None:
    before, after = differing_values({"a": 1}, {"a": 1, "values": list(range(500))})
    assert before == ""
    assert after.splitlines()[-1] == "... and 300 more"
    assert len(after.splitlines()) == 201
