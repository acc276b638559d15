"""The panels that dashboards are made of: one look, a description and a `noValue` for each."""

from __future__ import annotations

from functools import partial
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as prometheus_models

from dashboards.frame import DATA_SOURCE, MODEL

THRESHOLD = "Alert threshold"
OWN_THRESHOLD = "Own threshold of"
# Thresholds that llmmon_threshold_overrides can set, of models and of whole gateways, and what chooses among them.
OF_MODELS = (
    *("failure_ratio", "slow_request_ratio", "latency_p95_seconds", "latency_degraded_ratio"),
    *("failures_unusual_ratio", "waiting_requests", "kv_cache_usage_ratio"),
)
OF_GATEWAYS = ("request_surge_ratio", "token_surge_ratio")
OWN = dict.fromkeys(OF_MODELS, 'job=~"$job", model=~"$model"') | dict.fromkeys(OF_GATEWAYS, 'job=~"$job"')
WIDTH = 24
STAT_HEIGHT = 4
GRAPH_HEIGHT = 8
NO_TRAFFIC = "No traffic"
NOT_MEASURED = "Not measured"
UNKNOWN = "Unknown"


def number(
    title: str,
    description: str,
    unit: str,
    queries: dict[str, str],
    *,
    width: int,
    empty: str = NO_TRAFFIC,
    latest: bool = False,
) -> Any:
    """The latest value, large, with its history behind it, unless that would be too much to ask for."""
    panel = _described(stat.Panel(), title, description, empty, width, STAT_HEIGHT).unit(unit)
    modes = common_models.BigValueGraphMode
    panel.graph_mode(modes.NONE if latest or len(queries) > 1 else modes.AREA)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.color_mode(common_models.BigValueColorMode.VALUE).thresholds(_colours((None, "text")))
    return _with_queries(panel, queries, _instant if latest else _range)


def red_above_zero(panel: Any) -> Any:
    return panel.thresholds(_colours((None, "green"), (1, "red")))


def red_below(panel: Any, least: float) -> Any:
    return panel.thresholds(_colours((None, "red"), (least, "green")))


def graph(
    title: str,
    description: str,
    unit: str,
    queries: dict[str, str],
    *,
    width: int = WIDTH // 2,
    threshold: str = "",
    stacked: bool = False,
    dashed: str = "",
    empty: str = NO_TRAFFIC,
) -> Any:
    """Lines over time. `threshold` names the recorded threshold to draw with them, `dashed` a line to compare with.

    Models and gateways that have a threshold of their own get a line of their own.
    """
    panel = (
        _described(timeseries.Panel(), title, description, empty, width, GRAPH_HEIGHT)
        .unit(unit)
        .min(0)
        .fill_opacity(30 if stacked else 8)
        .show_points(common_models.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.TABLE)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    _with_queries(panel, queries, _range)
    if dashed:
        panel.override_by_name(dashed, _dashes())
    if threshold:
        panel.with_target(_range(f'max(llmmon:threshold{{name="{threshold}"}})', THRESHOLD, "Threshold"))
        red = models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "red"})
        panel.override_by_name(THRESHOLD, [red, *_dashes()])
        if threshold in OWN:
            own = f'max by (job, model) (llmmon:threshold_override{{name="{threshold}", {OWN[threshold]}}})'
            panel.with_target(_range(own, f"{OWN_THRESHOLD} {MODEL}", "Own"))
            panel.override_by_regexp(f"/^{OWN_THRESHOLD} /", _dashes())
    return panel


