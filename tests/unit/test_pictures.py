"""Which pictures `make boards PICTURES=URL` takes, and how large. Taking them needs a browser and a Grafana."""

from __future__ import annotations

import json
from typing import Any

from dashboards.pictures.plan import pictures, whole
from tests.conftest import REPOSITORY

BOARDS = sorted((REPOSITORY / "roles" / "grafana" / "files" / "dashboards").glob("*.json"))


def panel(y: int, h: int, kind: str = "timeseries", **more: Any) -> dict[str, Any]:
    return {"type": kind, "gridPos": {"y": y, "h": h}, **more}


def test_each_dashboard_is_taken_in_both_themes() -> None:
    found = list(pictures("http://127.0.0.1:3000/", [json.loads(path.read_text()) for path in BOARDS]))
    assert [picture.file for picture in found] == [
        f"{path.stem}-{theme}.png" for path in BOARDS for theme in ("dark", "light")
    ]
    assert found[0].address == f"http://127.0.0.1:3000/d/{BOARDS[0].stem}?kiosk&theme=dark"
    assert all(500 < picture.height < 10_000 for picture in found)


def test_a_window_holds_the_lowest_panel() -> None:
    assert whole({"panels": [panel(0, 4), panel(4, 8), panel(4, 12)]}) == 16 * 38 + 120


def test_a_repeated_row_is_there_several_times_and_what_is_below_it_once() -> None:
    panels = [
        *(panel(0, 1, "row"), panel(1, 4)),
        *(panel(5, 1, "row", repeat="kind"), panel(6, 8)),
        panel(14, 1, "row", panels=[panel(15, 8)]),
    ]
    assert whole({"panels": panels}) == (15 + 2 * 9) * 38 + 120


def test_a_picture_may_show_less_and_another_time() -> None:
    boards = [json.loads(path.read_text()) for path in BOARDS]
    found = list(pictures("http://127.0.0.1:3000", boards, since="now-30m", height=1000))
    assert {picture.height for picture in found} == {1000}
    assert found[0].address.endswith("?kiosk&theme=dark&from=now-30m&to=now")
