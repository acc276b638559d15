"""The verdict on the rules that Prometheus has loaded."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import Evidence
from ansible_collections.llmmon.stack.plugins.module_utils.proof.rules import (
    NOT_EVALUATED,
    NOT_LOADED,
    RuleFile,
    Trouble,
    assess,
    finished,
    rule_file,
    rules_of,
    verdict,
    written_names,
)
from ansible_collections.llmmon.stack.plugins.modules import prometheus_rules

from tests.support import rendering, services
from tests.support.loopback import Answer, Server, as_json
from tests.support.modules import run_module
from tests.support.versions import EVERYWHERE

UTC = datetime.UTC
SINCE = datetime.datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
BEFORE, AFTER, NEVER = "2026-01-02T11:59:59.999999999Z", "2026-01-02T12:00:00.000000001Z", "0001-01-01T00:00:00Z"

# -- reading files

TEXT = """\
# - alert: Commented
groups:
- name: one
  rules:
  - alert: First
    expr: |
      up == 0
      - alert: InText
    annotations:
      description: >-

        - record: in_text
    labels: {alert: NotAnItem}
  - record: "job:x:sum"
    expr: sum(up)
  -   alert: 'Second'
      expr: vector(1)
  - expr: 1
    alert: NotFirst
  - record: not a name
