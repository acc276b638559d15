# SPDX-License-Identifier: Apache-2.0
"""Engines that Prometheus writes its samples to: what its configuration says of each.

Alerts stay with the Prometheus that scrapes, so that they do not depend on an engine; it gets history and the view over
many hosts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import secrets_of, sign_in, tls

# What the names of their files on the host begin with.
WHOSE = "remote-write"
EVERYTHING, RECORDED = "everything", "recorded"
SENT = (EVERYTHING, RECORDED)
# What rules have recorded (their names have a colon, or are llmmon's), alerts, and what dashboards read beside that.
RECORDED_NAMES = (
    ".+:.+|llmmon_.+|ALERTS|ALERTS_FOR_STATE|up|probe_http_status_code|process_start_time_seconds"
    "|scrape_duration_seconds|scrape_samples_post_metric_relabeling"
)

# Samples of a batch, and of the batches that wait in a shard: Prometheus's own default.
_BATCH, _CAPACITY = 2000, 10_000
# One shard for so many bytes of Prometheus's memory limit: an engine that is away fills the queues of all shards.
_BYTES_A_SHARD = 128 * 2**20
_LEAST_SHARDS, _MOST_SHARDS = 2, 50


def remote_write_secrets(engines: Sequence[Mapping[str, Any]], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship: name to content.

    Raises FileUnreadableError for a file that cannot be read.
    """
    return secrets_of(engines, places or (), WHOSE)


def remote_write_configs(engines: Sequence[Mapping[str, Any]], config_root: str, memory: int) -> list[dict[str, Any]]:
    """The section remote_write; ``memory`` is how many bytes Prometheus may have."""
    return [_config(engine, config_root, memory) for engine in engines]


def _config(engine: Mapping[str, Any], config_root: str, memory: int) -> dict[str, Any]:
    shards = max(_LEAST_SHARDS, min(_MOST_SHARDS, memory // _BYTES_A_SHARD))
    config: dict[str, Any] = {
        "name": engine["name"],
        "url": engine["url"],
        **sign_in(engine, SECRETS, config_root, WHOSE),
        **tls(engine, SECRETS, WHOSE),
        # A redirect would take the token to wherever it leads.
        "follow_redirects": False,
        "queue_config": {
            "capacity": _CAPACITY,
            "max_samples_per_send": _BATCH,
            "max_shards": int(shards),
            # Otherwise what an engine refuses for now is thrown away.
            "retry_on_http_429": True,
            **(engine.get("queue") or {}),
        },
    }
    if engine.get("headers"):
        config["headers"] = {str(name): str(value) for name, value in engine["headers"].items()}
    if engine.get("proxy_url"):
        config["proxy_url"] = engine["proxy_url"]
    if engine.get("send", RECORDED) == RECORDED:
        config["write_relabel_configs"] = [{"source_labels": ["__name__"], "regex": RECORDED_NAMES, "action": "keep"}]
    return config
