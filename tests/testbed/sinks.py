"""Where alerts end up in tests: a real SMTP server and a webhook receiver that write down what they got."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from docker.models.containers import Container

from tests.testbed import containers, gateway_packages, network, state
from tests.testbed.catalogue import PYTHON
from tests.testbed.engine import LABEL, client
from tests.testbed.shell import PATIENCE, step, wait_until

SMTP_PORT = 2525
HTTP_PORT = 8080

_KIND_LABEL = f"{LABEL}.sinks"
_SCRIPT = containers.INSIDE / "sink_server.py"

Entry = dict[str, Any]
Kind = Literal["smtp", "webhook"]


@dataclass(frozen=True)
class Sinks:
    """Both receivers, in one container; their addresses are ``address:port``."""

    name: str
    smtp: str
    webhook: str
    folder: Path

    def records(self, kind: Kind) -> list[Entry]:
        """What was received, oldest first; a line that is just being written is left for the next call."""
        lines = (self.folder / f"{kind}.jsonl").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, kind: Kind, predicate: Callable[[Entry], bool], timeout: float = PATIENCE) -> Entry:
        """The first record for which the predicate holds, as soon as there is one."""
        found: list[Entry] = []

        def there() -> bool:
            found.extend(entry for entry in self.records(kind) if predicate(entry))
            return bool(found)

        wait_until(
            there,
            timeout=timeout,
            what=f"The {kind} sink {self.name} did not get what was waited for",
            advice=f"see {self.folder}",
        )
        return found[0]

    def clear(self) -> None:
        """Forget what was received so far."""
        for kind in ("smtp", "webhook"):
            (self.folder / f"{kind}.jsonl").write_text("")


def start_sinks(name: str = "sinks", network_name: str = network.NAME, *, address: str | None = None) -> Sinks:
    """Start the receivers, or find those that run."""
    engine = client()
    container = containers.find(engine, _container_name(name))
    if container is not None and container.status == "running":
        return _describe(container)
    packages = gateway_packages.ensure(engine)
    folder = state.folder("sinks", name)
    service = containers.Service(
        name=_container_name(name),
        image=PYTHON.name,
        command=("python3", "/sink_server.py", "/records", str(SMTP_PORT), str(HTTP_PORT)),
        network=network_name,
        aliases=(name,),
        address=address,
        environment={"PYTHONPATH": gateway_packages.MOUNTED_AT},
        mounts={
            packages: (gateway_packages.MOUNTED_AT, "ro"),
            _SCRIPT: ("/sink_server.py", "ro"),
            folder: ("/records", "rw"),
        },
        labels={_KIND_LABEL: name},
    )
    with step(f"sinks {name} are ready"):
        container = containers.start(engine, service)
        started, described = container, _describe(container)

        def ready() -> bool:
            containers.require_alive(started)
            return all(_listens(target) for target in (described.smtp, described.webhook))

        wait_until(
            ready, timeout=PATIENCE, what=f"The sinks {name} did not listen", advice=f"see `docker logs {started.name}`"
        )
    return described


def stop_sinks(name: str = "sinks") -> bool:
    """Remove the receivers and their records; says whether there were any."""
    existed = containers.remove(client(), _container_name(name))
    state.remove("sinks", name)
    return existed


def _listens(target: str) -> bool:
    address, _, port = target.rpartition(":")
    return containers.accepts(address, int(port))


def _describe(container: Container) -> Sinks:
    address = containers.address_of(container)
    name = container.labels[_KIND_LABEL]
    return Sinks(
        name=name,
        smtp=f"{address}:{SMTP_PORT}",
        webhook=f"{address}:{HTTP_PORT}",
        folder=state.folder("sinks", name),
    )


def _container_name(name: str) -> str:
    return f"llmmon-testbed-sinks-{name}"
