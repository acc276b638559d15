"""Prometheus and its prober read one release: the prober's log tells, and neither runs what the other refuses."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.reload import Refusal, WithProber

pytestmark = pytest.mark.usefixtures("fast_clock")


class FakeEngine:
    """A prober that says one thing more each time its log is read after the signal."""

    def __init__(self, *lines: str, status: str = "running") -> None:
        self.lines = list(lines)
        self.status = status
        self.signalled: list[str] = []
        self.read = 0

    def inspect(self, _: str) -> dict[str, Any]:
        return {"State": {"Status": self.status}}

    def restart(self, name: str) -> None:
        assert self.status == "restarting"
        self.signalled.append(name)

    def hang_up(self, name: str) -> None:
        # The engine takes a signal to one that waits to be started, and nobody gets it.
        assert self.status == "running"
        self.signalled.append(name)

    def logs_since(self, name: str, moment: datetime.datetime) -> list[str]:
        assert self.signalled == [name], "its log counts from the signal on"
        assert moment.tzinfo is not None
        self.read += 1
        return self.lines[: self.read]


class FakePrometheus:
    def __init__(self) -> None:
        self.reloads = 0

    def reload(self) -> dict[str, Any]:
        self.reloads += 1
        return {"reloaded_at": 1.0}


def reloaded(*lines: str, status: str = "running") -> tuple[FakePrometheus, WithProber]:
    prometheus = FakePrometheus()
    engine: Any = FakeEngine(*lines, status=status)
    return prometheus, WithProber(prometheus, engine, "llmmon-prober", timeout=30)


@pytest.mark.parametrize(
    "line",
    [
        'time=2026-01-02T03:04:05.000Z level=INFO source=main.go:153 msg="Reloaded config file"',
        'ts=2026-01-02T03:04:05.000Z caller=main.go:184 level=info msg="Reloaded config file"',
        # The signal came before the prober could catch it, and the engine started it again.
        'time=2026-01-02T03:04:05.000Z level=INFO source=main.go:111 msg="Loaded config file"',
    ],
)
def test_both_take_the_release(line: str) -> None:
    prometheus, both = reloaded(
        'level=INFO msg="Configuration file change detected, reloading the configuration."', line
    )
    assert both.reload() == {"reloaded_at": 1.0, "prober_reloaded": True}
    assert prometheus.reloads == 1


def test_a_prober_that_ended_again_and_again_is_started() -> None:
    prometheus, both = reloaded('level=info msg="Loaded config file"', status="restarting")
    assert both.reload() == {"reloaded_at": 1.0, "prober_reloaded": True}
    assert prometheus.reloads == 1


def test_what_the_prober_refuses_prometheus_never_sees() -> None:
    prometheus, both = reloaded('level=ERROR msg="Error reloading config" err="yaml: line 1"')
    with pytest.raises(Refusal, match=r'the prober: .*err="yaml: line 1"'):
        both.reload()
    assert prometheus.reloads == 0


def test_a_prober_that_says_nothing_has_not_reloaded() -> None:
    prometheus, both = reloaded('level=ERROR msg="Probe failed" module=gateway-a')
    with pytest.raises(Refusal, match="no sign of a reload within 30 s"):
        both.reload()
    assert prometheus.reloads == 0
