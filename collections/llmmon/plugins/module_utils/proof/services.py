# SPDX-License-Identifier: Apache-2.0
"""The record of a service: its container, configuration release and API, and what is not as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import reported_version
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import started_at
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage
from ansible_collections.llmmon.stack.plugins.module_utils.versions import same_version

# A container that the engine started anew less long ago than this may do so again and again.
_SETTLED_SECONDS = 120
# An alert that always fires to show that alerting works says nothing about trouble.
_HEARTBEAT = "Watchdog"
# Jobs whose targets are asked by the prober.
PROBES = ("llm-metrics-probe", "llm-metrics-noauth")


def problems(record: dict[str, Any], expected_version: str) -> list[str]:
    """What is not as it should be, one sentence each."""
    name = record["name"]
    if record["state"] == "missing":
        return [f"{name} has no container: run site.yml"]
    if record["state"] != "running":
        return [f"the container of {name} is {record['state']}: read its log with logs.yml -e service={name}"]
    if not record["ready"]:
        return [f"{name} is not ready ({record['error']}): read its log with logs.yml -e service={name}"]
    found = []
    if record["restarts"] and record["up_seconds"] < _SETTLED_SECONDS:
        found.append(
            f"the container of {name} ended and was started anew by the engine, {record['restarts']} time(s), last"
            f" {record['up_seconds']} s ago: read its log with logs.yml -e service={name}"
        )
    if not same_version(expected_version, record["version"]):
        found.append(
            f"{name} reports version {record['version']}, but llmmon_{name}_version is {expected_version}: run"
            " site.yml, or correct the variable"
        )
    if record["release"] != record["running_release"]:
        found.append(
            f"{name} has not proved to run its configuration release {record['release']}"
            f" (proved: {record['running_release'] or 'none'}): run site.yml"
        )
    return found


def container_facts(attributes: Optional[dict[str, Any]]) -> dict[str, Any]:
    """What a record says about the container."""
    if attributes is None:
        return {"state": "missing", "started_at": "", "up_seconds": 0, "restarts": 0, "image": ""}
    state = attributes["State"]
    up = (utc_now() - started_at(attributes)).total_seconds()
    return {
        "state": state["Status"],
        "started_at": state["StartedAt"][:19] + "Z",
        "up_seconds": max(int(up), 0),
        "restarts": attributes.get("RestartCount", 0),
        "image": attributes["Config"]["Image"],
    }


def api_facts(name: str, client: HttpClient) -> dict[str, Any]:
    """What a record says about the service's own answers."""
    version = reported_version(name, client)
    if name != "prometheus":
        return {"version": version}
    targets = client.get("/api/v1/targets", state="active")["data"]["activeTargets"]
    # What the prober asks is a gateway's page once more, which verify.yml does not count either.
    counted = [target for target in targets if target.get("scrapePool") not in PROBES]
    alerts = client.get("/api/v1/alerts")["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
    return {
        "version": version,
        "targets_up": sum(target["health"] == "up" for target in counted),
        "targets_total": len(counted),
        "scraped_jobs": sorted({target.get("scrapePool", "") for target in targets}),
        "firing_alerts": sorted(firing - {_HEARTBEAT}),
    }


def look_at(service: dict[str, Any], engine: Engine) -> dict[str, Any]:
    """The record of one service."""
    name = service["name"]
    attributes = engine.inspect(service["container"])
    releases = Releases(Path(service["config_root"]))
    record: dict[str, Any] = {
        "name": name,
        "url": service["url"],
        **container_facts(attributes),
        "digests": engine.image_digests(attributes["Image"]) if attributes else [],
        "release": releases.target(CURRENT) or "",
        "running_release": releases.target(RUNNING) or "",
        "data_bytes": disk_usage(Path(service["data_directory"])),
        "ready": False,
        "version": "",
        "error": "",
    }
    if record["state"] == "running":
        try:
            record.update(api_facts(name, HttpClient(Connection(url=service["url"], timeout=5))), ready=True)
        except HttpError as error:
            record["error"] = str(error)
    record["problems"] = problems(record, service["version"])
    return record


def deployed(records: list[dict[str, Any]]) -> str:
    """What is deployed, as JSON which changes only when something else is deployed."""
    kept = ("version", "image", "digests", "running_release")
    services = {record["name"]: {key: record[key] for key in kept} for record in records}
    return json.dumps({"format": 1, "services": services}, indent=2, sort_keys=True) + "\n"
