#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Let a host back itself up."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_backup_schedule
short_description: Let a host back itself up by a timer of systemd, or no longer
version_added: 0.1.0
description:
  - Installs the code of M(llmmon.stack.stack_backup), a file with its settings and a timer, so that the host makes the
    same backups without a controller. An empty O(schedule) removes all of it; archives stay.
  - Each stack of a host has a timer of its own, called C(llmmon-backup) for the data root C(/var/lib/llmmon) and with
    the data root in its name for another. One that this stack has under another name is replaced; that of another stack
    is left alone.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  schedule:
    description: When to back up, as systemd's OnCalendar says it; V("") for never.
    type: str
    required: true
  library:
    description: Directory for the code; without, C(/usr/local/lib/llmmon) with the data root as in the timer's name.
    type: path
  settings_file:
    description: File for the settings, readable for root alone.
    type: path
    default: /etc/llmmon/backup/settings.json
  units:
    description: Directory of systemd's units.
    type: path
    default: /etc/systemd/system
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.backup
requirements:
  - systemd
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Back up every night
  llmmon.stack.stack_backup_schedule:
    schedule: "*-*-* 03:15:00"
    settings:
      data_root: /var/lib/llmmon
      directory: /var/backups/llmmon
      services:
        - name: prometheus
          container: llmmon-prometheus
          url: http://127.0.0.1:9090
          version: 3.5.3
          config_root: /etc/llmmon/prometheus
          data_directory: /var/lib/llmmon/prometheus
"""

RETURN = r"""
timer:
  description: Name of the timer, empty when there is none.
  returned: success
  type: str
  sample: llmmon-backup.timer
changed_files:
  description: Files that were written or deleted.
  returned: success
  type: list
  elements: str
"""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import backup_arguments
from ansible_collections.llmmon.stack.plugins.module_utils.backup.library import PROGRAM, contents
from ansible_collections.llmmon.stack.plugins.module_utils.backup.timer import most_seconds
from ansible_collections.llmmon.stack.plugins.module_utils.difference import difference
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    SERVICE_SUFFIX,
    TIMER_DIRECTORY,
    TIMER_SETTINGS,
    TIMER_SUFFIX,
    UNITS,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.timers import StackTimer
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words, lasting

HIDDEN = "<not shown>"

_SERVICE_UNIT = """\
# Managed by llmmon, changes are overwritten.
# Of the stack in {data_root}.
[Unit]
Description=Backup of the LLM monitoring stack
After=docker.service

[Service]
Type=oneshot
Environment=PYTHONPATH={library} PYTHONDONTWRITEBYTECODE=1
ExecStart={python} -m {module} {settings}
WorkingDirectory=/
TimeoutStartSec={most_seconds}
UMask=0077
Nice=10
IOSchedulingClass=idle
PrivateTmp=yes
NoNewPrivileges=yes
"""

_TIMER_UNIT = """\
# Managed by llmmon, changes are overwritten.
[Unit]
Description=When the LLM monitoring stack is backed up

[Timer]
OnCalendar={schedule}
# After a night in which the host was off, at once.
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""

# Content and mode of a file; without content it is not to be there.
Wanted = tuple[Optional[str], int]


class ScheduleError(StackError):
    """The schedule cannot be made true."""


def never_comes(calendar: str) -> bool:
    """Whether ``systemd-analyze calendar`` says that a schedule has no next time."""
    return any(line.split() == ["Next", "elapse:", "never"] for line in calendar.splitlines())


def wanted_files(parameters: dict[str, Any], python: str) -> dict[Path, Wanted]:
    """What has to be on the host: all of it, or nothing when there is no schedule."""
    places = StackTimer.of(parameters)
    names = {"library": places.library, "python": python, "module": PROGRAM, "settings": places.settings}
    most = most_seconds(parameters["settings"]["copy_timeout"])
    service = _SERVICE_UNIT.format(**names, data_root=places.data_root, most_seconds=most)
    found: dict[Path, Wanted] = {places.library / path: (text, 0o644) for path, text in contents().items()}
    found[places.settings] = (json.dumps(parameters["settings"], indent=1, sort_keys=True) + "\n", 0o600)
    found[places.units / f"{places.name}{SERVICE_SUFFIX}"] = (service, 0o644)
    found[places.units / places.timer] = (_TIMER_UNIT.format(schedule=parameters["schedule"]), 0o644)
    if not parameters["schedule"]:
        found = {} if places.strangers() else {path: (None, mode) for path, (_, mode) in found.items()}
    # Of an earlier version.
    earlier = [*places.library.rglob("*.py"), *places.former_files()] if not places.strangers() else []
    found.update({path: (None, 0) for path in earlier if path not in found})
    return found


def actual(path: Path) -> Wanted:
    """Content and mode of a file on the host."""
    try:
        return path.read_text(encoding="utf-8"), path.stat().st_mode & 0o7777
    except (FileNotFoundError, NotADirectoryError):
        return None, 0


