"""The panels that dashboards are made of: one look (style.py), a description and a `noValue` for each."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as prometheus_models

from dashboards import style
from dashboards.frame import DATA_SOURCE, MODEL, runbook

WIDTH = style.WIDTH
STAT_HEIGHT = style.STAT_HEIGHT
GRAPH_HEIGHT = style.GRAPH_HEIGHT
THRESHOLD = "Alert threshold"
OWN_THRESHOLD = "Own threshold of"
# Thresholds that llmmon_threshold_overrides can set, of models and of whole gateways, and what chooses among them.
OF_MODELS = (
    *("failure_ratio", "slow_request_ratio", "latency_p95_seconds", "latency_degraded_ratio"),
    *("failures_unusual_ratio", "waiting_requests", "kv_cache_usage_ratio"),
)
OF_GATEWAYS = ("request_surge_ratio", "token_surge_ratio")
OWN = dict.fromkeys(OF_MODELS, 'job=~"$job", model=~"$model"') | dict.fromkeys(OF_GATEWAYS, 'job=~"$job"')
# The number of a panel that is red, as no other is.
BEYOND = "too high"
NO_TRAFFIC = "No traffic, or not measured"
NOT_MEASURED = "Not measured"
UNKNOWN = "Unknown"
# The name of an alert has two words at least; "Prometheus" and "Alertmanager" are what they are.
ALERT = re.compile(r"\b(?:(?:LLM|Prometheus|Alertmanager|Alert|Monitoring|Thanos|Host|GPU)[A-Z]\w+|Watchdog)\b")
# Labels by which a threshold of one's own belongs to a line.
PLACE = ("job", "of", "model")
_LABEL = re.compile(r"{{(\w+)}}")


def number(
    title: str,
    description: str,
    unit: str,
    queries: dict[str, str],
    *,
    width: int,
    empty: str = NO_TRAFFIC,
    latest: bool = False,
    threshold: str = "",
) -> Any:
    """The latest value, large, with its history behind it, unless that would be too much to ask for.

    It is red beyond the recorded `threshold`.
    """
    panel = _described(stat.Panel(), title, description, empty, width, STAT_HEIGHT).unit(unit)
    modes = common_models.BigValueGraphMode
    panel.graph_mode(modes.NONE if latest or len(queries) > 1 else modes.AREA)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.text(common.VizTextDisplayOptions().value_size(style.STAT_TEXT).title_size(style.BAR_TITLE))
    # What has no number, for instance because it is divided by nothing, is missing, and neither good nor bad.
    panel.mappings([_no_number(empty)])
    panel.color_mode(common_models.BigValueColorMode.VALUE).thresholds(_colours((None, style.NO_JUDGEMENT)))
    if threshold:
        ((legend, asked),) = queries.items()
        queries = {legend: _within(asked, threshold), f"{legend} {BEYOND}": _beyond(asked, threshold)}
        panel.override_by_name(f"{legend} {BEYOND}", [_colour(style.BAD)])
        _judged(panel, (style.NO_NUMBER, style.GOOD))
    return _with_queries(panel, queries, _instant if latest else _range)


def _within(expression: str, threshold: str) -> str:
    """All the time, if it is not beyond the threshold at the end: a number has the colour that it has at the end."""
    return f"({expression}) unless on () {_last_beyond(expression, threshold)}"


def _beyond(expression: str, threshold: str) -> str:
    return f"({expression}) and on () {_last_beyond(expression, threshold)}"


def _last_beyond(expression: str, threshold: str) -> str:
    recorded = f'max(llmmon:threshold{{name="{threshold}"}} @ end())'
    return f"({_last(expression, '10s')} > on () {recorded})"


def _last(expression: str, step: str) -> str:
    """At the end of what is shown, but for what has happened since the last step."""
    return f"last_over_time(({expression})[5m:{step}] @ end())"


def red_above_zero(panel: Any) -> Any:
    return red_from(panel, 1)


def red_from(panel: Any, least: float) -> Any:
    return _judged(panel, (style.NO_NUMBER, style.GOOD), (least, style.BAD))


def red_below(panel: Any, least: float) -> Any:
    return _judged(panel, (style.NO_NUMBER, style.BAD), (least, style.GOOD))


def _judged(panel: Any, *steps: tuple[float, str]) -> Any:
    """Grafana gives the first colour to what is not known, too: it must not judge."""
    return panel.thresholds(_colours((None, style.NO_JUDGEMENT), *steps))


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
    known: tuple[str, ...] = (),
    empty: str = NO_TRAFFIC,
) -> Any:
    """Lines over time. `threshold` names the recorded threshold to draw with them, `dashed` a line to compare with.

    `known` are values of a label that have the same colour everywhere.

    Models and gateways that have a threshold of their own get a line of their own.
    """
    panel = (
        _described(timeseries.Panel(), title, description, empty, width, GRAPH_HEIGHT)
        .unit(unit)
        .min(0)
        .fill_opacity(style.FILL_STACKED if stacked else style.FILL)
        .show_points(common_models.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(_legend(width, shown=len(queries) > 1 or bool(threshold) or _labels(queries) != []))
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    lines = style.LINES - bool(threshold) * style.THRESHOLD_LINES - (threshold in OWN) * style.OWN_LINES
    most = lines // len(queries)
    _with_queries(panel, {legend: _most(legend, asked, most) for legend, asked in queries.items()}, _range)
    for name in (*queries, *known):
        if name in style.COLOURS:
            panel.override_by_name(name, [_colour(style.COLOURS[name])])
    if dashed:
        panel.override_by_name(dashed, _dashes())
    if threshold:
        _with_threshold(panel, threshold, queries)
    return panel


def coloured_by_failing(panel: Any) -> Any:
    """Each line in the colour of its last value, a share of requests that failed; FAILING_SAID says which."""
    return _by_last_value(panel, models.FieldColorModeId.THRESHOLDS).thresholds(_colours(*style.FAILING))


def red_lines_above_zero(panel: Any) -> Any:
    """Of what should never be, each line that is not at 0 in the end."""
    steps = ((None, style.NEUTRAL), (style.ABOVE_ZERO, style.BAD))
    return _by_last_value(panel, models.FieldColorModeId.THRESHOLDS).thresholds(_colours(*steps))


def from_yellow_to_red(panel: Any) -> Any:
    """Lines all of which are bad, the highest in the end red."""
    return _by_last_value(panel, models.FieldColorModeId.CONTINUOUS_YL_RD)


def _by_last_value(panel: Any, mode: Any) -> Any:
    return panel.color_scheme(dashboard.FieldColor().mode(mode).series_by(models.FieldColorSeriesByMode.LAST))


def _with_threshold(panel: Any, threshold: str, queries: dict[str, str]) -> None:
    """Drawn where there is something to compare: by itself it would keep the panel from saying that nothing is."""
    compared = " or ".join(f"({asked})" for asked in queries.values())
    drawn = f'max(llmmon:threshold{{name="{threshold}"}}) and on () ({compared})'
    panel.with_target(_range(drawn, THRESHOLD, "Threshold"))
    panel.override_by_name(THRESHOLD, [_colour(style.BAD), *_dashes()])
    if threshold in OWN:
        of = ", ".join("job" if label == "of" else label for label in _labels(queries) if label in PLACE)
        own = f'max by (job, model) (llmmon:threshold_override{{name="{threshold}", {OWN[threshold]}}})'
        own = _of_gateway(f"topk({style.OWN_LINES}, {own} and on ({of}) ({compared}))")
        whose = MODEL if threshold in OF_MODELS else "{{job}}"
        panel.with_target(_range(own, f"{OWN_THRESHOLD} {whose}", "Own"))
        panel.override_by_regexp(f"/^{OWN_THRESHOLD} /", _dashes())


def _legend(width: int, *, shown: bool) -> Any:
    """Beside the graph as a table, the highest first; under a narrow graph as names, which take one line or two."""
    legend = common.VizLegendOptions().show_legend(shown)
    if width < style.LEGEND_BESIDE_FROM:
        display, place = common_models.LegendDisplayMode.LIST, common_models.LegendPlacement.BOTTOM
        return legend.display_mode(display).placement(place)
    display, place = common_models.LegendDisplayMode.TABLE, common_models.LegendPlacement.RIGHT
    legend.display_mode(display).placement(place).width(style.LEGEND_WIDTH)
    return legend.calcs(["lastNotNull", "max"]).sort_by("Max").sort_desc(True)


def _labels(queries: dict[str, str]) -> list[str]:
    """What the lines differ in."""
    return [label for legend in queries for label in _LABEL.findall(legend)]


def _most(legend: str, expression: str, most: int) -> str:
    """Where there is a line for each of many: those with most on average, the same ones all the time."""
    labels = _labels({legend: expression})
    if not labels:
        return expression
    expression = _named(expression, labels)
    # Where a long time is shown, what began a minute ago has no average yet.
    average = f"avg_over_time(({expression})[$__range:$__interval] @ end())"
    shown = f"({expression}) and topk({most}, {average} or {_last(expression, '1m')})"
    return _of_gateway(shown) if "of" in labels else shown


def _of_gateway(expression: str) -> str:
    """With the name of its gateway in brackets, if several are chosen."""
    return f'label_replace({expression}, "of", "($1)", "job", "($several)")'


def _named(expression: str, labels: list[str]) -> str:
    """LiteLLM has a name for requests of no team that reads like a team's."""
    if "team" not in labels:
        return expression
    return f'label_replace({expression}, "team", "{style.NO_TEAM}", "team", "None")'


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
        .text(common.VizTextDisplayOptions().title_size(style.BAR_TITLE).value_size(style.BAR_TEXT))
        # Grafana leaves out the name of a single bar, unless it is said where it comes from.
        .display_name("${__field.labels.bar}")
    )
    if highest is None:
        # Where there is no bar, the room for one would be a large grey box.
        _judged(panel.show_unfilled(False), (style.NO_NUMBER, style.NEUTRAL))
    else:
        panel.max(highest)
        red_from(panel, highest)
    return _with_queries(panel, {legend: _bar(legend, asked) for legend, asked in queries.items()}, _instant)


