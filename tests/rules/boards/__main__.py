"""Prints what every board shows of every kind of gateway: `make boards`.

An hour of each kind of gateway, with a failure in it, is in a real Prometheus; see world.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.rules.boards import judging, monitoring, reading, world
from tests.rules.boards.monitoring import STACK
from tests.support import rendering
from tests.support.versions import SHIPPED

# What the monitoring says of itself is there soon after its start, but for what never happens to it.
STACK_SECONDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rules.boards", description=__doc__)
    parser.add_argument("--board", help="only the board of this uid")
    parser.add_argument("--kind", help="only gateways of this kind")
    options = parser.parse_args()
    boards = reading.boards()
    if options.board and options.board not in boards:
        parser.error(f"there is no board {options.board}; there are {', '.join(boards)}")
    if options.kind and options.kind not in rendering.presets():
        parser.error(f"there is no kind {options.kind}; there are {', '.join(rendering.presets())}")
    wanted = {uid: board for uid, board in boards.items() if uid == (options.board or uid)}
    found: list[judging.Fault] = []
    with tempfile.TemporaryDirectory() as folder:
        stack = wanted.pop(STACK, None)
        if wanted:
            found += of_gateways(Path(folder) / "gateways", wanted, options.kind)
        if stack and not options.kind:
            found += of_the_monitoring(Path(folder) / "monitoring", stack)
    print("\nWhat is wrong\n")
    print("\n".join(sorted({f"{fault.rule}: {fault.place}: {fault.gateway}: {fault.text}" for fault in found})))
    return 0


def of_gateways(folder: Path, boards: dict[str, reading.Board], kind: str | None) -> Iterator[judging.Fault]:
    folder.mkdir()
    with world.filled(folder) as filled:
        for board in boards.values():
            for gateway, of_kind in filled.kinds.items():
                answers = list(reading.answers(filled, board, gateway))
                if answers and of_kind == (kind or of_kind):
                    show(board, gateway, filled, answers)
                    yield from judging.faults(filled, gateway, answers)
            yield from judging.faults_of_all(reading.answers(filled, board))


def of_the_monitoring(folder: Path, board: reading.Board) -> Iterator[judging.Fault]:
    with monitoring.monitored(SHIPPED["prometheus"], SHIPPED["alertmanager"], folder) as server:
        queries = [reading.with_values(target["expr"], reading.BUILT_IN) for target in reading.targets(board)]
        monitoring.unanswered(server, queries, STACK_SECONDS)
        itself = monitoring.world(server)
        answers = list(reading.answers(itself, board))
        show(board, "monitoring", itself, answers)
        yield from judging.faults(itself, "monitoring", answers)


def show(board: reading.Board, gateway: str, filled: world.World, answers: list[reading.Answer]) -> None:
    print(f"\n{board['title']}: {gateway}\n")
    print("\n".join(table(filled, gateway, answers)))


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
