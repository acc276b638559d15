"""Compare runs that change nothing with prometheus.prometheus: `python -m tests.bench.peers --peer-collection DIR`.

DIR is a checkout of the collection prometheus.prometheus. By turns: its roles prometheus, alertmanager and
blackbox_exporter; the same three services by llmmon, without a proof; and llmmon's whole stack, with its proof.
Each has a host of its own, all alike. What a pair of runs gives is compared, since the machine may have other work.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.peer_collection import peer
from tests.bench.spending import HEADING, Spent, line, spent
from tests.support.stack import Result, Stack, environment_for, make_inventory
from tests.testbed import gateway, hosts, lifecycle, sinks

NAME = "peers"
PEER, THREE, WHOLE = f"{NAME}-theirs", f"{NAME}-three", f"{NAME}-whole"
TITLES = {
    PEER: "prometheus.prometheus, three services",
    THREE: "llmmon, the same three, without a proof",
    WHOLE: "llmmon, the whole stack, with its proof",
}
# How many times faster than the peer.
LEAST_TIMES_FASTER = {THREE: 12.0, WHOLE: 8.0}
# Prometheus brings the prober.
_THREE_SERVICES = {"llmmon_services": ["prometheus", "alertmanager"]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--peer-collection", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not (given.peer_collection / "galaxy.yml").is_file():
        parser.error(f"{given.peer_collection} is not a collection: it has no galaxy.yml")
    lifecycle.up()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        for name in TITLES:
            hosts.destroy(name)
            held.callback(hosts.destroy, name)
        runs = prepare(Path(folder), given.peer_collection, held)
        for name, run in runs.items():
            # Twice: what a first run leaves to a second one is no part of a run that changes nothing.
            spent(run, [name], changes=True)
            run()
        rounds = [{name: spent(run, [name]) for name, run in runs.items()} for _ in range(given.rounds)]
    return report(rounds)


def prepare(folder: Path, collection: Path, held: ExitStack) -> dict[str, Callable[[], Result]]:
    """How each of the three is run, by its host."""
    proxy = gateway.start_gateway(NAME)
    held.callback(gateway.stop_gateway, NAME)
    receivers = sinks.start_sinks(NAME)
    held.callback(sinks.stop_sinks, NAME)
    found = {name: hosts.create(name) for name in TITLES}
    theirs = held.enter_context(peer(folder / PEER, collection, found[PEER], proxy))
    environment = environment_for(proxy)
    three, whole = (
        Stack(found[name], proxy, receivers, make_inventory(folder / name, found[name], proxy, intervals), environment)
        for name, intervals in ((THREE, _THREE_SERVICES), (WHOLE, {}))
    )
    return {
        PEER: theirs.run,
        THREE: lambda: three.run("site.yml", "--skip-tags", "verify"),
        WHOLE: lambda: whole.run("site.yml"),
    }


def report(rounds: Sequence[dict[str, Spent]]) -> int:
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}; {len(rounds)} rounds")
    print(HEADING)
    for name, title in TITLES.items():
        print(line(title, [seen[name] for seen in rounds]))
    good = True
    for name, least in LEAST_TIMES_FASTER.items():
        pairs = [seen[PEER].wall / seen[name].wall for seen in rounds]
        faster = statistics.median(pairs)
        good = good and faster >= least
        spread = f"{min(pairs):.1f} to {max(pairs):.1f}"
        print(f"{TITLES[name]}: {faster:.1f} times faster ({spread}; at least {least:g})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
