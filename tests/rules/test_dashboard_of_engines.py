"""Each kind of engine has a row of its own in which no graph is empty; a kind that is no engine has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import engines
from tests.rules import dashboards, promtool, recorded
from tests.rules.dashboards import ASKED_RAW, BOARDS, ENGINES
from tests.rules.promql import metric_names
from tests.support import exposition, rendering

BOARD = BOARDS[ENGINES]
MINUTES = 30
# What tells an engine from a gateway, as presets call it.
OF_ENGINES = {"running", "waiting", "kv_cache_usage"}
KINDS = {kind for kind, preset in rendering.presets().items() if OF_ENGINES & set(preset)} - set(
    engines.NO_ENGINES.split("|")
)
PAGES = exposition.pages()
ROW = next(number for number, panel in enumerate(BOARD["panels"]) if panel.get("repeat") == "kind")
TABLE = BOARD["panels"][ROW - 1]
GRAPHS = BOARD["panels"][ROW + 1 : ROW + 5]
# What the fixtures of vLLM under Ray Serve have of vLLM's own row, under the names that Ray gives to it.
OF_RAY = ("in the works by instance", "waiting by instance", "KV cache by instance", "How requests end")
ALSO_OF_RAY = [
    panel
    for panel in dashboards.panels(BOARD)
    if panel["title"].removeprefix("vLLM: ").removeprefix("requests ") in OF_RAY
]
NO_SUCH_KIND = "no_such_kind"


def test_the_row_of_a_kind_is_repeated_and_what_only_one_kind_tells_is_closed() -> None:
    assert {panel["type"] for panel in GRAPHS} == {"timeseries"}
    closed = BOARD["panels"][ROW + 5 :]
    assert [row["type"] for row in closed] == ["row"] * len(ASKED_RAW)
    for row, kind in zip(closed, ASKED_RAW, strict=True):
        assert row["collapsed"]
        assert row["title"].lower().startswith(f"{kind} alone")
        # Only there are raw series asked for, and there only this kind's.
        asked = "\n".join(target["expr"] for panel in row["panels"] for target in panel["targets"])
        assert {other for other in ASKED_RAW if f"{other}:" in asked} == {kind}
        assert dashboards.overlapping({"panels": [row, *row["panels"]]}) == []
        assert row["panels"][0]["gridPos"]["y"] == row["gridPos"]["y"] + 1


def test_every_kind_of_engine_has_a_fixture() -> None:
    assert len(ALSO_OF_RAY) == len(OF_RAY)
    assert {page.kind for page in PAGES} >= KINDS


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_no_graph_of_a_kind_is_empty_and_no_cell_that_the_kind_tells(version: str, tmp_path: Path) -> None:
    cases: list[dict[str, Any]] = []
    for page in PAGES:
        tells = {name for name, *_ in recorded.expected(page)}
        if page.kind in KINDS:
            cases += [case(any_of(panel), page, found=True) for panel in GRAPHS]
            cases += [case(asked, page, found=metric_names(asked) <= tells) for asked in queries(TABLE)]
        if page.kind == "ray_vllm":
            cases += [case(any_of(panel), page, found=True) for panel in ALSO_OF_RAY]
        kinds, gateways = (asked for asked in dashboards.frame_expressions(BOARD) if engines.NO_ENGINES in asked)
        cases += [
            case(f'({asked}) and {{job="{page.job}"}}', page, found=page.kind in KINDS) for asked in (kinds, gateways)
        ]
    # One gateway is as good as another: the row of a kind shows no other kind's.
    cases += [case(any_of(panel), PAGES[0], found=False, kind=NO_SUCH_KIND) for panel in GRAPHS]
    result = asked_of(version, tmp_path, cases)
    assert result.returncode == 0, promtool.explain(result)


def test_an_empty_graph_is_reported(tmp_path: Path) -> None:
    (page,) = [page for page in PAGES if page.job == "tgi"]
    first_tokens = [asked for asked in queries(TABLE) if "first_token" in asked]
    result = asked_of(promtool.VERSION, tmp_path, [case(asked, page, found=True) for asked in first_tokens])
    assert result.returncode == 1
    assert promtool.explain(result).count("expr: ") == len(first_tokens) == 1


def queries(panel: dict[str, Any]) -> list[str]:
    return dashboards.expressions({"panels": [panel]})


def any_of(panel: dict[str, Any]) -> str:
    return " or ".join(f"({asked})" for asked in queries(panel))


def case(asked: str, page: exposition.Page, *, found: bool, kind: str = "") -> dict[str, Any]:
    """Whether a query finds something, with this gateway chosen, in the row of its kind."""
    chosen = asked.replace("$kind", kind or page.kind).replace("$job", page.job)
    return {
        "expr": f"count({dashboards.filled_in(chosen)})",
        "eval_time": f"{MINUTES}m",
        "found": found,
    }


def asked_of(version: str, place: Path, cases: list[dict[str, Any]]) -> Any:
    """All in one run."""
    rules = recorded.rules(PAGES)
    (place / "rules.yml").write_text(rules, encoding="utf-8")
    questions = [
        {
            "expr": f"{case['expr']} > bool 0" if case["found"] else case["expr"],
            "eval_time": case["eval_time"],
            "exp_samples": [{"labels": "{}", "value": 1}] if case["found"] else [],
        }
        for case in cases
    ]
    (place / "cases.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["rules.yml"],
                "group_eval_order": [group["name"] for group in yaml.safe_load(rules)["groups"]],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [series for page in PAGES for series in page.input_series(MINUTES)],
                        "promql_expr_test": questions,
                    }
                ],
            }
        ),
        encoding="utf-8",
    )
    return promtool.test_rules(version, [place / "cases.yml"])
