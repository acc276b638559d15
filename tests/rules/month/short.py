"""Three days with one incident of each kind: short enough to be a part of every test run.

To renew expected.txt, where a review sees what a change of the rules does to people: python -m tests.rules.month.short
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.rules.month import table
from tests.rules.month.calendar import DAY, HOUR, Incident, Kind
from tests.rules.month.gateways import named
from tests.rules.month.simulation import Month, Simulation

EXPECTED = Path(__file__).parent / "expected.txt"
_TUESDAY, _WEDNESDAY = DAY, 2 * DAY


def _incident(kind: Kind, gateway: str, model: str | None, start: int, lasting: int) -> Incident:
    return Incident(kind, gateway, model, start, start + lasting)


MONTH = Month(
    seed=1,
    days=3,
    history=1,
    gateways=named(["mid", "small", "fast"]),
    incidents=(
        # `fast` is the only one whose answers usually take less than 2 s, so that slower ones can be seen as they are.
        _incident(Kind.SLOW, "fast", None, _TUESDAY + 10 * HOUR, 40),
        _incident(Kind.FAILURES, "mid", "chat", _TUESDAY + 11 * HOUR, 30),
        _incident(Kind.SURGE, "fast", None, _TUESDAY + 14 * HOUR, 45),
        _incident(Kind.DOWN, "mid", None, _TUESDAY + 15 * HOUR, 20),
        _incident(Kind.DEAD, "small", None, _WEDNESDAY + 9 * HOUR, 8 * HOUR),
        _incident(Kind.CREEPING, "mid", "chat", _WEDNESDAY + 9 * HOUR, 5 * HOUR),
    ),
)


def simulation(folder: Path) -> Simulation:
    """The traffic of these days."""
    found = Simulation(MONTH, folder)
    found.make_traffic()
    return found


def text(simulated: Simulation) -> str:
    """What people would be told with the defaults."""
    return table.text("Defaults", MONTH, simulated.run("defaults", {}))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        EXPECTED.write_text(text(simulation(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
