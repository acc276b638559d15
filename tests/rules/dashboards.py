"""The dashboards as data: their panels, what these ask, and where their links lead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from dashboards.__main__ import documents

Board = dict[str, Any]

# By uid.
BOARDS: dict[str, Board] = {name.removesuffix(".json"): json.loads(content) for name, content in documents().items()}
# The dashboard that asks engines for what only they expose, and the kinds that it asks.
ENGINES = "llmmon-engines"
ASKED_RAW = ("vllm", "sglang")
STACK = "llmmon-stack"

_VARIABLE_QUERY = re.compile(r"label_values\((.+), \w+\)|query_result\((.+)\)")
# A table's query answers for all rows, also those that it knows nothing of.
_OF_EMPTY_CELLS = re.compile(r" or \(.+\) \* NaN(?=$|, \"team\")")
# One of two numbers is shown, by the recorded threshold: which one, test_dashboards_on_prometheus.py asks.
_BY_THRESHOLD = re.compile(r" (?:unless|and) on \(\) \(last_over_time\(.+ > on \(\) max\(llmmon:threshold\{.+\)\)$")
# What Grafana fills in, with "All" chosen, and weeks and hours that tests do not have to wait for.
_FILLED_IN = {
    r"\$__range": "30m",
    # Not "$1", which is what label_replace found.
    r"\$[a-z_]\w*": ".*",
    r"offset 1[wh]": "offset 30m",
}


def panels(board: Board) -> list[dict[str, Any]]:
    """All that show something, also in rows that are closed; rows themselves only have a heading."""
    return [panel for panel in everything(board) if panel["type"] != "row"]


def everything(board: Board) -> list[dict[str, Any]]:
    """Rows and panels, from top to bottom."""
    return [panel for outer in board["panels"] for panel in (outer, *outer.get("panels", ()))]


def expressions(board: Board) -> list[str]:
    """What the panels ask."""
    asked = (target["expr"] for panel in panels(board) for target in panel["targets"])
    return [_BY_THRESHOLD.sub("", _OF_EMPTY_CELLS.sub("", expression)) for expression in asked]


def frame_expressions(board: Board) -> list[str]:
    """What is asked for variables and annotations."""
    found = [annotation["expr"] for annotation in board["annotations"]["list"]]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            match = _VARIABLE_QUERY.fullmatch(variable["query"]["query"])
            assert match, variable["name"]
            found.append(match[1] or match[2])
    return found


def filled_in(expression: str, rate_interval: str = "5m") -> str:
    """As Grafana sends it."""
    for placeholder, value in ({r"\$__(rate_)?interval": rate_interval} | _FILLED_IN).items():
        expression = re.sub(placeholder, value, expression)
    return expression


def variables(board: Board) -> set[str]:
    return {variable["name"] for variable in board["templating"]["list"]}


def links(content: Any) -> Iterator[tuple[str, set[str]]]:
    """Every link to a dashboard in something that is JSON: its uid, and the variables it fills in."""
    for address in re.findall(r'"([^"]*/d/[^"]*)"', json.dumps(content)):
        path, _, query = address.partition("?")
        filled = set(re.findall(r"(?:^|&)var-(\w+)=", query)) | set(re.findall(r"\$\{(\w+):queryparam\}", query))
        yield path.rpartition("/d/")[2], filled


def overlapping(board: Board) -> list[str]:
    """Panels that lie on others, or reach over the edge."""
    taken: set[tuple[int, int]] = set()
    found = []
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        if cells & taken or any(x >= 24 for x, _ in cells):
            found.append(panel["title"])
        taken |= cells
    return found
