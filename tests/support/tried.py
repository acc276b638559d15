"""What was run with which versions: each test session notes it, and `python -m docs.versions` writes it down.

A test of rules or routing says its version by its parameter ``version``, a step of the
upgrade by ``component``, ``old`` and ``new``, and what is deployed is what the testbed chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.support.versions import ALL
from tests.testbed import state

RECORD = "tried"
_TESTS = Path(__file__).resolve().parents[1]
_TITLES = {"prometheus": "Prometheus", "alertmanager": "Alertmanager", "grafana": "Grafana's stand-in"}
_SERVICE = {"rules": "prometheus", "routing": "alertmanager"}


def subject(suite: str, parameters: Mapping[str, Any], images: Mapping[str, Any]) -> str:
    """With what a test of a suite runs, such as "Prometheus 3.5.3"; nothing for a test that no version matters to."""
    if suite in _SERVICE:
        component = _SERVICE[suite]
        return f"{_TITLES[component]} {parameters['version']}" if parameters.get("version") in ALL[component] else ""
    if {"component", "old", "new"} <= set(parameters):
        return f"{_TITLES[parameters['component']]} {parameters['old']} → {parameters['new']}"
    before = {name: f"{tried[0]} → " for name, tried in ALL.items()} if suite == "e2e/upgrade" else {}
    deployed = {name: f"{before.get(name, '')}{images[name]['version']}" for name in _TITLES if name in images}
    return ", ".join(f"{_TITLES[name]} {version}" for name, version in deployed.items())


def suite_of(path: Path) -> str:
    """Such as "rules" or "e2e/upgrade", by the folder of the test; nothing for what is not told of."""
    parts = path.relative_to(_TESTS).parts
    if parts[0] == "e2e" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0] if parts[0] in _SERVICE else ""


class Notes:
    """Counts what passed and failed, and writes it down at the end unless only a part was run."""

    def __init__(self, *, selected: bool) -> None:
        self.counts: dict[str, dict[str, Counter[str]]] = {}
        self.selected = selected

    @cached_property
    def _images(self) -> dict[str, Any]:
        """The testbed is up when the first test that deploys something has ended."""
        return state.read("images")

    def note(self, item: pytest.Item, outcome: str) -> None:
        suite = suite_of(item.path)
        if not suite:
            return
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        found = subject(suite, parameters, {} if suite in _SERVICE else self._images)
        if found:
            self.counts.setdefault(suite, {}).setdefault(found, Counter())[outcome] += 1

    def write(self) -> None:
        if self.selected or not self.counts:
            return
        today = datetime.now(UTC).date().isoformat()
        with state.locked(RECORD):
            record = state.read(RECORD)
            for suite, subjects in self.counts.items():
                rows = record.setdefault(suite, {})
                for found, counts in subjects.items():
                    rows[found] = {"passed": counts["passed"], "failed": counts["failed"], "on": today}
            state.write(RECORD, record)


_NOTES = pytest.StashKey[Notes]()


def pytest_configure(config: pytest.Config) -> None:
    # A part of a suite is no proof of the whole.
    by_options = bool(config.option.keyword or config.option.markexpr or config.option.lf)
    by_names = any("::" in argument or argument.endswith(".py") for argument in config.args)
    config.stash[_NOTES] = Notes(selected=by_options or by_names)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call" or report.failed:
        item.config.stash[_NOTES].note(item, "failed" if report.failed else report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.shouldstop:
        session.config.stash[_NOTES].write()
