"""The page that alerts on the monitoring itself open: is it up, does it keep up, does it deliver."""

from __future__ import annotations

from typing import Any

from dashboards import frame, parts
from dashboards.frame import INSTANCE, RECENT

PROMETHEUS = '{job="prometheus"}'
ALERTMANAGER = '{job="alertmanager"}'
OWN = '{job=~"prometheus|alertmanager|grafana|prober"}'
NOTHING = "Nothing happened"


def build() -> Any:
    return frame.board(
        "stack",
        "LLM monitoring's own health",
        "Is the monitoring up, does Prometheus keep up, are alerts delivered: the page that an alert on the "
        "monitoring opens.",
        rows={
            "Now": _now(),
            "Delivery of alerts": _delivery(),
            "Rules": _rules(),
            "Scrapes": _scrapes(),
            "Series and storage": _storage(),
            "Backups": _backups(),
            "Processes": _processes(),
        },
        alerts='component="monitoring", alertname!="Watchdog"',
    )


def _now() -> list[Any]:
    return [
        parts.number(
            "Services",
            "Parts of the monitoring that Prometheus can scrape, of all it knows. MonitoringTargetDown watches them.",
            "none",
            {"up": f"sum(up{OWN})", "of": f"count(up{OWN})"},
            width=4,
            empty=parts.UNKNOWN,
        ),
        parts.red_below(
            parts.number(
                "Watchdog",
                "1 while the alert Watchdog fires, which it always does. If not, rules are not evaluated, and nothing "
                "else is true here.",
                "none",
                {"fires": 'count(ALERTS{alertname="Watchdog", alertstate="firing"}) or vector(0)'},
                width=4,
                empty=parts.UNKNOWN,
            ),
            1,
        ),
        parts.red_below(
            parts.number(
                "Configurations loaded",
                "0 if Prometheus or Alertmanager refused its configuration and runs the previous one. "
                "PrometheusConfigReloadFailed and AlertmanagerFailedReload watch them.",
                "none",
                {
                    "loaded": f"min(prometheus_config_last_reload_successful{PROMETHEUS}"
                    f" or alertmanager_config_last_reload_successful{ALERTMANAGER})"
                },
                width=4,
                empty=parts.UNKNOWN,
            ),
            1,
        ),
        parts.red_below(
            parts.number(
                "Alertmanagers",
                "Alertmanagers that Prometheus sends alerts to. At 0 PrometheusNotConnectedToAlertmanagers fires.",
                "none",
                {"known": f"min(prometheus_notifications_alertmanagers_discovered{PROMETHEUS})"},
                width=4,
                empty=parts.UNKNOWN,
            ),
            1,
        ),
        parts.number(
            "Alertmanagers in the cluster",
            "Alertmanagers that know of each other; 1, or nothing, for a single one. No alert reads it: Watchdog, "
            "sent twice, shows a cluster that fell apart.",
            "none",
            {"members": f"min(alertmanager_cluster_members{ALERTMANAGER})"},
            width=4,
            empty="No cluster",
        ),
        parts.number(
            "Silences",
            "Active silences. No alert reads it: whoever wonders why nobody was told looks here.",
            "none",
            {"active": 'max(alertmanager_silences{job="alertmanager", state="active"})'},
            width=4,
            empty=parts.UNKNOWN,
        ),
    ]


