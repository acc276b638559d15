"""Target hosts: containers that boot systemd, accept our key over SSH, and run an engine of their own."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from tests.testbed import containers, host_image, keys, network, registry, state
from tests.testbed.engine import LABEL, LABELS, client
from tests.testbed.shell import TestbedError, step, wait_until

_KIND_LABEL = f"{LABEL}.host"
_SYSTEM_LABEL = f"{LABEL}.system"
_BOOT_SECONDS = 300


@dataclass(frozen=True)
class Host:
    """How a host is reached over SSH."""

    name: str
    address: str
    port: int
    user: str
    private_key: str
    known_hosts: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def create(name: str, *, suite: str = "bookworm", bare: bool = False) -> Host:
    """Make sure that the host runs and is ready; an existing one is kept as it is."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name):
        raise TestbedError(f"A host cannot be called {name}: use small letters, digits and hyphens, a letter first.")
    engine = client()
    # Through it the host's engine pulls.
    registry.ensure(engine)
    image = host_image.ensure(engine, suite, bare=bare)
    system = f"{suite}{'-bare' if bare else ''}"
    container = containers.find(engine, _container_name(name))
    if container is not None and container.labels.get(_SYSTEM_LABEL) != system:
        raise TestbedError(f"The host {name} exists with another system than {system}: destroy it first.")
    with step(f"host {name} ({system}) is ready"):
        if container is None:
            network.ensure(engine)
            container = _create(engine, name, image, system)
        if container.status != "running":
            container.start()
        _wait_until_ready(container)
    return _describe(container)


def destroy(name: str) -> bool:
    """Remove a host with its disk; says whether there was one."""
    engine = client()
    existed = containers.remove(engine, _container_name(name))
    for volume in engine.volumes.list(filters={"name": _volume_name(name)}):
        if volume.name == _volume_name(name):
            volume.remove(force=True)
    state.remove("hosts", name)
    return existed


def restart(name: str) -> Host:
    """Reboot a host and wait until it is ready again."""
    container = _require(name)
    with step(f"host {name} has rebooted"):
        container.restart(timeout=20)
        _wait_until_ready(container)
    return _describe(container)


def get(name: str) -> Host:
    return _describe(_require(name))


def list_all() -> list[Host]:
    found = client().containers.list(all=True, filters={"label": _KIND_LABEL})
    return sorted((_describe(container) for container in found), key=lambda host: host.name)


def shell(host: Host, command: str) -> tuple[int, str]:
    """Run a shell command on a host as root; returns its exit code and what it said.

    By SSH, because on a busy machine the engine may lose the output of a command that it runs in a container.
    """
    done = _ssh(host, f"sh -c {shlex.quote(command)}")
    return done.returncode, done.stdout


def container_of(name: str) -> Container:
    """The host's container, for tests that cut its network or stop it."""
    return _require(name)


def _create(engine: docker.DockerClient, name: str, image: str, system: str) -> Container:
    api = engine.api
    engine.volumes.create(_volume_name(name), labels=LABELS)
    with state.locked("addresses"):
        address = network.free_address(engine)
        created = api.create_container(
            image,
            name=_container_name(name),
            hostname=name,
            labels={**LABELS, _KIND_LABEL: name, _SYSTEM_LABEL: system, network.ADDRESS_LABEL: address},
            stop_signal="SIGRTMIN+3",
            host_config=api.create_host_config(
                binds={_volume_name(name): {"bind": "/var/lib/docker", "mode": "rw"}},
                cap_add=["ALL"],
                # Not in every machine's bounding set, which is also why this is not simply `privileged`.
                cap_drop=["SYS_RESOURCE"],
                security_opt=["seccomp=unconfined", "apparmor=unconfined"],
                cgroupns="private",
                tmpfs={"/run": "", "/run/lock": "", "/tmp": "exec"},  # noqa: S108
            ),
            networking_config=network.attachment(engine, network.NAME, [name], address),
        )
    container = engine.containers.get(created["Id"])
    container.put_archive("/", _identity(name))
    return container


