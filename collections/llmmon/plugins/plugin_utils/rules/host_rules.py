# SPDX-License-Identifier: Apache-2.0
"""What is recorded of the machines under the models: hosts, their GPUs, and which gateways they serve.

GPUs are told apart by ``host`` and ``gpu``, the number that nvidia-smi shows. dcgm-exporter and nvidia_gpu_exporter
have other names and units for the same; what alerts and dashboards read is recorded once, from whichever is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import GPU_JOB, NODE_JOB
from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import from_files
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.host_alerts import host_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, Rule, group, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import (
    any_of,
    job_is,
    labelled,
    one_of_jobs,
    quoted,
    selector,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

_GPUS = "host_uuid:nvidia_smi_gpu:info"
_SERVES = "job_host:llmmon_host:info"
# What is full by design, or is no disk.
_DISKS = 'fstype!~"tmpfs|ramfs|squashfs|overlay|iso9660|erofs|fuse.*|nsfs|autofs"'
# Errors after which NVIDIA has a GPU reset, or its host restarted: of memory (48, 64, 95), of what runs on the GPU
# itself (62, 119, 120), of NVLink (74), and a GPU that has fallen off the bus (79). Others are the application's.
_XIDS = ("48", "62", "64", "74", "79", "95", "119", "120")
# Where it is known when, an error of the last hour; dcgm-exporter shows the last one until it is started anew.
_RECENT_SECONDS = 3600
# Why clocks are lower than they could be: NVML's bits, and nvidia-smi's names.
_REASONS = {
    "heat": ((0x20, 0x40), "sw_thermal_slowdown|hw_thermal_slowdown"),
    "power": ((0x04, 0x80), "sw_power_cap|hw_power_brake_slowdown"),
}
_VIOLATIONS = {"heat": "DCGM_FI_DEV_THERMAL_VIOLATION", "power": "DCGM_FI_DEV_POWER_VIOLATION"}
# DCGM says by numbers that cannot be that it does not know.
_HOTTEST, _MOST_ERRORS = 300, "1e15"


def host_rules(settings: Mapping[str, Any]) -> list[Group]:
    """The groups of all that is recorded and told of llmmon_hosts; ``settings`` is ``__llmmon_rule_settings``."""
    chosen = RuleSettings.of(settings)
    recorded = [*_hosts(), *_gpus(), *_throttled(), *_broken(), _counted(), *_served(chosen.hosts)]
    groups = [group("llmmon_hosts", chosen.interval, recorded)]
    alerts = host_alerts(chosen)
    return [*groups, group("llmmon_host_alerts", chosen.interval, alerts)] if alerts else groups


def _hosts() -> list[Rule]:
    def node(metric: str, *more: str) -> str:
        return selector(f"node_{metric}", job_is(NODE_JOB), *more)

    idle = node("cpu_seconds_total", 'mode="idle"')
    free, size = node("filesystem_avail_bytes", _DISKS), node("filesystem_size_bytes", _DISKS)
    available, memory = node("memory_MemAvailable_bytes"), node("memory_MemTotal_bytes")
    return [
        record("host:cpu_busy:ratio_rate5m", f"1 - avg by (host) (rate({idle}[5m]))"),
        record("host:memory_used:ratio", f"1 - max by (host) ({available} / {memory})"),
        record("host_mountpoint:disk_used:ratio", f"1 - min by (host, mountpoint) (\n  {free}\n  / ({size} > 0)\n)"),
    ]


def _gpus() -> list[Rule]:
    used, free = _gpu("DCGM_FI_DEV_FB_USED"), _gpu("DCGM_FI_DEV_FB_FREE")
    return [
        # Of nvidia_gpu_exporter only this says which number a GPU has; early releases do not, and theirs have letters.
        record(
            _GPUS,
            "label_replace(label_replace(\n"
            f"  group by (host, uuid, index) ({_gpu('nvidia_smi_gpu_info')}),\n"
            '  "gpu", "$1", "uuid", "(.{8}).*"), "gpu", "$1", "index", "(.+)")',
        ),
        # One that is divided (MIG) has no use of its own, only the time in which something ran on it.
        record(
            "host_gpu:gpu_utilization:ratio",
            _first_of(
                _dcgm("max", f"{_gpu('DCGM_FI_DEV_GPU_UTIL')} <= 100") + " / 100",
                _dcgm("max", f"{_gpu('DCGM_FI_PROF_GR_ENGINE_ACTIVE')} <= 1"),
                _smi(_gpu("nvidia_smi_utilization_gpu_ratio")),
            ),
        ),
        record(
            "host_gpu:gpu_memory_used:bytes",
            _first_of(_dcgm("sum", used) + " * 1048576", _smi(_gpu("nvidia_smi_memory_used_bytes"))),
        ),
        record(
            "host_gpu:gpu_memory:bytes",
            _first_of(_dcgm("sum", f"{used} + {free}") + " * 1048576", _smi(_gpu("nvidia_smi_memory_total_bytes"))),
        ),
        record(
            "host_gpu:gpu_memory_used:ratio",
            "host_gpu:gpu_memory_used:bytes / (host_gpu:gpu_memory:bytes > 0)",
        ),
        record(
            "host_gpu:gpu_temperature:celsius",
            _first_of(
                _dcgm("max", f"{_gpu('DCGM_FI_DEV_GPU_TEMP')} < {_HOTTEST}"), _smi(_gpu("nvidia_smi_temperature_gpu"))
            ),
        ),
        record(
            "host_gpu:gpu_power:watts",
            _first_of(
                _dcgm("max", f"{_gpu('DCGM_FI_DEV_POWER_USAGE')} < {_MOST_ERRORS}"),
                _smi(_gpu("nvidia_smi_power_draw_watts")),
            ),
        ),
    ]


def _throttled() -> list[Rule]:
    """The share of the last 5 minutes in which clocks were held down: as counted, or as seen when scraped."""
    bits = "host_gpu:gpu_clock_reasons:bitmask"
    rules = [
        # The newer name in DCGM, and the older one.
        record(
            bits,
            _first_of(
                _dcgm("max", _gpu("DCGM_FI_DEV_CLOCKS_EVENT_REASONS")),
                _dcgm("max", _gpu("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS")),
            ),
        )
    ]
    for cause, (numbers, names) in _REASONS.items():
        seen = f'host_gpu:gpu_throttled:now{{cause="{cause}"}}'
        of_bits = " + ".join(f"floor({bits} / {number}) % 2" for number in numbers)
        flags = selector("", f'__name__=~"nvidia_smi_clocks_(event|throttle)_reasons_({names})"', job_is(GPU_JOB))
        rules += [
            record(
                "host_gpu:gpu_throttled:now",
                _first_of(f"clamp_max({of_bits}, 1)", _smi(f"max by (host, uuid) ({flags})")),
                cause=cause,
            ),
            record(
                "host_gpu:gpu_throttled:ratio5m",
                _first_of(
                    # Nanoseconds.
                    _dcgm("max", f"clamp_max(rate({_gpu(_VIOLATIONS[cause])}[5m]) / 1e9, 1)"),
                    f"max by (host, gpu) (avg_over_time({seen}[5m]))",
                ),
                cause=cause,
            ),
        ]
    return rules


def _broken() -> list[Rule]:
    last = _gpu("DCGM_FI_DEV_XID_ERRORS")
    lately = _gpu("nvidia_smi_xid_last_timestamp_seconds", f"xid=~{quoted('|'.join(_XIDS))}")
    memory = '__name__=~"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL|DCGM_FI_DEV_ROW_REMAP_FAILURE"'
    of_smi = '__name__=~"nvidia_smi_(ecc_errors_uncorrected_volatile_total|remapped_rows_failure)"'
    return [
        record(
            "host_gpu_xid:gpu_fault:now",
            _first_of(
                *(labelled(_dcgm("group", f"{last} == {xid}"), "xid", xid) for xid in _XIDS),
                f"group by (host, gpu, xid) (\n  (time() - {lately} < {_RECENT_SECONDS})\n"
                f"  * on (host, uuid) group_left (gpu) {_GPUS}\n)",
            ),
        ),
        # Errors that nothing corrected since the GPU was reset, and memory that could not be replaced.
        record(
            "host_gpu:gpu_memory_errors:sum",
            _first_of(
                _dcgm("sum", f"{selector('', memory, job_is(GPU_JOB))} < {_MOST_ERRORS}"),
                _smi(f"sum by (host, uuid) ({selector('', of_smi, job_is(GPU_JOB))})"),
            ),
        ),
    ]


def _counted() -> Rule:
    """0 where the exporter is away, or sees none."""
    return record(
        "host:gpus:count",
        f"count by (host) (host_gpu:gpu_memory_used:bytes)\nor\n0 * group by (host) ({_gpu('up')})",
    )


def _served(hosts: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Which host serves which gateway, and what the GPUs of a gateway do together."""
    gateways = sorted({gateway for host in hosts for gateway in host.get("gateways") or ()})
    if not gateways:
        return []
    serving = f"{_SERVES} * on (host) group_left ()"
    return [
        *(record(_SERVES, _hosts_of(gateway, hosts), job=gateway) for gateway in gateways),
        record("job:gpus:count", f"sum by (job) ({serving} host:gpus:count)"),
        record(
            "job:gpu_utilization:ratio",
            f"sum by (job) ({serving} sum by (host) (host_gpu:gpu_utilization:ratio))\n/ (job:gpus:count > 0)",
        ),
    ]


def _hosts_of(gateway: str, hosts: Sequence[Mapping[str, Any]]) -> str:
    serving = [host for host in hosts if gateway in (host.get("gateways") or ())]
    by_label = {
        label: [str(host["name"]) for host in serving if from_files(host) == (label == "fleet")]
        for label in ("host", "fleet")
    }
    jobs = one_of_jobs((NODE_JOB, GPU_JOB))
    return _first_of(
        *(
            f"group by (host) ({selector('up', jobs, f'{label}=~{quoted(any_of(names))}')})"
            for label, names in by_label.items()
            if names
        )
    )


def _gpu(metric: str, *more: str) -> str:
    return selector(metric, job_is(GPU_JOB), *more)


def _dcgm(aggregate: str, expression: str) -> str:
    """Of dcgm-exporter, whose series say the number; a GPU that is divided has one for each of its parts."""
    return f"{aggregate} by (host, gpu) ({expression})"


def _smi(expression: str) -> str:
    """Of nvidia_gpu_exporter, whose series say only the GPU's uuid."""
    return f"max by (host, gpu) (\n  {expression}\n  * on (host, uuid) group_left (gpu) {_GPUS}\n)"


def _first_of(*expressions: str) -> str:
    return "\nor\n".join(expressions)
