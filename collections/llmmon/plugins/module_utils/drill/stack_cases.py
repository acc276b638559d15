# SPDX-License-Identifier: Apache-2.0
"""What makes each alert about the monitoring itself fire."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import QUIET, StackCase
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import (
    DAY,
    RECORDED,
    SCRAPED,
    Series,
    Value,
    lately,
    recorded,
)

_HUGE = 1e15


def _of(job: str, name: str, value: Value, **labels: str) -> list[Series]:
    return [Series(name, {"job": job, "instance": "drill", **labels}, value)]


def _prometheus(name: str, value: Value, **labels: str) -> list[Series]:
    return _of("prometheus", name, value, **labels)


def _rising(age: int) -> float:
    return float(SCRAPED[0] - age)


def _sending_fails(_: int) -> Iterable[Series]:
    return [
        *_prometheus("prometheus_notifications_errors_total", _rising, alertmanager="drill"),
        *_prometheus("prometheus_notifications_sent_total", _rising, alertmanager="drill"),
    ]


def _notifying_fails(_: int) -> Iterable[Series]:
    return [
        *_of("alertmanager", "alertmanager_notifications_failed_total", _rising, integration="drill"),
        *_of("alertmanager", "alertmanager_notifications_total", _rising, integration="drill"),
    ]


def _fills_up(_: int) -> Iterable[Series]:
    labels = {"job": "prometheus", "instance": "drill"}
    growing = recorded("instance:prometheus_storage_bytes:sum", labels, lambda age: _HUGE * (RECORDED[0] - age) / DAY)
    parts = ("tsdb_storage_blocks", "tsdb_wal_storage_size", "tsdb_head_chunks_storage_size")
    return [
        growing,
        *(one for part in parts for one in _prometheus(f"prometheus_{part}_bytes", _HUGE * RECORDED[0] / DAY)),
        *_prometheus("prometheus_tsdb_retention_limit_bytes", 1),
    ]


def _engine(name: str, engine: str, value: Value, **labels: str) -> list[Series]:
    return _prometheus(f"prometheus_remote_storage_{name}", value, remote_name=engine, **labels)


def _backup(copy: str, now: int, hours: float) -> list[Series]:
    name = f"llmmon_backup{copy}_last_success_timestamp_seconds"
    return [Series(name, {"scope": scope}, now - hours * 3600) for scope in ("full", "config")]


def _upload_late(now: int) -> Iterable[Series]:
    return [
        *_of("thanos", "thanos_objstore_bucket_last_successful_upload_time", now - DAY, bucket="drill"),
        *_of("thanos", "thanos_sidecar_prometheus_up", 1),
    ]


CASES: dict[str, StackCase] = {
    "Watchdog": StackCase(lambda _: []),
    "MonitoringTargetDown": StackCase(lambda _: _of("alertmanager", "up", 0)),
    "PrometheusConfigReloadFailed": StackCase(lambda _: _prometheus("prometheus_config_last_reload_successful", 0)),
    "PrometheusRuleFailures": StackCase(
        lambda _: _prometheus("prometheus_rule_evaluation_failures_total", lately, rule_group="drill")
    ),
    "PrometheusMissedRuleEvaluations": StackCase(
        lambda _: _prometheus("prometheus_rule_group_iterations_missed_total", lately, rule_group="drill")
    ),
    "PrometheusNotConnectedToAlertmanagers": StackCase(
        lambda _: _prometheus("prometheus_notifications_alertmanagers_discovered", 0)
    ),
    "PrometheusErrorSendingAlerts": StackCase(_sending_fails),
    "AlertmanagerFailedReload": StackCase(
        lambda _: _of("alertmanager", "alertmanager_config_last_reload_successful", 0)
    ),
    "AlertNotificationsFailing": StackCase(_notifying_fails),
    "PrometheusHeadSeriesHigh": StackCase(lambda _: _prometheus("prometheus_tsdb_head_series", _HUGE)),
    "PrometheusTSDBCompactionsFailing": StackCase(
        lambda _: _prometheus("prometheus_tsdb_compactions_failed_total", lately)
    ),
    "PrometheusTSDBReloadsFailing": StackCase(lambda _: _prometheus("prometheus_tsdb_reloads_failures_total", lately)),
    "PrometheusTSDBWALFailures": StackCase(lambda _: _prometheus("prometheus_tsdb_wal_writes_failed_total", lately)),
    "PrometheusStorageFillingUp": StackCase(_fills_up),
    "PrometheusRemoteWriteBehind": StackCase(
        lambda now: _engine("queue_highest_sent_timestamp_seconds", "drill-late", now - 3600)
    ),
    "PrometheusRemoteWriteLosing": StackCase(lambda _: _engine("samples_failed_total", "drill-loses", _rising)),
    "ThanosBucketFailing": StackCase(
        lambda _: _of("thanos", "thanos_objstore_bucket_operation_failures_total", lately, operation="get")
    ),
    "ThanosUploadLate": StackCase(_upload_late),
    "ThanosCompactorHalted": StackCase(lambda _: _of("thanos", "thanos_compact_halted", 1)),
    # No copy is missed of a backup that there is not.
    "MonitoringBackupTooOld": StackCase(lambda now: _backup("", now, 24 * 365), QUIET),
    "MonitoringBackupCopyTooOld": StackCase(lambda now: [*_backup("", now, 0), *_backup("_copy", now, 24 * 365)]),
}
