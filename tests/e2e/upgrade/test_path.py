"""From the oldest versions to the newest, one by one: with traffic, firing alerts, and one step back each time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from tests.e2e.images import commit_image
from tests.e2e.upgrading import (
    active_silences,
    keep,
    left_behind,
    oldest_versions,
    requests_for,
    running,
    variables,
    versions,
)
from tests.support.stack import Result, Stack
from tests.support.versions import ALL
from tests.testbed.shell import PATIENCE, wait_until

# One alert lasts all the time; the other is on for the first half of each period, and has to be told each time anew.
LASTING, ALTERNATING = "LastsAllTheTime", "ComesAndGoes"
PERIOD = 360
RULES = {LASTING: "vector(1)", ALTERNATING: f"vector(time()) % {PERIOD} < {PERIOD // 2}"}
# Alertmanager takes an alert for over when it has not heard of it for four times as long: in two minutes, not in four,
# so that what ends while Prometheus is away is told before it begins again.
RESEND_DELAY = "30s"
SETTINGS: dict[str, Any] = {
    "llmmon_default_receivers": ["webhook"],
    "llmmon_alertmanager_route": {"group_by": ["alertname"], "group_wait": "1s", "group_interval": "2s"},
    "llmmon_prometheus_extra_flags": [f"--rules.alert.resend-delay={RESEND_DELAY}"],
}
STEPS = [(component, *step) for component in ALL for step in pairwise(ALL[component])]


@pytest.fixture(scope="module")
def path(fresh_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The oldest versions on a host of their own, where both alerts have been told."""
    folder = tmp_path_factory.mktemp("path")
    group = {"name": "own", "rules": [{"alert": alert, "expr": expression} for alert, expression in RULES.items()]}
    (folder / "own.yml").write_text(yaml.safe_dump({"groups": [group]}))
    settings = SETTINGS | {
        "llmmon_receivers": {"webhook": {"url": f"http://{fresh_stack.sinks.webhook}/path"}},
        "llmmon_prometheus_rule_files": [str(folder / "own.yml")],
    }
    fresh_stack.sinks.clear()
    with oldest_versions(fresh_stack, "path", folder, **settings) as stack:
        wait_until(
            lambda: all(told(stack, alert) for alert in RULES), timeout=PATIENCE + PERIOD, what="Nothing was told"
        )
        yield stack


def told(stack: Stack, alert: str) -> list[tuple[str, float]]:
    """What was told of an alert, oldest first: firing or resolved, and when."""
    return [
        (str(one["status"]), float(entry["time"]))
        for entry in stack.sinks.records("webhook")
        if entry["path"] == "/path"
        for one in entry["json"]["alerts"]
        if one["labels"]["alertname"] == alert
    ]


def upgrade(stack: Stack, wanted: dict[str, Any]) -> Result:
    """While the gateway is in use."""
    with requests_for(stack, 30):
        return stack.run("upgrade.yml", variables=wanted)


def image_of(component: str, version: str) -> dict[str, str]:
    (found,) = (image for image in versions(component) if image["version"] == version)
    return found


def refuse(stack: Stack, component: str, version: str) -> None:
    """An image of this version that does not start: the old one is back, and nothing else has changed."""
    before = running(stack)
    image = image_of(component, version)
    broken = commit_image(stack, image["image"], f"broken/{component}:{version}", 'ENTRYPOINT ["/bin/false"]')
    result = upgrade(stack, variables(component, image | {"image": broken}))
    assert result.code != 0, result.output
    assert f"-> {version}: rolled back" in result.message, result.output
    assert running(stack) == before
    assert left_behind(stack) == ""


@pytest.mark.parametrize(("component", "old", "new"), STEPS)
def test_each_step_is_taken_after_one_back(path: Stack, component: str, old: str, new: str) -> None:
    assert running(path)[component] == old
    refuse(path, component, new)
    wanted = variables(component, image_of(component, new))
    result = upgrade(path, wanted)
    assert result.code == 0, result.output
    assert running(path)[component] == new
    assert [entry["comment"] for entry in active_silences(path)] == ["kept"]
    assert left_behind(path) == ""
    keep(path, wanted)


def test_no_step_lost_or_repeated_a_notification(path: Stack) -> None:
    assert [status for status, _ in told(path, LASTING)] == ["firing"]

    first = int(told(path, ALTERNATING)[0][1] // PERIOD)

    def on_again_for_long() -> bool:
        """So long that it must have been told."""
        return time.time() // PERIOD > first and 60 < time.time() % PERIOD < PERIOD // 2

    wait_until(on_again_for_long, timeout=PATIENCE + PERIOD, what=f"{ALTERNATING} did not begin")
    found = told(path, ALTERNATING)
    periods = int(time.time() // PERIOD) - first + 1
    assert [status for status, _ in found] == ["firing", "resolved"] * (periods - 1) + ["firing"]
