# SPDX-License-Identifier: Apache-2.0
"""What the collection asks of the container engine, by the docker SDK and nothing else."""

from __future__ import annotations

import dataclasses
import datetime
import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.image_pull import PullFailed, pull_image
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    DRILL,
    ROLE_LABEL,
    SERVICE_LABEL,
    VALIDATION,
)

DOCKER_IMPORT_ERROR: Optional[str] = None
try:
    import docker
    import docker.errors
    import docker.types
    import docker.utils
    from requests.exceptions import RequestException
except ImportError:
    DOCKER_IMPORT_ERROR = traceback.format_exc()

_TOOL_SECONDS = 120
# For so long a registry may say nothing; a download that moves may take as long as it likes.
_PULL_SILENCE_SECONDS = 120


class EngineError(StackError):
    """The engine could not do what was asked."""


@dataclasses.dataclass(frozen=True)
class ToolResult:
    """How a tool in a container ended."""

    exit_code: int
    output: str


@contextmanager
def _explained(action: str) -> Iterator[None]:
    """Turn what the SDK raises into one sentence."""
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineError(f"{action} failed: {error.explanation or error}") from error
    except (docker.errors.DockerException, RequestException, OSError) as error:
        raise EngineError(
            f"{action} failed: the container engine does not answer ({error}); start it, for instance with"
            " 'systemctl start docker', and run again"
        ) from error


