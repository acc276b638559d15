"""Prints what people would have been told in a simulated month; `make month` calls it."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.calibration.proposals import as_yaml

from tests.rules.month import calendar, calibration, table
from tests.rules.month.gateways import GATEWAYS
from tests.rules.month.simulation import Month, Simulation


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.rules.month", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--weeks", type=int, default=5, help="the first is history, the others are counted (default 5)")
    parser.add_argument("--calibrated", choices=("no", "yes", "both"), default="both", help="with which thresholds")
    parser.add_argument("--folder", type=Path, help="where blocks may lie meanwhile (default: the temporary folder)")
    chosen = parser.parse_args()
    if chosen.weeks < 2:
        parser.error("a month has 2 weeks at least: one of history, and one that is counted")
    month = Month(chosen.seed, chosen.weeks * 7, 7, GATEWAYS, tuple(calendar.incidents(chosen.seed, chosen.weeks)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        print(f"seed {month.seed}, {chosen.weeks} weeks\n", flush=True)
        simulation = Simulation(month, Path(folder))
        simulation.make_traffic()
        defaults = simulation.run("defaults", {})
        if chosen.calibrated != "yes":
            print(table.text("Defaults", month, defaults), flush=True)
        if chosen.calibrated != "no":
            proposed = simulation.asked("defaults", lambda server: calibration.overrides(server, month.history))
            simulation.remove("defaults")
            print(as_yaml(proposed), flush=True)
            calibrated = simulation.run("calibrated", {"llmmon_threshold_overrides": proposed})
            print(table.text("Calibrated by week 1", month, calibrated), flush=True)
    used = sum(
        part.ru_utime + part.ru_stime
        for part in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    print(f"{time.monotonic() - began:.0f} s, {used:.0f} s of CPU")


if __name__ == "__main__":
    main()
