# SPDX-License-Identifier: Apache-2.0
"""The engine that Grafana reads: its data source, in the schema of Grafana's provisioning files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import (
    PARTS_OF_TLS,
    PASSWORD,
    TOKEN,
    secrets_of,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import is_true

# What the names of the files with its secrets begin with, and how it is called there.
_WHOSE, _NAME = "query", "engine"
_OF_GRAFANA = {"ca": "tlsCACert", "cert": "tlsClientCert", "key": "tlsClientKey"}


def query_secrets(access: Mapping[str, Any], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship: name to content.

    Raises FileUnreadableError for a file that cannot be read.
    """
    return secrets_of([{**access, "name": _NAME}], places or (), _WHOSE)


def query_data_source(own: Mapping[str, Any], url: str, access: Mapping[str, Any], secrets: str) -> dict[str, Any]:
    """``own`` for an engine at ``url``; ``secrets`` is the folder on the host that has its files.

    Secrets are named by their files, which Grafana reads when it starts.
    """
    engine = {**access, "name": _NAME}
    options = dict(own.get("jsonData") or {})
    secure: dict[str, str] = {}
    headers = {str(name): str(value) for name, value in (access.get("headers") or {}).items()}
    source: dict[str, Any] = {**own, "url": url}

    def file(part: Any) -> str:
        return f"$__file{{{secrets}/{part.name_on_host(engine, _WHOSE)}}}"

    if TOKEN.is_given(engine):
        headers["Authorization"] = f"Bearer {file(TOKEN)}"
    for number, (name, value) in enumerate(headers.items(), start=1):
        options[f"httpHeaderName{number}"] = name
        secure[f"httpHeaderValue{number}"] = value
    if "basic_auth" in engine:
        source |= {"basicAuth": True, "basicAuthUser": str(engine["basic_auth"]["username"])}
        secure["basicAuthPassword"] = file(PASSWORD)
    for part in PARTS_OF_TLS:
        if part.is_given(engine):
            options["tlsAuthWithCACert" if part.key == "ca" else "tlsAuth"] = True
            secure[_OF_GRAFANA[part.key]] = file(part)
    tls = access.get("tls_config") or {}
    if tls.get("server_name"):
        options["serverName"] = str(tls["server_name"])
    if is_true(tls.get("insecure_skip_verify")):
        options["tlsSkipVerify"] = True
    source["jsonData"] = options
    return {**source, "secureJsonData": secure} if secure else source
