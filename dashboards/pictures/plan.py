"""Which pictures are taken, and how large a window each needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

THEMES = ("dark", "light")
WIDTH = 1600
# Of Grafana's grid, in pixels: a row with the gap below it, and what is above and below the grid.
_ROW, _AROUND = 38, 120
# A repeated row is drawn once for each of its values; so many are pictured.
_REPEATED = 3


@dataclass(frozen=True)
class Picture:
    """A file, and the page and window that it shows."""

    file: str
    uid: str
    address: str
    height: int


def pictures(grafana: str, boards: Iterable[Mapping[str, Any]], since: str = "", height: int = 0) -> Iterator[Picture]:
    """Each dashboard of the role in both themes, without Grafana's menus.

    `since` is where the time begins that is shown, and `height` that of the window, where they are not the dashboard's.
    """
    period = f"&from={since}&to=now" if since else ""
    for board in boards:
        for theme in THEMES:
            address = f"{grafana.rstrip('/')}/d/{board['uid']}?kiosk&theme={theme}{period}"
            yield Picture(f"{board['uid']}-{theme}.png", board["uid"], address, height or whole(board))


def whole(board: Mapping[str, Any]) -> int:
    """Pixels of a window that shows all of a dashboard: Grafana draws no panel that is outside."""
    panels = board["panels"]
    tops = [int(panel["gridPos"]["y"]) for panel in panels]
    ends = [top + int(panel["gridPos"]["h"]) for top, panel in zip(tops, panels, strict=True)]
    # From each row to the next, or to the end.
    rows = [index for index, panel in enumerate(panels) if panel["type"] == "row"]
    spans = pairwise([*rows, len(panels)])
    repeated = sum(max(ends[begin:end]) - tops[begin] for begin, end in spans if panels[begin].get("repeat"))
    return (max(ends) + repeated * (_REPEATED - 1)) * _ROW + _AROUND
