"""Every recorded exchange in scope, one test each: what the stand-in answers is what Grafana answered."""

from __future__ import annotations

import pytest

from . import recorded
from .conftest import Replays


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in recorded.rows()])
def test_answers_as_recorded(replays: Replays, row: recorded.Row) -> None:
    assert replays.differences(row) == [], row["purpose"]
