"""kill -9 of a playbook and of what it runs on the host, at a moment that only the host sees."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

from tests.support.stack import PLAY_SECONDS, Stack, kill_group
from tests.testbed.shell import PATIENCE, wait_until

JOURNAL = "/var/lib/llmmon/operation.json"

# Every Python of the host imports this while it is there. What llmmon may not lose it renames into place, so the
# process looks after each rename and stops itself at the moment in question: one that watches from outside is late.
_HOLD = """
import os, pathlib, signal
def content(path):
    try:
        return os.readlink(path) if os.path.islink(path) else pathlib.Path(path).read_text()
    except (FileNotFoundError, PermissionError):
        return ""
def replace_and_look(source, target, **options):
    rename(source, target, **options)
    if CONDITION:
        pathlib.Path("/run/hold/pid").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)
rename, os.replace = os.replace, replace_and_look
"""
_PACKAGES = "$(python3 -c 'import site; print(site.getsitepackages()[0])')"
_INSTALL = f"mkdir -p /run/hold {_PACKAGES} && printf '/run/hold\\nimport hold\\n' >{_PACKAGES}/hold.pth"
_REMOVE = f"rm -rf {_PACKAGES}/hold.pth /run/hold"
_IS_HELD = "grep -s '^State:.T' /proc/$(cat /run/hold/pid 2>/dev/null)/status || true"
_KILL = "pid=$(cat /run/hold/pid) && kill -9 $pid && timeout 30 tail --pid=$pid -f /dev/null"
# How Ansible runs a module: its program comes over the standard input of the host's Python. A container's Python has
# arguments.
_MODULES = "--full '^/usr/bin/python3[.0-9]*$'"


def kill_with_module(process: subprocess.Popen[str], stack: Stack) -> None:
    """kill -9 of a playbook, and of its module, which may go on without it; returns when both are gone."""
    kill_group(process)
    stack.on_host(f"pkill -9 {_MODULES} || true")
    wait_until(lambda: not stack.on_host(f"pgrep {_MODULES} || true"), timeout=PATIENCE, what="A module did not end")


def kill_when(condition: str, stack: Stack, playbook: str, *arguments: str, **options: Any) -> None:
    """Start a playbook and kill all of it at the very rename by which a condition comes to hold on the host.

    The condition is Python; ``content(path)`` is what a file says or where a link leads, empty when neither is there,
    and ``target`` is what the rename was to.
    """
    program = shlex.quote(_HOLD.replace("CONDITION", condition))
    stack.on_host(f"{_REMOVE}; {_INSTALL} && printf %s {program} >/run/hold/hold.py")
    process = stack.start(playbook, *arguments, **options)
    try:
        wait_until(
            lambda: bool(stack.on_host(_IS_HELD)) or process.poll() is not None,
            timeout=PLAY_SECONDS,
            what=f"Never was {condition}",
            pause=0.5,
        )
        assert process.poll() is None, f"the play ended before it could be killed: {process.communicate()[0]}"
    finally:
        # The play first: it would tidy up after its module otherwise.
        if process.poll() is None:
            kill_group(process)
        if stack.on_host(_IS_HELD):
            stack.on_host(_KILL)
        stack.on_host(_REMOVE)


def kill_at(phase: str, stack: Stack, playbook: str, **options: Any) -> None:
    """Start a restore or an upgrade and kill all of it at a phase, at which the journal then stands."""
    kill_when(f"{phase!r} in content({JOURNAL!r})", stack, playbook, **options)
    assert phase in stack.on_host(f"cat {JOURNAL}")
