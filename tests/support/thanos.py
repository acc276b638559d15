"""Thanos's components as processes of this machine, with the flags that the role thanos gives them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.plugin_utils.thanos import thanos_secrets

from tests.support import rendering
from tests.support.loopback import unused_port
from tests.support.prometheus import Server
from tests.testbed.catalogue import TOOLS
from tests.testbed.tools import tool

(VERSION,) = (known.version for known in TOOLS if known.name == "thanos")
READY_SECONDS = 60
_ROLE = rendering.REPOSITORY / "roles" / "thanos"
# As in inventories/scale.
REPLICA = "prometheus_replica"


def program() -> Path:
    return tool("thanos", VERSION)


class Component:
    """One that can be stopped, killed and started again, at the same addresses and with the same data."""

    def __init__(self, folder: Path, command: list[str], *, grpc: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.address, self.grpc = (f"127.0.0.1:{unused_port()}" for _ in range(2))
        addresses = [f"--http-address={self.address}", *([f"--grpc-address={self.grpc}"] if grpc else [])]
        self._command = [str(program()), *command, *addresses]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def start(self, *, ready: bool = True) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        if ready:
            assert wait_for(lambda: self.is_ready() or None, READY_SECONDS, interval=0.05), self.log.read_text()

    def is_ready(self) -> bool:
        return Server(self.url).is_ready()

    def kill(self) -> None:
        """At once, as when its host loses its power."""
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(component: Component) -> Iterator[Component]:
    try:
        component.start()
        yield component
    finally:
        component.kill()


def bucket_file(folder: Path, storage: Mapping[str, Any]) -> Path:
    """What the role ships for `llmmon_thanos_object_storage`."""
    folder.mkdir(parents=True, exist_ok=True)
    (content,) = thanos_secrets(storage).values()
    path = folder / "object_storage.yml"
    path.write_text(content, encoding="utf-8")
    return path


def sidecar(folder: Path, prometheus: str, data: Path, bucket: Path | None = None) -> Component:
    """Beside the Prometheus at this URL."""
    own = {"prometheus.url": prometheus, "tsdb.path": str(data)}
    return Component(folder, _flags("sidecar", own, bucket))


def store(folder: Path, bucket: Path) -> Component:
    return Component(folder, _flags("store", {"data-dir": str(folder / "data")}, bucket))


def query(folder: Path, endpoints: list[str]) -> Component:
    """The view over whoever listens at these addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    (content,) = rendering.render_tree(_ROLE, __llmmon_thanos_endpoints=endpoints).values()
    path = folder / "endpoints.yml"
    path.write_text(content, encoding="utf-8")
    return Component(folder, _flags("query", {"endpoint.sd-config-file": str(path)}))


def receive(folder: Path, port: int) -> Component:
    """What takes samples at /api/v1/receive of this port. The role has none: it is an engine that others run."""
    flags = [f"--tsdb.path={folder}/data", f"--remote-write.address=127.0.0.1:{port}", '--label=receive="one"']
    # It listens at a port that is always the same otherwise, so that there could not be two.
    flags += [f"--receive.capnproto-address=127.0.0.1:{unused_port()}"]
    return Component(folder, ["receive", *flags])


def compact_once(folder: Path, bucket: Path) -> None:
    """What the compactor does with all that is in the bucket; then it ends instead of waiting."""
    flags = [flag for flag in _flags("compact", {"data-dir": str(folder)}, bucket) if flag != "--wait"]
    # Otherwise it leaves blocks of the last half hour alone.
    _run([*flags, "--consistency-delay=0s", f"--http-address=127.0.0.1:{unused_port()}"])


def tools_bucket(bucket: Path, *arguments: str) -> str:
    """What `thanos tools bucket` prints."""
    return _run(["tools", "bucket", *arguments, f"--objstore.config-file={bucket}"])


def _run(arguments: list[str]) -> str:
    result = subprocess.run([program(), *arguments], capture_output=True, text=True, check=False, timeout=1200)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def _flags(component: str, own: Mapping[str, str], bucket: Path | None = None) -> list[str]:
    """The role's, with the places of this test."""
    changed = {f"--{name}": value for name, value in own.items()}
    # Where it listens is said by whoever starts it.
    places = {"--http-address", "--grpc-address", "--objstore.config-file"}
    found = []
    for flag in _commands()[component]:
        name = flag.partition("=")[0]
        if name not in places:
            found.append(f"{name}={changed.pop(name)}" if name in changed else flag)
    assert not changed, f"{component} has no flag {changed}"
    return [*found, *([f"--objstore.config-file={bucket}"] if bucket else [])]


@cache
def _commands() -> dict[str, list[str]]:
    variables = rendering.role_variables(_ROLE) | {
        "llmmon_thanos_object_storage": {"type": "s3"},
        "llmmon_prometheus_replica_label": REPLICA,
    }
    runs = rendering.value_of("__llmmon_thanos_runs", variables)
    return {name: list(run["command"]) for name, run in runs.items()}
