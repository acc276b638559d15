"""Things that go wrong on purpose: scrape targets that are not what they seem."""

from __future__ import annotations

from dataclasses import dataclass

from tests.testbed import containers, network
from tests.testbed.catalogue import PYTHON
from tests.testbed.engine import client
from tests.testbed.shell import PATIENCE, step, wait_until

PORT = 8000

_SCRIPT = containers.INSIDE / "html_server.py"


@dataclass(frozen=True)
class Fault:
    name: str
    # For containers, address:port.
    target: str


def start_html_metrics(
    name: str = "html-metrics", network_name: str = network.NAME, *, address: str | None = None
) -> Fault:
    """A server whose /metrics is a sign-in page, and /renamed a metrics page with a name that nobody knows."""
    service = containers.Service(
        name=_container_name(name),
        image=PYTHON.name,
        command=("python3", "/html_server.py", str(PORT)),
        network=network_name,
        aliases=(name,),
        address=address,
        mounts={_SCRIPT: ("/html_server.py", "ro")},
    )
    with step(f"fault {name} is ready"):
        container = containers.start(client(), service)
        reached_at = containers.address_of(container)

        def ready() -> bool:
            containers.require_alive(container)
            return containers.accepts(reached_at, PORT)

        wait_until(
            ready,
            timeout=PATIENCE,
            what=f"The fault {name} did not listen",
            advice=f"see `docker logs {container.name}`",
        )
    return Fault(name, f"{reached_at}:{PORT}")


def stop_fault(name: str = "html-metrics") -> bool:
    """Remove the server; says whether there was one."""
    return containers.remove(client(), _container_name(name))


def _container_name(name: str) -> str:
    return f"llmmon-testbed-fault-{name}"
