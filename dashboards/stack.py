"""The page that alerts on the monitoring itself open: is it up, does it keep up, does it deliver."""

from __future__ import annotations

from typing import Any

from dashboards import frame, parts, units
from dashboards.frame import RECENT

PROMETHEUS = '{job="prometheus"}'
THANOS = '{job="thanos"}'
ALERTMANAGER = '{job="alertmanager"}'
OWN = '{job=~"prometheus|alertmanager|grafana|prober|canary"}'
NOTHING = "Nothing was sent"
NO_ENGINE = "No llmmon_remote_write"
NO_THANOS = "No llmmon_thanos_components"
NO_BACKUP = "No backup yet: run backup.yml, or set llmmon_backup_schedule"
# Where an axis ends at least: of a line that stays at 0 it would end at 100.
SOME = 1
FEW = 0.01
INSTANCE_OF_SERVICE = "{{instance}} ({{job}})"


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
            "Engines": _engines(),
            "History in a bucket (Thanos)": _thanos(),
            "Backups": _backups(),
            "Processes": _processes(),
        },
        alerts='component="monitoring", alertname!="Watchdog"',
    )


def _now() -> list[Any]:
    return [
        parts.number(
            "Services",
            "Parts of the monitoring that Prometheus can scrape, of all it knows. MonitoringTargetDown watches them: "
            "status.yml says which is down, and why.",
            "none",
            {"up": f"sum(up{OWN})", "configured": f"count(up{OWN})"},
            width=4,
            empty=parts.UNKNOWN,
        ),
        parts.red_below(
            parts.number(
                "Watchdog",
                "1 while the alert Watchdog fires, which it always does. If not, rules are not evaluated, and nothing "
                "else is true here: look into Prometheus's log.",
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
                "PrometheusConfigReloadFailed and AlertmanagerFailedReload watch them: site.yml says what is wrong.",
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
                "Alertmanagers that Prometheus sends alerts to. At 0 PrometheusNotConnectedToAlertmanagers fires, "
                "and nobody is told anything: see whether Alertmanager runs.",
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
            "sent twice, shows a cluster that fell apart: can they reach each other?",
            "none",
            {"members": f"min(alertmanager_cluster_members{ALERTMANAGER})"},
            width=4,
            empty="No cluster",
        ),
        parts.number(
            "Silences",
            "Active silences. No alert reads it: if nobody was told, look here first, and then at Silences in "
            "Alertmanager.",
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
            "AlertNotificationsFailing reads which share failed. A flood: group alerts more, or mend what fires.",
            units.NOTIFICATIONS,
            {"{{instance}} {{integration}}": f"{sent} > 0"},
            empty=NOTHING,
        ),
        parts.red_lines_above_zero(
            parts.third(
                "Notifications that failed",
                "Share of the last 15 minutes' notifications that did not arrive. Above the line "
                "AlertNotificationsFailing fires: Alertmanager's log says what the channel answers.",
                "percentunit",
                {"{{instance}} {{integration}}": f"{failed} / ({sent} > 0)"},
                threshold="failed_notifications_ratio",
                empty=NOTHING,
            ).axis_soft_max(FEW)
        ),
        parts.third(
            "Duration of notifications (P95)",
            "95 of 100 notifications took at most so long. No alert reads it: a slow channel delays the others of its "
            "group: is the way to it slow, or the service?",
            "s",
            {"{{integration}}": f"histogram_quantile(0.95, {latency}) >= 0"},
            empty=NOTHING,
        ),
        parts.third(
            "Alerts in Alertmanager",
            "Alerts that it holds: active ones are notified, suppressed ones silenced or inhibited. Many suppressed: "
            "is a silence too wide? No alert reads it.",
            "short",
            {"{{instance}} {{state}}": f"alertmanager_alerts{ALERTMANAGER}"},
            empty="No Alertmanager",
        ).axis_soft_max(SOME),
        parts.third(
            "Alerts sent by Prometheus",
            "Alerts per second to each Alertmanager. If all of one's fail, PrometheusErrorSendingAlerts fires: "
            "does it run, and can Prometheus reach it?",
            units.ALERTS,
            {
                "{{alertmanager}}": f"rate(prometheus_notifications_sent_total{PROMETHEUS}{RECENT})",
                "{{alertmanager}} failed": f"rate(prometheus_notifications_errors_total{PROMETHEUS}{RECENT})",
            },
            empty="No Alertmanager",
        ).axis_soft_max(FEW),
        parts.third(
            "Alerts that wait in Prometheus",
            "Length of the queue to Alertmanager. No alert reads it; before it overflows PrometheusErrorSendingAlerts "
            "fires. If it grows, Alertmanager is slow or gone.",
            "short",
            {"{{instance}}": f"prometheus_notifications_queue_length{PROMETHEUS}"},
            empty=parts.UNKNOWN,
        ).axis_soft_max(SOME),
    ]


def _rules() -> list[Any]:
    last, interval = "prometheus_rule_group_last_duration_seconds", "prometheus_rule_group_interval_seconds"
    return [
        parts.third(
            "Time that rules take, of the time they have",
            "Duration of a group's last evaluation, divided by its interval. Above 1 evaluations are left out and "
            "PrometheusMissedRuleEvaluations fires: too few processors, or too many series.",
            "percentunit",
            {"{{group}}": _by_group(f"{last}{PROMETHEUS} / {interval}{PROMETHEUS}", "max")},
            empty="No rules",
        ),
        parts.red_lines_above_zero(
            parts.third(
                "Evaluations that failed",
                "Evaluations of rules per second that failed. Above 0 PrometheusRuleFailures fires: Prometheus's page "
                "Rules says what is wrong with which.",
                units.EVALUATIONS,
                {"{{group}}": _by_group(f"rate(prometheus_rule_evaluation_failures_total{PROMETHEUS}[5m])")},
                empty="No rules",
            ).axis_soft_max(FEW)
        ),
        parts.red_lines_above_zero(
            parts.third(
                "Evaluations left out",
                "Evaluations of groups per second that were left out. Above 0 PrometheusMissedRuleEvaluations fires: "
                "on the left, see which group takes too long.",
                units.EVALUATIONS,
                {"{{group}}": _by_group(f"rate(prometheus_rule_group_iterations_missed_total{PROMETHEUS}[5m])")},
                empty="No rules",
            ).axis_soft_max(FEW)
        ),
    ]


def _by_group(expression: str, together: str = "sum") -> str:
    """Prometheus calls a group by the path of its file on the host, a semicolon, and its name."""
    return f'{together} by (group) (label_replace({expression}, "group", "$1", "rule_group", ".*;(.+)"))'


def _scrapes() -> list[Any]:
    return [
        parts.red_lines_above_zero(
            parts.quarter(
                "Targets down by job",
                "Share of a job's targets that cannot be scraped. "
                "MonitoringTargetDown and LLMTargetDown watch them; Prometheus's page Targets says why one is down.",
                "percentunit",
                # Of many jobs the worst are drawn.
                {"{{job}}": "1 - avg by (job) (up)"},
                empty="No targets",
            ).axis_soft_max(SOME)
        ),
        parts.quarter(
            "Slowest scrape by job",
            "The longest of a job's scrapes. No alert reads it: at "
            "llmmon_prometheus_scrape_timeout a scrape fails; ask the gateway for fewer series.",
            "s",
            {"{{job}}": "max by (job) (scrape_duration_seconds)"},
            empty="No targets",
        ),
        parts.quarter(
            "Series by job",
            "Series that all targets of a job bring. LLMCardinalityHigh and "
            "LLMCardinalityGrowth watch each target of a gateway: their runbooks say how to drop labels.",
            units.SERIES,
            {"{{job}}": "sum by (job) (scrape_samples_post_metric_relabeling)"},
            stacked=True,
            empty="No targets",
        ),
        parts.red_lines_above_zero(
            parts.quarter(
                "Scrapes above their limit",
                "Scrapes per second that were thrown away for too many series. Above 0 LLMSampleLimitHit fires: "
                "raise sample_limit of the gateway, or drop labels.",
                units.SCRAPES,
                {"{{instance}}": f"rate(prometheus_target_scrapes_exceeded_sample_limit_total{PROMETHEUS}{RECENT})"},
                empty=parts.UNKNOWN,
            ).axis_soft_max(FEW)
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
            "Series that Prometheus holds. Above the line PrometheusHeadSeriesHigh fires: see in Scrapes which job "
            "brings them.",
            units.SERIES,
            {"{{instance}}": f"prometheus_tsdb_head_series{PROMETHEUS}"},
            threshold="head_series",
            empty=parts.UNKNOWN,
        ),
        parts.quarter(
            "New series",
            "Series per second that have not been there before. No alert reads it: a steady flow is labels that never "
            "repeat, and in the end PrometheusHeadSeriesHigh: drop the label.",
            units.NEW_SERIES,
            {"{{instance}}": f"rate(prometheus_tsdb_head_series_created_total{PROMETHEUS}{RECENT})"},
            empty=parts.UNKNOWN,
        ).axis_soft_max(SOME),
        parts.quarter(
            "Samples",
            "Samples per second that Prometheus stores. No alert reads it: it is what disk and memory are used for; "
            "scrape less often to have fewer.",
            units.SAMPLES,
            {
                "{{instance}}": "sum by (instance) "
                f"(rate(prometheus_tsdb_head_samples_appended_total{PROMETHEUS}{RECENT}))"
            },
            empty=parts.UNKNOWN,
        ),
        parts.quarter(
            "Storage",
            "What Prometheus has on its disk, and what llmmon_prometheus_retention_size lets it have, if that is set. "
            "PrometheusStorageFillingUp compares them some days ahead: allow more, or keep it for fewer days.",
            "bytes",
            {"{{instance}}": size, "{{instance}} may": f"{limit} > 0"},
            empty=parts.UNKNOWN,
        ),
        parts.red_lines_above_zero(
            parts.graph(
                "Trouble with storage",
                "Compactions, loads and writes per hour that failed. Above 0 PrometheusTSDBCompactionsFailing, "
                "PrometheusTSDBReloadsFailing or PrometheusTSDBWALFailures fires: is the disk full, or broken?",
                units.FAILURES,
                {
                    "compactions": f"increase(prometheus_tsdb_compactions_failed_total{PROMETHEUS}[1h])",
                    "loads": f"increase(prometheus_tsdb_reloads_failures_total{PROMETHEUS}[1h])",
                    "writes": f"increase(prometheus_tsdb_wal_writes_failed_total{PROMETHEUS}[1h])",
                    "truncations": f"increase(prometheus_tsdb_wal_truncations_failed_total{PROMETHEUS}[1h])",
                },
                empty=parts.UNKNOWN,
            ).axis_soft_max(SOME)
        ),
        parts.graph(
            "Duration of queries (P99)",
            "99 of 100 queries, of rules and of dashboards, took at most so long in this part. No alert reads it: "
            "slow dashboards show here; shorten the time that they show.",
            "s",
            {
                "{{slice}}": "max by (slice) "
                '(prometheus_engine_query_duration_seconds{job="prometheus", quantile="0.99"}) >= 0'
            },
            empty=parts.UNKNOWN,
        ),
    ]


def _engines() -> list[Any]:
    sent = f"rate(prometheus_remote_storage_samples_total{PROMETHEUS}{RECENT})"
    failed = f"rate(prometheus_remote_storage_samples_failed_total{PROMETHEUS}{RECENT})"
    return [
        parts.third(
            "Age of what was written last",
            "How old the newest sample is that an engine of llmmon_remote_write has taken. Above 5 minutes "
            "PrometheusRemoteWriteBehind fires, above 2 hours PrometheusRemoteWriteLosing.",
            "s",
            {"{{engine}}": "max by (engine) (instance_engine:prometheus_remote_write_lag:seconds)"},
            empty=NO_ENGINE,
        ),
        parts.third(
            "Samples that wait for an engine",
            "Samples in the queues. No alert reads it: if it stays high while the engine answers, raise "
            "llmmon_remote_write's queue, or write less (send).",
            units.WAITING_SAMPLES,
            {"{{remote_name}}": f"max by (remote_name) (prometheus_remote_storage_samples_pending{PROMETHEUS})"},
            empty=NO_ENGINE,
        ),
        parts.third(
            "Samples written to engines",
            "Samples per second that were written, and that an engine refused for good. If some are refused "
            "PrometheusRemoteWriteLosing fires.",
            units.SAMPLES,
            {
                "{{remote_name}}": f"max by (remote_name) ({sent})",
                "{{remote_name}} refused": f"max by (remote_name) ({failed})",
            },
            empty=NO_ENGINE,
        ),
    ]


def _thanos() -> list[Any]:
    failures = f"rate(thanos_objstore_bucket_operation_failures_total{THANOS}{RECENT})"
    return [
        parts.third(
            "Age of the last upload",
            "How long ago each sidecar has uploaded a block; one is due every two hours. Above 4 hours the alert "
            "ThanosUploadLate fires.",
            "s",
            {
                "{{instance}}": "time() - max by (instance) "
                f"(thanos_objstore_bucket_last_successful_upload_time{THANOS} > 0 "
                f"and on (instance) thanos_sidecar_prometheus_up{THANOS})"
            },
            empty=NO_THANOS,
        ),
        parts.third(
            "Failed requests to the bucket",
            "Requests per second to the bucket that failed. If they go on failing for half an hour the "
            "alert ThanosBucketFailing fires.",
            "reqps",
            {"{{instance}}": f"sum by (instance) ({failures})"},
            empty=NO_THANOS,
        ),
        parts.third(
            "Compactor has stopped",
            "1 when the compactor does nothing any more, and 0 when it works. At 1 the alert "
            "ThanosCompactorHalted fires.",
            "short",
            {"{{instance}}": f"max by (instance) (thanos_compact_halted{THANOS})"},
            empty=NO_THANOS,
        ),
    ]


def _backups() -> list[Any]:
    return [
        parts.graph(
            "Age of the last backup",
            "How long ago the last backup of each scope succeeded. If backups are scheduled and it grows above "
            "llmmon_thresholds.backup_age_hours, MonitoringBackupTooOld fires; for the last one that was copied off "
            "the host it is MonitoringBackupCopyTooOld. The backup's log on the host says what failed.",
            "s",
            {
                "{{scope}}": "time() - max by (scope) (llmmon_backup_last_success_timestamp_seconds)",
                "{{scope}} off the host": "time() - max by (scope) (llmmon_backup_copy_last_success_timestamp_seconds)",
            },
            empty=NO_BACKUP,
        ),
        parts.graph(
            "Size of the last backup",
            "Bytes of the last archive of each scope. No alert reads it. Does a full one shrink, it lacks something: "
            "compare it with the one before.",
            "bytes",
            {"{{scope}}": "max by (scope) (llmmon_backup_last_success_bytes)"},
            empty=NO_BACKUP,
        ),
    ]


def _processes() -> list[Any]:
    return [
        parts.third(
            "Memory",
            "Memory of each part of the monitoring. No alert reads it: at llmmon_memory_limits the engine ends the "
            "container, and MonitoringTargetDown may fire: give it more before.",
            "bytes",
            {INSTANCE_OF_SERVICE: f"process_resident_memory_bytes{OWN}"},
            empty=parts.UNKNOWN,
        ),
        parts.third(
            "Processor",
            "Processor seconds per second of each part of the monitoring: 1 is one core. If Prometheus takes all "
            "there are, rules and dashboards are late: give it more, or scrape less often. No alert reads it.",
            units.CORES,
            {INSTANCE_OF_SERVICE: f"rate(process_cpu_seconds_total{OWN}{RECENT})"},
            empty=parts.UNKNOWN,
        ),
        parts.third(
            "Time since the start",
            "How long each part has been running: a saw's teeth are restarts, and logs.yml says why. No alert reads "
            "it; MonitoringTargetDown watches the parts.",
            "s",
            {INSTANCE_OF_SERVICE: f"time() - process_start_time_seconds{OWN}"},
            empty=parts.UNKNOWN,
        ),
    ]
