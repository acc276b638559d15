# SPDX-License-Identifier: Apache-2.0
"""Put a changed container in the place of the one that runs; when it does not stay up, the old one is back at once.

Two containers of one service cannot share its data. So the next one is created beside (``NAME-next``) and tried without
the data; then the old one is stopped and set aside (``NAME-previous``), and removed only when the next one has proved
itself. Whatever was interrupted is seen by these names.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.containers.aside import give_back, set_aside
from ansible_collections.llmmon.stack.plugins.module_utils.containers.differences import differences
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import (
    NotRunning,
    stays_as_it_is,
    wait_until_ready,
    watch,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import NEXT, PREVIOUS, REHEARSAL

# Every container of the stack has this one, whatever was interrupted when its own was taken from it.
_RESTART_POLICY = "always"


class SwapError(StackError):
    """The changed container does not run; the message says what serves now."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds to become ready, and to stay so before the old container is given up."""

    ready: float
    stay: float


class Swap:
    """One container of a service. ``config_root`` is where the service's releases lie, None for a companion."""

    def __init__(self, engine: Engine, service: str, name: str, config_root: Optional[Path], limits: Limits) -> None:
        self.engine = engine
        self.service = service
        self.name = name
        self.config_root = config_root
        self.limits = limits

    def run(self, rehearsal: Optional[list[str]]) -> dict[str, Any]:
        """Swap; returns how long the service was away and what differs. ``rehearsal`` is the command to try first.

        Where there is no old container there is nothing that a trial could save.
        """
        new = self.engine.inspect(self.name + NEXT)
        if new is None:
            raise SwapError(f"there is no container {self.name}{NEXT} to put in the place of {self.name}")
        old = self.engine.inspect(self.name)
        changed = differences(self.service, old, new)
        if rehearsal and old is not None:
            self._rehearse(new, rehearsal, changed)
        began = time.monotonic()
        try:
            if old is not None:
                set_aside(self.engine, old["Id"], self.name + PREVIOUS)
            self._start_next(old)
        except (NotRunning, EngineError) as error:
            raise SwapError(self._explain(error, changed, self._back(old, began))) from error
        if old is not None:
            self.engine.remove(old["Id"])
        away = time.monotonic() - began - (self.limits.stay if old else 0)
        return {"differs": changed, "gap_seconds": round(max(away, 0), 2)}

    def recover(self) -> bool:
        """Put back what an interrupted swap left; says whether there was something."""
        left = self.engine.remove(self.name + REHEARSAL)
        left = self.engine.remove(self.name + NEXT) or left
        previous = self.engine.inspect(self.name + PREVIOUS)
        if previous is None:
            return left
        self._restore(previous)
        return True

    def _rehearse(self, new: dict[str, Any], command: list[str], changed: list[str]) -> None:
        """Let the next container start once without network and data: it says whether it takes its flags and limits."""
        name = self.name + REHEARSAL
        self.engine.remove(name)
        began = utc_now()
        try:
            self.engine.create_apart(new, name, command)
            self.engine.start(name)
            wait_until_ready(self.engine, name, began, self.limits.ready)
        except (NotRunning, EngineError) as error:
            self.engine.remove(new["Id"])
            self._point_back()
            raise SwapError(self._explain(error, changed, "the container that runs was not touched")) from error
        finally:
            self.engine.remove(name)

    def _start_next(self, old: Optional[dict[str, Any]]) -> None:
        began = utc_now()
        self.engine.rename(self.name + NEXT, self.name)
        self.engine.start(self.name)
        wait_until_ready(self.engine, self.name, began, self.limits.ready)
        if old is not None:
            watch(self.engine, self.name, began, self.limits.stay)

    def _back(self, old: Optional[dict[str, Any]], began: float) -> str:
        """Bring the old container back; returns what serves now, as a sentence's part."""
        if old is None:
            return stays_as_it_is(self.name)
        try:
            self._restore(old)
        except (NotRunning, EngineError) as error:
            return f"the container of before is back, but does not run either: {error}"
        return f"the container of before is back after {time.monotonic() - began:.1f} s and serves"

    def _restore(self, old: dict[str, Any]) -> None:
        for name in (self.name + NEXT, self.name):
            other = self.engine.inspect(name)
            if other is not None and other["Id"] != old["Id"]:
                self.engine.remove(other["Id"])
        self._point_back()
        began = utc_now()
        give_back(self.engine, self.engine.inspect(old["Id"]) or old, self.name, _RESTART_POLICY)
        self.engine.start(self.name)
        wait_until_ready(self.engine, self.name, began, self.limits.ready)

    def _point_back(self) -> None:
        """Let the old container find the configuration that it ran: the new one's may not suit it."""
        if self.config_root is None:
            return
        releases = Releases(self.config_root)
        running = releases.target(RUNNING)
        if running and releases.target(CURRENT) != running and (releases.root / running).is_dir():
            releases.point(CURRENT, running)

    def _explain(self, error: StackError, changed: list[str], serves: str) -> str:
        return (
            f"{self.name} does not run with what was changed: {error} | {serves} | changed:"
            f" {', '.join(changed) or 'nothing that could be named'}: correct what is wrong there, and run again"
        )
