"""The page of the machines under the models: hosts, GPUs, and their use beside the requests that they serve."""

from __future__ import annotations

from typing import Any

from dashboards import frame, parts
from dashboards.frame import CHOSEN_JOB, MODEL
from dashboards.units import TOKENS_PER_SECOND

# Of whichever exporter, by the name that llmmon_hosts gives the machine.
EXPORTERS = 'job=~"host-node|host-gpu"'
CHOSEN_HOST = '{host=~"$host"}'
HOST = "{{host}}"
GPU = "{{host}} {{gpu}}"
NO_HOSTS = "No llmmon_hosts"
NO_GPU = "No GPU, or not exported"
SERVES_NONE = "No gateways in llmmon_hosts"


def build() -> Any:
    return frame.board(
        "hosts",
        "LLM hosts and GPUs",
        "Are the machines under the models there, full, broken or slowed down, and what do their GPUs do while they "
        "answer? The machines are those of llmmon_hosts.",
        rows={
            "Now": [_now()],
            "GPUs beside what they serve": _served(),
            "GPUs": _gpus(),
            "Hosts": _hosts(),
        },
        alerts='component="hosts", host=~"$host|"',
        variables=(
            frame.gateways(),
            frame.query_variable("host", "Host", f"label_values(up{{{EXPORTERS}}}, host)"),
        ),
    )


def _now() -> Any:
    def of_gpus(aggregate: str, series: str) -> str:
        return f"{aggregate} by (host) (host_gpu:{series}{CHOSEN_HOST})"

    return parts.comparison(
        "Hosts now",
        "Each machine: its GPUs, how busy and how full they are, the hottest, and what all draw; then the machine's "
        "processors, memory and fullest disk. A cell without a number is something that no exporter tells. Look below "
        "at what is full or hot. HostDown and GPUMissing fire if a machine or a GPU is gone.",
        {
            "GPUs": ("short", f"max by (host) (host:gpus:count{CHOSEN_HOST})"),
            "GPU use": ("percentunit", of_gpus("avg", "gpu_utilization:ratio")),
            "GPU memory": ("percentunit", of_gpus("max", "gpu_memory_used:ratio")),
            "Hottest GPU": ("celsius", of_gpus("max", "gpu_temperature:celsius")),
            "GPU power": ("watt", of_gpus("sum", "gpu_power:watts")),
            "Processors": ("percentunit", f"max by (host) (host:cpu_busy:ratio_rate5m{CHOSEN_HOST})"),
            "Memory": ("percentunit", f"max by (host) (host:memory_used:ratio{CHOSEN_HOST})"),
            "Fullest disk": ("percentunit", f"max by (host) (host_mountpoint:disk_used:ratio{CHOSEN_HOST})"),
        },
        columns={"host": "Host"},
        rows=f'group by (host) (up{{{EXPORTERS}, host=~"$host"}})',
        empty=NO_HOSTS,
    )


def _served() -> list[Any]:
    tokens = f"sum by (job) (job_model:llm_tokens_used:rate5m{CHOSEN_JOB})"
    return [
        parts.quarter(
            "GPU use of the hosts of a gateway",
            "The average of all GPUs of the machines that name the gateway in llmmon_hosts. No alert reads it. Busy "
            "GPUs and few tokens: are requests longer, or is it no request's work? Idle ones while requests wait: an "
            "engine hangs.",
            "percentunit",
            {"{{job}}": f"job:gpu_utilization:ratio{CHOSEN_JOB}"},
            empty=SERVES_NONE,
        ),
        parts.quarter(
            "Requests beside it",
            "Requests per second by model. No alert reads it here: see LLM gateway operations for what is usual.",
            "reqps",
            {MODEL: f"sum by (job, model) (job_model:llm_requests:rate5m{CHOSEN_JOB})"},
        ),
        parts.quarter(
            "Tokens beside it",
            "Tokens per second by model, of prompts and answers. No alert reads it here: compare it with the use of "
            "the GPUs.",
            TOKENS_PER_SECOND,
            {MODEL: f"sum by (job, model) (job_model:llm_tokens_used:rate5m{CHOSEN_JOB})"},
        ),
        parts.quarter(
            "Tokens for each GPU",
            "Tokens per second of a gateway, divided by the GPUs of its machines. No alert reads it: if it falls while "
            "the GPUs are busy, look for slowed or broken ones below.",
            TOKENS_PER_SECOND,
            {"{{job}}": f"{tokens} / on (job) (job:gpus:count{CHOSEN_JOB} > 0)"},
            empty=SERVES_NONE,
        ),
    ]


