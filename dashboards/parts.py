"""What all dashboards are made of: one look, one data source, a description and a `noValue` for every panel."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as prometheus_models

DEFAULT_DATA_SOURCE = "llmmon_prometheus"
DATA_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
THRESHOLD = "Alert threshold"

WIDTH = 24
STAT_HEIGHT = 4
GRAPH_HEIGHT = 8


def data_source_variable() -> Any:
    current = models.VariableOption(text=DEFAULT_DATA_SOURCE, value=DEFAULT_DATA_SOURCE)
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(current)


def query_variable(name: str, label: str, query: str, *, all_value: str | None = None) -> Any:
    variable = (
        dashboard.QueryVariable(name)
        .label(label)
        .query({"query": query, "refId": name})
        .datasource(DATA_SOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .current(models.VariableOption(text=["All"], value=["$__all"]))
    )
    return variable.all_value(all_value) if all_value else variable


def query(expression: str, legend: str, ref_id: str, *, instant: bool = False) -> Any:
    target = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref_id).datasource(DATA_SOURCE)
    if not instant:
        return target.range()
    return target.instant().format(prometheus_models.PromQueryFormat.TABLE)


def number(title: str, description: str, unit: str, queries: dict[str, str], *, width: int, empty: str) -> Any:
    """The latest value, large, with its history behind it."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .unit(unit)
        .no_value(empty)
        .span(width)
        .height(STAT_HEIGHT)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(common_models.BigValueGraphMode.AREA if len(queries) == 1 else common_models.BigValueGraphMode.NONE)
        .color_mode(common_models.BigValueColorMode.VALUE)
        .thresholds(_colours((None, "text")))
    )
    for index, (legend, expression) in enumerate(queries.items()):
        panel.with_target(query(expression, legend, chr(ord("A") + index)))
    return panel


def red_above_zero(panel: Any) -> Any:
    return panel.thresholds(_colours((None, "green"), (1, "red")))


def graph(
    title: str,
    description: str,
    unit: str,
    queries: dict[str, str],
    *,
    width: int = WIDTH // 2,
    threshold: str = "",
    stacked: bool = False,
    empty: str = "No traffic",
) -> Any:
    """Lines over time; `threshold` names the recorded threshold to draw beside them."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .unit(unit)
        .min(0)
        .no_value(empty)
        .span(width)
        .height(GRAPH_HEIGHT)
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
    for index, (legend, expression) in enumerate(queries.items()):
        panel.with_target(query(expression, legend, chr(ord("A") + index)))
    if threshold:
        panel.with_target(query(f'max(llmmon:threshold{{name="{threshold}"}})', THRESHOLD, "Threshold"))
        panel.override_by_name(
            THRESHOLD,
            [
                models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "red"}),
                models.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
                models.DynamicConfigValue("custom.fillOpacity", 0),
            ],
        )
    return panel


def listing(title: str, description: str, expression: str, *, columns: dict[str, str], empty: str) -> Any:
    """A table of labels, one row per series; `columns` are label -> heading, in order."""
    order = {label: index for index, label in enumerate(columns)}
    keep = {"Time": True, "Value": True, "__name__": True}
    organize = models.DataTransformerConfig(
        id_val="organize", options={"excludeByName": keep, "indexByName": order, "renameByName": columns}
    )
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .no_value(empty)
        .span(WIDTH)
        .height(GRAPH_HEIGHT)
        .show_header(True)
        .with_target(query(expression, "", "A", instant=True))
        .with_transformation(organize)
    )


def _colours(*steps: tuple[float | None, str]) -> Any:
    return (
        dashboard.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=colour) for value, colour in steps])
    )