def _bar(legend: str, expression: str) -> str:
    """All labels of its legend in one, which is there also when one of them is not."""
    labels = _labels({legend: expression})
    joined = ", ".join(f'"{label}"' for label in labels)
    named = _named(expression, labels)
    return f'label_join({_of_gateway(named) if "of" in labels else named}, "bar", " ", {joined})'


def heat(title: str, description: str, unit: str, buckets: str, *, width: int, empty: str = NO_TRAFFIC) -> Any:
    """How many were how high, over time; `buckets` are those of one histogram.

    Grafana 9.4 ignores a heat map's own text for what is missing, so that the description says what it means.
    """
    description = f'{description} Where it says "No data": {empty[0].lower()}{empty[1:]}.'
    panel = (
        _described(heatmap.Panel(), title, description, empty, width, GRAPH_HEIGHT)
        .unit(unit)
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit(unit))
    )
    target = _range(buckets, "{{le}}", "A").format(prometheus_models.PromQueryFormat.HEATMAP)
    return panel.with_target(target)


def listing(
    title: str,
    description: str,
    expression: str,
    *,
    columns: dict[str, str],
    empty: str,
    value: tuple[str, str] | None = None,
    links: dict[str, list[dict[str, Any]]] | None = None,
    sort: tuple[tuple[str, bool], ...] = (),
    height: int = GRAPH_HEIGHT,
) -> Any:
    """A table, one row per series; `columns` are label -> heading, in order, `value` is heading and unit of the value.

    `links` are by heading. `sort` are headings, and whether the highest comes first.
    """
    panel = _table(title, description, empty, WIDTH, height, sort)
    headings = dict(columns)
    # Whatever other labels there are would be columns, too.
    panel.with_target(_rows(f"max by ({', '.join(columns)}) ({expression})", "", "A"))
    if value:
        headings["Value"] = value[0]
        panel.override_by_name(value[0], _of_numbers(value[1]))
    for heading, leads in (links or {}).items():
        panel.override_by_name(heading, [models.DynamicConfigValue("links", leads)])
    hidden = ("Time", "__name__") if value else ("Time", "Value", "__name__")
    return panel.with_transformation(_organize(list(headings), headings, hidden=hidden))