def _identity(name: str) -> bytes:
    """What makes this host itself: its own SSH key, and whom it lets in."""
    login, own = keys.ensure_login(), keys.ensure_host(name)
    # The group operator is 37 on every Debian.
    operator = (1000, 37)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for folder, owner in (("root/.ssh", (0, 0)), ("home/operator/.ssh", operator)):
            _add(archive, folder, None, 0o700, owner)
            _add(archive, f"{folder}/authorized_keys", login.public, 0o600, owner)
        _add(archive, "etc/ssh/ssh_host_ed25519_key", own.private, 0o600, (0, 0))
        _add(archive, "etc/ssh/ssh_host_ed25519_key.pub", own.public, 0o644, (0, 0))
    return content.getvalue()


def _add(archive: tarfile.TarFile, name: str, source: Path | None, mode: int, owner: tuple[int, int]) -> None:
    member = tarfile.TarInfo(name)
    member.mode, (member.uid, member.gid) = mode, owner
    if source is None:
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    else:
        data = source.read_bytes()
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


def _wait_until_ready(container: Container) -> None:
    name = container.labels[_KIND_LABEL]
    advice = f"see `docker exec {container.name} journalctl --boot`"

    def booted() -> bool:
        containers.require_alive(container)
        _, status = _execute(container, ["systemctl", "is-system-running"])
        if "degraded" in status:
            _, failed = _execute(container, ["systemctl", "--failed", "--plain", "--no-legend"])
            raise TestbedError(f"The host {name} has failed units ({failed.strip()}): see journalctl there.")
        return "running" in status

    wait_until(booted, timeout=_BOOT_SECONDS, what=f"The host {name} did not finish booting", advice=advice)
    if not container.labels[_SYSTEM_LABEL].endswith("-bare"):
        wait_until(
            lambda: _execute(container, ["docker", "version"])[0] == 0,
            timeout=_BOOT_SECONDS,
            what=f"The engine of the host {name} did not answer",
            advice=advice,
        )
    host = _describe(container)
    wait_until(
        lambda: _accepts_our_key(host),
        timeout=_BOOT_SECONDS,
        what=f"The host {name} did not accept our key",
        advice=advice,
    )


def _accepts_our_key(host: Host) -> bool:
    return _ssh(host, "true").returncode == 0


def _ssh(host: Host, command: str) -> subprocess.CompletedProcess[str]:
    known = f"UserKnownHostsFile={host.known_hosts}"
    options = ["BatchMode=yes", "ConnectTimeout=5", "StrictHostKeyChecking=yes", "LogLevel=ERROR", known]
    arguments = ["ssh", "-F", "none", "-i", host.private_key, "-p", str(host.port)]
    arguments += [argument for option in options for argument in ("-o", option)]
    return subprocess.run(
        [*arguments, f"{host.user}@{host.address}", command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _describe(container: Container) -> Host:
    name = container.labels[_KIND_LABEL]
    address = container.labels[network.ADDRESS_LABEL]
    return Host(
        name=name,
        address=address,
        port=22,
        user="root",
        private_key=str(keys.ensure_login().private),
        known_hosts=str(keys.write_known_hosts(name, address)),
    )


def _require(name: str) -> Container:
    container = containers.find(client(), _container_name(name))
    if container is None:
        raise TestbedError(f"There is no host {name}: create it with `python -m tests.testbed host create {name}`.")
    return container


def _execute(container: Container, command: list[str]) -> tuple[int, str]:
    result = container.exec_run(command)
    assert isinstance(result.output, bytes)
    return int(result.exit_code or 0), result.output.decode(errors="replace")


def _container_name(name: str) -> str:
    return f"llmmon-testbed-host-{name}"


def _volume_name(name: str) -> str:
    return f"llmmon-testbed-host-{name}-docker"
