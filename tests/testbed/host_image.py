"""The system that a host runs: Debian with systemd, sshd and (unless bare) an engine, made by mmdebstrap."""

from __future__ import annotations

import hashlib
import inspect
import json
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from tests.testbed import debian, images, packages, state
from tests.testbed.containers import INSIDE
from tests.testbed.engine import LABEL
from tests.testbed.shell import TestbedError, run, step

SUITES = ("bookworm", "trixie")

_PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "kmod",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
# What the modules of community.docker need on their target, and the engine itself.
_ENGINE_PACKAGES = {
    "bookworm": ("docker.io", "iptables", "python3-docker", "python3-requests"),
    "trixie": ("docker-cli", "docker.io", "iptables", "python3-docker", "python3-requests"),
}
_UNWANTED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")

# Networks of the engine inside: away from those of the engine outside, see engine.py.
_ENGINE_SETTINGS = {
    "registry-mirrors": ["http://registry:5000"],
    "insecure-registries": ["registry:5000"],
    "storage-driver": "overlay2",
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "log-level": "warn",
    "bip": "10.214.0.1/24",
    "default-address-pools": [{"base": "10.214.128.0/17", "size": 24}],
}


def ensure_root_file_system(suite: str) -> None:
    """Make the two root file systems of a suite, with and without an engine; no engine is needed for it."""
    if suite not in SUITES:
        raise TestbedError(f"There are no hosts with Debian {suite}: choose one of {', '.join(SUITES)}.")
    with state.locked(f"rootfs-{suite}"):
        if not all(_tar(suite, bare).is_file() for bare in (False, True)):
            packages.ensure(packages.HOSTS)
            packages.require_root("make a root file system with mmdebstrap")
            with step(f"made the root file system of Debian {suite} hosts"):
                _make(suite)
            _remove_outdated(suite)


def ensure(client: docker.DockerClient, suite: str, *, bare: bool) -> str:
    """Make sure that the engine has the image of such hosts; returns its name."""
    name = f"llmmon-testbed/host{'-bare' if bare else ''}:{suite}"
    ensure_root_file_system(suite)
    key = _key(suite)
    with state.locked(f"host-image-{suite}-{bare}"):
        known = None
        with suppress(ImageNotFound):
            known = client.images.get(name)
        if known is not None and known.labels.get(f"{LABEL}.key") == key:
            return name
        repository, tag = name.split(":")
        with step(f"imported {name}"):
            changes = [
                f"LABEL {LABEL}=1",
                f"LABEL {LABEL}.key={key}",
                "VOLUME /var/lib/docker",
                'CMD ["/usr/local/sbin/testbed-init"]',
            ]
            answer = client.api.import_image(str(_tar(suite, bare)), repository, tag, changes=changes)
            _raise_error_in(answer, name)
        if known is not None:
            images.drop(client, str(known.id))
    return name


def _make(suite: str) -> None:
    source = debian.mirror()
    full, bare = _tar(suite, bare=False), _tar(suite, bare=True)
    settings = state.path("rootfs", f"{suite}.daemon.json")
    settings.write_text(json.dumps(_ENGINE_SETTINGS, indent=2) + "\n")
    hooks = [
        f'{shlex.quote(str(INSIDE / "prepare-host"))} "$1"',
        f"copy-in {shlex.quote(str(INSIDE / 'testbed-init'))} /usr/local/sbin",
        'mkdir -p "$1/etc/docker"',
        f"upload {shlex.quote(str(settings))} /etc/docker/daemon.json",
        f'{shlex.quote(str(INSIDE / "pack-bare-host"))} "$1" {shlex.quote(str(bare.with_suffix(".part")))}',
        f'chroot "$1" apt-get install -qq --yes --no-install-recommends {" ".join(_ENGINE_PACKAGES[suite])}',
        'chroot "$1" systemctl --quiet enable containerd.service docker.service docker.socket',
    ]
    command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar"]
    command += [f"--include={','.join(_PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _UNWANTED]
    # Nobody minds if a half-made file system is lost with the power.
    command += ["--dpkgopt=force-unsafe-io"]
    command += [f"--aptopt={line}" for line in debian.machine_apt_settings()]
    command += [f"--customize-hook={hook}" for hook in hooks]
    part = full.with_suffix(".part")
    command += [suite, part, f"deb [signed-by={source.keyring}] {source.site} {suite} main"]
    run(command, environment={"LC_ALL": "C"})
    bare.with_suffix(".part").replace(bare)
    part.replace(full)


def _remove_outdated(suite: str) -> None:
    current = {_tar(suite, bare) for bare in (False, True)}
    for path in state.folder("rootfs").glob(f"{suite}-*.tar"):
        if path not in current:
            path.unlink()


def _tar(suite: str, bare: bool) -> Path:
    return state.path("rootfs", f"{suite}-{'bare' if bare else 'engine'}-{_key(suite)}.tar")


def _key(suite: str) -> str:
    """Changes with what goes into the host and with how it is made."""
    facts = [suite, _PACKAGES, _ENGINE_PACKAGES[suite], _UNWANTED, _ENGINE_SETTINGS, inspect.getsource(_make)]
    content = json.dumps(facts).encode()
    content += b"".join((INSIDE / name).read_bytes() for name in ("pack-bare-host", "prepare-host", "testbed-init"))
    return hashlib.sha256(content).hexdigest()[:16]


def _raise_error_in(answer: Any, name: str) -> None:
    for line in str(answer).splitlines():
        if "error" in (event := json.loads(line)):
            raise TestbedError(f"The engine could not import {name}: {event['error']}; is the disk full?")
