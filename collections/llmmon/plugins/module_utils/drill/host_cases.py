# SPDX-License-Identifier: Apache-2.0
"""What makes each alert about the machines under the models fire."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import StackCase
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import SCRAPED, Series, Value, lately
from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import GPU_JOB, NODE_JOB

_NANOSECONDS = 1e9


def _node(name: str, value: Value, host: str = "drill", **labels: str) -> Series:
    return Series(name, {"job": NODE_JOB, "instance": "drill", "host": host, **labels}, value)


def _gpu(name: str, value: Value, host: str = "drill") -> Series:
    return Series(name, {"job": GPU_JOB, "instance": "drill", "host": host, "gpu": "0"}, value)


def _all_the_time(age: int) -> float:
    """Nanoseconds in which it was slowed down."""
    return (SCRAPED[0] - age) * _NANOSECONDS


CASES: dict[str, StackCase] = {
    "HostDown": StackCase(lambda _: [_node("up", 0, "drill-down")]),
    "HostDiskFull": StackCase(
        lambda _: [
            _node(f"node_filesystem_{part}_bytes", value, mountpoint="/drill", fstype="ext4")
            for part, value in (("avail", 1), ("size", 1e12))
        ]
    ),
    "HostMemoryLow": StackCase(
        lambda _: [_node("node_memory_MemAvailable_bytes", 1), _node("node_memory_MemTotal_bytes", 1e12)]
    ),
    "HostFileUnreadable": StackCase(
        lambda _: [Series("prometheus_sd_file_read_errors_total", {"job": "prometheus", "instance": "drill"}, lately)]
    ),
    # Its exporter answers, and shows none.
    "GPUMissing": StackCase(lambda _: [_gpu("up", 1, "drill-without")]),
    # It has fallen off the bus.
    "GPUFault": StackCase(lambda _: [_gpu("DCGM_FI_DEV_XID_ERRORS", 79)]),
    "GPUMemoryErrors": StackCase(lambda _: [_gpu("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 2)]),
    "GPUThrottled": StackCase(lambda _: [_gpu("DCGM_FI_DEV_THERMAL_VIOLATION", _all_the_time)]),
    "GPUMemoryFull": StackCase(lambda _: [_gpu("DCGM_FI_DEV_FB_USED", 80000), _gpu("DCGM_FI_DEV_FB_FREE", 0)]),
}