class Engine:
    """The engine of the host this runs on."""

    def __init__(self, timeout: int = 60) -> None:
        if DOCKER_IMPORT_ERROR:
            raise EngineError("the Python library docker is missing on the host (python3-docker)")
        with _explained("connecting to the container engine"):
            self._client = docker.from_env(timeout=timeout)
            self._client.ping()

    def has_image(self, image: str) -> bool:
        """Whether the image is on the host."""
        return self.image_id(image) != ""

    def pull(self, image: str) -> None:
        """Pull the image unless the host has it; tags are pinned, so a tag that is there is the right one."""
        if not self.has_image(image):
            action = f"pulling the image {image}"
            with _explained(action):
                try:
                    pull_image(image, _PULL_SILENCE_SECONDS, **docker.utils.kwargs_from_env())
                except PullFailed as failure:
                    raise EngineError(f"{action} failed: {failure}") from failure

    def run_tool(
        self,
        image: str,
        command: list[str],
        directory: str,
        mounted_at: str,
        user: str,
        beside: str = "",
        network: str = "",
        etc_hosts: Optional[dict[str, str]] = None,
        output: str = "",
    ) -> ToolResult:
        """Run an image's own tool in a directory: no privileges, no network unless one is named, nothing writable.

        It sees the directory ``beside``, if there is one, under that path, and may write into ``output``.
        """
        mounts = {mounted_at: directory, **{path: path for path in (beside, output) if path}}
        with _explained(f"running {command[0]} of the image {image}"):
            container = self._client.containers.create(
                image,
                entrypoint=command[:1],
                command=command[1:],
                user=user,
                # The tools of Prometheus put what is not whole yet there.
                environment={"TMPDIR": output} if output else None,
                network_mode=network or "none",
                extra_hosts=etc_hosts if network else None,
                working_dir=mounted_at,
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit="512m",
                pids_limit=256,
                mounts=[
                    docker.types.Mount(inside, outside, type="bind", read_only=inside != output)
                    for inside, outside in mounts.items()
                ],
                labels={ROLE_LABEL: VALIDATION},
            )
            try:
                container.start()
                result = container.wait(timeout=_TOOL_SECONDS)
                output = container.logs(stdout=True, stderr=True).decode(errors="replace")
            finally:
                container.remove(force=True, v=True)
        return ToolResult(int(result["StatusCode"]), output)

    def create_apart(self, attributes: dict[str, Any], name: str, command: list[str]) -> None:
        """Create a container like another one, but with nothing to harm: no network, no ports, and data in memory.

        ``attributes`` is what the engine knows of the other one.
        """
        settings = attributes["HostConfig"]
        binds = [bind.split(":") for bind in settings.get("Binds") or []]
        writable = [path for _, path, *mode in binds if "ro" not in "".join(mode).split(",")]
        user, _, group = attributes["Config"]["User"].partition(":")
        with _explained(f"creating the container {name}"):
            self._client.containers.create(
                attributes["Config"]["Image"],
                name=name,
                command=command,
                environment=attributes["Config"].get("Env") or [],
                user=attributes["Config"]["User"],
                network_mode="none",
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit=settings["Memory"],
                memswap_limit=settings["MemorySwap"],
                pids_limit=settings["PidsLimit"],
                healthcheck=attributes["Config"].get("Healthcheck"),
                volumes=[":".join(bind) for bind in binds if bind[1] not in writable],
                # Without an owner it would get that of the image's own directory, whatever its mode.
                tmpfs={**(settings.get("Tmpfs") or {}), **dict.fromkeys(writable, f"rw,uid={user},gid={group}")},
                labels={**(attributes["Config"].get("Labels") or {}), ROLE_LABEL: VALIDATION},
            )

    def run_for_a_while(
        self,
        name: str,
        image: str,
        command: list[str],
        user: str,
        mounts: dict[str, str],
        memory: str,
        etc_hosts: dict[str, str],
    ) -> None:
        """Start a container of a drill, in the host's network: no privileges, nothing writable but mounts and /tmp.

        ``mounts`` are directories, each at its own path, and their mode, ``ro`` or ``rw``. The engine never starts it
        by itself.
        """
        uid, _, gid = user.partition(":")
        with _explained(f"running the container {name}"):
            self._client.containers.run(
                image,
                command=command,
                name=name,
                detach=True,
                user=user,
                network_mode="host",
                extra_hosts=etc_hosts,
                read_only=True,
                tmpfs={"/tmp": f"rw,noexec,nosuid,size=64m,uid={uid},gid={gid}"},  # noqa: S108 - in the container
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit=memory,
                pids_limit=256,
                mounts=[
                    docker.types.Mount(path, path, type="bind", read_only=mode == "ro") for path, mode in mounts.items()
                ],
                labels={SERVICE_LABEL: DRILL, ROLE_LABEL: DRILL},
            )

    def inspect(self, name: str) -> Optional[dict[str, Any]]:
        """What the engine knows of a container, or None when there is none of that name."""
        with _explained(f"looking up the container {name}"):
            try:
                attributes: dict[str, Any] = self._client.containers.get(name).attrs
            except docker.errors.NotFound:
                return None
            return attributes

    def image_digests(self, image_id: str) -> list[str]:
        """Repository digests of an image on the host; none when it was removed below a running container."""
        with _explained(f"looking up the image {image_id}"):
            try:
                image = self._client.images.get(image_id)
            except docker.errors.ImageNotFound:
                return []
            return list(image.attrs.get("RepoDigests") or [])

    def image_id(self, image: str) -> str:
        """Identity of an image on the host; empty when it is not there."""
        with _explained(f"looking up the image {image}"):
            try:
                return str(self._client.images.get(image).id)
            except docker.errors.ImageNotFound:
                return ""

    def names(self) -> list[str]:
        """Names of all containers, also of those that do not run."""
        with _explained("listing the containers"):
            return sorted(
                str(container.name) for container in self._client.containers.list(all=True, ignore_removed=True)
            )

    def stop(self, name: str, seconds: int = 60) -> None:
        """Stop a container in order; one that is still busy after that many seconds is killed."""
        with _explained(f"stopping the container {name}"):
            self._client.containers.get(name).stop(timeout=seconds)

    def start(self, name: str) -> None:
        """Start a container; one that runs is left alone."""
        with _explained(f"starting the container {name}"):
            self._client.containers.get(name).start()

    def rename(self, name: str, new_name: str) -> None:
        """Give a container another name, running or not."""
        with _explained(f"renaming the container {name} to {new_name}"):
            self._client.containers.get(name).rename(new_name)

    def restart_policy(self, name: str, policy: str) -> None:
        """Set whether the engine starts a container by itself: ``no`` or ``always``.

        One that runs may end at this very moment, for which the engine refuses it: stop it before.
        """
        with _explained(f"setting the restart policy of the container {name}"):
            settings: Any = {"Name": policy}
            self._client.containers.get(name).update(restart_policy=settings)

    def remove(self, name: str) -> bool:
        """Remove a container, running or not; says whether there was one."""
        with _explained(f"removing the container {name}"):
            try:
                self._client.containers.get(name).remove(force=True, v=True)
            except docker.errors.NotFound:
                return False
            return True

    def network_containers(self, name: str) -> Optional[list[str]]:
        """Names of the containers in a network, also of those that do not run; None when there is no such network."""
        with _explained(f"looking up the network {name}"):
            if name not in {network.name for network in self._client.networks.list(names=[name])}:
                return None
            found = self._client.containers.list(all=True, filters={"network": name}, ignore_removed=True)
            return sorted(str(container.name) for container in found)

    def remove_network(self, name: str) -> None:
        """Remove a network that nothing is in."""
        with _explained(f"removing the network {name}"):
            self._client.networks.get(name).remove()

    def hang_up(self, name: str) -> None:
        """Send SIGHUP to a container's first process."""
        with _explained(f"sending SIGHUP to the container {name}"):
            self._client.containers.get(name).kill(signal="HUP")

    def restart(self, name: str, stop_seconds: int = 30) -> None:
        """Stop a container in order and start it again."""
        with _explained(f"restarting the container {name}"):
            self._client.containers.get(name).restart(timeout=stop_seconds)

    def logs_since(self, name: str, moment: datetime.datetime, lines: int = 200) -> list[str]:
        """Lines a container printed after a moment (aware, UTC), oldest first."""
        with _explained(f"reading the log of the container {name}"):
            # The SDK takes no zero.
            output: bytes = self._client.containers.get(name).logs(
                since=max(int(moment.timestamp()), 1), tail=lines, timestamps=True
            )
        found = []
        # Not splitlines(): it also ends lines where the engine puts no time stamp, such as at a form feed.
        for line in output.decode(errors="replace").replace("\r\n", "\n").split("\n"):
            # The engine's own filter has a resolution of one second; its time stamps have nanoseconds.
            stamp, _, text = line.partition(" ")
            if stamp[:26] > moment.strftime("%Y-%m-%dT%H:%M:%S.%f"):
                found.append(text)
        return found

    def execute(self, name: str, command: list[str], standard_input: str) -> ToolResult:
        """Run a command in a running container and give it its input by a pipe, so that no argument shows it."""
        with _explained(f"running {command[0]} in the container {name}"):
            interface = self._client.api
            execution = interface.exec_create(name, command, stdin=True)["Id"]
            stream: Any = interface.exec_start(execution, socket=True)
            connection: socket.socket = getattr(stream, "_sock", stream)
            connection.sendall(standard_input.encode())
            connection.shutdown(socket.SHUT_WR)
            output = _read_frames(connection)
            stream.close()
            exit_code = interface.exec_inspect(execution)["ExitCode"]
        return ToolResult(int(exit_code), output)


def name_of(attributes: dict[str, Any]) -> str:
    """The name of a container, of which the engine says what it knows."""
    return str(attributes["Name"]).lstrip("/")


def _read_frames(connection: socket.socket) -> str:
    """Read the engine's multiplexed stream to its end (Engine API, "Attach to a container", stream format).

    The SDK's own reader (docker.utils.socket) waits for a command that never ends without any limit.
    """
    connection.settimeout(_TOOL_SECONDS)
    raw = b""
    while chunk := connection.recv(65536):
        raw += chunk
    output = b""
    while len(raw) >= 8:
        size = int.from_bytes(raw[4:8], "big")
        output += raw[8 : 8 + size]
        raw = raw[8 + size :]
    return output.decode(errors="replace")
