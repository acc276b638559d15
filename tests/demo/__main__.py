"""Prepare, summarize and remove the demo: `python -m tests.demo prepare|summary|remove`."""

from __future__ import annotations

import argparse
import locale
import os
import socket
import sys
from pathlib import Path
from typing import Any

from docker.errors import NotFound

from tests.testbed import containers, disk, engine, gateway, lifecycle, state, traffic
from tests.testbed.engine import LABELS
from tests.testbed.images import Available
from tests.testbed.shell import TestbedError, say

NETWORK = "llmmon-demo"
PORTS = {"grafana": 3000, "prometheus": 9090, "alertmanager": 9093}
SERVICES = (*PORTS, "prober")
GATEWAY = "demo"
TRAFFIC_SECONDS = 3600.0


def container_name(service: str) -> str:
    """The demo's containers have names of their own: a real deployment on this machine is never touched."""
    return f"{NETWORK}-{service}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("action", choices=("prepare", "summary", "remove"))
    action = {"prepare": prepare, "summary": summary, "remove": remove}[parser.parse_args().action]
    try:
        action()
    except TestbedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def prepare() -> None:
    """Start everything the playbook needs, after finding out that it can work at all."""
    require_root()
    require_utf8()
    if not state.read("images"):
        disk.require_room(state.directory())
    require_free_ports()
    lifecycle.up("demo")
    ensure_network()
    found = gateway.start_gateway(GATEWAY, NETWORK)
    traffic.start(GATEWAY, TRAFFIC_SECONDS)
    say("traffic flows to the gateway, for an hour at most")
    images = state.read("images")
    state.write(
        "demo",
        {
            "images": {name: images[name] for name in SERVICES},
            "gateway": {"target": found.target, "token_file": str(found.token_file)},
            "root": str(state.folder("demo")),
        },
    )


def require_root() -> None:
    if os.geteuid() != 0:
        raise TestbedError(
            "The demo gives directories to the users of the services, which only root may: run 'sudo make demo'."
        )


def require_utf8() -> None:
    """Say now what Ansible would say when everything is prepared."""
    try:
        locale.setlocale(locale.LC_ALL, "")
        encoding = locale.getlocale()[1] or ""
    except locale.Error:
        encoding = ""
    if encoding.lower() not in ("utf-8", "utf8"):
        raise TestbedError("Ansible needs a locale with UTF-8, which this is not: run 'sudo LC_ALL=C.UTF-8 make demo'.")


def require_free_ports() -> None:
    """Say which ports are taken, unless the demo itself has them."""
    running = [] if engine.version() is None else engine.client().containers.list()
    ours = {container.name for container in running}
    taken = [
        f"{port} ({service})"
        for service, port in PORTS.items()
        if container_name(service) not in ours and not port_is_free(port)
    ]
    if taken:
        raise TestbedError(
            f"The demo needs ports of 127.0.0.1 that are taken: {', '.join(taken)}. Stop what listens there"
            " ('ss -ltnp' names it) and try again."
        )


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def ensure_network() -> None:
    """The network is there before the playbook, so that the gateway can be in it."""
    client = engine.client()
    try:
        client.networks.get(NETWORK)
    except NotFound:
        client.networks.create(NETWORK, driver="bridge", labels=LABELS)


def summary() -> None:
    """What runs where, what was proved, and how to stop it."""
    demo = state.read("demo")
    root = Path(demo["root"])
    password = root / "etc" / "grafana" / "current" / "secrets" / "admin_password"
    origins = {name: f"{image.image} ({image.source})" for name, image in images_of(demo).items()}
    rows = [
        ("Grafana", f"http://127.0.0.1:{PORTS['grafana']}", origins["grafana"]),
        ("Prometheus", f"http://127.0.0.1:{PORTS['prometheus']}", origins["prometheus"]),
        ("Alertmanager", f"http://127.0.0.1:{PORTS['alertmanager']}", origins["alertmanager"]),
        ("LLM gateway", str(gateway.get_gateway(GATEWAY).url), "LiteLLM, two mock models and one that always fails"),
        ("sign-in", "admin", f"password in {password}"),
        ("proved", "by verify.yml", "all targets up with the bearer token, data through Grafana, dashboards there"),
        ("stop it", "make demo-down", "removes containers, data, network, and the engine if it was started for this"),
    ]
    if any(image.why for image in images_of(demo).values()):
        rows.append(("real images", "make demo-down demo", "asks the registry again for what was not pulled"))
    print()
    for name, where, what in rows:
        print(f"  {name:<13} {where:<24} {what}")
    print()


def images_of(demo: dict[str, Any]) -> dict[str, Available]:
    """Service to its image, out of what `prepare` has written down."""
    return {name: Available(name, **image) for name, image in demo["images"].items()}


def remove() -> None:
    """Remove the demo and all it started; downloads stay in the testbed's folder for the next time."""
    if engine.version() is not None:
        client = engine.client()
        for container in client.containers.list(all=True, ignore_removed=True):
            # Also what an interrupted change of a container has left.
            if str(container.name).startswith(tuple(container_name(service) for service in SERVICES)):
                containers.remove(client, str(container.name))
    lifecycle.down(command="make demo-down")


if __name__ == "__main__":
    sys.exit(main())
