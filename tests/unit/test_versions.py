"""The page about versions says what tests noted, and lacks none of the versions that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import versions as page
from tests.support.tried import subject, suite_of
from tests.support.versions import ALL

IMAGES = {"prometheus": {"version": "3.13.2"}, "alertmanager": {"version": "0.33.1"}, "all": []}


def test_the_page_is_what_the_facts_make_of_it() -> None:
    assert page.TARGET.read_text(encoding="utf-8") == page.text(page.facts()), "run `python -m docs.versions`"


def test_every_version_was_run() -> None:
    wanted = {
        "rules": [f"Prometheus {version}" for version in ALL["prometheus"]],
        "routing": [f"Alertmanager {version}" for version in ALL["alertmanager"]],
    }
    known = page.facts()
    missing = [f"{suite} with {words}" for suite in wanted for words in wanted[suite] if words not in known[suite]]
    assert not missing, "run `make test-all` and `make versions`"


def test_what_failed_is_not_taken_over() -> None:
    known = {"rules": {"Prometheus 1.0.0": {"tests": 5, "on": "2026-01-01"}}}
    noted = {
        "rules": {
            "Prometheus 1.0.0": {"passed": 4, "failed": 1, "on": "2026-02-02"},
            "Prometheus 2.0.0": {"passed": 7, "failed": 0, "on": "2026-02-02"},
        }
    }
    assert page.merged(known, noted) == {
        "rules": {
            "Prometheus 1.0.0": {"tests": 5, "on": "2026-01-01"},
            "Prometheus 2.0.0": {"tests": 7, "on": "2026-02-02"},
        }
    }


def test_rows_are_in_the_order_of_versions() -> None:
    subjects = ("Prometheus 3.13.2", "Prometheus 2.53.3", "Prometheus 3.5.3")
    known = {"rules": {words: {"tests": 1, "on": "2026-01-01"} for words in subjects}}
    text = page.text(known)
    assert text.index("2.53.3 |") < text.index("3.5.3 |") < text.index("3.13.2 |")


@pytest.mark.parametrize(
    ("suite", "parameters", "words"),
    [
        ("rules", {"version": ALL["prometheus"][0]}, f"Prometheus {ALL['prometheus'][0]}"),
        ("rules", {"case": "x"}, ""),
        ("routing", {"version": ALL["alertmanager"][0]}, f"Alertmanager {ALL['alertmanager'][0]}"),
        ("e2e/upgrade", {"component": "alertmanager", "old": "1", "new": "2"}, "Alertmanager 1 → 2"),
        ("e2e/deployment", {}, "Prometheus 3.13.2, Alertmanager 0.33.1"),
        ("e2e/upgrade", {}, "Prometheus 2.53.3 → 3.13.2, Alertmanager 0.28.1 → 0.33.1"),
    ],
)
def test_a_test_says_what_it_ran_with(suite: str, parameters: dict[str, str], words: str) -> None:
    assert subject(suite, parameters, IMAGES) == words


@pytest.mark.parametrize(
    ("path", "suite"),
    [
        ("tests/rules/test_promtool.py", "rules"),
        ("tests/e2e/upgrade/test_path.py", "e2e/upgrade"),
        ("tests/unit/test_versions.py", ""),
    ],
)
def test_suites_are_told_apart_by_their_folders(path: str, suite: str) -> None:
    assert suite_of(Path(__file__).resolve().parents[2] / path) == suite
