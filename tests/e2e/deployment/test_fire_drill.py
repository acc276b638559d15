"""fire_drill.yml: each alert fires and arrives beside a stack that goes on as it was, and nothing is left after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.stack import Stack

SECONDS = 90
LEFT = "docker ps --all --format '{{.Names}}' | grep -e drill; ls -d /var/lib/llmmon/drill 2>/dev/null; true"


def drilled(stack: Stack, **variables: Any) -> Any:
    """A drill after which nothing is left, and the stack is as it was."""
    before = stack.fingerprint()
    result = stack.run("fire_drill.yml", variables=variables)
    assert stack.on_host(LEFT) == ""
    assert stack.fingerprint() == before
    assert result.recap("changed") == 0
    return result


def test_each_alert_arrives_within_the_time_and_nothing_is_left(stack: Stack) -> None:
    result = drilled(stack)
    assert result.code == 0, result.output
    rules = [rule for group in stack.api(9090, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    alerts = {rule["name"] for rule in rules if rule["type"] == "alerting"}
    rows = {line.split()[0]: line for line in result.output.splitlines() if line.strip()}
    for alert in alerts:
        assert alert in rows, result.output
        assert " - " not in rows[alert][:65], rows[alert]
    (summary,) = (line for line in result.output.splitlines() if "alerts arrived" in line)
    assert f"{len(alerts)} of {len(alerts)} alerts arrived" in summary, result.output
    assert float(summary.split(" s in all")[0].split()[-1]) <= SECONDS


def test_what_a_killed_drill_left_is_cleared_away(stack: Stack, tmp_path: Path) -> None:
    leave = "docker run --detach --name llmmon-prometheus-drill-loud --label llmmon.role=drill --entrypoint promtool"
    image = "$(docker inspect --format '{{.Config.Image}}' llmmon-prometheus)"
    stack.on_host(f"mkdir --parents /var/lib/llmmon/drill/loud && {leave} {image} --version")
    tests = tmp_path / "own.test.yml"
    tests.write_text("tests: []\n")
    result = drilled(stack, llmmon_drill_alerts=["LLMTargetDown"], llmmon_drill_test_files=[str(tests)])
    assert result.code == 0, result.output
    assert "1 of 1 alerts arrived" in result.message
