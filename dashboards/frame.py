"""What is around the panels: data source, variables, alerts as annotations, the way to the other dashboards."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from dashboards import style

# The role's own. Grafana 9.4 finds what is chosen by its name, which it calls the text, versions from 10.1 by its uid.
DATA_SOURCE_NAME, DATA_SOURCE_UID = "Prometheus", "llmmon_prometheus"
DATA_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "llmmon"

# Every panel reads through one of these selections, so that they are the same everywhere.
CHOSEN_JOB = '{job=~"$job"}'
CHOSEN = '{job=~"$job", model=~"$model"}'
# What differs comes first, and behind it the gateway's name, which tells nothing where one gateway is chosen.
OF_GATEWAY = "{{of}}"
MODEL = f"{{{{model}}}} {OF_GATEWAY}"
INSTANCE = f"{{{{instance}}}} {OF_GATEWAY}"
RECENT = "[$__rate_interval]"

# Where the runbooks are, as the rules say; how they are named is the same everywhere.
DEFAULT_RUNBOOKS = "https://github.com/llmmon/llmmon/blob/main/docs/runbooks"
# Where an alert is silenced, as the rules say.
DEFAULT_ALERTMANAGER = "http://localhost:9093"

# What Grafana's Prometheus reads of an annotation beside its expression, by the annotation's name.
ANNOTATION_TEXTS = {
    name: {
        # The time of a stroke is the value: the same in every sample, so that there is one stroke for each.
        "useValueForTime": True,
        "titleFormat": title,
        "textFormat": text,
        "tagKeys": tags,
    }
    for name, title, text, tags in (
        ("Alerts", "{{alertname}}", "{{job}} {{model}} {{team}} {{instance}}", "severity"),
        ("Restarts", "{{job}} started", "{{instance}}", "job"),
    )
}
OWN_SERVICES = "prometheus|alertmanager|grafana|prober"


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
        .with_variable(_address_variable("runbooks", DEFAULT_RUNBOOKS))
        .with_variable(_address_variable("alertmanager", DEFAULT_ALERTMANAGER))
        .annotation(_strokes("Alerts", fired(alerts), style.BAD))
        .annotation(_strokes("Restarts", _started("$job" if variables else OWN_SERVICES), style.NEUTRAL))
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
    if variables:
        built.with_variable(_several_gateways())
    # Numbered here, so that links to a panel survive a new push.
    number = 0
    for heading, panels in rows.items():
        number += 1
        built.with_row(dashboard.Row(heading).id(number))
        for panel in panels:
            number += 1
            built.with_panel(panel.id(number))
    return built.build()


def fired(alerts: str) -> str:
    """Milliseconds at which each alert that fires began to be true.

    Grafana joins samples of ALERTS to an area that drowns a graph for as long as the alert fires.
    """
    return f'(ALERTS_FOR_STATE{{{alerts}}} * 1000) and ignoring (alertstate) ALERTS{{alertstate="firing", {alerts}}}'


def _started(jobs: str) -> str:
    """Milliseconds at which each process began to run: a new release, too, is a restart."""
    return f'process_start_time_seconds{{job=~"{jobs}"}} * 1000'


def _strokes(name: str, expression: str, colour: str) -> Any:
    query = dashboard.AnnotationQuery().name(name).datasource(DATA_SOURCE).enable(True)
    return query.icon_color(colour).expr(expression)


def runbook(alert: str) -> dict[str, Any]:
    """A link to the page about an alert."""
    return {"title": f"Runbook {alert}", "url": f"${{runbooks}}/{alert}.md", "targetBlank": True}


def gateways() -> Any:
    """Configured gateways, also those that have been silent for long."""
    return query_variable("job", "Gateway", "label_values(llmmon:gateway, job)")


def models_of_gateways() -> Any:
    """Models that are served. ".*" and not a list, so that "All" includes gateways that have no model label."""
    query = f"label_values(job_model:llm_requests:rate5m{CHOSEN_JOB}, model)"
    return query_variable("model", "Model", query, all_value=".*")


def teams() -> Any:
    """LiteLLM has a name for requests of no team that reads like a team's: it is chosen by that, and shown as ours."""
    used = f"last_over_time(job_team:llm_tokens_used:rate5m{CHOSEN_JOB}[$__range])"
    shown = f'label_replace({used}, "shown", "$1", "team", "(.+)")'
    shown = f'label_replace({shown}, "shown", "{style.NO_TEAM}", "team", "None")'
    variable = query_variable("team", "Team", f"query_result(max by (shown, team) ({shown}))", all_value=".*")
    return variable.regex('/shown="(?<text>[^"]+)",team="(?<value>[^"]+)"/')


def _several_gateways() -> Any:
    """What matches a gateway's name if several are chosen, and nothing if one is."""
    several = f'label_replace(count(llmmon:gateway{CHOSEN_JOB}) > 1, "several", ".+", "", "")'
    return (
        dashboard.QueryVariable("several")
        .query({"query": f"query_result({several})", "refId": "several"})
        .regex('/several="(.+)"/')
        .datasource(DATA_SOURCE)
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .hide(models.VariableHide.HIDE_VARIABLE)
    )


def _data_source_variable() -> Any:
    current = models.VariableOption(text=DATA_SOURCE_NAME, value=DATA_SOURCE_UID)
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus").current(current)


def _address_variable(name: str, default: str) -> Any:
    """An address that the rules have recorded, for links."""
    return (
        dashboard.QueryVariable(name)
        .query({"query": f"label_values(llmmon:{name}, url)", "refId": name})
        .datasource(DATA_SOURCE)
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .hide(models.VariableHide.HIDE_VARIABLE)
        .current(models.VariableOption(text=default, value=default))
    )


def query_variable(name: str, label: str, query: str, *, all_value: str | None = None) -> Any:
    """What is chosen from the values of a label: several, or "All"."""
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
