# SPDX-License-Identifier: Apache-2.0
"""Wait for containers that a run has started where there were none: what they have read is what runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import (
    NotRunning,
    started_at,
    stays_as_it_is,
    wait_until_ready,
)


def finish_first_start(
    engine: Engine, config_root: Path, containers: Sequence[str], timeout: float, check_mode: bool = False
) -> None:
    """Wait until all containers that read the releases in ``config_root`` are ready, and remember the current release.

    ``timeout`` is how many seconds each may take. Where one is not there, nobody has started it, and nothing is
    remembered. Raises NotRunning.
    """
    found: Mapping[str, Any] = {name: engine.inspect(name) for name in containers}
    if check_mode or None in found.values():
        return
    for name, attributes in found.items():
        try:
            wait_until_ready(engine, name, started_at(attributes), timeout)
        except NotRunning as error:
            raise NotRunning(
                f"{name} does not run: {error} | {stays_as_it_is(name)}: correct what is wrong there, and run again"
            ) from error
    releases = Releases(config_root)
    current = releases.target(CURRENT)
    if current is not None:
        releases.point(RUNNING, current)
