"""Rules are filled in by promtool, in the order in which they read each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules.month import filling, gateways
from tests.support import prometheus, rendering

START = 1_736_121_600
MINUTES = 20
END = START + MINUTES * 60
BASELINE = "job:llm_requests:rate5m_baseline"
# What makes the branches of an `or` take turns: a first failure, and a usual rate of this week above that of others.
SERIES: dict[str, Callable[[int], int | None]] = {
    'job_model:llm_requests:rate5m{job="big",model="m",source="canonical"}': lambda _: 1,
    'llm_requests_failed_total{job="big",model="m"}': lambda minute: minute if minute > 10 else None,
    f'{BASELINE}_recent{{job="big"}}': lambda minute: minute,
    f'{BASELINE}_week{{job="big"}}': lambda _: 10,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a Prometheus has the series."""
    page = tmp_path / "page"
    lines = [
        f"{series} {value(minute)} {START + minute * 60}"
        for minute in range(MINUTES + 1)
        for series, value in SERIES.items()
        if value(minute) is not None
    ]
    page.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    filling.import_page(page, tmp_path / "data")
    return tmp_path


def shipped() -> list[dict[str, Any]]:
    content = rendering.render_rules(llmmon_gateways=[gateways.GATEWAYS[0].target])["llm_recording.yml"]
    return [rule for group in yaml.safe_load(content)["groups"] for rule in group["rules"]]


def filled(folder: Path, rule: dict[str, Any]) -> int:
    """How many minutes a rule has a value for, and no more than one."""
    filling.fill_level(folder, [rule], START, END)
    with prometheus.running(filling.VERSION, folder, *filling.FLAGS) as server:
        (series,) = server.get("query", query=f"{rule['record']}[1h]", time=str(END))["result"]
        # Rules that build on each other are evaluated at the same time.
        assert {round(second, 1) % 60 for second, _ in series["values"]} == {0}
        return len(series["values"])


@pytest.mark.parametrize("name", ["job:llm_requests:rate5m_baseline", "job_model:llm_requests_failed:rate5m"])
def test_what_takes_turns_is_filled_in_as_one_series(name: str, folder: Path) -> None:
    (rule,) = [rule for rule in shipped() if rule["record"] == name]
    assert filled(folder, filling.one_series(rule)) == MINUTES


def test_promtool_alone_loses_what_takes_turns(folder: Path) -> None:
    """Why rules are wrapped. When this fails, they need not be any more."""
    rule = {"record": "turns", "expr": f"({BASELINE}_recent >= {BASELINE}_week) or {BASELINE}_week"}
    assert filled(folder, rule) < MINUTES


def test_what_promtool_cannot_do_is_an_error(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="many-to-many"):
        filling.fill_level(folder, [{"record": "wrong", "expr": '{job="big"} * on (job) {job="big"}'}], START, END)


def test_levels() -> None:
    rules = [{"record": name, "expr": expression} for name, expression in (("c", "b + a"), ("b", "a"), ("a", "raw"))]
    assert [[rule["record"] for rule in level] for level in filling.levels(rules)] == [["a"], ["b"], ["c"]]


def test_a_name_that_several_rules_record_is_complete_before_it_is_read() -> None:
    rules = [
        {"record": "a", "expr": "b"},
        {"record": "b", "expr": "raw"},
        {"record": "b", "expr": "d"},
        {"record": "d", "expr": "raw"},
    ]
    assert [[rule["record"] for rule in level] for level in filling.levels(rules)] == [["d"], ["b", "b"], ["a"]]


def test_rules_that_read_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rules read each other: (a -> b -> a|b -> a -> b)"):
        filling.levels([{"record": "a", "expr": "b"}, {"record": "b", "expr": "a"}])


def test_only_what_is_read_is_filled_in() -> None:
    rules = [{"record": name, "expr": expression} for name, expression in (("a", "raw"), ("b", "a"), ("c", "a"))]
    assert filling.needed(rules, [{"alert": "A", "expr": "b > 1"}]) == rules[:2]
    assert filling.needed(rules, [{"alert": "A", "expr": "a > 1"}], ["c"]) == [rules[0], rules[2]]
