"""Prints what every board shows of every kind of gateway: `make boards`.

An hour of each kind of gateway, with a failure in it, is in a real Prometheus; see world.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.rules.boards import judging, known, reading, world

STACK = "llmmon-stack"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rules.boards", description=__doc__)
    parser.add_argument("--board", help="only the board of this uid")
    parser.add_argument("--kind", help="only gateways of this kind")
    parser.add_argument("--mended", action="store_true", help="take out of known.yml what is wrong no more")
    options = parser.parse_args()
    boards = reading.boards()
    if options.board and options.board not in boards:
        parser.error(f"there is no board {options.board}; there are {', '.join(boards)}")
    found: list[judging.Fault] = []
    with tempfile.TemporaryDirectory() as folder, world.filled(Path(folder)) as filled:
        if options.kind and options.kind not in filled.kinds.values():
            parser.error(f"there is no kind {options.kind}; there are {', '.join(sorted(set(filled.kinds.values())))}")
        for uid, board in boards.items():
            # What the monitoring says of itself is no gateway's; tests/rules/test_dashboard_of_the_stack.py asks it.
            if uid == STACK or uid != (options.board or uid):
                continue
            for gateway, kind in filled.kinds.items():
                answers = list(reading.answers(filled, board, gateway))
                if answers and kind == (options.kind or kind):
                    print(f"\n{board['title']}: {gateway}\n")
                    print("\n".join(table(filled, gateway, answers)))
                    found += judging.faults(filled, gateway, answers)
            found += judging.faults_of_all(reading.answers(filled, board))
    print("\nWhat is wrong\n")
    print("\n".join(sorted({f"{fault.rule}: {fault.place}: {fault.gateway}: {fault.text}" for fault in found})))
    if options.mended:
        known.write({rule: places & {fault.place for fault in found} for rule, places in known.read().items()})
    return 0


HEADINGS = ("Row", "Panel", "Series", "Last value", "Unit", "Why empty")


def table(filled: world.World, gateway: str, answers: list[reading.Answer]) -> Iterator[str]:
    """A line for each series, or for each query that finds none."""
    rows = [HEADINGS]
    for answer in answers:
        rows += [
            (answer.row, answer.panel, series.name, f"{series.value:.4g}", series.unit, "")
            for series in answer.series[: judging.MOST_LINES]
        ]
        if len(answer.series) > judging.MOST_LINES:
            rows.append((answer.row, answer.panel, f"and {len(answer.series) - judging.MOST_LINES} more", "", "", ""))
        if not answer.series and not answer.threshold:
            why = judging.why_empty(filled, gateway, answer.query) or "IT COULD HAVE SOMETHING"
            rows.append((answer.row, answer.panel, "", "", "", why))
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
