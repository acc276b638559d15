# SPDX-License-Identifier: Apache-2.0
"""Gateways as templates, rules and checks read them: what the user says of each, with all defaults filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import quote, urlencode

DEFAULT_KIND = "canonical"
DEFAULT_SCHEME = "http"
DEFAULT_METRICS_PATH = "/metrics"

# What Go leaves as it is in a path, besides letters, digits and "-_.~".
_PLAIN_IN_PATH = "/$&+,:;=@"


class Gateway(TypedDict):
    """One entry of llmmon_gateways; meta/argument_specs.yml of the role says what each key is for."""

    name: str
    kind: str
    targets: list[str]
    scheme: str
    metrics_path: str
    follow_redirects: bool
    # 0: no limit.
    sample_limit: int
    # What Prometheus scrapes: one URL for each target.
    urls: list[str]
    # Whether the page is asked for with a token or a password.
    signs_in: bool
    bearer_token: NotRequired[str]
    bearer_token_file: NotRequired[str]
    bearer_token_host_file: NotRequired[str]
    basic_auth: NotRequired[Mapping[str, Any]]
    tls_config: NotRequired[Mapping[str, Any]]
    proxy_url: NotRequired[str]
    params: NotRequired[dict[str, list[str]]]
    labels: NotRequired[Mapping[str, Any]]
    scrape_interval: NotRequired[str]
    scrape_timeout: NotRequired[str]
    body_size_limit: NotRequired[str]
    metric_relabel_configs: NotRequired[list[Mapping[str, Any]]]


def kind_of(gateway: Mapping[str, Any]) -> str:
    """The kind of a gateway as the user wrote it down."""
    return str(gateway.get("kind") or DEFAULT_KIND)


def gateways(
    given: Iterable[Mapping[str, Any]], sample_limit: int, presets: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Gateway]:
    """llmmon_gateways with every default filled in; a key without a value is as if left out.

    ``sample_limit`` is for gateways that have none of their own; ``presets`` by kind say where a kind has its page.
    """
    return [_gateway(gateway, sample_limit, presets or {}) for gateway in given]


def _gateway(given: Mapping[str, Any], sample_limit: int, presets: Mapping[str, Mapping[str, Any]]) -> Gateway:
    kind = kind_of(given)
    gateway: dict[str, Any] = {
        "scheme": DEFAULT_SCHEME,
        "metrics_path": presets.get(kind, {}).get("metrics_path", DEFAULT_METRICS_PATH),
        "follow_redirects": False,
        "sample_limit": sample_limit,
        **{key: value for key, value in given.items() if value is not None},
        "kind": kind,
    }
    gateway["sample_limit"] = int(gateway["sample_limit"])
    gateway["follow_redirects"] = is_true(gateway["follow_redirects"])
    if "params" in gateway:
        gateway["params"] = {str(name): _texts(values) for name, values in gateway["params"].items()}
    gateway["urls"] = [_url(gateway, target) for target in gateway["targets"]]
    gateway["signs_in"] = any(
        key in gateway for key in ("bearer_token", "bearer_token_file", "bearer_token_host_file", "basic_auth")
    )
    return cast("Gateway", gateway)


def is_true(value: Any) -> bool:
    """What Ansible takes for true."""
    return str(value).lower() in {"true", "yes", "on", "1", "y", "t"}


def _texts(values: Any) -> list[str]:
    several = values if isinstance(values, list | tuple) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in several]


def _url(gateway: Mapping[str, Any], target: str) -> str:
    """The URL that Prometheus scrapes, written as Prometheus and the prober write it."""
    query = urlencode(sorted(gateway.get("params", {}).items()), doseq=True)
    path = quote(gateway["metrics_path"], safe=_PLAIN_IN_PATH)
    return f"{gateway['scheme']}://{target}{path}" + (f"?{query}" if query else "")