# Three, or four, of these fill the width.
third = partial(graph, width=WIDTH // 3)
quarter = partial(graph, width=WIDTH // 4)


def bars(
    title: str,
    description: str,
    unit: str,
    queries: dict[str, str],
    *,
    width: int = WIDTH // 2,
    highest: float | None = None,
    empty: str = NO_TRAFFIC,
) -> Any:
    """Now, side by side, the longest on top. `highest` is where a bar is full, and turns red."""
    panel = (
        _described(bargauge.Panel(), title, description, empty, width, GRAPH_HEIGHT)
        .unit(unit)
        .min(0)
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_colours((None, "blue")) if highest is None else _colours((None, "green"), (highest, "red")))
    )
    if highest is not None:
        panel.max(highest)
    return _with_queries(panel, queries, _instant)


def heat(title: str, description: str, unit: str, buckets: str, *, width: int, empty: str = NO_TRAFFIC) -> Any:
    """How many were how high, over time; `buckets` are those of one histogram."""
    panel = (
        _described(heatmap.Panel(), title, description, empty, width, GRAPH_HEIGHT)
        .unit(unit)
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit(unit))
    )
    target = _range(buckets, "{{le}}", "A").format(prometheus_models.PromQueryFormat.HEATMAP)
    return panel.with_target(target)


def listing(title: str, description: str, expression: str, *, columns: dict[str, str], empty: str) -> Any:
    """A table of labels, one row per series; `columns` are label -> heading, in order."""
    panel = _described(table.Panel(), title, description, empty, WIDTH, GRAPH_HEIGHT).show_header(True)
    return panel.with_target(_rows(expression, "", "A")).with_transformation(
        _organize(list(columns), columns, hidden=("Time", "Value", "__name__"))
    )


def comparison(
    title: str,
    description: str,
    numbers: dict[str, tuple[str, str]],
    *,
    columns: dict[str, str],
    width: int = WIDTH,
    link: str = "",
    empty: str = NO_TRAFFIC,
) -> Any:
    """A table of numbers, one row per set of labels; its first column leads to `link`.

    `columns` are label -> heading, `numbers` heading -> unit and expression.
    """
    panel = _described(table.Panel(), title, description, empty, width, GRAPH_HEIGHT).show_header(True)
    headings = dict(columns)
    for index, (heading, (unit, expression)) in enumerate(numbers.items()):
        reference = _letter(index)
        headings[f"Value #{reference}"] = heading
        panel.with_target(_rows(expression, "", reference))
        panel.override_by_name(heading, [models.DynamicConfigValue("unit", unit)])
    if link:
        first = next(iter(columns.values()))
        leads = [{"title": "Look closer", "url": link, "targetBlank": False}]
        panel.override_by_name(first, [models.DynamicConfigValue("links", leads)])
    panel.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    return panel.with_transformation(_organize(list(headings), headings, hidden=("Time", "__name__")))


def _described(panel: Any, title: str, description: str, empty: str, width: int, height: int) -> Any:
    panel.title(title).description(description).datasource(DATA_SOURCE).no_value(empty)
    return panel.span(width).height(height)


def _with_queries(panel: Any, queries: dict[str, str], query: Any) -> Any:
    for index, (legend, expression) in enumerate(queries.items()):
        panel.with_target(query(expression, legend, _letter(index)))
    return panel


def _letter(index: int) -> str:
    return chr(ord("A") + index)


def _query(expression: str, legend: str, ref_id: str) -> Any:
    return prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref_id).datasource(DATA_SOURCE)


def _range(expression: str, legend: str, ref_id: str) -> Any:
    return _query(expression, legend, ref_id).range()


def _instant(expression: str, legend: str, ref_id: str) -> Any:
    return _query(expression, legend, ref_id).instant()


def _rows(expression: str, legend: str, ref_id: str) -> Any:
    return _instant(expression, legend, ref_id).format(prometheus_models.PromQueryFormat.TABLE)


def _organize(order: list[str], headings: dict[str, str], hidden: tuple[str, ...]) -> Any:
    return models.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": dict.fromkeys(hidden, True),
            "indexByName": {name: index for index, name in enumerate(order)},
            "renameByName": headings,
        },
    )


def _dashes() -> list[Any]:
    return [
        models.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
        models.DynamicConfigValue("custom.fillOpacity", 0),
        # Otherwise it would be added on top of what is stacked.
        models.DynamicConfigValue("custom.stacking", {"mode": "none"}),
    ]


def _colours(*steps: tuple[float | None, str]) -> Any:
    return (
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=colour) for value, colour in steps])
    )
