"""Alertmanager's configuration as the role renders it, laid out as on a host."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import all_receivers, receiver_secrets

from tests.support import rendering
from tests.support.versions import SIGNAL
from tests.testbed.tools import tool

VERSIONS = SIGNAL["alertmanager"]
ROLE = rendering.REPOSITORY / "roles" / "alertmanager"


@dataclass(frozen=True)
class Release:
    """A rendered configuration below a folder."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "alertmanager.yml"

    @property
    def templates(self) -> str:
        return f"{self.folder}/templates/*.tmpl"

    def content(self) -> dict[str, Any]:
        loaded: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return loaded


def lay_out(folder: Path, **variables: Any) -> Release:
    """Render the role's tree with these variables, and write it with its secrets."""
    receivers = variables.setdefault("llmmon_receivers", {})
    # Otherwise they are looked for in the environment of whoever runs the tests.
    slack, discord = (variables.setdefault(f"llmmon_{name}_webhook_url", "") for name in ("slack", "discord"))
    everybody = all_receivers(receivers, variables.get("llmmon_heartbeat_url", ""), slack, discord)
    secrets = receiver_secrets(everybody)
    files = rendering.render_tree(ROLE, __llmmon_alertmanager_secrets=str(folder / "secrets"), **variables)
    files |= {f"secrets/{name}": content for name, content in secrets.items()}
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return Release(folder)


def amtool(version: str, *arguments: str | Path, time_zone: str = "UTC") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("amtool", version), *arguments],
        env={**os.environ, "TZ": time_zone},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def receivers_of(version: str, release: Release, labels: dict[str, str]) -> list[str]:
    """Who gets an alert with these labels, as amtool reads the routes."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    result = amtool(version, "config", "routes", "test", f"--config.file={release.file}", *pairs)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().split(",")


def rendered(
    version: str, release: Release, template: str, data: Path, kind: str = "text", time_zone: str = "UTC"
) -> str:
    """What a message template makes of an alert, in a process of this time zone."""
    result = amtool(
        version,
        "template",
        "render",
        f"--template.glob={release.templates}",
        f'--template.text={{{{ template "{template}" . }}}}',
        f"--template.data={data}",
        f"--template.type={kind}",
        time_zone=time_zone,
    )
    assert result.returncode == 0, result.stderr
    # amtool ends what it prints with a line break of its own, from 0.28 on by one more or less.
    return result.stdout.removesuffix("\n")
