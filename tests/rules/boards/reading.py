"""A board as Grafana reads it: its variables filled in, its panels asked, its series named."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rules.boards.world import World

FOLDER = Path(__file__).resolve().parents[3] / "roles" / "grafana" / "files" / "dashboards"
Board = dict[str, Any]

# With a scrape a minute and an hour that is shown.
BUILT_IN = {
    "__rate_interval": "4m",
    "__interval": "1m",
    "__interval_ms": "60000",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
}
# A week before the hour there is nothing.
SHORTER = {"offset 1w": "offset 10m", "offset 7d": "offset 10m"}

# A number after the dollar is a group of label_replace().
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)|\[\[(\w+)\]\]")
_LABEL_VALUES = re.compile(r"label_values\((?:(.+), *)?(\w+)\)", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)", re.DOTALL)
_LEGEND = re.compile(r"\{\{ *(\w+) *\}\}")
_FIELD_LABEL = re.compile(r"\$\{__field\.labels\.(\w+)\}")
# What is drawn only to compare with.
_THRESHOLD = re.compile(r"\bthreshold\b", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\$^*{}\[\]'+?.()|]")


@dataclass(frozen=True)
class Series:
    """A line, a bar, a number or a cell of a panel."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Answer:
    """What one query of a panel finds; ``threshold`` is one that only draws the line to compare with."""

    board: str
    row: str
    panel: str
    type: str
    when_empty: str
    query: str
    threshold: bool
    series: tuple[Series, ...]

    @property
    def place(self) -> str:
        return f"{self.board}: {self.panel}"


