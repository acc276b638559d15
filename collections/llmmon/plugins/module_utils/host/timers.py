# SPDX-License-Identifier: Apache-2.0
"""The timers of backups that a host has, and which stack each is of: there may be several stacks on a host."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    BACKUP_UNIT,
    SERVICE_SUFFIX,
    TIMER_SUFFIX,
    backup_unit,
    library,
)

_SETTINGS = re.compile(r"^ExecStart=.* (\S+)$", re.MULTILINE)
_LIBRARY = re.compile(r"^Environment=PYTHONPATH=(\S+)", re.MULTILINE)
_DATA_ROOT = re.compile(r"^# Of the stack in (.+)\.$", re.MULTILINE)
# Neither a unit nor the settings are long; what is longer is not ours.
_MOST_BYTES = 2**20


@dataclasses.dataclass(frozen=True)
class Timer:
    """A timer by its name without a suffix; what its unit does not say is None."""

    name: str
    settings: Optional[Path]
    library: Optional[Path]
    data_root: Optional[Path]

    def is_of(self, data_root: Path, settings: Optional[Path] = None) -> bool:
        """Whether it backs up the stack in that data root, or is the one that uses these settings."""
        return data_root == self.data_root or (settings is not None and settings == self.settings)


def timers(units: Path) -> list[Timer]:
    """Every timer of backups in a directory of units."""
    return [_timer(path) for path in sorted(units.glob(f"{BACKUP_UNIT}*{SERVICE_SUFFIX}"))]


@dataclasses.dataclass(frozen=True)
class StackTimer:
    """Where the files of one stack's timer lie, and which timers the host has."""

    data_root: Path
    library: Path
    settings: Path
    units: Path
    known: list[Timer]

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> StackTimer:
        """As the parameters of ``stack_backup_schedule`` have them."""
        data_root, units = Path(parameters["settings"]["data_root"]), Path(parameters["units"])
        code = parameters["library"]
        return cls(
            data_root=data_root,
            library=Path(code) if code else library(data_root),
            settings=Path(parameters["settings_file"]),
            units=units,
            known=timers(units),
        )

    @property
    def name(self) -> str:
        """The name that this stack's timer has, without a suffix."""
        return backup_unit(self.data_root)

    @property
    def timer(self) -> str:
        return self.name + TIMER_SUFFIX

    def former(self) -> list[Timer]:
        """Timers that this stack has under other names, from before each stack had one of its own."""
        return [timer for timer in self.known if timer.name != self.name and self._is_ours(timer)]

    def strangers(self) -> list[Timer]:
        """Timers of other stacks that have this stack's name."""
        return [timer for timer in self.known if timer.name == self.name and not self._is_ours(timer)]

    def former_files(self) -> list[Path]:
        """What such timers leave; the code only where no other one's runs from it."""
        found: list[Path] = []
        for timer in self.former():
            found += [self.units / f"{timer.name}{suffix}" for suffix in (SERVICE_SUFFIX, TIMER_SUFFIX)]
            shared = {other.library for other in self.known if not self._is_ours(other)} | {self.library}
            if timer.library and timer.library not in shared:
                found += timer.library.rglob("*.py")
        return found

    def _is_ours(self, timer: Timer) -> bool:
        return timer.is_of(self.data_root, self.settings)


def _timer(path: Path) -> Timer:
    text = _read(path)
    settings, library = _path(_SETTINGS, text), _path(_LIBRARY, text)
    return Timer(path.name[: -len(SERVICE_SUFFIX)], settings, library, _path(_DATA_ROOT, text) or _data_root(settings))


def _path(pattern: re.Pattern[str], text: str) -> Optional[Path]:
    match = pattern.search(text)
    return Path(match[1]) if match else None


def _data_root(settings: Optional[Path]) -> Optional[Path]:
    """What the settings say, of a unit from before units said it themselves."""
    try:
        return Path(json.loads(_read(settings))["data_root"]) if settings else None
    except (ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as handle:
            return handle.read(_MOST_BYTES)
    except OSError:
        return ""
