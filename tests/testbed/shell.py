"""Running programs, waiting for conditions and telling the reader what happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# How many seconds a condition is waited for that comes in few: other tests may have the machine for long.
PATIENCE = 300

_STARTED = time.monotonic()
_OUTPUT = threading.Lock()


class TestbedError(RuntimeError):
    """One sentence for the reader: what failed, where, why, and what to do."""

    __test__ = False


def say(message: str) -> None:
    """Progress goes to stderr, so that stdout holds only results."""
    with _OUTPUT:
        print(f"{time.monotonic() - _STARTED:6.1f} s  {message}", file=sys.stderr, flush=True)


@contextmanager
def step(message: str) -> Iterator[None]:
    """Say what was done and how long it took; threads may run several steps at once."""
    begun = time.monotonic()
    yield
    say(f"{message} ({time.monotonic() - begun:.1f} s)")


def run(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float = 600,
    errors_too: bool = False,
) -> str:
    """Run a program to its end and return its standard output, or with that what it said beside it."""
    command = [str(argument) for argument in arguments]
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env={**program_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise TestbedError(f"The program {command[0]} is not installed on this machine, install it.") from None
    except subprocess.TimeoutExpired:
        raise TestbedError(f"{' '.join(command[:3])} did not end within {timeout:.0f} s, run it by hand.") from None
    if done.returncode:
        reason = last_lines(done.stderr or done.stdout)
        raise TestbedError(f"{' '.join(command[:3])} failed with exit code {done.returncode}: {reason}.")
    return done.stdout + (done.stderr if errors_too else "")


def program_environment() -> dict[str, str]:
    """Ours, with the folders of the system's own programs on the PATH wherever root was not given them."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def uv() -> str:
    """The installer that belongs to the project's tools."""
    beside_python = Path(sys.prefix, "bin", "uv")
    found = str(beside_python) if beside_python.is_file() else shutil.which("uv")
    if found is None:
        raise TestbedError(f"There is no uv at {beside_python} nor on the PATH: install the project's requirements.")
    return found


def last_lines(text: str, count: int = 3) -> str:
    """The end of a program's output on one line: where programs say why they failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-count:]).rstrip(".") or "it said nothing"


def wait_until(
    check: Callable[[], bool], *, timeout: float, what: str, advice: str = "look at its log", pause: float = 0.1
) -> None:
    """Poll a condition; what is said of its failure is "WHAT within N s: ADVICE."."""
    deadline = time.monotonic() + timeout
    while not check():
        if time.monotonic() > deadline:
            raise TestbedError(f"{what} within {timeout:.0f} s: {advice}.")
        time.sleep(pause)