def changes(wanted: dict[Path, Wanted]) -> list[Path]:
    """The files that are not as they should be."""

    def differs(path: Path) -> bool:
        content, mode = actual(path)
        return content != wanted[path][0] or (content is not None and mode != wanted[path][1])

    return sorted(path for path in wanted if differs(path))


def differences(changed: list[Path], wanted: dict[Path, Wanted], secret: str) -> list[dict[str, str]]:
    """One diff a changed file, without what only root may see."""

    def shown(content: Optional[str]) -> str:
        text = content or ""
        return text.replace(json.dumps(secret), json.dumps(HIDDEN)) if secret else text

    return [difference(str(path), shown(actual(path)[0]), shown(wanted[path][0])) for path in changed]


class Schedule:
    """Applies what is wanted on the host."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._schedule: str = parameters["schedule"]
        self.files = StackTimer.of(parameters)
        self.wanted = wanted_files(parameters, lasting(sys.executable))

    def check(self) -> None:
        """Refuse a schedule that systemd does not understand or that never comes, before anything is written."""
        if not self._schedule:
            return
        calendar = None if "\n" in self._schedule else _run("systemd-analyze", "calendar", self._schedule)
        if calendar is None or calendar.returncode != 0:
            raise ScheduleError(
                f"systemd does not understand the schedule {self._schedule!r}: correct llmmon_backup_schedule, for"
                " instance to daily; 'systemd-analyze calendar' on the host tells what is wrong"
            )
        if never_comes(calendar.stdout):
            raise ScheduleError(
                f"the schedule {self._schedule!r} never comes, so there would be no backup: correct"
                " llmmon_backup_schedule, for instance to daily; 'systemd-analyze calendar' on the host shows the next"
            )
        for stranger in self.files.strangers():
            raise ScheduleError(
                f"{self.files.timer} backs up another stack ({stranger.data_root or stranger.settings or 'unknown'}):"
                " run site.yml of that stack, which gives its timer a name of its own, and then of this one again"
            )

    def runs(self) -> bool:
        """Whether the timer is as it should be: on, now and at boot, or off."""
        if self.files.strangers():
            return True
        verbs = ("is-active", "is-enabled")
        states = {_run("systemctl", verb, "--quiet", self.files.timer).returncode == 0 for verb in verbs}
        return states == {bool(self._schedule)}

    def apply(self, changed: list[Path]) -> None:
        if not self._schedule and not self.runs():
            _require("systemctl", "disable", "--now", self.files.timer)
        for former in self.files.former():
            _require("systemctl", "disable", "--now", former.name + TIMER_SUFFIX)
        for path in changed:
            content, mode = self.wanted[path]
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, content, mode)
        self._prune()
        _require("systemctl", "daemon-reload")
        if self._schedule:
            _require("systemctl", "enable", "--quiet", self.files.timer)
            # Only so a timer that runs takes a new time.
            _require("systemctl", "restart", self.files.timer)

    def _prune(self) -> None:
        """Delete the directories that hold nothing any more."""
        former = {timer.library for timer in self.files.former() if timer.library}
        libraries = {self.files.library, *former}
        directories = {parent for path in self.wanted for parent in path.parents if libraries & {*parent.parents}}
        for directory in sorted(directories | libraries | {self.files.settings.parent}, reverse=True):
            with contextlib.suppress(OSError):
                directory.rmdir()


def _write(path: Path, content: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == 0o600 else 0o755)
    write_atomically(path, content, mode)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ScheduleError(
            f"{command[0]} cannot be started ({error.strerror}): scheduled backups need systemd, so leave"
            " llmmon_backup_schedule empty on this host"
        ) from error


def _require(*command: str) -> None:
    done = _run(*command)
    if done.returncode != 0:
        raise ScheduleError(f"{' '.join(command)} failed: {last_words(done.stderr)}")


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **backup_arguments(),
            "schedule": {"type": "str", "required": True},
            "library": {"type": "path"},
            "settings_file": {"type": "path", "default": f"/etc/llmmon/{TIMER_DIRECTORY}/{TIMER_SETTINGS}"},
            "units": {"type": "path", "default": str(UNITS)},
        },
        supports_check_mode=True,
    )
    try:
        schedule = Schedule(module.params)
        schedule.check()
        changed = changes(schedule.wanted)
        result: dict[str, Any] = {
            "changed": bool(changed) or not schedule.runs(),
            "timer": schedule.files.timer if module.params["schedule"] else "",
            "changed_files": [str(path) for path in changed],
        }
        if module._diff:
            result["diff"] = differences(changed, schedule.wanted, module.params["settings"]["restic_repository"])
        if result["changed"] and not module.check_mode:
            schedule.apply(changed)
    except ScheduleError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        reason = why_not_written(error, module.params["units"])
        module.fail_json(msg=f"the schedule of backups cannot be installed: {reason}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
