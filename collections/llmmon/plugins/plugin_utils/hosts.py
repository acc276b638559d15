# SPDX-License-Identifier: Apache-2.0
"""The machines under the models: how Prometheus scrapes the exporters of llmmon_hosts, and what is proved of them.

Every target has the label ``host``, so that a machine, its GPUs and the gateways that it serves can be joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import GPU_JOB, NODE_JOB
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import secrets_of, sign_in, tls
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import DEFAULT_METRICS_PATH, is_true

# What the names of their files on the host begin with.
WHOSE = "host"
# Key of an entry to the job of its exporter.
EXPORTERS = {"node": NODE_JOB, "gpu": GPU_JOB}
# Only these does Prometheus read as files of targets.
_ENDINGS = ("yml", "yaml", "json")
_PORTS = {"http": 80, "https": 443}
# What the file calls the host counts, and the address without its port where it calls it nothing.
_HOST_OF_ADDRESS = {
    "source_labels": ["host", "__address__"],
    "regex": r";(.+?)(?::\d+)?",
    "target_label": "host",
    "replacement": "$1",
}


class Place(NamedTuple):
    """Where an exporter has its page."""

    scheme: str
    target: str
    path: str

    @property
    def url(self) -> str:
        """As Prometheus writes it."""
        return f"{self.scheme}://{self.target}{quote(self.path, safe='/$&+,:;=@%')}"


def place_of(url: str) -> Place:
    """The parts of an exporter's URL; without a path it is the page that exporters have."""
    parts = urlsplit(url)
    address = parts.netloc if parts.port else f"{parts.netloc.rstrip(':')}:{_PORTS[parts.scheme]}"
    return Place(parts.scheme, address, parts.path if parts.path.strip("/") else DEFAULT_METRICS_PATH)


def from_files(host: Mapping[str, Any]) -> bool:
    """Whether an entry is many machines, which files on the host name."""
    return is_true(host.get("files"))


def host_secrets(hosts: Sequence[Mapping[str, Any]], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship: name to content.

    Raises FileUnreadableError for a file that cannot be read.
    """
    return secrets_of(hosts, places or (), WHOSE)


def host_scrape_configs(
    hosts: Sequence[Mapping[str, Any]], config_root: str, sample_limit: int, any_type: bool
) -> list[dict[str, Any]]:
    """The scrape jobs of all exporters; ``any_type``: whether an answer without a content type has to be allowed."""
    return [
        _job(host, exporter, config_root, sample_limit, any_type)
        for host in hosts
        for exporter in EXPORTERS
        if from_files(host) or host.get(exporter)
    ]


def host_proof(hosts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What has to be proved of the exporters: jobs that must have targets, their URLs, and jobs that may have none."""
    urls: dict[str, list[str]] = {}
    for host in hosts:
        for exporter, job in EXPORTERS.items():
            if host.get(exporter) and not from_files(host):
                urls.setdefault(job, []).append(place_of(str(host[exporter])).url)
    return {
        "jobs": list(urls),
        "scrape_urls": urls,
        "host_jobs": list(EXPORTERS.values()) if any(map(from_files, hosts)) else list(urls),
    }


def _job(host: Mapping[str, Any], exporter: str, config_root: str, sample_limit: int, any_type: bool) -> dict[str, Any]:
    name, job = str(host["name"]), EXPORTERS[exporter]
    config: dict[str, Any] = {
        "job_name": f"{job}-{name}",
        "sample_limit": int(sample_limit),
        **sign_in(host, SECRETS, config_root, WHOSE),
        **tls(host, SECRETS, WHOSE),
        # A redirect would take the token to wherever it leads.
        "follow_redirects": False,
    }
    if any_type:
        config["fallback_scrape_protocol"] = "PrometheusText0.0.4"
    if host.get("proxy_url"):
        config["proxy_url"] = host["proxy_url"]
    if from_files(host):
        return {
            **config,
            "file_sd_configs": [{"files": [f"{config_root}/{OWN}/{name}-{exporter}*.{ending}" for ending in _ENDINGS]}],
            # A file may say what it likes of its targets, but not whose they are.
            "relabel_configs": [
                {"target_label": "job", "replacement": job},
                {"target_label": "fleet", "replacement": name},
                _HOST_OF_ADDRESS,
            ],
        }
    place = place_of(str(host[exporter]))
    return {
        **config,
        "scheme": place.scheme,
        "metrics_path": place.path,
        "static_configs": [{"targets": [place.target], "labels": {"job": job, "host": name}}],
    }
