"""kill -9 of a playbook and of what it runs on the host, at a moment that only the host sees."""

from __future__ import annotations

import shlex
from typing import Any

from tests.e2e.stack import Stack, kill_group
from tests.testbed.shell import wait_until

JOURNAL = "/var/lib/llmmon/operation.json"

# Modules are sent to a Python without arguments. Phases last milliseconds, so nothing is started to look at them; and
# the killing goes on until the play is dead too, which would tidy up otherwise.
_WATCHER = """
import glob, os, pathlib, re, time
def content(path):
    try:
        return os.readlink(path) if os.path.islink(path) else pathlib.Path(path).read_text()
    except FileNotFoundError:
        return ""
def kill_modules():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if re.fullmatch(rb"/usr/bin/python3[.0-9]*\\0", pathlib.Path(path).read_bytes()):
                os.kill(int(path.split("/")[2]), 9)
        except OSError:
            pass
os.nice(-10)
while not (CONDITION):
    time.sleep(0.0005)
kill_modules()
pathlib.Path("/run/killing").touch()
while not os.path.exists("/run/killed"):
    kill_modules()
    time.sleep(0.005)
"""


def kill_when(condition: str, stack: Stack, playbook: str, *arguments: str, **options: Any) -> None:
    """Start a playbook and kill all of it as soon as a condition holds on the host.

    The condition is Python; ``content(path)`` is what a file says or where a link leads, empty when neither is there.
    """
    watcher = shlex.quote(_WATCHER.replace("CONDITION", condition))
    stack.on_host(f"rm -f /run/killing /run/killed; nohup python3 -c {watcher} </dev/null >/run/killing.log 2>&1 &")
    process = stack.start(playbook, *arguments, **options)
    killing = "ls /run/killing 2>/dev/null || true"
    try:
        wait_until(
            lambda: bool(stack.on_host(killing)) or process.poll() is not None,
            timeout=180,
            what=f"Never was {condition}",
        )
    finally:
        if process.poll() is None:
            kill_group(process)
        stack.on_host("touch /run/killed")
    assert stack.on_host(killing), f"the play ended before it could be killed: {process.communicate()[0]}"


def kill_at(phase: str, stack: Stack, playbook: str, **options: Any) -> None:
    """Start a restore or an upgrade and kill all of it at a phase, at which the journal then stands."""
    kill_when(f"{phase!r} in content({JOURNAL!r})", stack, playbook, **options)
    assert phase in stack.on_host(f"cat {JOURNAL}")
