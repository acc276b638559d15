# SPDX-License-Identifier: Apache-2.0
"""Gateways as templates, rules and checks read them: what the user says of each, with all defaults filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

DEFAULT_KIND = "canonical"
DEFAULT_SCHEME = "http"
DEFAULT_METRICS_PATH = "/metrics"


class Gateway(TypedDict):
    """One entry of llmmon_gateways; meta/argument_specs.yml of the role says what each key is for."""

    name: str
    kind: str
    targets: list[str]
    scheme: str
    metrics_path: str
    # 0: no limit.
    sample_limit: int
    # What Prometheus scrapes: one URL for each target.
    urls: list[str]
    # Name of the file on the host that holds the token; only where there is a token.
    token_file: NotRequired[str]
    bearer_token: NotRequired[str]
    bearer_token_file: NotRequired[str]
    labels: NotRequired[Mapping[str, Any]]
    scrape_interval: NotRequired[str]
    scrape_timeout: NotRequired[str]
    body_size_limit: NotRequired[str]
    tls_config: NotRequired[Mapping[str, Any]]
    metric_relabel_configs: NotRequired[list[Mapping[str, Any]]]


def kind_of(gateway: Mapping[str, Any]) -> str:
    """The kind of a gateway as the user wrote it down."""
    return str(gateway.get("kind") or DEFAULT_KIND)


def gateways(given: Iterable[Mapping[str, Any]], sample_limit: int) -> list[Gateway]:
    """llmmon_gateways with every default filled in; a key without a value is as if left out.

    ``sample_limit`` is for gateways that have none of their own.
    """
    return [_gateway(gateway, sample_limit) for gateway in given]


def _gateway(given: Mapping[str, Any], sample_limit: int) -> Gateway:
    gateway: dict[str, Any] = {
        "scheme": DEFAULT_SCHEME,
        "metrics_path": DEFAULT_METRICS_PATH,
        "sample_limit": sample_limit,
        **{key: value for key, value in given.items() if value is not None},
        "kind": kind_of(given),
    }
    gateway["sample_limit"] = int(gateway["sample_limit"])
    gateway["urls"] = [f"{gateway['scheme']}://{target}{gateway['metrics_path']}" for target in gateway["targets"]]
    if "bearer_token" in gateway or "bearer_token_file" in gateway:
        gateway["token_file"] = f"gateway-{gateway['name']}.token"
    return cast("Gateway", gateway)


def gateway_secrets(known: Iterable[Gateway]) -> dict[str, str]:
    """Token files: name to content, from bearer_token or bearer_token_file.

    Raises OSError for a bearer_token_file that cannot be read.
    """
    return {gateway["token_file"]: _token(gateway) for gateway in known if "token_file" in gateway}


def _token(gateway: Gateway) -> str:
    if "bearer_token" in gateway:
        return str(gateway["bearer_token"]).strip()
    return Path(gateway["bearer_token_file"]).read_text(encoding="utf-8").strip()
