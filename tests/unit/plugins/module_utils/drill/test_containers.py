"""The containers of a drill: nobody else reads what they are given, and nothing of them is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.drill.containers import Containers, Program
from ansible_collections.llmmon.stack.plugins.module_utils.drill.running import DrillError, NotReady
from ansible_collections.llmmon.stack.plugins.module_utils.host import places

ME = os.getuid(), os.getgid()


class Engine:
    """An engine that remembers."""

    def __init__(self) -> None:
        self.running: dict[str, dict[str, Any]] = {}
        self.tools: list[list[str]] = []
        self.tool = ToolResult(0, "")
        self.live = {"prom", "am"}

    def run_for_a_while(self, name: str, image: str, command: list[str], *rest: Any) -> None:
        labels = {places.ROLE_LABEL: places.DRILL}
        self.running[name] = {"image": image, "command": command, "rest": rest, "Config": {"Labels": labels}}

    def run_tool(self, _image: str, command: list[str], *_: Any, **__: Any) -> ToolResult:
        self.tools.append(command)
        return self.tool

    def inspect(self, name: str) -> dict[str, Any] | None:
        return {"Image": f"sha256:{name}"} if name in self.live else self.running.get(name)

    def logs_since(self, *_: Any) -> list[str]:
        return ["it is broken"]

    def remove(self, name: str) -> bool:
        return self.running.pop(name, None) is not None


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def containers(engine: Engine, tmp_path: Path) -> Containers:
    return Containers(
        engine,  # type: ignore[arg-type]
        tmp_path,
        Program("prom", *ME, ("--enable-feature=x",)),
        Program("am", *ME),
        "/etc/llmmon/alertmanager",
        {},
    )


def test_prometheus_runs_on_blocks_and_is_gone_after(containers: Containers, engine: Engine, tmp_path: Path) -> None:
    with containers.prometheus("loud", "page", {"prometheus.json": "{}"}) as url:
        assert url.startswith("http://127.0.0.1:")
        running = engine.running["prom-drill-loud"]
        assert running["image"] == "sha256:prom"
        assert "--enable-feature=x" in running["command"]
        assert f"--web.listen-address={url.removeprefix('http://')}" in running["command"]
        (tool,) = engine.tools
        assert tool[:4] == ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
        folder = tmp_path / "drill" / "loud"
        assert (folder / "page.txt").read_text() == "page"
    assert engine.running == {}


def test_only_the_program_reads_what_may_hold_a_password(containers: Containers, tmp_path: Path) -> None:
    with containers.alertmanager("secret"):
        folder = tmp_path / "drill" / "alertmanager"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "alertmanager.json").stat().st_mode & 0o777 == 0o600
    containers.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_container_is_removed_when_the_drill_fails(containers: Containers, engine: Engine) -> None:
    with pytest.raises(ValueError, match="broken"), containers.alertmanager("{}"):
        assert "am-drill" in engine.running
        raise ValueError("broken")
    assert engine.running == {}


def test_a_program_that_does_not_come_up_has_the_last_word(containers: Containers, engine: Engine) -> None:
    with pytest.raises(DrillError, match="its last words: it is broken"), containers.alertmanager("{}") as url:
        raise NotReady("Alertmanager", url)
    containers.clear()
    with pytest.raises(NotReady), containers.alertmanager("{}"):
        raise NotReady("Prometheus", "http://127.0.0.1:1")
    assert engine.running == {}


def test_without_a_live_container_there_is_no_drill(containers: Containers, engine: Engine) -> None:
    engine.live = set()
    with pytest.raises(DrillError, match="no container am on this host"), containers.alertmanager("{}"):
        pass


def test_samples_that_promtool_refuses_are_told_in_its_words(containers: Containers, engine: Engine) -> None:
    engine.tool = ToolResult(1, "no room\n")
    with pytest.raises(DrillError, match="made into blocks: no room"), containers.prometheus("loud", "", {}):
        pass


def test_what_a_killed_drill_left_goes_but_nothing_of_others(
    containers: Containers, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "drill" / "loud").mkdir(parents=True)
    engine.run_for_a_while("prom-drill-quiet", "p:1", [])
    engine.run_for_a_while("am-drill", "a:1", [])
    engine.running["prom-drill-loud"] = {"Config": {"Labels": None}}
    containers.clear()
    assert set(engine.running) == {"prom-drill-loud"}
    assert not (tmp_path / "drill").exists()
