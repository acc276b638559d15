"""The rendered rules load and do what the cases say, in both versions; and no case is there for nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.rules import mutations, promtool

all_versions = pytest.mark.parametrize("version", promtool.VERSIONS)


@all_versions
def test_every_rendered_file_is_valid(version: str, workspace: Path) -> None:
    result = promtool.check_rules(version, sorted(workspace.glob("rules/*/*.yml")))
    assert result.returncode == 0, promtool.explain(result)


@all_versions
def test_a_rule_that_is_there_twice_is_found(version: str, tmp_path: Path) -> None:
    rules = tmp_path / "twice.yml"
    rules.write_text("groups: [{name: g, rules: [{record: a:b, expr: up}, {record: a:b, expr: up}]}]")
    assert promtool.check_rules(version, [rules]).returncode != 0


@all_versions
def test_all_cases_hold(version: str, workspace: Path) -> None:
    # Promtool works through its files one after the other: one process per file uses both cores.
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda case: promtool.test_rules(version, [case]), promtool.case_files(workspace)))
    assert results
    failures = [promtool.explain(result) for result in results if result.returncode]
    assert not failures, "\n".join(failures)


def test_every_guard_is_missed_when_it_is_gone() -> None:
    unnoticed = mutations.survivors(mutations.MUTATIONS)
    assert not unnoticed, "\n".join(unnoticed)


def test_a_mutation_that_changes_nothing_that_matters_is_reported() -> None:
    harmless = mutations.Mutation(
        "a text", "failure_ratio", "never failed", "Too many LLM requests fail", "Oh", part="annotations"
    )
    absent = mutations.Mutation("a guard that is gone", "failure_ratio", "never failed", "no such text", "")
    invalid = mutations.Mutation("no rule at all", "failure_ratio", "never failed", "sum by", "sum bye")
    complaints = mutations.survivors([harmless, absent, invalid])
    assert [complaint.split(":")[0] for complaint in complaints] == [harmless.name, absent.name, invalid.name]