def _delivery() -> list[Any]:
    failed = f"sum by (instance, integration) (rate(alertmanager_notifications_failed_total{ALERTMANAGER}[15m]))"
    sent = f"sum by (instance, integration) (rate(alertmanager_notifications_total{ALERTMANAGER}[15m]))"
    latency = f"sum by (le, integration) (rate(alertmanager_notification_latency_seconds_bucket{ALERTMANAGER}[15m]))"
    return [
        parts.third(
            "Notifications by channel",
            "Notifications per second that Alertmanager sent, failed ones included. No alert reads it by itself; "
            "AlertNotificationsFailing reads which share failed.",
            "short",
            {"{{instance}} {{integration}}": f"{sent} > 0"},
            empty=NOTHING,
        ),
        parts.third(
            "Notifications that failed",
            "Share of the last 15 minutes' notifications that did not arrive. Above the line "
            "AlertNotificationsFailing fires.",
            "percentunit",
            {"{{instance}} {{integration}}": f"{failed} / ({sent} > 0)"},
            threshold="failed_notifications_ratio",
            empty=NOTHING,
        ),
        parts.third(
            "Duration of notifications (P95)",
            "95 of 100 notifications took at most so long. No alert reads it: a slow channel delays the others of its "
            "group.",
            "s",
            {"{{integration}}": f"histogram_quantile(0.95, {latency}) >= 0"},
            empty=NOTHING,
        ),
        parts.third(
            "Alerts in Alertmanager",
            "Alerts that it holds: active ones are notified, suppressed ones silenced or inhibited. No alert reads it.",
            "none",
            {"{{instance}} {{state}}": f"alertmanager_alerts{ALERTMANAGER}"},
            empty="No Alertmanager",
        ),
        parts.third(
            "Alerts sent by Prometheus",
            "Alerts per second to each Alertmanager. If all of one's fail, PrometheusErrorSendingAlerts fires.",
            "short",
            {
                "{{alertmanager}}": f"rate(prometheus_notifications_sent_total{PROMETHEUS}{RECENT})",
                "{{alertmanager}} failed": f"rate(prometheus_notifications_errors_total{PROMETHEUS}{RECENT})",
            },
            empty="No Alertmanager",
        ),
        parts.third(
            "Alerts that wait in Prometheus",
            "Length of the queue to Alertmanager. No alert reads it; before it overflows PrometheusErrorSendingAlerts "
            "fires.",
            "none",
            {"{{instance}}": f"prometheus_notifications_queue_length{PROMETHEUS}"},
            empty=parts.UNKNOWN,
        ),
    ]


def _rules() -> list[Any]:
    last, interval = "prometheus_rule_group_last_duration_seconds", "prometheus_rule_group_interval_seconds"
    return [
        parts.third(
            "Time that rules take, of the time they have",
            "Duration of a group's last evaluation, divided by its interval. Above 1 evaluations are left out and "
            "PrometheusMissedRuleEvaluations fires.",
            "percentunit",
            {"{{rule_group}}": f"max by (rule_group) ({last}{PROMETHEUS} / {interval}{PROMETHEUS})"},
            empty="No rules",
        ),
        parts.third(
            "Evaluations that failed",
            "Evaluations of rules per second that failed. Above 0 PrometheusRuleFailures fires.",
            "short",
            {
                "{{rule_group}}": "sum by (rule_group) "
                f"(rate(prometheus_rule_evaluation_failures_total{PROMETHEUS}[5m]))"
            },
            empty="No rules",
        ),
        parts.third(
            "Evaluations left out",
            "Evaluations of groups per second that were left out. Above 0 PrometheusMissedRuleEvaluations fires.",
            "short",
            {
                "{{rule_group}}": "sum by (rule_group) "
                f"(rate(prometheus_rule_group_iterations_missed_total{PROMETHEUS}[5m]))"
            },
            empty="No rules",
        ),
    ]


def _scrapes() -> list[Any]:
    return [
        parts.quarter(
            "Targets by job",
            "Targets that can be scraped, of everything that Prometheus watches. MonitoringTargetDown and "
            "LLMTargetDown watch them.",
            "none",
            {"{{job}}": "sum by (job) (up)"},
            empty="No targets",
        ),
        parts.quarter(
            "Slowest scrape by job",
            "The longest of a job's scrapes. No alert reads it: at llmmon_prometheus_scrape_timeout a scrape fails.",
            "s",
            {"{{job}}": "max by (job) (scrape_duration_seconds)"},
            empty="No targets",
        ),
        parts.quarter(
            "Series by job",
            "Series that all targets of a job bring. LLMCardinalityHigh and LLMCardinalityGrowth watch each target of "
            "a gateway.",
            "short",
            {"{{job}}": "sum by (job) (scrape_samples_post_metric_relabeling)"},
            stacked=True,
            empty="No targets",
        ),
        parts.quarter(
            "Scrapes above their limit",
            "Scrapes per second that were thrown away for too many series. Above 0 LLMSampleLimitHit fires.",
            "short",
            {"{{instance}}": f"rate(prometheus_target_scrapes_exceeded_sample_limit_total{PROMETHEUS}{RECENT})"},
            empty=parts.UNKNOWN,
        ),
    ]