def _gpus() -> list[Any]:
    return [
        parts.quarter(
            "GPU use",
            "The share of the time in which something ran on a GPU. No alert reads it: an idle one beside busy ones, "
            "is an engine down, or are requests not spread?",
            "percentunit",
            {GPU: f"host_gpu:gpu_utilization:ratio{CHOSEN_HOST}"},
            empty=NO_GPU,
        ),
        parts.quarter(
            "GPU memory in use",
            "The share of a GPU's memory. An engine takes most of it when it starts. Above the line GPUMemoryFull "
            "fires: what more it needs ends it.",
            "percentunit",
            {GPU: f"host_gpu:gpu_memory_used:ratio{CHOSEN_HOST}"},
            threshold="gpu_memory_ratio",
            empty=NO_GPU,
        ),
        parts.quarter(
            "GPU temperature",
            "Degrees Celsius. No alert reads it, since each kind of GPU bears something else: GPUThrottled fires when "
            "one slows itself down.",
            "celsius",
            {GPU: f"host_gpu:gpu_temperature:celsius{CHOSEN_HOST}"},
            empty=NO_GPU,
        ),
        parts.quarter(
            "GPU power",
            "Watts that each draws. No alert reads it: GPUThrottled fires when its limit slows a GPU down.",
            "watt",
            {GPU: f"host_gpu:gpu_power:watts{CHOSEN_HOST}"},
            empty=NO_GPU,
        ),
        parts.quarter(
            "GPUs slowed down, by cause",
            "The share of 5 minutes in which heat or power held the clocks down. Above the line GPUThrottled fires. "
            "dcgm-exporter tells it only if it is asked to.",
            "percentunit",
            {f"{GPU} {{{{cause}}}}": f"host_gpu:gpu_throttled:ratio5m{CHOSEN_HOST}"},
            threshold="gpu_throttled_ratio",
            empty=NO_GPU,
        ),
        parts.quarter(
            "GPUs that can be seen",
            "How many GPUs an exporter shows; 0 where it is down or there is no driver. If there are fewer than in the "
            "last day GPUMissing fires.",
            "short",
            {HOST: f"host:gpus:count{CHOSEN_HOST}"},
            empty=NO_GPU,
        ),
        parts.red_lines_above_zero(
            parts.quarter(
                "GPU faults",
                "1 while a GPU reports an XID after which it has to be reset. GPUFault fires at once, with its number.",
                "short",
                {f"{GPU} XID {{{{xid}}}}": f"host_gpu_xid:gpu_fault:now{CHOSEN_HOST}"},
                empty="No fault",
            ).axis_soft_max(1)
        ),
        parts.red_lines_above_zero(
            parts.quarter(
                "GPU memory errors",
                "Errors that were not corrected since the last reset, and rows that could not be replaced. Above 0 "
                "GPUMemoryErrors fires.",
                "short",
                {GPU: f"host_gpu:gpu_memory_errors:sum{CHOSEN_HOST}"},
                empty=NO_GPU,
            ).axis_soft_max(1)
        ),
    ]


def _hosts() -> list[Any]:
    return [
        parts.quarter(
            "Processors busy",
            "The share of a machine's processor time that is not idle. No alert reads it: an engine that waits for its "
            "processors leaves its GPUs idle; compare both.",
            "percentunit",
            {HOST: f"host:cpu_busy:ratio_rate5m{CHOSEN_HOST}"},
            empty=NO_HOSTS,
        ),
        parts.quarter(
            "Memory in use",
            "The share of a machine's memory that cannot be had without swapping. Above the line HostMemoryLow fires.",
            "percentunit",
            {HOST: f"host:memory_used:ratio{CHOSEN_HOST}"},
            threshold="host_memory_ratio",
            empty=NO_HOSTS,
        ),
        parts.quarter(
            "Disks in use",
            "The share of each disk, by where it is mounted. Above the line HostDiskFull fires: models and caches are "
            "large.",
            "percentunit",
            {f"{HOST} {{{{mountpoint}}}}": f"host_mountpoint:disk_used:ratio{CHOSEN_HOST}"},
            threshold="host_disk_ratio",
            empty=NO_HOSTS,
        ),
        parts.red_lines_above_zero(
            parts.quarter(
                "Exporters that are down",
                "How many of a machine's exporters Prometheus cannot scrape. Without its node_exporter HostDown fires, "
                "without that of its GPUs GPUMissing: verify.yml says why. Is one not there that a file should name, "
                "see whether HostFileUnreadable fires.",
                "short",
                {HOST: f'sum by (host) (up{{{EXPORTERS}, host=~"$host"}} == bool 0)'},
                empty=NO_HOSTS,
            ).axis_soft_max(1)
        ),
    ]