def coloured(panel: Any, heading: str, texts: dict[str, tuple[str, str]]) -> Any:
    """Values of a column that are shown as a text in a colour, so that they can be sorted by what is not shown."""
    shown = {value: models.ValueMappingResult(text=text, color=colour) for value, (text, colour) in texts.items()}
    mappings = [models.ValueMap(options=shown), *_empty_cells()]
    return panel.override_by_name(heading, [models.DynamicConfigValue("mappings", mappings), *_coloured_text()])


def comparison(
    title: str,
    description: str,
    numbers: dict[str, tuple[str, str]],
    *,
    columns: dict[str, str],
    width: int = WIDTH,
    link: str = "",
    empty: str = NO_TRAFFIC,
    rows: str = "",
    sort: str = "",
    red: dict[str, float] | None = None,
    height: int = GRAPH_HEIGHT,
) -> Any:
    """A table of numbers, one row per set of labels; its first column leads to `link`.

    `columns` are label -> heading, `numbers` heading -> unit and expression. `rows` finds what has a row, if it is
    not what the first number does. The highest of `sort` comes first, or of the first number. `red` says from which
    number on a column is red.

    Every query answers for every row, with NaN where it has no number: Grafana calls a query's number "Value #B" only
    if another one has an answer as well, and "Value" otherwise, which no heading and no unit would be known for; and
    a column without any number would not be there.
    """
    description += "".join(f" {heading} is red from {least:.0%} on." for heading, least in (red or {}).items())
    panel = _table(title, description, empty, width, height, ((sort or next(iter(numbers)), True),))
    labels = list(columns)
    rows = rows or next(iter(numbers.values()))[1]
    headings = dict(columns)
    for index, (heading, (unit, expression)) in enumerate(numbers.items()):
        reference = _letter(index)
        headings[f"Value #{reference}"] = heading
        panel.with_target(_rows(_named(f"({expression}) or ({rows}) * NaN", labels), "", reference))
        properties = _of_numbers(unit)
        if heading in (red or {}):
            steps = [{"value": None, "color": style.NO_JUDGEMENT}, {"value": (red or {})[heading], "color": style.BAD}]
            properties += [
                models.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps}),
                *_coloured_text(),
            ]
        panel.override_by_name(heading, properties)
    if link:
        first = next(iter(columns.values()))
        leads = [{"title": "Look closer", "url": link, "targetBlank": False}]
        panel.override_by_name(first, [models.DynamicConfigValue("links", leads)])
    panel.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    return panel.with_transformation(_organize(list(headings), headings, hidden=("Time", "__name__")))


