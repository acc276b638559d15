# SPDX-License-Identifier: Apache-2.0
"""Whether the GPU exporters of llmmon_hosts, which answer, show a GPU at all."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import GPU_JOB

# Of an exporter that does not listen.
NO_DRIVER = "; a GPU exporter may end by itself where there is no driver: run nvidia-smi on that host"
# What dcgm-exporter and nvidia_gpu_exporter say of a GPU whatever it can do. Neither says it where it sees none.
_OF_A_GPU = "DCGM_FI_DEV_(GPU_UTIL|FB_USED|GPU_TEMP)|nvidia_smi_(memory_used_bytes|utilization_gpu_ratio)"
WITHOUT_GPU = (
    f'group by (host) (up{{job="{GPU_JOB}"}} == 1) unless on (host)'
    f' group by (host) ({{__name__=~"{_OF_A_GPU}", job="{GPU_JOB}"}})'
)


def gpu_problems(client: HttpClient) -> list[str]:
    """A sentence for each host whose GPU exporter answers without a GPU. Raises HttpError."""
    found = client.get("/api/v1/query", query=WITHOUT_GPU)["data"]["result"]
    return [
        f"the GPU exporter of {host} answers, but shows no GPU: run nvidia-smi on {host}, which says whether the driver"
        " is there and sees one, or take its gpu out of llmmon_hosts"
        for host in sorted(sample["metric"]["host"] for sample in found)
    ]
