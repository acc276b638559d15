"""Background processes that outlive a command, remembered so that no stranger is ever stopped in their place."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.testbed import state
from tests.testbed.shell import TestbedError, program_environment, wait_until


@dataclass(frozen=True)
class Process:
    """A process id alone is reused; with its start time and the machine's boot it is not."""

    pid: int
    start_time: int
    boot: str


def describe(pid: int) -> Process | None:
    """The running process with this id, or nothing if there is none or only its zombie."""
    try:
        # The second field is the program's name in brackets and may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[19]), Path("/proc/sys/kernel/random/boot_id").read_text().strip())


def start(name: str, command: Sequence[str | Path], log: Path) -> Process:
    """Start a detached process (own session, no terminal) and remember it under `name`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=state.REPOSITORY,
            env=program_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    process = describe(child.pid)
    if process is None:
        raise TestbedError(f"{command[0]} ended as soon as it was started, see {log}.")
    state.write(name, {**state.read(name), **asdict(process)})
    return process


def running(name: str) -> Process | None:
    """The remembered process if it is still the very same one."""
    record = state.read(name)
    if "pid" not in record:
        return None
    remembered = Process(record["pid"], record["start_time"], record["boot"])
    return remembered if describe(remembered.pid) == remembered else None


def stop(name: str, *, timeout: float = 30) -> bool:
    """Stop the remembered process, and only that one; says whether there was one to stop."""
    process = running(name)
    if process is None:
        return False
    os.kill(process.pid, signal.SIGTERM)

    def ended() -> bool:
        _reap(process.pid)
        return describe(process.pid) != process

    wait_until(
        ended,
        timeout=timeout,
        what=f"The process {process.pid} ({name}) did not end after SIGTERM",
        advice="look at it with ps, and kill it",
    )
    return True


def _reap(pid: int) -> None:
    """Collect the exit status if the process is our own child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
