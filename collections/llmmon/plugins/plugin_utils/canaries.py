# SPDX-License-Identifier: Apache-2.0
"""The user's canaries with every default filled in: what their program is told, and the secrets that go beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.canary.request import PICODOLLARS, most_cost
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import (
    CHAT,
    EMBEDDINGS,
    Canary,
    canary_of,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import TLS_CA, TOKEN, secrets_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import INPUT, OUTPUT, counting

# What the names of their files on the host begin with.
WHOSE = "canary"
CHECKS = ("exact", "regex", "json_schema")
DEFAULT_PROMPT = "Which city is the capital of South Korea? Answer with the name of the city alone."
DEFAULT_REGEX = "(?i)seoul|서울"
DEFAULT_ALIAS = "llmmon-canary"
_DEFAULT_INTERVAL = "1m"
_DEFAULT_RATIO = 0.8
# Keys that the program takes as they are, and those that are durations.
_AS_THEY_ARE = (
    *("name", "gateway", "url", "model", "kind", "headers", "parameters", "output_tokens_field", "answered_by"),
    "deployments",
)
# Numbers may come as text.
_COUNTS = ("output_tokens", "dimensions")
_NUMBERS = ("slow_factor", "certificate_days")
_DURATIONS = ("connect_timeout", "first_timeout", "stall_timeout", "total_timeout", "slow_seconds")


def canary_secrets(canaries: Sequence[Mapping[str, Any]], places: Sequence[str] | None = None) -> dict[str, str]:
    """Files to ship: name to content.

    Raises FileUnreadableError for a file that cannot be read.
    """
    return secrets_of(canaries, places or (), WHOSE)


def canary_settings(canaries: Sequence[Mapping[str, Any]], prices: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the program is told; ``prices`` are those of tokens by model or pattern, as in llmmon_token_prices."""
    return [_settings_of(canary, prices) for canary in canaries]


def canary_notes(
    canaries: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Any],
    gateways: Sequence[Mapping[str, Any]],
    places: Sequence[str] | None = None,
) -> list[str]:
    """What a person should know of canaries that are all right: one sentence each.

    Raises FileUnreadableError.
    """
    keys = {
        TOKEN.content(gateway, places or ()).strip(): gateway["name"] for gateway in gateways if TOKEN.is_given(gateway)
    }
    found = []
    for entry in canaries:
        canary = canary_of(_settings_of(entry, prices))
        name = canary.name
        if TOKEN.is_given(entry) and TOKEN.content(entry, places or ()).strip() in keys:
            found.append(
                f"the canary {name} asks with the token of llmmon_gateways, and not with a key of its own: it shares"
                " the limits of whoever else has it, and what it spends looks like theirs; give it bearer_token"
            )
        if not TOKEN.is_given(entry):
            found.append(f"the canary {name} has no key (bearer_token), so that it asks as anybody")
        if not canary.price_known:
            found.append(
                f"the price of {canary.model} is not known, so that the cap of the canary {name} counts requests alone:"
                f" {canary.requests_per_hour} an hour; give it price, or the model to llmmon_token_prices"
            )
        else:
            found += _short_day(canary)
    return found


def canary_relabel_configs(
    canaries: Sequence[Mapping[str, Any]], gateway: Mapping[str, Any], presets: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What keeps canaries' requests from being counted as users': the gateway's series of their keys are not taken.

    Only where the gateway says whose key it was; ``presets`` say by kind which label that is.
    """
    labels = presets.get(gateway["kind"], {}).get("labels", {}).get("key", [])
    aliases = {str(one.get("key_alias") or DEFAULT_ALIAS) for one in canaries if one.get("gateway") == gateway["name"]}
    if not labels or not aliases:
        return []
    regex = "|".join(alias.replace(".", "[.]") for alias in sorted(aliases))
    return [{"source_labels": list(labels), "regex": regex, "action": "drop"}]


def most_dollars_of_a_request(canary: Canary) -> float:
    """What its dearest question may cost."""
    return max(most_cost(canary, question) for question in canary.questions) / PICODOLLARS


def _short_day(canary: Canary) -> list[str]:
    """Where the cap may not last for a day."""
    most, cap = most_dollars_of_a_request(canary), canary.dollars_per_day or 0.0
    day = math.ceil(86_400 / canary.interval)
    if most * day <= cap:
        return []
    return [
        f"the canary {canary.name} may cost ${most * day:.4g} a day at this interval and is silent once its cap of"
        f" ${cap:.4g} is used up; raise cap.dollars_per_day or interval, or lower output_tokens, if that comes to pass"
    ]


def _settings_of(canary: Mapping[str, Any], prices: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in canary.items() if value is not None}
    kind, cap = given.get("kind", CHAT), given["cap"]
    settings = {key: given[key] for key in _AS_THEY_ARE if key in given}
    settings |= {key: _seconds(given[key]) for key in _DURATIONS if key in given}
    settings |= {key: int(float(given[key])) for key in _COUNTS if key in given}
    settings |= {key: float(given[key]) for key in _NUMBERS if key in given}
    interval = _seconds(given.get("interval", _DEFAULT_INTERVAL))
    settings |= {
        "interval": interval,
        "questions": questions_of(given, kind),
        # What is asked again after a doubt comes on top.
        "requests_per_hour": int(cap.get("requests_per_hour") or math.ceil(2 * 3600 / interval)),
    }
    if cap.get("dollars_per_day") is not None:
        settings["dollars_per_day"] = float(cap["dollars_per_day"])
    if "golden" in given:
        settings["golden_ratio"] = float(given.get("golden_ratio", _DEFAULT_RATIO))
    price = price_of(given, prices)
    settings |= {f"{token}_price": float(amount) for token, amount in price.items()}
    for part, key in ((TOKEN, "key_file"), (TLS_CA, "ca_file")):
        if part.is_given(given):
            settings[key] = f"{SECRETS}/{part.name_on_host(given, WHOSE)}"
    return settings


def price_of(canary: Mapping[str, Any], prices: Mapping[str, Any]) -> Mapping[str, Any]:
    """What its tokens cost in US dollars, empty where that is not known.

    Half of a price is none: a cap must not take for free what is only not written down.
    """
    counts = counting(prices, str(canary.get("model")))
    price = canary.get("price") or (prices[counts] if counts is not None else {})
    paid = (INPUT,) if canary.get("kind") == EMBEDDINGS else (INPUT, OUTPUT)
    if not isinstance(price, dict) or any(price.get(token) is None for token in paid):
        return {}
    return {token: price[token] for token in paid}


def questions_of(canary: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """What it asks, as the program has it."""
    if "golden" in canary:
        return [{key: value for key, value in question.items() if value is not None} for question in canary["golden"]]
    checks = {key: canary[key] for key in CHECKS if key in canary}
    if "prompt" not in canary and kind != EMBEDDINGS:
        checks = checks or {"regex": DEFAULT_REGEX}
    return [{"prompt": canary.get("prompt", DEFAULT_PROMPT), **checks}]


def _seconds(duration: Any) -> float:
    return milliseconds(duration) / 1000
