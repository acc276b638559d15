# SPDX-License-Identifier: Apache-2.0
"""Alerts about the monitoring itself: its parts, its rules, its notifications, its data and its backups."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, Rule, group, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import grown, job_is
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

# A block is due every two hours: one that was missed may be a restart.
_UPLOAD_LATE_SECONDS = 14400

# For so long Prometheus surely has what it could not write to an engine yet: until its log is cut the next time.
_KEPT_SECONDS = 7200

_OWN = job_is("prometheus")


def stack_alerts(settings: Mapping[str, Any]) -> list[Group]:
    """The group of all alerts about the monitoring; ``settings`` is ``__llmmon_rule_settings``."""
    chosen = RuleSettings.of(settings)
    storage = record(
        "instance:prometheus_storage_bytes:sum",
        'prometheus_tsdb_storage_blocks_bytes{job="prometheus"}\n'
        '+ prometheus_tsdb_wal_storage_size_bytes{job="prometheus"}\n'
        '+ prometheus_tsdb_head_chunks_storage_size_bytes{job="prometheus"}',
    )
    rules = [
        storage,
        *_alive(chosen),
        *_evaluating(chosen),
        *_sending(chosen),
        *_notifying(chosen),
        *_storing(chosen),
        *_writing(chosen),
        *_keeping(chosen),
        *_backing_up(chosen),
    ]
    return [group("llmmon_stack_alerts", chosen.interval, rules)]


def _alive(settings: RuleSettings) -> list[Rule]:
    alert = settings.alerting.alert
    own_jobs = [service for service in ("alertmanager", "grafana") if service in settings.services]
    own_jobs += ["prober"] if settings.prober else []
    own_jobs += ["thanos"] if settings.thanos else []
    own_jobs += ["canary"] if settings.canaries else []
    # Watchdog: whoever receives it learns, when it stops, that alerts no longer get through.
    rules = alert(
        "Watchdog",
        "vector(1)",
        summary="The alert path works",
        description="This alert always fires. If it stops arriving, Prometheus, Alertmanager or the way between them is"
        " broken.",
    )
    if own_jobs:
        rules += alert(
            "MonitoringTargetDown",
            f'up{{job=~"{"|".join(own_jobs)}"}} == 0',
            summary="A part of the monitoring is down",
            description="Prometheus cannot scrape {{ $labels.job }} at {{ $labels.instance }}, which is a part of the"
            " monitoring itself.",
        )
    return rules


def _evaluating(settings: RuleSettings) -> list[Rule]:
    alert = settings.alerting.alert
    return [
        # Over 5 minutes, so that one failed scrape does not start the clock again.
        *alert(
            "PrometheusConfigReloadFailed",
            'max_over_time(prometheus_config_last_reload_successful{job="prometheus"}[5m]) == 0',
            summary="Prometheus refused its configuration",
            description="{{ $labels.instance }} could not load its configuration and still runs the previous one."
            " After a restart it would not come up.",
        ),
        *alert(
            "PrometheusRuleFailures",
            f"{grown('prometheus_rule_evaluation_failures_total', '5m', _OWN)} > 0",
            summary="Prometheus cannot evaluate some rules",
            description="Rules of the group {{ $labels.rule_group }} fail on {{ $labels.instance }}. Alerts that"
            " depend on them cannot fire.",
        ),
        *alert(
            "PrometheusMissedRuleEvaluations",
            f"{grown('prometheus_rule_group_iterations_missed_total', '5m', _OWN)} > 0",
            summary="Prometheus skips evaluations of rules",
            description="The group {{ $labels.rule_group }} on {{ $labels.instance }} takes longer than its interval,"
            " so evaluations are left out: alerts are late.",
        ),
    ]


def _sending(settings: RuleSettings) -> list[Rule]:
    """Where there are Alertmanagers to send alerts to."""
    if not settings.alertmanagers:
        return []
    alert = settings.alerting.alert
    return [
        # No Alertmanager will deliver this one; it shows in Prometheus and Grafana, and the missing Watchdog tells the
        # rest.
        *alert(
            "PrometheusNotConnectedToAlertmanagers",
            'max_over_time(prometheus_notifications_alertmanagers_discovered{job="prometheus"}[5m]) < 1',
            summary="Prometheus knows no Alertmanager",
            description="{{ $labels.instance }} has nowhere to send alerts to: nobody is notified of anything.",
        ),
        # Of each Alertmanager by itself: with two of them the other one still tells.
        *alert(
            "PrometheusErrorSendingAlerts",
            f"""
            rate(prometheus_notifications_errors_total{{job="prometheus"}}[5m])
            / (rate(prometheus_notifications_sent_total{{job="prometheus"}}[5m]) > 0)
            > {settings.thresholds["failed_notifications_ratio"]}
            """,
            summary="Prometheus cannot hand alerts to an Alertmanager",
            description="{{ $value | humanizePercentage }} of the alerts that {{ $labels.instance }} sent to"
            " {{ $labels.alertmanager }} in the last 5 minutes were not taken.",
        ),
    ]


def _notifying(settings: RuleSettings) -> list[Rule]:
    """Of the Alertmanager that is deployed here."""
    if "alertmanager" not in settings.services:
        return []
    alert = settings.alerting.alert
    each = "sum by (job, instance, integration)"
    return [
        *alert(
            "AlertmanagerFailedReload",
            'max_over_time(alertmanager_config_last_reload_successful{job="alertmanager"}[5m]) == 0',
            summary="Alertmanager refused its configuration",
            description="{{ $labels.instance }} could not load its configuration and still notifies by the previous"
            " one. After a restart it would not come up.",
        ),
        # Summed, because failures have a `reason` that the total has not. More than 1 in 100, so that one hiccup is
        # forgiven. Its label `integration` says which channel to avoid: route integration="email" to the webhook and
        # all others to e-mail.
        *alert(
            "AlertNotificationsFailing",
            f"""
            {each} (rate(alertmanager_notifications_failed_total{{job="alertmanager"}}[15m]))
            / {each} (rate(alertmanager_notifications_total{{job="alertmanager"}}[15m]))
            > {settings.thresholds["failed_notifications_ratio"]}
            """,
            summary="Alert notifications are not delivered",
            description="{{ $value | humanizePercentage }} of the notifications that {{ $labels.instance }} sent by"
            " {{ $labels.integration }} in the last 15 minutes failed.",
        ),
    ]


def _storing(settings: RuleSettings) -> list[Rule]:
    alert, thresholds = settings.alerting.alert, settings.thresholds
    return [
        *alert(
            "PrometheusHeadSeriesHigh",
            f'prometheus_tsdb_head_series{{job="prometheus"}} > {thresholds["head_series"]}',
            summary="Prometheus holds very many series in memory",
            description="{{ $labels.instance }} holds {{ $value | humanize }} series in memory"
            " (threshold [[ threshold ]]).",
            values={"threshold": thresholds["head_series"]},
        ),
        # Over 3 hours: compactions run every 2.
        *alert(
            "PrometheusTSDBCompactionsFailing",
            f"{grown('prometheus_tsdb_compactions_failed_total', '3h', _OWN)} > 0",
            summary="Prometheus cannot compact its data",
            description="{{ $value | humanize }} compactions failed on {{ $labels.instance }} in the last 3 hours: the"
            " disk is full or data are damaged.",
        ),
        *alert(
            "PrometheusTSDBReloadsFailing",
            f"{grown('prometheus_tsdb_reloads_failures_total', '3h', _OWN)} > 0",
            summary="Prometheus cannot read its data from disk",
            description="{{ $value | humanize }} attempts to load blocks failed on {{ $labels.instance }} in the last 3"
            " hours.",
        ),
        # Damage is found, and counted, while Prometheus starts: nothing grows after that.
        *alert(
            "PrometheusTSDBWALFailures",
            f"""
            {grown("prometheus_tsdb_wal_writes_failed_total", "10m", _OWN)} > 0
            or {grown("prometheus_tsdb_wal_truncations_failed_total", "3h", _OWN)} > 0
            or prometheus_tsdb_wal_corruptions_total{{job="prometheus"}} > 0
              and on (job, instance) time() - process_start_time_seconds{{job="prometheus"}} < 3 * 3600
            """,
            summary="Prometheus cannot write what it has scraped",
            description="Writes to, or truncations of, the write-ahead log fail on {{ $labels.instance }}, or it is"
            " damaged: samples are lost, now or at the next restart.",
        ),
        # Prometheus does not know how large its disk is, but it knows its own size and, if
        # llmmon_prometheus_retention_size is set, what it may take. Half a day of history at least: sizes go up and
        # down with every compaction.
        *alert(
            "PrometheusStorageFillingUp",
            f"""
            predict_linear(instance:prometheus_storage_bytes:sum[1d], {thresholds["storage_days_left"]} * 86400)
              > on (job, instance) (prometheus_tsdb_retention_limit_bytes{{job="prometheus"}} > 0)
            and on (job, instance) instance:prometheus_storage_bytes:sum offset 12h
            """,
            summary="Prometheus will soon have used the disk space it may take",
            description="Growing as in the last day, the data of {{ $labels.instance }} will be"
            " {{ $value | humanize1024 }}B in [[ days ]] days, more than llmmon_prometheus_retention_size allows: the"
            " oldest will be deleted early.",
            values={"days": thresholds["storage_days_left"]},
        ),
    ]


def _writing(settings: RuleSettings) -> list[Rule]:
    """Where samples are written to an engine."""
    if not settings.remote_writes:
        return []
    alert = settings.alerting.alert
    sent = 'prometheus_remote_storage_queue_highest_sent_timestamp_seconds{job="prometheus"} > 0'
    failed = grown("prometheus_remote_storage_samples_failed_total", "15m", _OWN)
    # What is dropped because nobody wants it is not lost.
    dropped = grown("prometheus_remote_storage_samples_dropped_total", "15m", _OWN, 'reason!~"|dropped_series"')
    return [
        # Its value is the time at which it was made, so that whoever reads it from the engine knows how late that is.
        record("llmmon:remote_write_marker", "vector(time())"),
        # Of an engine that has taken nothing yet, since the start.
        record(
            "instance_engine:prometheus_remote_write_lag:seconds",
            _by_engine(
                f"time() - ({sent})",
                'time() - process_start_time_seconds{job="prometheus"}\n'
                '+ on (job, instance) group_right () 0 * prometheus_remote_storage_samples_pending{job="prometheus"}',
            ),
        ),
        *alert(
            "PrometheusRemoteWriteBehind",
            f"instance_engine:prometheus_remote_write_lag:seconds > 300 <= {_KEPT_SECONDS}",
            summary="An engine does not get its samples in time",
            description="The newest sample that {{ $labels.instance }} wrote to {{ $labels.engine }} is"
            " {{ $value | humanizeDuration }} old. What waits is kept for about two hours, and written once the engine"
            " takes it; alerts go on, since Prometheus evaluates them itself.",
        ),
        *alert(
            "PrometheusRemoteWriteLosing",
            _by_engine(f"{failed} > 0", f"{dropped} > 0")
            + f"\nor\ninstance_engine:prometheus_remote_write_lag:seconds > {_KEPT_SECONDS}",
            summary="An engine loses samples",
            description="Samples of {{ $labels.instance }} for {{ $labels.engine }} are lost for good: the engine"
            " refused them, or they had waited for longer than Prometheus keeps them. Prometheus itself has them for"
            " llmmon_prometheus_retention_time.",
        ),
    ]


def _by_engine(*expressions: str) -> str:
    """The first that there is, under the name that the user gave the engine, and without its address."""
    either = "\nor\n".join(indent(expression, "  ") for expression in expressions)
    return f"""max by (job, instance, engine) (
  label_replace(
{indent(either, "    ")},
    "engine", "$1", "remote_name", "(.+)"
  )
)"""


def _keeping(settings: RuleSettings) -> list[Rule]:
    """Where components of Thanos keep history in a bucket."""
    if not settings.thanos:
        return []
    alert = settings.alerting.alert
    # The store gateway looks at the bucket every quarter of an hour.
    failures = grown("thanos_objstore_bucket_operation_failures_total", "20m", job_is("thanos"))
    # The compactor writes to the bucket, too, when there is something to put together: only a sidecar has uploads due.
    uploaded = 'max by (job, instance) (thanos_objstore_bucket_last_successful_upload_time{job="thanos"} > 0)'
    return [
        *alert(
            "ThanosBucketFailing",
            f"sum by (job, instance) ({failures}) > 0",
            summary="The bucket of Thanos fails",
            description="For half an hour {{ $labels.instance }} could not read or write the bucket. Prometheus keeps"
            " what is not uploaded for llmmon_prometheus_retention_time; alerts go on.",
        ),
        *alert(
            "ThanosUploadLate",
            f"""
            time() - {uploaded} > {_UPLOAD_LATE_SECONDS}
            and on (job, instance) thanos_sidecar_prometheus_up{{job="thanos"}}
            """,
            summary="History is not uploaded in time",
            description="The last block that {{ $labels.instance }} uploaded is {{ $value | humanizeDuration }} old,"
            " and one is due every two hours. If this host is lost, what it has not uploaded is lost with it.",
        ),
        *alert(
            "ThanosCompactorHalted",
            'max by (job, instance) (thanos_compact_halted{job="thanos"}) == 1',
            summary="The compactor of Thanos has stopped",
            description="{{ $labels.instance }} found blocks in the bucket that it must not touch, and does nothing any"
            " more until somebody mends that: the bucket grows, and queries over long times become slow.",
        ),
    ]


def _backing_up(settings: RuleSettings) -> list[Rule]:
    """Where backups are scheduled."""
    if not settings.backup_schedule:
        return []
    hours = settings.thresholds["backup_age_hours"]
    oldest = int(float(hours) * 3600)
    scope = 'scope="full"' if settings.backup_schedule_scope == "full" else 'scope=~".+"'
    newest = f"max(llmmon_backup_last_success_timestamp_seconds{{{scope}}})"
    copied = f"max(llmmon_backup_copy_last_success_timestamp_seconds{{{scope}}})"
    rules: list[Rule] = [
        # Tells since when there is a schedule: before the first backup was due, none is missed.
        record("llmmon_backup_scheduled", "vector(1)"),
        *settings.alerting.alert(
            "MonitoringBackupTooOld",
            f"time() - {newest} > {oldest}\nor absent({newest}) and llmmon_backup_scheduled offset {oldest}s",
            summary="The last good backup is too old",
            description="Backups are scheduled, and for more than [[ hours ]] hours none has succeeded: neither data"
            " nor settings of the monitoring could be restored as they are now.",
            values={"hours": hours},
        ),
    ]
    if not settings.backup_copied:
        return rules
    return [
        *rules,
        # As above, since when there is a repository to copy to.
        record("llmmon_backup_copy_scheduled", "vector(1)"),
        # Without a backup there is nothing to copy, which the alert above says.
        *settings.alerting.alert(
            "MonitoringBackupCopyTooOld",
            f"""
            (
              time() - {copied} > {oldest}
            or
              absent({copied}) and llmmon_backup_copy_scheduled offset {oldest}s
            )
            unless on () ALERTS{{alertname="MonitoringBackupTooOld"}}
            """,
            summary="The last copy of a backup off the host is too old",
            description="Backups succeed, and for more than [[ hours ]] hours none of them was copied off the host:"
            " when the host is lost, its backups are lost with it.",
            values={"hours": hours},
        ),
    ]
