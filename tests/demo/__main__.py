"""Prepare, summarize and remove the demo: `python -m tests.demo prepare|summary|remove`."""

from __future__ import annotations

import argparse
import locale
import os
import socket
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from docker.errors import NotFound

from tests.demo import overview, pages, view
from tests.testbed import containers, disk, engine, gateway, lifecycle, sinks, state, traffic
from tests.testbed.engine import LABELS
from tests.testbed.images import Available
from tests.testbed.shell import TestbedError, say

NETWORK = "llmmon-demo"
PORTS = {"grafana": 3000, "prometheus": 9090, "alertmanager": 9093}
SERVICES = (*PORTS, "prober")
GATEWAY = "demo"
# Where the demo's alerts arrive; inventories/demo knows it by this name.
SINKS = "demo-sinks"
TRAFFIC_SECONDS = 3600.0
# An alert needs 20 requests: one of ten goes to the model that fails.
TRAFFIC_PER_SECOND = 4.0
# How long the first alert and its message are waited for at most; it takes two or three minutes.
ALERT_SECONDS = 300.0
_AGAIN = "sudo .venv/bin/python -m tests.demo summary"


URLS = {service: f"http://127.0.0.1:{port}" for service, port in PORTS.items()}


def container_name(service: str) -> str:
    """The demo's containers have names of their own: a real deployment on this machine is never touched."""
    return f"{NETWORK}-{service}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("action", choices=("prepare", "summary", "remove"))
    action = {"prepare": prepare, "summary": summary, "remove": remove}[parser.parse_args().action]
    try:
        action()
    except (TestbedError, StackError) as error:
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
    images = state.read("images")
    wanted = {name: images[name] for name in SERVICES}
    forget_other_images(state.read("demo").get("images", {}), wanted)
    ensure_network()
    found = gateway.start_gateway(GATEWAY, NETWORK)
    sinks.start_sinks(SINKS, NETWORK)
    traffic.start(GATEWAY, TRAFFIC_SECONDS, TRAFFIC_PER_SECOND)
    say("traffic flows to the gateway, for an hour at most")
    state.write(
        "demo",
        {
            "images": wanted,
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


def forget_other_images(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    """A service whose image another one replaces begins anew: a real Grafana cannot read what its stand-in wrote."""
    for service, image in before.items():
        if image["image"] == wanted[service]["image"]:
            continue
        containers.remove(engine.client(), container_name(service))
        for part in ("etc", "data"):
            state.remove("demo", part, service)
        # What was deployed is no longer there, and must not be taken for something to upgrade.
        state.forget("demo/data/state")
        say(f"{service} begins anew, without data: its image is {wanted[service]['image']} now")


def ensure_network() -> None:
    """The network is there before the playbook, so that the gateway can be in it."""
    client = engine.client()
    try:
        client.networks.get(NETWORK)
    except NotFound:
        client.networks.create(NETWORK, driver="bridge", labels=LABELS)


def summary() -> None:
    """What runs where, what was proved, and how to stop it; then what goes on in it, once there is an alert to show."""
    show_table()
    model = gateway.FAILING_MODEL
    seen = watch(look, model, say)
    print("\n".join(["", *view.lines(seen, model), "", f"To see this again: {_AGAIN}"]))


def show_table() -> None:
    demo = state.read("demo")
    if not demo:
        raise TestbedError("There is no demo: start it by 'sudo make demo'.")
    found = images_of(demo)
    password = Path(demo["root"]) / "etc" / "grafana" / "current" / "secrets" / "admin_password"
    rows = [
        *(row_of(service, url, found[service]) for service, url in URLS.items()),
        ("LLM gateway", str(gateway.get_gateway(GATEWAY).url), "LiteLLM, two mock models and one that always fails"),
        ("sign-in", "admin", f"password in {password}"),
        ("proved", "by verify.yml", "all targets up with the bearer token, data through Grafana, a test alert arrived"),
        (
            "stop it",
            "make demo-down",
            "removes containers, data, network, and the engine if it was started for this alone",
        ),
    ]
    if any(image.why for image in found.values()):
        rows.append(("real images", "make demo", "asks the registry again for what was not pulled"))
    print()
    for name, where, what in rows:
        start = f"  {name:<13} {where:<22} "
        # A path stays whole: it is copied.
        print(
            textwrap.fill(
                what,
                view.WIDTH,
                initial_indent=start,
                subsequent_indent=" " * len(start),
                break_on_hyphens=False,
                break_long_words=False,
            )
        )
    print()


def row_of(service: str, url: str, image: Available) -> tuple[str, str, str]:
    return service.capitalize(), url, f"{pages.verdict(url, image)}; {image.image} ({image.source})"


def watch(
    look: Callable[[], view.Seen],
    model: str,
    tell: Callable[[str], None],
    seconds: float = ALERT_SECONDS,
    interval: float = 1,
) -> view.Seen:
    """The demo once the alert about this model has fired and was told, or as it is when that takes too long."""
    told: list[str] = []

    def complete() -> view.Seen | None:
        seen = look()
        missing = view.missing(seen, model)
        if not missing or not seen.has_traffic:
            return seen
        # Said anew when something else is missing, and not each second.
        kind = missing.partition(":")[0]
        if kind not in told:
            bound = "" if told else f"; waiting {seconds / 60:.0f} min at most, Ctrl+C ends only that"
            tell(f"{missing}{bound}")
            told.append(kind)
        return None

    with suppress(KeyboardInterrupt):
        return wait_for(complete, seconds, interval) or look()
    return look()


def look() -> view.Seen:
    """The demo as it is now."""
    prometheus = HttpClient(Connection(URLS["prometheus"]))
    now = time.time()
    return view.Seen(
        moment=now,
        numbers=overview.numbers(prometheus, int(now)),
        models=overview.models(prometheus),
        alerts=overview.alerts(prometheus),
        message=overview.last_message(sinks.start_sinks(SINKS, NETWORK).records("webhook"), gateway.FAILING_MODEL),
        has_traffic=traffic.running(),
    )


def images_of(demo: dict[str, Any]) -> dict[str, Available]:
    """Service to its image, out of what `prepare` has written down."""
    return {name: Available(name, **image) for name, image in demo["images"].items()}


def remove() -> None:
    """Remove the demo and all it started; downloads stay in the testbed's folder for the next time."""
    if engine.version() is not None and (tests := remove_containers()):
        say(
            f"left the engine and the testbed as they are, because tests use them: {', '.join(tests)};"
            " to stop them too, run `.venv/bin/python -m tests.testbed down`"
        )
        return
    lifecycle.down(command="make demo-down")


def remove_containers() -> list[str]:
    """Remove the demo's containers; where tests have some of their own beside them, its other remains too.

    Returns the names of the tests' containers.
    """
    client = engine.client()
    for container in client.containers.list(all=True, ignore_removed=True):
        # Also what an interrupted change of a container has left.
        if str(container.name).startswith(tuple(container_name(service) for service in SERVICES)):
            containers.remove(client, str(container.name))
    traffic.stop()
    gateway.stop_gateway(GATEWAY)
    sinks.stop_sinks(SINKS)
    others = client.containers.list(all=True, filters={"label": engine.LABEL}, ignore_removed=True)
    tests = sorted(str(container.name) for container in others)
    if tests:
        with suppress(NotFound):
            client.networks.get(NETWORK).remove()
        state.remove("demo")
        state.forget("demo")
    return tests


if __name__ == "__main__":
    sys.exit(main())
