# SPDX-License-Identifier: Apache-2.0
"""What each service says of itself over HTTP: whether it is ready, and of which version it is."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError

READY_PATHS = {"prometheus": "/-/ready", "alertmanager": "/-/ready", "grafana": "/healthz"}
# Where each tells its version, and under which keys.
_VERSIONS = {
    "prometheus": ("/api/v1/status/buildinfo", ("data", "version")),
    "alertmanager": ("/api/v2/status", ("versionInfo", "version")),
    "grafana": ("/api/health", ("version",)),
}


def is_ready(name: str, client: HttpClient) -> bool:
    """Whether a service answers that it is ready."""
    try:
        client.text(READY_PATHS[name])
    except HttpError:
        return False
    return True


def told_version(name: str, client: HttpClient) -> str:
    """The version that a service tells, ready or not; HttpError when it tells none."""
    path, keys = _VERSIONS[name]
    found: Any = client.get(path)
    try:
        for key in keys:
            found = found[key]
    except (KeyError, TypeError) as error:
        raise HttpError(f"{name} does not tell its version at {path}") from error
    return str(found)


def reported_version(name: str, client: HttpClient) -> str:
    """The version that a ready service reports; HttpError while it is not ready."""
    client.text(READY_PATHS[name])
    return told_version(name, client)
