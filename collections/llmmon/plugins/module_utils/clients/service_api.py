# SPDX-License-Identifier: Apache-2.0
"""What each service says of itself over HTTP: whether it is ready, and of which version it is."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient

READY_PATHS = {"prometheus": "/-/ready", "alertmanager": "/-/ready", "grafana": "/healthz"}


def same_version(expected: str, actual: str) -> bool:
    """Whether a reported version is the expected one; distributions add suffixes such as ``+ds1``."""
    return actual == expected or actual.startswith((expected + "+", expected + "-", expected + " "))


def reported_version(name: str, client: HttpClient) -> str:
    """The version that a ready service reports; HttpError while it is not ready."""
    client.text(READY_PATHS[name])
    if name == "alertmanager":
        version: str = client.get("/api/v2/status")["versionInfo"]["version"]
    elif name == "grafana":
        version = client.get("/api/health")["version"]
    else:
        version = client.get("/api/v1/status/buildinfo")["data"]["version"]
    return version
