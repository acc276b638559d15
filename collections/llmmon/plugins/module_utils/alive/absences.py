# SPDX-License-Identifier: Apache-2.0
"""Series that a healthy stack may lack, and why: most begin only when something happens."""

from __future__ import annotations

RIGHTLY_ABSENT = {
    "llmmon_backup_copy_last_success_timestamp_seconds": "no backup was copied yet",
    "llmmon_backup_last_success_timestamp_seconds": "no backup was made yet",
    "llmmon_canary_duration_seconds": "no canary has asked yet",
    "llmmon_canary_failing": "no canary has asked yet",
    "llmmon_canary_skipped_total": "no canary has asked yet",
    "llmmon_canary_slow": "no canary has asked yet",
    "llmmon_canary_wrong": "no canary has asked yet",
    "probe_failed_due_to_regex": "no gateway was probed yet",
    "probe_http_status_code": "no gateway was probed yet",
    "prometheus_remote_storage_samples_dropped_total": "nothing was dropped yet",
    "thanos_compact_halted": "no compactor runs here",
    "thanos_objstore_bucket_last_successful_upload_time": "no block was uploaded yet",
    "thanos_objstore_bucket_operation_failures_total": "the bucket was not used yet",
    "thanos_sidecar_prometheus_up": "no sidecar runs here",
}
# Labels of what has happened.
LABELS_OF_EVENTS = frozenset(["cause"])
# Where Alertmanager has no receiver to count for.
WITHOUT_RECEIVERS = dict.fromkeys(
    ("alertmanager_notifications_failed_total", "alertmanager_notifications_total"), "there is no receiver"
)
# Of targets that are gateways.
OF_GATEWAYS = {"process_start_time_seconds": "not every gateway says since when it runs"}