def _storage() -> list[Any]:
    size, limit = (
        f"instance:prometheus_storage_bytes:sum{PROMETHEUS}",
        f"prometheus_tsdb_retention_limit_bytes{PROMETHEUS}",
    )
    return [
        parts.quarter(
            "Series in memory",
            "Series that Prometheus holds. Above the line PrometheusHeadSeriesHigh fires.",
            "short",
            {"{{instance}}": f"prometheus_tsdb_head_series{PROMETHEUS}"},
            threshold="head_series",
            empty=parts.UNKNOWN,
        ),
        parts.quarter(
            "New series",
            "Series per second that have not been there before. No alert reads it: a steady flow is labels that never "
            "repeat, and in the end PrometheusHeadSeriesHigh.",
            "short",
            {"{{instance}}": f"rate(prometheus_tsdb_head_series_created_total{PROMETHEUS}{RECENT})"},
            empty=parts.UNKNOWN,
        ),
        parts.quarter(
            "Samples",
            "Samples per second that Prometheus stores. No alert reads it: it is what disk and memory are used for.",
            "short",
            {
                "{{instance}}": "sum by (instance) "
                f"(rate(prometheus_tsdb_head_samples_appended_total{PROMETHEUS}{RECENT}))"
            },
            empty=parts.UNKNOWN,
        ),
        parts.quarter(
            "Storage",
            "What Prometheus has on its disk, and what llmmon_prometheus_retention_size lets it have, if that is set. "
            "PrometheusStorageFillingUp compares them some days ahead.",
            "bytes",
            {"{{instance}}": size, "{{instance}} may": f"{limit} > 0"},
            empty=parts.UNKNOWN,
        ),
        parts.graph(
            "Trouble with storage",
            "Compactions, loads and writes per hour that failed. Above 0 PrometheusTSDBCompactionsFailing, "
            "PrometheusTSDBReloadsFailing or PrometheusTSDBWALFailures fires.",
            "short",
            {
                "compactions": f"increase(prometheus_tsdb_compactions_failed_total{PROMETHEUS}[1h])",
                "loads": f"increase(prometheus_tsdb_reloads_failures_total{PROMETHEUS}[1h])",
                "writes": f"increase(prometheus_tsdb_wal_writes_failed_total{PROMETHEUS}[1h])",
                "truncations": f"increase(prometheus_tsdb_wal_truncations_failed_total{PROMETHEUS}[1h])",
            },
            empty=parts.UNKNOWN,
        ),
        parts.graph(
            "Duration of queries (P99)",
            "99 of 100 queries, of rules and of dashboards, took at most so long in this part. No alert reads it: "
            "slow dashboards show here.",
            "s",
            {
                "{{slice}}": "max by (slice) "
                '(prometheus_engine_query_duration_seconds{job="prometheus", quantile="0.99"}) >= 0'
            },
            empty=parts.UNKNOWN,
        ),
    ]


def _backups() -> list[Any]:
    return [
        parts.graph(
            "Age of the last backup",
            "How long ago the last backup of each scope succeeded. If backups are scheduled and it grows above "
            "llmmon_thresholds.backup_age_hours, MonitoringBackupTooOld fires; for the last one that was copied off "
            "the host it is MonitoringBackupCopyTooOld.",
            "s",
            {
                "{{scope}}": "time() - max by (scope) (llmmon_backup_last_success_timestamp_seconds)",
                "{{scope}} off the host": "time() - max by (scope) (llmmon_backup_copy_last_success_timestamp_seconds)",
            },
            empty="No backup yet",
        ),
        parts.graph(
            "Size of the last backup",
            "Bytes of the last archive of each scope. No alert reads it: a full one that shrinks lacks something.",
            "bytes",
            {"{{scope}}": "max by (scope) (llmmon_backup_last_success_bytes)"},
            empty="No backup yet",
        ),
    ]


def _processes() -> list[Any]:
    return [
        parts.third(
            "Memory",
            "Memory of each part of the monitoring. No alert reads it: at llmmon_memory_limits the engine ends the "
            "container, and MonitoringTargetDown may fire.",
            "bytes",
            {INSTANCE: f"process_resident_memory_bytes{OWN}"},
            empty=parts.UNKNOWN,
        ),
        parts.third(
            "Processor",
            "Processor seconds per second of each part of the monitoring: 1 is one core. No alert reads it.",
            "none",
            {INSTANCE: f"rate(process_cpu_seconds_total{OWN}{RECENT})"},
            empty=parts.UNKNOWN,
        ),
        parts.third(
            "Running since",
            "How long each part has been running: a saw's teeth are restarts. No alert reads it; MonitoringTargetDown "
            "watches the parts.",
            "s",
            {INSTANCE: f"time() - process_start_time_seconds{OWN}"},
            empty=parts.UNKNOWN,
        ),
    ]
