"""The table in docs/grafana-versions.md: it says what the tests say, and they say where they have it from."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from docs import grafana_versions

from . import recorded
from .behaviours import BEHAVIOURS, HERE, READ, Marked, confirming, documented, source_of

DOCUMENTED = documented()
CONFIRMING = confirming()
names = pytest.mark.parametrize("name", BEHAVIOURS)
each_documented = pytest.mark.parametrize("test", DOCUMENTED, ids=[test.name for test in DOCUMENTED])


def test_the_page_is_what_make_docs_writes() -> None:
    assert grafana_versions.TARGET.read_text(encoding="utf-8") == grafana_versions.document()


@names
def test_each_behaviour_is_held_to_something(name: str) -> None:
    assert any(name in test.behaviours for test in DOCUMENTED)


@names
def test_each_behaviour_is_asked_of_a_real_server_or_it_is_said_why_not(name: str) -> None:
    asked = any(name in test.behaviours for test in CONFIRMING)
    assert asked is not bool(BEHAVIOURS[name].not_asked)


@names
def test_what_is_said_to_be_recorded_is_replayed(name: str) -> None:
    replayed = {row["id"] for row in recorded.rows()}
    assert set(BEHAVIOURS[name].recorded) <= replayed


@pytest.mark.parametrize("test", [*DOCUMENTED, *CONFIRMING], ids=lambda test: test.name)
def test_a_test_names_behaviours_that_there_are(test: Marked) -> None:
    assert test.behaviours
    assert set(test.behaviours) <= BEHAVIOURS.keys()


@each_documented
def test_a_documented_test_names_its_versions_and_its_source(test: Marked) -> None:
    assert test.majors
    assert set(test.majors) <= set(READ)
    assert test.source


@pytest.mark.parametrize("path", sorted((HERE / "documented").glob("test_*.py")), ids=lambda path: path.name)
def test_every_scripted_test_is_a_documented_one(path: Any) -> None:
    functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    there = {f"documented/{path.name}::{name}" for name in functions if name.startswith("test_")}
    assert there == {test.name for test in DOCUMENTED if test.name.startswith(f"documented/{path.name}::")}


def test_a_source_ends_with_its_paragraph() -> None:
    assert source_of("What.\n\nSource: One 13,\n  two 12.\n\nLeft out: three.") == "One 13, two 12"
    assert source_of("What, without a Source: of its own.") == ""
