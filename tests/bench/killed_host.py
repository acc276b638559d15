"""One of two scraping hosts is killed again and again: `python -m tests.bench.killed_host [--interval N]`.

Real Prometheis, sidecars and Alertmanagers with the configuration that a deployment gets, scraped and evaluated at the
interval, and a querier over both: how long it shows nothing, and how often each incident is told.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.engines import killing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.killed_host", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval", type=int, default=killing.SCRAPES_SECONDS, help="seconds between two scrapes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = killing.killed_at_random(Path(folder), options.kills, options.seed, options.interval)
    print(f"{outcome.kills} kills in {outcome.seconds:.0f} s, seed {options.seed}, scrapes every {outcome.interval} s")
    for what, longest in (("of either host", outcome.longest_gap), ("shown as one", outcome.longest_gap_shown)):
        print(f"longest distance of two samples {what}: {longest:.1f} s, {longest / outcome.interval:.2f} intervals")
    print(f"points that are missing in graphs of the querier: {outcome.empty_steps}")
    for times, incidents in sorted(Counter(outcome.told.values()).items()):
        print(f"told {times} times: {incidents} of {outcome.kills} incidents")
    return 0 if set(outcome.told.values()) <= {1, 2} and not outcome.empty_steps else 1


if __name__ == "__main__":
    sys.exit(main())
