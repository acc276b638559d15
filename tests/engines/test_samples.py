"""Whatever an engine has otherwise than Prometheus is counted."""

from __future__ import annotations

import pytest

from tests.engines.samples import Compared, Series, compare

UP, DOWN = (("__name__", "up"),), (("__name__", "down"),)
OWN: Series = {UP: [(1000, 1.0), (2000, float("nan")), (3000, 3.0)]}


@pytest.mark.parametrize(
    ("engine", "counted"),
    [
        ({UP: [(1000, 1.0), (2000, float("nan"))]}, {"lost": 1}),
        ({}, {"lost": 3}),
        ({UP: [(1000, 1.0), (2000, float("nan")), (3000, 3.1)]}, {"other_values": 1}),
        ({UP: [(1000, 1.0), (2000, 2.0), (3000, 3.0)]}, {"other_values": 1}),
        ({**OWN, DOWN: [(1000, 1.0)]}, {"too_many": 1}),
        ({UP: [*OWN[UP], (4000, 4.0)]}, {"too_many": 1}),
        ({UP: [(1000, 1.0), *OWN[UP]]}, {"too_many": 1, "out_of_order": 1}),
        ({UP: [(3000, 3.0), (1000, 1.0), (2000, float("nan"))]}, {"out_of_order": 1}),
    ],
)
def test_what_differs_is_counted(engine: Series, counted: dict[str, int]) -> None:
    found = compare(OWN, engine)
    assert not found.same
    names = ("lost", "other_values", "too_many", "out_of_order")
    assert {name: getattr(found, name) for name in names if getattr(found, name)} == counted


def test_the_same_is_the_same() -> None:
    assert compare(OWN, dict(OWN)).same
    rounded: Series = {UP: [(1000, 1.0), (3000, 3.0000000001)]}
    assert compare(OWN, rounded, numbers_only=True) == Compared(series=1, samples=2)
    ended: Series = {UP: [*rounded[UP], (4000, float("nan"))]}
    assert compare(OWN, ended, numbers_only=True).same
    assert compare(OWN, ended).too_many == 1
