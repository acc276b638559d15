"""A Docker engine: the one that runs on this machine, or else one of our own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException

from tests.testbed import netfilter, packages, processes, state
from tests.testbed.shell import PATIENCE, TestbedError, last_lines, run, say, step, wait_until

SOCKET = "unix:///var/run/docker.sock"
LABEL = "llmmon.testbed"
LABELS = {LABEL: "1"}

# 10.213 is the engine's on the machine, 10.214 that of the engines inside the hosts: neither is a range that
# Docker takes by itself, so an engine which a role installs on a bare host collides with neither.
SUBNETS = "10.213."
_BRIDGE = "10.213.1.1/24"
_POOL = {"base": "10.213.128.0/17", "size": 24}

_RECORD = "engine"
# What it keeps in the state directory: its data, and how to stop it.
FILES = (_RECORD, f"{_RECORD}.json")


def client(timeout: int = 300) -> docker.DockerClient:
    """A client of the engine that `ensure` has made sure of."""
    try:
        return docker.DockerClient(base_url=SOCKET, timeout=timeout)
    except DockerException as error:
        raise TestbedError(
            f"No Docker engine answers at {SOCKET} ({error}): run `python -m tests.testbed up` first."
        ) from None


def version() -> str | None:
    """The version of the engine that answers, if one does."""
    try:
        answer: dict[str, Any] = docker.DockerClient(base_url=SOCKET, timeout=120).version()
    except (DockerException, requests.RequestException, OSError):
        return None
    return str(answer["Version"])


def ours() -> bool:
    """Whether the engine was started by us (and still runs)."""
    return processes.running(_RECORD) is not None


def ensure() -> docker.DockerClient:
    """Make sure that an engine answers, and return its client."""
    with state.locked("engine"):
        found = version()
        if found is None:
            packages.ensure(packages.ENGINE)
            # Where a service manager runs, installing the package has started the engine.
            found = version()
        if found is None:
            _start()
        else:
            say(f"using {'our own' if ours() else 'the running'} Docker engine {found}")
    return client()


def stop() -> None:
    """Stop our engine, if it is ours, and delete everything that it kept."""
    root = state.directory() / "engine"
    with state.locked("engine"):
        if not ours() and _record() and version() is None:
            # It died and left its containerd, mounts and networks behind: only an engine knows how to clear them.
            _start()
        if ours():
            with step("stopped our Docker engine"):
                processes.stop(_RECORD, timeout=60)
        if _record():
            netfilter.restore(_record().get("network", {}), SUBNETS)
        for folder in (_sockets(), root):
            _unmount_below(folder)
            shutil.rmtree(folder, ignore_errors=True)
        state.forget(_RECORD)


def _record() -> dict[str, Any]:
    return state.read(_RECORD)


def _start() -> None:
    packages.require_root("start a Docker engine")
    root = state.folder("engine")
    _clear_leftovers(root)
    netfilter.clear_dead(SUBNETS)
    if not _record():
        state.write(_RECORD, {"network": netfilter.remember()})
    log = root / "dockerd.log"
    log.unlink(missing_ok=True)
    command: list[str | Path] = ["dockerd", "--config-file", _configuration(root), "--host", SOCKET]
    command += ["--pidfile", root / "dockerd.pid"]
    with step("started our own Docker engine"):
        process = processes.start(_RECORD, command, log)

        def answers() -> bool:
            if processes.describe(process.pid) != process:
                raise TestbedError(f"The Docker engine ended at once: {last_lines(log.read_text(), 1)}; see {log}.")
            return version() is not None

        wait_until(answers, timeout=PATIENCE, what=f"The Docker engine did not answer at {SOCKET}", advice=f"see {log}")


def _sockets() -> Path:
    """Where the engine's sockets lie: a Unix socket's path has 108 characters at most, a checkout's may have more."""
    checkout = hashlib.sha256(str(state.directory()).encode()).hexdigest()[:12]
    return Path("/run") / f"llmmon-testbed-{checkout}"


def _configuration(root: Path) -> Path:
    """The machine's own engine settings (a registry mirror, say) with our folders and networks over them."""
    machine = Path("/etc/docker/daemon.json")
    settings = json.loads(machine.read_text()) if machine.is_file() else {}
    for taken_by_flags in ("hosts", "pidfile"):
        settings.pop(taken_by_flags, None)
    settings |= {
        "data-root": str(root / "data"),
        "exec-root": str(_sockets()),
        "bip": _BRIDGE,
        "default-address-pools": [_POOL],
    }
    target = root / "daemon.json"
    state.write_text(target, json.dumps(settings, indent=2))
    return target


def _clear_leftovers(root: Path) -> None:
    """Delete pid files of a dead engine: their numbers may belong to strangers by now."""
    (root / "dockerd.pid").unlink(missing_ok=True)
    containerd = _sockets() / "containerd" / "containerd.pid"
    if containerd.is_file():
        command = Path(f"/proc/{containerd.read_text().strip()}/comm")
        if not command.is_file() or command.read_text().strip() != "containerd":
            containerd.unlink()


def _unmount_below(root: Path) -> None:
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for target in sorted((path for path in mounted if path.startswith(f"{root}{os.sep}")), reverse=True):
        run(["umount", "--lazy", target])
