"""What the loaded rules tell, and their copies; and why an alert is silent."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import MARK, Loaded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.silence import read_by, why_silent


def record(record_name: str, query: str, **labels: str) -> dict[str, Any]:
    return {"type": "recording", "name": record_name, "query": query, "labels": labels}


ALERT = {
    "type": "alerting",
    "name": "A",
    "query": "a:b > 1",
    "duration": 300,
    "labels": {"severity": "critical"},
    "annotations": {"summary": "S", "description": "D", "runbook_url": "R"},
}
GROUPS: list[dict[str, Any]] = [
    {
        "name": "one",
        "file": "/etc/current/rules/one.yml",
        "rules": [
            record("llmmon:threshold", "vector(0.2)", name="failure_ratio"),
            record(
                "llmmon:threshold_override",
                'group by (job, model) (x{job=~"a5"}) * 0.3 or on (job, model) group by (job) (x) * 1e-05',
                name="failure_ratio",
            ),
            record("llmmon:threshold_override", "vector(6)", name="request_surge_ratio", job="j"),
            record("llmmon:gateway", "vector(1)", job="j", source="vllm"),
            record("llmmon:budget_usd", "vector(720)", scope="team", team="t", period="month"),
            record("llmmon:budget_usd", "vector(9)", scope="team", team="t", period="day"),
            record("llmmon:token_price_usd", "vector(0.1)", model="m", type="input"),
            record("x:raw", 'rate(raw_total{job="j"}[5m])'),
            record("a:b", "x:raw / (y:raw > 0)"),
            record("y:raw", "sum(other_total{})"),
            ALERT,
        ],
    },
    {"name": "own", "file": "/etc/current/rules.d/own.yml", "rules": [{**ALERT, "name": "Own"}]},
]
LOADED = Loaded(GROUPS)


def test_the_users_alerts_are_told_from_ours() -> None:
    assert [rule["name"] for rule in LOADED.alerts(own=False)] == ["A"]
    assert [rule["name"] for rule in LOADED.alerts(own=True)] == ["Own"]


def test_settings_are_read_out_of_rules() -> None:
    assert LOADED.thresholds("failure_ratio") == [0.2, 0.3, 1e-05]
    assert LOADED.thresholds("request_surge_ratio") == [6]
    assert LOADED.sources() == {"j": "vllm"}
    assert LOADED.budgets() == [({"scope": "team", "team": "t"}, 720)]
    assert LOADED.priced_model() == "m"
    assert Loaded([]).priced_model() == ""


def test_a_copy_does_not_wait_and_has_no_alert_that_is_not_meant() -> None:
    files = LOADED.copy({"A"}, marked=False)
    one, own = (files[name]["groups"][0] for name in ("0.json", "1.json"))
    assert one["rules"][-1] == {
        "alert": "A",
        "expr": "a:b > 1",
        "labels": ALERT["labels"],
        "annotations": ALERT["annotations"],
    }
    assert own["rules"] == []
    assert [rule["record"] for rule in one["rules"] if "record" in rule].count("llmmon:threshold") == 1


def test_what_goes_to_people_is_marked() -> None:
    texts = LOADED.copy({"A"}, marked=True)["0.json"]["groups"][0]["rules"][-1]["annotations"]
    assert texts == {"summary": f"{MARK}S", "description": f"{MARK}D", "runbook_url": "R"}


def test_the_lowest_rule_that_gives_nothing_is_named_with_what_it_reads() -> None:
    assert read_by(LOADED, "a:b > 1") == {"a:b", "x:raw", "y:raw"}
    assert why_silent(LOADED, "a:b > 1", {"x:raw"}).endswith("y:raw records nothing of other_total")
    assert why_silent(LOADED, "a:b > 1", {"a:b", "x:raw", "y:raw"}).startswith("its expression gives nothing")