def _table(
    title: str, description: str, empty: str, width: int, height: int, sort: tuple[tuple[str, bool], ...]
) -> Any:
    by = [common.TableSortByFieldState().display_name(heading).desc(highest) for heading, highest in sort]
    panel = _described(table.Panel(), title, description, empty, width, height).show_header(True)
    return panel.mappings(_empty_cells()).sort_by(by)


def _empty_cells() -> list[Any]:
    """Of any column. What matches NaN belongs to columns of numbers alone: Grafana takes each text for one."""
    matches = models.SpecialValueMatch
    return [_special(match, style.EMPTY_CELL) for match in (matches.NULL, matches.EMPTY)]


def _no_number(text: str) -> Any:
    return _special(models.SpecialValueMatch.NULL_AND_NAN, text)


def _special(match: Any, text: str) -> Any:
    result = models.ValueMappingResult(text=text, color=style.NO_JUDGEMENT)
    return models.SpecialValueMap(options=models.DashboardSpecialValueMapOptions(match=match, result=result))


def _of_numbers(unit: str) -> list[Any]:
    return [
        models.DynamicConfigValue("unit", unit),
        models.DynamicConfigValue("custom.width", style.COLUMN_OF_NUMBERS),
        models.DynamicConfigValue("mappings", [_no_number(style.EMPTY_CELL)]),
    ]


def _coloured_text() -> list[Any]:
    """How versions up to 9.4 and later ones call it."""
    return [
        models.DynamicConfigValue("custom.displayMode", "color-text"),
        models.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
    ]


def _described(panel: Any, title: str, description: str, empty: str, width: int, height: int) -> Any:
    panel.title(title).description(description).datasource(DATA_SOURCE).no_value(empty)
    # The alerts of which the description speaks, each once.
    leads = [runbook(alert) for alert in dict.fromkeys(ALERT.findall(description))]
    panel.links([_panel_link(**lead) for lead in leads])
    return panel.span(width).height(height)


def _panel_link(title: str, url: str, targetBlank: bool) -> Any:  # noqa: N803 - Grafana's name
    link = dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK)
    return link.url(url).target_blank(targetBlank)


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


def _colour(colour: str) -> Any:
    return models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


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
