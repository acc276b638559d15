"""What the machine itself must have installed, and how to get it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from tests.testbed import state
from tests.testbed.shell import TestbedError, program_environment, run, step

# Package -> the program by which we see that it is there.
ENGINE = {"docker.io": "dockerd", "iproute2": "ip", "iptables": "iptables", "ca-certificates": "update-ca-certificates"}
HOSTS = {"mmdebstrap": "mmdebstrap", "openssh-client": "ssh-keygen"}


def missing(wanted: dict[str, str]) -> list[str]:
    search = program_environment()["PATH"]
    return [package for package, program in wanted.items() if not shutil.which(program, path=search)]


def ensure(*groups: dict[str, str]) -> None:
    """Install what is missing with apt, all of it at once: apt knows only one user at a time."""
    wanted = sorted({package for group in groups for package in missing(group)})
    if not wanted:
        return
    require_root(f"install {', '.join(wanted)}")
    with state.locked("apt-get"), step(f"installed {', '.join(wanted)} on this machine"):
        _apt(["update", "-qq"])
        _apt(["install", "-qq", "--yes", "--no-install-recommends", *wanted])


def require_root(purpose: str) -> None:
    if os.geteuid() != 0:
        raise TestbedError(f"The testbed has to {purpose} and you are not root here: run it as root, or do that first.")


def _apt(arguments: Iterable[str]) -> None:
    if not shutil.which("apt-get"):
        raise TestbedError(f"This machine has no apt-get, so apt-get {' '.join(arguments)} cannot be run: use Debian.")
    run(["apt-get", *arguments], environment={"DEBIAN_FRONTEND": "noninteractive"})
