"""A place for fire drills: Prometheus and Alertmanager as processes of this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.drill.running import BLOCK_DURATION, PROMETHEUS_FLAGS

from tests.support import services
from tests.testbed.tools import tool


@dataclass(frozen=True)
class Processes:
    """See ``running.Place``; ``folder`` is a new one."""

    folder: Path
    prometheus_version: str
    alertmanager_version: str

    @contextmanager
    def alertmanager(self, configuration: str) -> Iterator[str]:
        with services.alertmanager(self.alertmanager_version, self.folder / "am", configuration) as service:
            yield service.url

    @contextmanager
    def prometheus(self, world: str, page: str, files: dict[str, str]) -> Iterator[str]:
        root = self.folder / world
        current = root / "current"
        current.mkdir(parents=True)
        for name, content in files.items():
            (current / name).write_text(content)
        (root / "page.txt").write_text(page)
        promtool = [str(tool("promtool", self.prometheus_version)), "tsdb", "create-blocks-from", "openmetrics"]
        subprocess.run(
            [*promtool, "--quiet", f"--max-block-duration={BLOCK_DURATION}", root / "page.txt", root / "data"],
            check=True,
            capture_output=True,
        )
        flags = PROMETHEUS_FLAGS
        configuration = files["prometheus.json"]
        with services.prometheus(self.prometheus_version, root, configuration, *flags) as service:
            yield service.url