def boards() -> dict[str, Board]:
    """By uid, as they are shipped."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {board["uid"]: board for board in found}


def answers(world: World, board: Board, gateway: str = "", models: str = "") -> Iterator[Answer]:
    """What a board shows when this gateway is chosen, and these models; without, "All". Nothing if it cannot be."""
    values = filled_in(world, board, gateway)
    if values is None:
        return
    if models:
        values["model"] = models
    for row, panel in panels(board):
        for target in panel.get("targets", []):
            query = with_values(target["expr"], values)
            found = world.now(query) if target.get("instant") else world.range(query)
            yield Answer(
                board["uid"],
                row,
                panel["title"],
                panel["type"],
                _when_empty(panel),
                query,
                bool(_THRESHOLD.search(str(target.get("legendFormat", "")))),
                tuple(
                    _named(panel, target, labels, value)
                    for labels, value in found
                    # A cell that is kept empty on purpose.
                    if panel["type"] != "table" or not math.isnan(value)
                ),
            )


def _when_empty(panel: dict[str, Any]) -> str:
    """What stands where there is nothing; in a table in each such cell, where a mapping comes first."""
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []) if panel["type"] == "table" else []:
        if mapping["type"] == "special" and str(mapping["options"]["match"]).startswith("null"):
            return str(mapping["options"]["result"]["text"])
    return str(defaults.get("noValue", ""))


def targets(board: Board) -> Iterator[dict[str, Any]]:
    return (target for _, panel in panels(board) for target in panel.get("targets", []))


def panels(board: Board) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each panel and the heading that it stands under; those of a row that is folded up as well."""
    row = ""
    for panel in board["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
            yield from ((row, inner) for inner in panel.get("panels", []))
        else:
            yield row, panel


# -- variables


def filled_in(world: World, board: Board, gateway: str) -> dict[str, str] | None:
    """Variable to what stands for it in a query; nothing if this gateway is no choice."""
    values = dict(BUILT_IN)
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "query":
            options = _options(world, with_values(_query_of(variable), values), variable.get("regex", ""))
            is_chosen = gateway and name == "job"
            if is_chosen and gateway not in options:
                return None
            values[name] = escaped(gateway) if is_chosen else _all(variable, options)
        elif variable["type"] != "datasource":
            values[name] = str(variable.get("current", {}).get("value") or variable.get("query", ""))
    return values


def with_values(text: str, values: Mapping[str, str]) -> str:
    """A query as Grafana sends it. A variable that there is not is an error, and not what it would match by chance."""

    def value(found: re.Match[str]) -> str:
        return values[found[1] or found[2] or found[3]]

    text = _VARIABLE.sub(value, text)
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return text


def escaped(value: str) -> str:
    """A value between the quotes of =~."""
    return _SPECIAL.sub(lambda found: "\\\\" + found[0], value)


def _query_of(variable: dict[str, Any]) -> str:
    query = variable["query"]
    return str(query["query"] if isinstance(query, dict) else query)


def _options(world: World, query: str, pattern: str) -> list[str]:
    if found := _LABEL_VALUES.fullmatch(query):
        selector = found[1] or '{__name__=~".+"}'
        return sorted({labels.get(found[2], "") for labels in world.series(selector)} - {""})
    return [value for _, value in offered(world, query, pattern)]


def offered(world: World, query: str, pattern: str) -> list[tuple[str, str]]:
    """What query_result() offers: as it is shown, and as it is chosen."""
    if not (found := _QUERY_RESULT.fullmatch(query)):
        raise ValueError(f"{query} asks for a variable in a way that this does not know")
    texts = (_text(labels, value) for labels, value in world.now(found[1]))
    return [option for text in texts for option in _cut(text, pattern)]


def _text(labels: dict[str, str], value: float) -> str:
    """A series as Grafana writes it."""
    written = ",".join(f'{name}="{own}"' for name, own in sorted(labels.items()) if name != "__name__")
    return f"{labels.get('__name__', '')}{{{written}}} {value:g} 0"


def _cut(text: str, pattern: str) -> list[tuple[str, str]]:
    """What a variable's regular expression leaves of an option: its text and its value, or the first group as both."""
    found = re.search(pattern.strip("/").replace("(?<", "(?P<"), text)
    if not found:
        return []
    named = found.groupdict()
    return [(named["text"], named["value"])] if named else [(found[1], found[1])]


def _all(variable: dict[str, Any], options: list[str]) -> str:
    if variable.get("allValue"):
        return str(variable["allValue"])
    wanted = options if variable.get("includeAll") else options[:1] or [""]
    if not variable.get("multi"):
        # Only what may be several is taken for a regular expression's part and escaped.
        return wanted[0]
    return "|".join(escaped(option) for option in wanted) if len(wanted) == 1 else f"({'|'.join(map(escaped, wanted))})"


# -- names and units


def _named(panel: dict[str, Any], target: dict[str, Any], labels: dict[str, str], value: float) -> Series:
    if panel["type"] == "table":
        return _cell(panel, target, labels, value)
    legend = str(target.get("legendFormat", ""))
    name = _LEGEND.sub(lambda found: labels.get(found[1], ""), legend)
    if legend in {"", "__auto"}:
        # What Grafana writes then.
        name = "{" + ", ".join(f'{key}="{own}"' for key, own in sorted(labels.items())) + "}"
    properties = _properties(panel, name, target["refId"])
    shown = properties.get("displayName")
    if shown:
        name = _FIELD_LABEL.sub(lambda found: labels.get(found[1], ""), str(shown)).replace("${__series.name}", name)
    return Series(" ".join(name.split()), value, str(properties.get("unit", "")))


def _cell(panel: dict[str, Any], target: dict[str, Any], labels: dict[str, str], value: float) -> Series:
    """The number of a row, or, where the number is hidden, the row by itself."""
    column = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
    hidden: set[str] = set()
    headings: dict[str, str] = {}
    for transformation in panel.get("transformations", []):
        options = transformation.get("options", {})
        hidden |= {name for name, is_hidden in options.get("excludeByName", {}).items() if is_hidden}
        headings |= options.get("renameByName", {})
    heading = headings.get(column, headings.get("Value", column))
    row = " ".join(own for name, own in sorted(labels.items()) if name not in hidden)
    if column in hidden or (column == "Value" and "Value #A" in hidden):
        return Series(row, value, "hidden")
    properties = _properties(panel, heading, target["refId"])
    return Series(f"{heading} of {row}" if row else heading, value, str(properties.get("unit", "")))


def _properties(panel: dict[str, Any], name: str, reference: str) -> dict[str, Any]:
    found = dict(panel["fieldConfig"]["defaults"])
    for override in panel["fieldConfig"].get("overrides", []):
        if _matches(override["matcher"], name, reference):
            found |= {entry["id"]: entry.get("value") for entry in override["properties"]}
    return found


def _matches(matcher: dict[str, Any], name: str, reference: str) -> bool:
    kind, wanted = matcher["id"], matcher.get("options")
    if kind == "byRegexp":
        return bool(re.search(str(wanted).strip("/"), name))
    return {"byName": name, "byFrameRefID": reference, "byType": "number"}.get(kind) == wanted
