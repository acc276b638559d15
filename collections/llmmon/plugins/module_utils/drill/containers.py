# SPDX-License-Identifier: Apache-2.0
"""The containers of a drill beside those of the stack: of the same images and users, on loopback, gone after."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import WORLDS
from ansible_collections.llmmon.stack.plugins.module_utils.drill.running import (
    BLOCK_DURATION,
    PROMETHEUS_FLAGS,
    DrillError,
    NotReady,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import BEGINNING

_MEMORY = "1g"
_PAGE = "page.txt"
_LINES = 5


@dataclasses.dataclass(frozen=True)
class Program:
    """A live service: the name of its container, its user, and flags without which its drill would not be like it."""

    container: str
    uid: int
    gid: int
    flags: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        return f"{self.uid}:{self.gid}"


class Containers:
    """A place (``running.Place``) on the host. ``config_root`` is where Alertmanager's deployed configuration lies."""

    def __init__(
        self,
        engine: Engine,
        data_root: Path,
        prometheus: Program,
        alertmanager: Program,
        config_root: str,
        etc_hosts: dict[str, str],
    ) -> None:
        self._engine = engine
        self._folder = data_root / places.DRILL
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._config_root = config_root
        self._etc_hosts = etc_hosts

    def clear(self) -> None:
        """Remove whatever a drill left that was killed."""
        names = [self._name_of(world) for world in WORLDS]
        for name in [*names, self._alertmanager.container + places.DRILL_SUFFIX]:
            found = self._engine.inspect(name)
            if found is not None and (found["Config"].get("Labels") or {}).get(places.ROLE_LABEL) == places.DRILL:
                self._engine.remove(name)
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def alertmanager(self, configuration: str) -> Iterator[str]:
        """See ``Place``."""
        it = self._alertmanager
        folder = self._make("alertmanager", it, {"alertmanager.json": configuration})
        address = _free_address()
        command = [
            f"--config.file={folder}/alertmanager.json",
            "--storage.path=/tmp/data",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ]
        mounts = {str(folder): "ro", self._config_root: "ro"}
        with self._running(it.container + places.DRILL_SUFFIX, it, command, mounts, f"http://{address}") as url:
            yield url

    @contextmanager
    def prometheus(self, world: str, page: str, files: dict[str, str]) -> Iterator[str]:
        """See ``Place``."""
        it = self._prometheus
        folder = self._make(world, it, {**files, _PAGE: page})
        address = _free_address()
        tool = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
        result = self._engine.run_tool(
            self._image_of(it),
            [*tool, f"--max-block-duration={BLOCK_DURATION}", f"{folder}/{_PAGE}", f"{folder}/data"],
            str(folder),
            str(folder),
            it.user,
            output=f"{folder}/data",
        )
        if result.exit_code:
            raise DrillError(f"the drill's samples cannot be made into blocks: {result.output.strip()[-500:]}")
        command = [
            f"--config.file={folder}/prometheus.json",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
            *PROMETHEUS_FLAGS,
            *it.flags,
        ]
        with self._running(self._name_of(world), it, command, {str(folder): "rw"}, f"http://{address}") as url:
            yield url

    def _name_of(self, world: str) -> str:
        return f"{self._prometheus.container}{places.DRILL_SUFFIX}-{world}"

    @contextmanager
    def _running(self, name: str, it: Program, command: list[str], mounts: dict[str, str], url: str) -> Iterator[str]:
        try:
            self._engine.run_for_a_while(name, self._image_of(it), command, it.user, mounts, _MEMORY, self._etc_hosts)
            yield url
        except NotReady as error:
            if error.url != url:
                raise
            words = " | ".join(self._engine.logs_since(name, BEGINNING, _LINES))
            raise DrillError(f"{error}; its last words: {words or 'none'}") from error
        finally:
            self._engine.remove(name)

    def _image_of(self, it: Program) -> str:
        """The image that the live container runs."""
        live = self._engine.inspect(it.container)
        if live is None:
            raise DrillError(f"there is no container {it.container} on this host to hold a drill of: run site.yml")
        return str(live["Image"])

    def _make(self, name: str, it: Program, files: dict[str, str]) -> Path:
        """A folder of the program's own user. It may hold receivers' passwords, and nobody else may read it."""
        self._folder.mkdir(mode=0o711, exist_ok=True)
        folder = self._folder / name
        folder.mkdir(mode=0o700)
        for file, content in files.items():
            path = folder / file
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")
            os.chown(path, it.uid, it.gid)
        (folder / "data").mkdir(mode=0o700)
        os.chown(folder / "data", it.uid, it.gid)
        os.chown(folder, it.uid, it.gid)
        return folder


def _free_address() -> str:
    """An address on loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"
