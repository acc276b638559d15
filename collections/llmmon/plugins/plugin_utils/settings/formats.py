# SPDX-License-Identifier: Apache-2.0
"""What the text or number of a setting has to look like: durations, sizes, amounts of memory, addresses, names.

What is wrong is said here before a host is touched, and not by a service that does not come up. One table for all
settings; a test goes through the specifications of the roles, so that a new setting is either here or among those
that may be any text (any_text.py).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import host_and_port, url_problem


@dataclass(frozen=True)
class Format:
    """What a value is called in a sentence, and whether one, as text, is such a value."""

    words: str
    fits: Callable[[str], bool]
    may_be_empty: bool = False

    def takes(self, value: Any) -> bool:
        text = str(value)
        return (self.may_be_empty and not text) or self.fits(text)


def _pattern(words: str, regex: str) -> Format:
    # Matched in full: "$" would let a line break at the end through.
    return Format(words, lambda text: re.fullmatch(regex, text, re.ASCII) is not None)


def _whole(words: str, least: int, most: int | None = None) -> Format:
    def fits(text: str) -> bool:
        number = int(float(text))
        return number >= least and (most is None or number <= most)

    return Format(words, fits)


def _optional(form: Format) -> Format:
    return replace(form, may_be_empty=True)


_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_LEAST_MEMORY = 6 * 2**20


def _is_memory(text: str) -> bool:
    match = _MEMORY.fullmatch(text)
    if match is None:
        return False
    # The engine takes no less, and a number without a unit is one of bytes.
    return float(match[1]) * _UNITS[match[2].lower()] >= _LEAST_MEMORY


def _is_ip(text: str) -> bool:
    try:
        # The engine wants brackets around one of version 6, since a port follows.
        address = ipaddress.ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        return False
    return text.startswith("[") == (address.version == 6)


def _is_host_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text == "host-gateway"
    return True


DURATION = Format("a duration such as 15s, 5m or 1h30m", lambda text: is_duration(text) and milliseconds(text) > 0)
RETENTION = Format("a duration such as 90d, or 0d for ever", is_duration)
# Alertmanager's flag takes units in any order, and parts of them; the engine knows no days.
FLAG_DURATION = _pattern("a duration such as 120h, 5d or 1h30m", r"(\d+(\.\d+)?(w|d|h|m|s|ms))+")
ENGINE_DURATION = _pattern("a duration such as 5s or 1m30s", r"(?=\d)(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
BYTES = _pattern("a size such as 512MB or 50GB", r"\d+(?:\.\d+)?(?:[KMGTPE]i?)?B|0")
LOG_SIZE = _pattern("a size such as 10m or 1g", r"\d+(?:\.\d+)?[kmgKMG]?|-1")
MEMORY = Format("an amount of memory of at least 6m, such as 512m or 2g", _is_memory)
PROCESSES = Format("1 or more, or -1 for any number", lambda text: int(float(text)) >= 1 or text == "-1")
IP = Format("an IP address such as 127.0.0.1 or [::1]", _is_ip)
HOST_ADDRESS = Format("an IP address or host-gateway", _is_host_address)
HOST_AND_PORT = Format("of the form host:port", lambda text: host_and_port(text) is not None)
URL = Format("a URL that begins with http:// or https:// and names a host", lambda text: not url_problem("", text))
PORT = _whole("a port from 1 to 65535", 1, 65535)
COUNT = _whole("1 or more", 1)
NUMBER = _whole("0 or more", 0)
VERSION = _pattern("a version such as 3.13.2", r"\d+(?:\.\d+){1,3}(?:[-+~.][A-Za-z0-9.+~-]+)?")
IMAGE = _pattern("the name of an image such as docker.io/prom/prometheus:v3.13.2", r"[a-z0-9][A-Za-z0-9._:/@+-]*")
REGISTRY = _pattern(
    "a registry such as docker.io or mirror.example:5000/hub", r"[A-Za-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)*"
)
NAME = _pattern("a name of letters, digits, '.', '_' and '-'", r"[A-Za-z0-9][A-Za-z0-9._-]*")
UID = _pattern("1 to 40 letters, digits, '-' or '_'", r"[A-Za-z0-9_-]{1,40}")
LABEL = _pattern("the name of a label, of letters, digits and '_'", r"[A-Za-z_][A-Za-z0-9_]*")
ABSOLUTE = _pattern("a path that begins with '/'", r"/.*[^/].*")

# By where a setting is: [] stands for each entry of a list, * for each key of a dictionary.
FORMATS: dict[str, Format] = {
    "llmmon_alertmanager_bind_address": IP,
    "llmmon_alertmanager_cluster_peers[]": HOST_AND_PORT,
    "llmmon_alertmanager_cluster_port": PORT,
    "llmmon_alertmanager_container": NAME,
    "llmmon_alertmanager_external_url": URL,
    "llmmon_alertmanager_gid": NUMBER,
    "llmmon_alertmanager_image": IMAGE,
    "llmmon_alertmanager_port": PORT,
    "llmmon_alertmanager_retention": FLAG_DURATION,
    "llmmon_alertmanager_route.critical_repeat_interval": DURATION,
    "llmmon_alertmanager_route.group_interval": DURATION,
    "llmmon_alertmanager_route.group_wait": DURATION,
    "llmmon_alertmanager_route.info_repeat_interval": DURATION,
    "llmmon_alertmanager_route.repeat_interval": DURATION,
    "llmmon_alertmanager_uid": NUMBER,
    "llmmon_alertmanager_version": VERSION,
    "llmmon_backup_copy_timeout": COUNT,
    "llmmon_backup_directory": ABSOLUTE,
    "llmmon_backup_keep": COUNT,
    "llmmon_backup_keep_hours": NUMBER,
    "llmmon_backup_restic_password_file": _optional(ABSOLUTE),
    "llmmon_bind_address": IP,
    "llmmon_canaries[].connect_timeout": DURATION,
    "llmmon_canaries[].first_timeout": DURATION,
    "llmmon_canaries[].interval": DURATION,
    "llmmon_canaries[].key_alias": NAME,
    "llmmon_canaries[].slow_seconds": DURATION,
    "llmmon_canaries[].stall_timeout": DURATION,
    "llmmon_canaries[].total_timeout": DURATION,
    "llmmon_canaries[].url": URL,
    "llmmon_canary_bind_address": IP,
    "llmmon_canary_container": NAME,
    "llmmon_canary_image": IMAGE,
    "llmmon_canary_memory": MEMORY,
    "llmmon_canary_port": PORT,
    "llmmon_config_root": ABSOLUTE,
    "llmmon_container_log_files": COUNT,
    "llmmon_container_log_size": LOG_SIZE,
    "llmmon_data_root": ABSOLUTE,
    "llmmon_docs_bind_address": IP,
    "llmmon_docs_container": NAME,
    "llmmon_docs_image": IMAGE,
    "llmmon_docs_port": PORT,
    "llmmon_docs_url": URL,
    "llmmon_drill_timeout": COUNT,
    "llmmon_etc_hosts.*": HOST_ADDRESS,
    "llmmon_gateway_sample_limit": NUMBER,
    "llmmon_gateways[].body_size_limit": BYTES,
    "llmmon_gateways[].sample_limit": NUMBER,
    "llmmon_gateways[].scrape_interval": DURATION,
    "llmmon_gateways[].scrape_timeout": DURATION,
    "llmmon_grafana_bind_address": IP,
    "llmmon_grafana_container": NAME,
    "llmmon_grafana_dashboard_owner": _pattern("1 to 40 letters, digits, '-', '_' or '.'", r"[A-Za-z0-9_.-]{1,40}"),
    "llmmon_grafana_folder_uid": UID,
    "llmmon_grafana_gid": NUMBER,
    "llmmon_grafana_image": IMAGE,
    "llmmon_grafana_port": PORT,
    "llmmon_grafana_prometheus_url": URL,
    "llmmon_grafana_service_accounts[].rotate_after_days": NUMBER,
    "llmmon_grafana_service_accounts[].token_dest": ABSOLUTE,
    "llmmon_grafana_uid": NUMBER,
    "llmmon_grafana_url": URL,
    "llmmon_grafana_version": VERSION,
    "llmmon_health_interval": ENGINE_DURATION,
    "llmmon_hosts[].gpu": URL,
    "llmmon_hosts[].node": URL,
    "llmmon_image_registry": REGISTRY,
    "llmmon_keep_releases": COUNT,
    "llmmon_lines": COUNT,
    "llmmon_memory_limits.alertmanager": MEMORY,
    "llmmon_memory_limits.grafana": MEMORY,
    "llmmon_memory_limits.prometheus": MEMORY,
    "llmmon_minimum_free_mb": NUMBER,
    "llmmon_network": NAME,
    "llmmon_pids_limit": PROCESSES,
    "llmmon_prober_container": NAME,
    "llmmon_prober_image": IMAGE,
    "llmmon_prober_interval": DURATION,
    "llmmon_prober_memory": MEMORY,
    "llmmon_prober_version": VERSION,
    "llmmon_prometheus_alertmanagers[]": HOST_AND_PORT,
    "llmmon_prometheus_bind_address": IP,
    "llmmon_prometheus_container": NAME,
    "llmmon_prometheus_external_url": URL,
    "llmmon_prometheus_gid": NUMBER,
    "llmmon_prometheus_image": IMAGE,
    "llmmon_prometheus_port": PORT,
    "llmmon_prometheus_replica_label": _optional(LABEL),
    "llmmon_prometheus_retention_size": _optional(BYTES),
    "llmmon_prometheus_retention_time": DURATION,
    "llmmon_prometheus_rule_interval": DURATION,
    "llmmon_prometheus_scrape_interval": DURATION,
    "llmmon_prometheus_scrape_timeout": DURATION,
    "llmmon_prometheus_uid": NUMBER,
    "llmmon_prometheus_version": VERSION,
    "llmmon_query_url": _optional(URL),
    "llmmon_remote_write[].queue.capacity": COUNT,
    "llmmon_remote_write[].queue.max_samples_per_send": COUNT,
    "llmmon_remote_write[].queue.max_shards": COUNT,
    "llmmon_remote_write[].url": URL,
    "llmmon_replicas": COUNT,
    "llmmon_runbook_base_url": URL,
    "llmmon_start_timeout": COUNT,
    "llmmon_stay_ready_seconds": NUMBER,
    "llmmon_thanos_bind_address": IP,
    "llmmon_thanos_compact_port": PORT,
    "llmmon_thanos_container": NAME,
    "llmmon_thanos_endpoints[]": HOST_AND_PORT,
    "llmmon_thanos_image": IMAGE,
    "llmmon_thanos_memory_limits.compact": MEMORY,
    "llmmon_thanos_memory_limits.query": MEMORY,
    "llmmon_thanos_memory_limits.sidecar": MEMORY,
    "llmmon_thanos_memory_limits.store": MEMORY,
    "llmmon_thanos_object_storage.directory": ABSOLUTE,
    "llmmon_thanos_query_port": PORT,
    "llmmon_thanos_retention_1h": RETENTION,
    "llmmon_thanos_retention_5m": RETENTION,
    "llmmon_thanos_retention_raw": RETENTION,
    "llmmon_thanos_sidecar_grpc_port": PORT,
    "llmmon_thanos_sidecar_port": PORT,
    "llmmon_thanos_store_grpc_port": PORT,
    "llmmon_thanos_store_port": PORT,
    "llmmon_thanos_version": VERSION,
    "llmmon_thanos_watched[]": HOST_AND_PORT,
    "llmmon_upgrade_stay_ready_seconds": NUMBER,
    "llmmon_verify_timeout": COUNT,
}


def format_of(place: str) -> Format | None:
    """The format of the setting at a place, None where any text will do."""
    return FORMATS.get(place) or FORMATS.get(re.sub(r"[.][^.]*$", ".*", place))


def places_of(place: str, option: Mapping[str, Any]) -> Iterator[str]:
    """The places below an option of a specification at which there is a text or a whole number that may be any."""
    kind, options = option.get("type", "str"), option.get("options")
    if "choices" in option:
        return
    if kind == "list":
        yield from places_of(f"{place}[]", {"type": option.get("elements", "raw"), "options": options})
    elif kind == "dict":
        for key, inner in (options or {}).items():
            yield from places_of(f"{place}.{key}", inner)
    elif kind in ("str", "path", "int"):
        yield place
