"""When an alert fires: `for` and `keep_firing_for`."""

from __future__ import annotations

import pytest

from tests.rules.month.episodes import fired


def at(*minutes: int) -> list[int]:
    return [minute * 60 for minute in minutes]


CASES: dict[str, tuple[list[int], int, int, list[tuple[int, int]]]] = {
    "never": ([], 0, 0, []),
    "at once": (at(1), 0, 0, [(1, 2)]),
    "twice": (at(1, 2, 5), 0, 0, [(1, 3), (5, 6)]),
    "as long as it must": (at(*range(10, 16)), 5, 0, [(15, 16)]),
    "too short": (at(*range(10, 15)), 5, 0, []),
    "an interruption begins anew": (at(10, 11, 12, 13, 15, 16, 17, 18), 5, 0, []),
    "an interruption, and then long enough": (at(10, 11, *range(13, 20)), 5, 0, [(18, 20)]),
    "kept on": (at(1), 0, 3, [(1, 5)]),
    "kept on over a gap": (at(1, 4), 0, 3, [(1, 8)]),
    "the gap is as long as it may be": (at(1, 5), 0, 3, [(1, 9)]),
    "the gap is longer": (at(1, 6), 0, 3, [(1, 5), (6, 10)]),
    "what waits is not kept": (at(1, 3), 1, 3, []),
    "after it was kept it waits again": (at(1, 2, 10, 11), 1, 2, [(2, 5), (11, 14)]),
}


@pytest.mark.parametrize("case", CASES)
def test_fired(case: str) -> None:
    seconds, waits, keeps, expected = CASES[case]
    assert fired(seconds, {"for": f"{waits}m", "keep_firing_for": f"{keeps}m"}) == [
        (start * 60, end * 60) for start, end in expected
    ]
