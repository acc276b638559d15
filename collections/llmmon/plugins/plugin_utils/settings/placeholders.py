# SPDX-License-Identifier: Apache-2.0
"""Values that only stand for the user's own: those of the guide that many come from, and of the inventories to copy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# With what to do instead.
_PLACEHOLDERS = {
    "your-llm-auth-proxy-host": "write where your gateway's metrics are",
    "your_secure_token_here": "set PROMETHEUS_BEARER_TOKEN in the environment or in .env, or leave bearer_token out",
    "your_secure_password": "set GRAFANA_ADMIN_PASSWORD in the environment or in .env, or leave it out",
    "YOUR/SLACK/WEBHOOK": "set SLACK_WEBHOOK_URL in the environment or in .env, or leave it out",
    "YOUR/DISCORD/WEBHOOK": "set DISCORD_WEBHOOK_URL in the environment or in .env, or leave it out",
}
_ANY = re.compile("|".join(map(re.escape, _PLACEHOLDERS)), re.IGNORECASE)
_BY_LOWER = {placeholder.lower(): placeholder for placeholder in _PLACEHOLDERS}
# Networks that are set aside for documentation (RFC 5737, RFC 3849): no host has such an address.
_EXAMPLES = [
    ipaddress.ip_network(network) for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def placeholder_problems(values: Mapping[str, Any]) -> list[str]:
    """A sentence for each placeholder that is left in a value, with all the variables that hold it."""
    places: dict[str, list[str]] = {}
    for place, text in _texts("", values):
        for found in _ANY.findall(text):
            places.setdefault(_BY_LOWER[found.lower()], []).append(place)
    return [
        f"the placeholder {placeholder} is still in {' and '.join(dict.fromkeys(where))}: {_PLACEHOLDERS[placeholder]}"
        for placeholder, where in sorted(places.items())
    ]


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(f"{place}.{key}" if place else str(key), inner)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for number, inner in enumerate(value):
            name = inner.get("name") if isinstance(inner, Mapping) else None
            yield from _texts(f"{place}[{name or number}]", inner)


def example_host_problems(address: str) -> list[str]:
    """A sentence when a host has an address that is set aside for examples."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return []
    if any(found in network for network in _EXAMPLES):
        return [f"ansible_host is {address}, an address for examples: write that of your host into the inventory"]
    return []