"""


def test_names_are_found_where_they_are_written_plainly() -> None:
    assert written_names(TEXT) == ["First", "job:x:sum", "Second"]
    assert written_names("groups: [{name: a, rules: [{alert: Flow, expr: up}]}]") == []
    assert written_names("") == []


def test_files_with_rules_are_told_from_those_without() -> None:
    assert rule_file("a", TEXT) == RuleFile("a", ("First", "job:x:sum", "Second"), True)
    assert rule_file("a", '{"groups": [{"name": "a", "rules": [{"alert": "b"}]}]}').has_rules
    assert not rule_file("a", "# alert: x\ngroups: []\n").has_rules


def test_all_names_of_our_own_rules_are_found() -> None:
    for name, content in rendering.render_rules().items():
        rules = [rule for group in yaml.safe_load(content)["groups"] for rule in group["rules"]]
        assert written_names(content) == [rule.get("alert") or rule["record"] for rule in rules], name


# -- assess

FILE = RuleFile("rules/a.yml", ("A", "B"), True)


def rule(name: str, health: str = "ok", error: str = "", evaluated: str = BEFORE) -> dict[str, Any]:
    return {"name": name, "health": health, "lastError": error, "lastEvaluation": evaluated}


def group(*rules: dict[str, Any], file: str = "/c/rules/a.yml", interval: float = 30) -> dict[str, Any]:
    return {"name": "g", "file": file, "interval": interval, "rules": list(rules)}


def judged(
    *groups: dict[str, Any], files: list[RuleFile] | None = None, counts: Evidence | None = None
) -> list[Trouble]:
    return assess(list(groups), files or [FILE], "/c", counts or Evidence(SINCE), 60)


def test_rules_that_work_are_no_trouble() -> None:
    assert judged(group(rule("A")), group(rule("B"))) == []
    assert finished([])
    assert verdict([], 2, {}) is None


def test_rules_of_others_are_not_ours_to_judge() -> None:
    other = group(rule("C", "err", "x"), file="/elsewhere/rules/a.yml")
    assert judged(group(rule("A"), rule("B")), other) == []
    assert len(rules_of([group(rule("A"), rule("B")), other], [FILE], "/c")) == 2


def test_what_is_not_loaded() -> None:
    assert judged(group(rule("A"))) == [Trouble("rules/a.yml", "", "B", NOT_LOADED)]
    assert judged() == [Trouble("rules/a.yml", "", "", NOT_LOADED)]
    assert judged(files=[RuleFile("rules/empty.yml", (), False)]) == []
    assert judged(files=[RuleFile("rules.d/flow.yml", (), True)]) == [Trouble("rules.d/flow.yml", "", "", NOT_LOADED)]


def test_an_error_is_believed_when_it_is_seen_again() -> None:
    good = rule("B")
    (old,) = judged(group(rule("A", "err", "many-to-many"), good))
    (new,) = judged(group(rule("A", "err", "many-to-many", AFTER), good))
    assert (old.trouble, old.settled, new.settled) == ("it fails: many-to-many", False, True)
    # Where nothing changed, one of the last interval is of the present.
    (late,) = judged(
        group(rule("A", "err", "many-to-many"), good), counts=Evidence(SINCE, SINCE - datetime.timedelta(hours=1))
    )
    (older,) = judged(
        group(rule("A", "err", "many-to-many", "2026-01-02T11:59:29Z"), good),
        counts=Evidence(SINCE, SINCE - datetime.timedelta(hours=1)),
    )
    assert (late.settled, older.settled) == (True, False)
    # There is no time for another evaluation.
    (rare,) = judged(group(rule("A", "err", "many-to-many"), good, interval=3600))
    assert rare.settled


def test_a_first_evaluation_is_waited_for_when_it_is_due_in_time() -> None:
    (trouble,) = judged(group(rule("A", "unknown", evaluated=NEVER), rule("B")))
    assert (trouble.trouble, trouble.settled) == (NOT_EVALUATED, False)
    assert judged(group(rule("A", "unknown", evaluated=NEVER), rule("B"), interval=3600)) == []


def test_the_verdict_is_one_sentence_a_rule() -> None:
    troubles = [Trouble("rules/a.yml", "g", "A", "it fails: x"), Trouble("rules.d/b.yml", "", "", NOT_LOADED)]
    folders = {"rules": "", "rules.d": "llmmon_prometheus_rule_files"}
    assert verdict(troubles, 9, folders) == (
        "rules that do not work: 2 (9 are loaded). the rule A (group g, file rules/a.yml): it fails: x | the file"
        " rules.d/b.yml: it is not loaded: run site.yml --tags prometheus; correct llmmon_prometheus_rule_files"
    )


def test_of_many_rules_that_fail_the_first_are_told() -> None:
    said = verdict([Trouble("rules/a.yml", "g", f"R{number}", "it fails") for number in range(200)], 300, {}) or ""
    assert said.startswith("rules that do not work: 200 (300 are loaded). the rule R0 ")
    assert said.count("it fails") == 10
    assert said.endswith(" | and 190 more")


# -- the module


RULES = "GET /api/v1/rules?exclude_alerts=true"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n")
    return tmp_path


def answer_with(server: Server, directory: Path, *rules: dict[str, Any]) -> None:
    """One answer for each of the rules, the last one for ever."""
    left = list(rules)

    def answer(_: object) -> Answer:
        shown = left.pop(0) if len(left) > 1 else left[0]
        return as_json({"data": {"groups": [group(shown, file=f"{directory}/rules/a.yml", interval=1)]}})

    server.answers[RULES] = answer


@pytest.mark.usefixtures("fast_clock")
def test_the_module_waits_for_the_first_evaluation(server: Server, directory: Path) -> None:
    answer_with(server, directory, rule("A", "unknown", evaluated=NEVER), rule("A"))
    answer = run_module(prometheus_rules, {"url": server.url, "directory": str(directory)})
    assert (answer["failed"], answer["total"], answer["pending"]) == (False, 1, 0)
    assert answer["files"] == ["rules/a.yml"]
    assert len(server.requests) == 2


@pytest.mark.usefixtures("fast_clock")
def test_the_module_names_what_fails(server: Server, directory: Path) -> None:
    answer_with(server, directory, rule("A", "err", "found duplicate series"))
    answer = run_module(prometheus_rules, {"url": server.url, "directory": f"{directory}/", "timeout": 3})
    assert "the rule A (group g, file rules/a.yml): it fails: found duplicate series" in answer["msg"]
    assert answer["failing"] == [
        {"file": "rules/a.yml", "group": "g", "rule": "A", "trouble": "it fails: found duplicate series"}
    ]


@pytest.mark.usefixtures("fast_clock")
def test_the_module_says_when_prometheus_cannot_be_asked(server: Server, directory: Path) -> None:
    server.answers[RULES] = as_json({"error": "shutting down"}, 500)
    answer = run_module(prometheus_rules, {"url": server.url, "directory": str(directory), "timeout": 2})
    assert answer["msg"].startswith(
        f"the rules of Prometheus cannot be read: GET {server.url}/api/v1/rules answered 500"
    )


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_a_real_prometheus_tells_which_rule_fails(version: str, tmp_path: Path) -> None:
    """A rule that makes two series of one name fails at each evaluation, and no tool can know that before."""
    current = tmp_path / "current"
    (current / "rules").mkdir(parents=True)
    good = "  - {record: good, expr: vector(1)}\n"
    bad = '  - record: bad\n    expr: label_replace(vector(1), "a", "b", "", "") or vector(2)\n    labels: {a: c}\n'
    (current / "rules" / "a.yml").write_text(f"groups:\n- name: g\n  interval: 100ms\n  rules:\n{good}{bad}")
    with services.prometheus(version, tmp_path, f"rule_files: ['{current}/rules/*.yml']\n") as prometheus:
        parameters = {"url": prometheus.url, "directory": str(current), "timeout": 10}
        answer = run_module(prometheus_rules, parameters)
        assert "the rule bad (group g, file rules/a.yml): it fails: " in answer["msg"]
        assert answer["total"] == 2
        assert len(answer["failing"]) == 1
        # A file that came after Prometheus read its configuration.
        (current / "rules" / "b.yml").write_text("groups: [{name: h, rules: [{record: x, expr: up}]}]\n")
        answer = run_module(prometheus_rules, {**parameters, "timeout": 0.2})
        assert f"the file rules/b.yml: {NOT_LOADED}" in answer["msg"]
