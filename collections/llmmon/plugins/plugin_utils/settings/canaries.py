# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_canaries, as sentences that say what to change."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.llmmon.stack.plugins.module_utils.canary.schema import schema_problems
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import CHAT, EMBEDDINGS, canary_of
from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import (
    CHECKS,
    canary_settings,
    most_dollars_of_a_request,
    price_of,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import url_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.costs import is_amount
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import way_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionaries, repeated, shown

_VARIABLE = "llmmon_canaries"
_EXAMPLE = '[{name: chat, url: "https://gateway.example/v1", model: gpt-x, cap: {dollars_per_day: 1}}]'
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = ("authorization", "host", "content-type", "content-length", "transfer-encoding", "connection")
# The program sets these itself, and the cap is reckoned with them.
_OWN_PARAMETERS = (
    *("model", "messages", "input", "stream", "stream_options", "n", "best_of"),
    *("max_tokens", "max_completion_tokens", "max_output_tokens"),
)
# Each has threads of its own in one container, and each is a request a minute.
_MOST_CANARIES = 50
_LEAST_INTERVAL = 10_000
_MOST_TOKENS = 4096


def canary_problems(
    canaries: Sequence[Mapping[str, Any]],
    prices: Mapping[str, Any],
    gateways: Sequence[str],
    places: Sequence[str] | None = None,
) -> list[str]:
    """What is wrong with llmmon_canaries.

    ``prices`` are those of tokens by model or pattern, ``gateways`` the names of those there are; ``places`` are
    folders in which relative paths are looked for first.
    """
    usable, found = dictionaries(_VARIABLE, list(canaries), _EXAMPLE)
    found += [
        f"{_VARIABLE}: the name {name} appears twice; it names the canary in alerts and files, and must be unique"
        for name in repeated(canary.get("name") for canary in usable)
    ]
    if len(usable) > _MOST_CANARIES:
        found.append(
            f"{_VARIABLE} has {len(usable)} canaries, but may have {_MOST_CANARIES}; spread them over more hosts"
        )
    for canary in usable:
        problems = [
            *_naming_problems(canary, gateways),
            *_question_problems(canary),
            *_request_problems(canary),
            *_cap_problems(canary, prices),
            *_access_problems(canary, places or ()),
        ]
        # What is wrong in itself is said first: only of the rest can it be told what it costs.
        found += problems or _worst_case_problems(canary, prices)
    return found


def _naming_problems(canary: Mapping[str, Any], gateways: Sequence[str]) -> Iterator[str]:
    name, gateway, url = canary.get("name"), canary.get("gateway"), canary.get("url")
    if not _NAME.fullmatch(str(name or "")):
        yield (
            f"{_VARIABLE}: the name {shown(name)} must consist of at most 63 letters, digits, '.', '_' and '-', and"
            " begin with a letter or digit; it becomes a part of files' names"
        )
    if gateway not in gateways:
        yield (
            f"{_VARIABLE}: gateway of {name} is {shown(gateway)}, but must be the name of one in llmmon_gateways:"
            f" {', '.join(gateways) or 'there is none'}"
        )
    if not str(canary.get("model") or "").strip():
        yield f"{_VARIABLE}: {name} has no model; say which one it asks for"
    not_a_url = url_problem(f"{_VARIABLE}: url of {name}", url)
    yield from not_a_url
    if not not_a_url and (urlsplit(str(url)).username is not None or urlsplit(str(url)).query):
        yield f"{_VARIABLE}: url of {name} must have neither a user nor a query; the key goes to bearer_token_file"
    if not not_a_url and re.search(r"/(chat/completions|embeddings|responses)/*$", str(url)):
        yield f"{_VARIABLE}: url of {name} must end before what is asked for, such as https://gateway.example/v1"


def _question_problems(canary: Mapping[str, Any]) -> Iterator[str]:
    name, golden = canary.get("name"), canary.get("golden")
    if golden is None:
        yield from _check_problems(f"{_VARIABLE}: {name}", canary)
    elif not isinstance(golden, list | tuple) or len(golden) < 2 or not all(isinstance(one, dict) for one in golden):
        yield f"{_VARIABLE}: golden of {name} must be a list of two questions or more, each with prompt and regex"
    else:
        if any(key in canary for key in ("prompt", *CHECKS)):
            yield f"{_VARIABLE}: {name} has both golden and a question of its own; leave one out"
        for number, question in enumerate(golden, start=1):
            yield from _check_problems(f"{_VARIABLE}: question {number} of {name}", question)
            if not str(question.get("prompt") or "").strip():
                yield f"{_VARIABLE}: question {number} of {name} has no prompt"
            if not any(question.get(key) is not None for key in CHECKS):
                yield f"{_VARIABLE}: question {number} of {name} has no answer; give it exact, regex or json_schema"
    if canary.get("kind") == EMBEDDINGS and (golden is not None or any(canary.get(key) is not None for key in CHECKS)):
        yield f"{_VARIABLE}: {name} asks for embeddings, which have no text to check; use dimensions"
    if canary.get("dimensions") and canary.get("kind") != EMBEDDINGS:
        yield f"{_VARIABLE}: {name} has dimensions, which only kind: embeddings has"


def _check_problems(subject: str, question: Mapping[str, Any]) -> Iterator[str]:
    given = [key for key in CHECKS if question.get(key) is not None]
    if len(given) > 1:
        yield f"{subject} has both {' and '.join(given[:2])}; leave one out"
    if "prompt" in question and not str(question["prompt"] or "").strip():
        yield f"{subject} has an empty prompt"
    if "exact" in given and not str(question["exact"]).strip():
        yield f"{subject}: exact is empty, which an answer never is"
    if "regex" in given:
        try:
            re.compile(str(question["regex"]))
        except re.error as error:
            yield f"{subject}: regex {shown(question['regex'])} is not a regular expression of Python: {error}"
    if "json_schema" in given:
        yield from (f"{subject}: {problem}" for problem in schema_problems(question["json_schema"], "json_schema"))


def _request_problems(canary: Mapping[str, Any]) -> Iterator[str]:
    name = canary.get("name")
    for key in sorted(set(canary.get("parameters") or {}) & set(_OWN_PARAMETERS)):
        instead = "output_tokens and output_tokens_field" if "max_" in key else "other keys of the canary"
        yield f"{_VARIABLE}: parameters of {name} has {key}, which the cap is reckoned with; use {instead}"
    for header, value in (canary.get("headers") or {}).items():
        if not _HEADER.fullmatch(str(header)) or str(header).lower() in _OWN_HEADERS:
            yield f"{_VARIABLE}: headers of {name} has {shown(header)}, which is no header that a canary may set"
        if not str(value).strip() or re.search(r"[\r\n]", str(value)):
            yield f"{_VARIABLE}: headers of {name} must give {header} a value of one line"
    tokens = _number(canary, "output_tokens")
    if tokens is not None and not 1 <= tokens <= _MOST_TOKENS:
        yield f"{_VARIABLE}: output_tokens of {name} is {tokens:g}, but must be from 1 to {_MOST_TOKENS}"
    if canary.get("output_tokens_field") and canary.get("kind", CHAT) != CHAT:
        yield f"{_VARIABLE}: {name} has output_tokens_field, which only kind: chat has"
    interval = canary.get("interval")
    if interval is not None and is_duration(interval) and milliseconds(interval) < _LEAST_INTERVAL:
        yield f"{_VARIABLE}: interval of {name} is {interval}, but must be 10s or more"
    factor, ratio = _number(canary, "slow_factor"), _number(canary, "golden_ratio")
    if factor is not None and not 1.2 <= factor <= 100:
        yield f"{_VARIABLE}: slow_factor of {name} is {factor:g}, but must be from 1.2 to 100: times what is usual"
    if ratio is not None and not 0 < ratio <= 1:
        yield f"{_VARIABLE}: golden_ratio of {name} is {ratio:g}, but must be above 0 and at most 1"


def _number(canary: Mapping[str, Any], key: str) -> float | None:
    """A number, also one that came as text; None for what is left out, or is none, which is said elsewhere."""
    return float(canary[key]) if is_amount(canary.get(key)) else None


def _cap_problems(canary: Mapping[str, Any], prices: Mapping[str, Any]) -> Iterator[str]:
    name, cap = canary.get("name"), canary.get("cap")
    if not isinstance(cap, dict) or not any(value is not None for value in cap.values()):
        yield (
            f"{_VARIABLE}: {name} has no cap, and would spend without end; give it cap, such as {{dollars_per_day: 1}}"
        )
        return
    dollars, requests = cap.get("dollars_per_day"), cap.get("requests_per_hour")
    if dollars is not None and (not is_amount(dollars) or not float(dollars)):
        yield f"{_VARIABLE}: cap.dollars_per_day of {name} is {shown(dollars)}, but must be an amount above 0"
    if requests is not None and (not is_amount(requests) or float(requests) < 1):
        yield f"{_VARIABLE}: cap.requests_per_hour of {name} is {shown(requests)}, but must be 1 or more"
    price = canary.get("price")
    for token, amount in (price or {}).items():
        if not is_amount(amount) or not math.isfinite(float(amount)) or float(amount) > 1:
            yield f"{_VARIABLE}: price.{token} of {name} is {shown(amount)}, but must be US dollars for one token"
    if price_of(canary, prices):
        if dollars is None:
            yield f"{_VARIABLE}: cap of {name} has no dollars_per_day, and what {canary.get('model')} costs is known"
    elif requests is None:
        yield (
            f"{_VARIABLE}: the price of {canary.get('model')} is not known, so dollars cannot be counted; give {name}"
            " cap.requests_per_hour, or price, or the model to llmmon_token_prices"
        )


def _access_problems(canary: Mapping[str, Any], places: Sequence[str]) -> list[str]:
    tls = canary.get("tls_config")
    more = sorted(set(tls) - {"ca", "ca_file"}) if isinstance(tls, dict) else []
    return way_problems(dict(canary), places, _VARIABLE) + [
        f"{_VARIABLE}: tls_config of {canary.get('name')} has {key}; it may have ca or ca_file" for key in more
    ]


def _worst_case_problems(canary: Mapping[str, Any], prices: Mapping[str, Any]) -> list[str]:
    (settings,) = canary_settings([canary], prices)
    known = canary_of(settings)
    if known.total_timeout < known.first_timeout or known.connect_timeout > known.interval:
        return [
            f"{_VARIABLE}: total_timeout of {known.name} must not be shorter than first_timeout, nor connect_timeout"
            " longer than interval"
        ]
    most, cap = most_dollars_of_a_request(known), known.dollars_per_day
    if known.price_known and cap is not None and most > cap:
        return [
            f"{_VARIABLE}: one request of {known.name} may cost ${most:.6f}, which is more than its cap of ${cap:g} a"
            " day, so that it would never ask; raise cap.dollars_per_day, or lower output_tokens"
        ]
    return []
