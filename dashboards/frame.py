"""What is around the panels: data source, variables, alerts as annotations, the way to the other dashboards."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

DEFAULT_DATA_SOURCE = "llmmon_prometheus"
DATA_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "llmmon"

# Every panel reads through one of these selections, so that they are the same everywhere.
CHOSEN_JOB = '{job=~"$job"}'
CHOSEN = '{job=~"$job", model=~"$model"}'
MODEL = "{{job}} {{model}}"
INSTANCE = "{{job}} {{instance}}"
RECENT = "[$__rate_interval]"

# What Grafana's Prometheus reads of an annotation beside its expression.
ANNOTATION_TEXTS = {
    "titleFormat": "{{alertname}}",
    "textFormat": "{{job}} {{model}} {{team}} {{instance}}",
    "tagKeys": "severity",
}


def board(
    name: str,
    title: str,
    description: str,
    *,
    rows: dict[str, list[Any]],
    alerts: str,
    variables: tuple[Any, ...] = (),
    time: str = "now-6h",
) -> Any:
    """A dashboard. `rows` are heading -> panels; `alerts` says which firing alerts are drawn into its graphs."""
    built = (
        dashboard.Dashboard(title)
        .uid(f"llmmon-{name}")
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .time(time, "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(_data_source_variable())
        .annotation(
            dashboard.AnnotationQuery()
            .name("Alerts")
            .datasource(DATA_SOURCE)
            .enable(True)
            .icon_color("red")
            .expr(f'ALERTS{{alertstate="firing", {alerts}}}')
        )
        .link(
            dashboard.DashboardLink("LLM dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
    )
    for variable in variables:
        built.with_variable(variable)
    # Numbered here, so that links to a panel survive a new push.
    number = 0
    for heading, panels in rows.items():
        number += 1
        built.with_row(dashboard.Row(heading).id(number))
        for panel in panels:
            number += 1
            built.with_panel(panel.id(number))
    return built.build()


def gateways(source: str = "") -> Any:
    """Configured gateways, also those that have been silent for long; of one kind, if it is named."""
    of_kind = f'{{source="{source}"}}' if source else ""
    return _query_variable("job", "Gateway", f"label_values(llmmon:gateway{of_kind}, job)")


def models_of_gateways() -> Any:
    """Models that are served. ".*" and not a list, so that "All" includes gateways that have no model label."""
    query = f"label_values(job_model:llm_requests:rate5m{CHOSEN_JOB}, model)"
    return _query_variable("model", "Model", query, all_value=".*")


def teams() -> Any:
    query = f"label_values(job_team:llm_tokens_used:rate5m{CHOSEN_JOB}, team)"
    return _query_variable("team", "Team", query, all_value=".*")


def _data_source_variable() -> Any:
    current = models.VariableOption(text=DEFAULT_DATA_SOURCE, value=DEFAULT_DATA_SOURCE)
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(current)


def _query_variable(name: str, label: str, query: str, *, all_value: str | None = None) -> Any:
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
