"""The rendered rules as data: what is recorded, what is alerted on, and what may be read besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

# What Prometheus and Alertmanager provide themselves. Alerts and dashboards read these and recorded series only.
RAW_METRICS = {
    "ALERTS",
    "alertmanager_config_last_reload_successful",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_total",
    "llmmon_backup_copy_last_success_timestamp_seconds",
    "llmmon_backup_last_success_timestamp_seconds",
    "llmmon_canary_duration_seconds",
    "llmmon_canary_failing",
    "llmmon_canary_skipped_total",
    "llmmon_canary_slow",
    "llmmon_canary_wrong",
    "probe_failed_due_to_regex",
    "probe_http_status_code",
    "process_start_time_seconds",
    "prometheus_config_last_reload_successful",
    "prometheus_notifications_alertmanagers_discovered",
    "thanos_compact_halted",
    "thanos_objstore_bucket_last_successful_upload_time",
    "thanos_objstore_bucket_operation_failures_total",
    "thanos_sidecar_prometheus_up",
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
    "prometheus_remote_storage_samples_dropped_total",
    "prometheus_remote_storage_samples_failed_total",
    "prometheus_remote_storage_samples_pending",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_sent_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_tsdb_compactions_failed_total",
    "prometheus_tsdb_head_series",
    "prometheus_tsdb_reloads_failures_total",
    "prometheus_tsdb_retention_limit_bytes",
    "prometheus_tsdb_wal_corruptions_total",
    "prometheus_tsdb_wal_truncations_failed_total",
    "prometheus_tsdb_wal_writes_failed_total",
    "prometheus_sd_file_read_errors_total",
    "scrape_samples_post_metric_relabeling",
    "up",
}


# The groups of one file, as data.
Groups = list[dict[str, Any]]


def groups(content: str) -> Groups:
    return list(yaml.load(content, Loader=yaml.CSafeLoader)["groups"])


def rules(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [rule for content in files.values() for group in groups(content) for rule in group["rules"]]


def alerts(files: Mapping[str, str]) -> list[dict[str, Any]]:
    return [rule for rule in rules(files) if "alert" in rule]


def recorded_names(files: Mapping[str, str]) -> set[str]:
    return {rule["record"] for rule in rules(files) if "record" in rule}
