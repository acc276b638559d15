"""A host to restore onto: its directories in a temporary folder, and an engine whose containers are lines of a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SERVICES
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    File,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.restore.steps import Restore
from ansible_collections.llmmon.stack.plugins.module_utils.restore.target import RestoredService, RestoreSettings

from tests.support.archives import VERSIONS
from tests.support.directories import Directories

RELEASE = "20251231T000000.000000Z"
PROBER = "llmmon-prober"
INVENTORY_HOST = "monitoring"
NAMES = {"llmmon_prometheus_container": "llmmon-prometheus", "llmmon_grafana_container": "llmmon-grafana"}
# What a kill may come before: each changes something that outlives the process.
_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.chmod"}


class FileEngine:
    """An engine that keeps its containers in a file, so that they outlive whoever is killed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def containers(self) -> dict[str, dict[str, Any]]:
        """Every container by its id."""
        found: dict[str, dict[str, Any]] = json.loads(self.path.read_text())
        return found

    def add(self, identity: str, name: str, policy: str = "always", *, running: bool = True) -> None:
        """Make a container, as the steps of the roles do."""
        known = self.containers() if self.path.exists() else {}
        assert name not in [container["name"] for container in known.values()]
        known[identity] = {"name": name, "policy": policy, "running": running}
        self._write(known)

    def stop(self, name: str, seconds: int = 60) -> None:
        assert seconds > 0
        self._change(name, running=False)

    def start(self, name: str) -> None:
        self._change(name, running=True)

    def rename(self, name: str, new_name: str) -> None:
        assert new_name not in [container["name"] for container in self.containers().values()]
        self._change(name, name=new_name)

    def restart_policy(self, name: str, policy: str) -> None:
        # The real one refuses it for a container that runs, if it ends at this very moment.
        assert not self.containers()[self._identity(name)]["running"]
        self._change(name, policy=policy)

    def remove(self, name: str) -> bool:
        known = self.containers()
        removed = known.pop(self._identity(name), None)
        self._write(known)
        return removed is not None

    def inspect(self, name: str) -> dict[str, Any] | None:
        found = self.containers().get(self._identity(name))
        if found is None:
            return None
        return {
            "Id": self._identity(name),
            "Name": f"/{found['name']}",
            "HostConfig": {"RestartPolicy": {"Name": found["policy"]}},
            "State": {"Running": found["running"]},
        }

    def _identity(self, name: str) -> str:
        return next((key for key, container in self.containers().items() if name in (key, container["name"])), "")

    def _change(self, container: str, **changes: Any) -> None:
        known = self.containers()
        known[self._identity(container)].update(changes)
        self._write(known)

    def _write(self, known: dict[str, dict[str, Any]]) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(known))
        new.replace(self.path)


@dataclass
class RestoreMachine(Directories):
    """A host with services, or with none yet; ``onto`` is the host that archives of others are to be restored onto."""

    onto: str = ""
    # Whether a sidecar of Thanos is beside Prometheus.
    sidecar: bool = False

    @property
    def engine(self) -> Any:
        return FileEngine(self.root / "containers.json")

    def prepare(self) -> None:
        """A release, data and a container for each service."""
        for service in self.services():
            self.make_directories(service)
            releases = Releases(service.config_root)
            releases.write(RELEASE, [File("main.ini", "old\n"), File("secrets/secret_key", "key-of-the-host", True)], 0)
            releases.point(CURRENT, RELEASE)
            releases.point(RUNNING, RELEASE)
            (service.data_directory / "old").write_text("old data")
            (service.data_directory / "wal").mkdir()
            (service.data_directory / "wal" / "00000001").write_text("old wal")
            for name in service.containers:
                self.engine.add(f"id-of-{name}", name)
        # In both the old data and the archive's.
        (self.data_root / "grafana" / "grafana.db").write_text("old database")

    def make_directories(self, service: RestoredService) -> None:
        """What the engine role makes."""
        service.data_directory.mkdir(parents=True)
        service.config_root.mkdir(parents=True)

    def fresh(self) -> None:
        """What the engine role leaves on a host that has never had services."""
        for service in self.services():
            service.data_directory.mkdir(parents=True)
        self.engine._write({})

    def services(self, **versions: str) -> list[RestoredService]:
        return [
            RestoredService(
                name=name,
                version=versions.get(name, VERSIONS[name]),
                url="http://127.0.0.1:1",
                containers=(f"llmmon-{name}", PROBER) if name == "prometheus" else (f"llmmon-{name}",),
                uid=os.geteuid(),
                gid=os.getegid(),
                data_directory=self.data_root / name,
                config_root=self.config_root / name,
            )
            for name in SERVICES
        ]

    def restore(self, admin_password: str = "", secret_key: str = "", **versions: str) -> Restore:
        settings = RestoreSettings(
            *(self.data_root, self.config_root, 0, admin_password, secret_key, INVENTORY_HOST, self.onto, NAMES),
            sidecar=self.sidecar,
        )
        return Restore(self.services(**versions), settings)

    def run_containers(self) -> None:
        """What the roles do after the exchange, and what the services do then."""
        for service in self.services():
            for name in service.containers:
                if self.engine.inspect(name) is None:
                    self.engine.add(f"new-id-of-{name}", name)
            (service.data_directory / "wal").mkdir(exist_ok=True)
            (service.data_directory / "wal" / "00000000").write_text("new wal")

    def everything(self) -> dict[str, Any]:
        """What a restore has to bring back: files with content and access, and the containers."""
        found: dict[str, Any] = {"containers": self.engine.containers()}
        for root in (self.data_root, self.config_root):
            for path in [root, *root.rglob("*")]:
                if path.name in ("operation.lock", ".lock") or not path.exists():
                    continue
                status = path.lstat()
                content = "" if path.is_dir() else path.read_bytes()
                found[str(path.relative_to(self.root))] = (status.st_mode, status.st_uid, status.st_gid, content)
        return found


def killed_at(step: Callable[[], object], count: int) -> bool:
    """Run a step in a process of its own that dies before the change of that number; False when it came to its end."""
    child = os.fork()
    if child == 0:
        left = count

        def hook(event: str, _: tuple[Any, ...]) -> None:
            nonlocal left
            if event in _CHANGES:
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(hook)
        try:
            step()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"the step ended with {code}"
    return code == 9
