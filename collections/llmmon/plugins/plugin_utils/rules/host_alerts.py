# SPDX-License-Identifier: Apache-2.0
"""Alerts about the machines under the models: hosts that are away or full, GPUs that are gone, broken, slow or full."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import NODE_JOB
from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import from_files
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import grown, job_is, selector
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent

_OF_HOST = ("host",)


def host_alerts(settings: RuleSettings) -> list[Rule]:
    """What is told of llmmon_hosts."""
    return [*_of_hosts(settings), *_of_files(settings), *_of_gpus(settings)]


def _of_hosts(settings: RuleSettings) -> list[Rule]:
    alert = settings.alerting.alert
    return [
        *alert(
            "HostDown",
            f"{selector('up', job_is(NODE_JOB))} == 0",
            summary="A host under the models is out of reach",
            description="Prometheus gets no metrics of the host {{ $labels.host }} from node_exporter at"
            " {{ $labels.instance }}: the host is down, or its exporter is, or the way there.",
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "HostDiskFull",
            _above(settings, "host_mountpoint:disk_used:ratio", "host_disk_ratio"),
            summary="A disk under the models is nearly full",
            description="{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} on the host {{ $labels.host }}"
            " is in use (threshold [[ threshold ]]).",
            values=_threshold(settings, "host_disk_ratio"),
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "HostMemoryLow",
            _above(settings, "host:memory_used:ratio", "host_memory_ratio"),
            summary="A host under the models has hardly any memory left",
            description="{{ $value | humanizePercentage }} of the memory of the host {{ $labels.host }} is in use"
            " (threshold [[ threshold ]]): the kernel will end a process, and mostly the largest.",
            values=_threshold(settings, "host_memory_ratio"),
            dashboard_for=_OF_HOST,
        ),
    ]


def _of_files(settings: RuleSettings) -> list[Rule]:
    """Where files name machines. Prometheus reads them anew every 5 minutes: one that was half written is no news."""
    if not any(map(from_files, settings.hosts)):
        return []
    return settings.alerting.alert(
        "HostFileUnreadable",
        f"{grown('prometheus_sd_file_read_errors_total', '15m', job_is('prometheus'))} > 0",
        summary="A file that names machines cannot be read",
        description="{{ $labels.instance }} cannot read a file of targets below own.d, and goes on with the machines"
        " that it named before. New ones are not watched.",
    )


def _of_gpus(settings: RuleSettings) -> list[Rule]:
    alert = settings.alerting.alert
    node = selector("up", job_is(NODE_JOB))
    return [
        # A host that is down as a whole is told by HostDown.
        *alert(
            "GPUMissing",
            f"""
            (host:gpus:count == 0 or host:gpus:count < max_over_time(host:gpus:count[1d]))
            unless on (host) {node} == 0
            """,
            summary="A GPU is gone, or nobody can see it",
            description="GPUs that the host {{ $labels.host }} shows: {{ $value }}, which is fewer than before, or none"
            " at all. One has fallen off the bus, or the driver or the exporter is not there.",
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "GPUFault",
            "host_gpu_xid:gpu_fault:now",
            summary="A GPU reports a fault that needs a reset",
            description="GPU {{ $labels.gpu }} of the host {{ $labels.host }} reports XID {{ $labels.xid }}. What runs"
            " on it has failed, or will.",
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "GPUMemoryErrors",
            "host_gpu:gpu_memory_errors:sum > 0",
            summary="A GPU's memory has errors that were not corrected",
            description="GPU {{ $labels.gpu }} of the host {{ $labels.host }} counts {{ $value }} double-bit errors"
            " (ECC) since its last reset, or rows that it could not replace. Answers may have been wrong.",
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "GPUThrottled",
            _above(settings, "host_gpu:gpu_throttled:ratio5m", "gpu_throttled_ratio"),
            summary="A GPU is slowed down by heat or power",
            description="For {{ $value | humanizePercentage }} of the last 5 minutes GPU {{ $labels.gpu }} of the host"
            " {{ $labels.host }} was slowed down by {{ $labels.cause }} (threshold [[ threshold ]]).",
            values=_threshold(settings, "gpu_throttled_ratio"),
            dashboard_for=_OF_HOST,
        ),
        *alert(
            "GPUMemoryFull",
            _above(settings, "host_gpu:gpu_memory_used:ratio", "gpu_memory_ratio"),
            summary="The memory of a GPU is full",
            description="{{ $value | humanizePercentage }} of the memory of GPU {{ $labels.gpu }} of the host"
            " {{ $labels.host }} is in use (threshold [[ threshold ]]).",
            values=_threshold(settings, "gpu_memory_ratio"),
            dashboard_for=_OF_HOST,
        ),
    ]


def _above(settings: RuleSettings, series: str, threshold: str) -> str:
    return f"round({series}, 0.0001) > {settings.thresholds[threshold]}"


def _threshold(settings: RuleSettings, name: str) -> dict[str, str]:
    return {"threshold": percent(settings.thresholds[name])}
