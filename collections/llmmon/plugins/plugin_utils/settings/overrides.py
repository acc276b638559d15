# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_threshold_overrides, as sentences that name the entry and what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import OF_GATEWAYS, OF_MODELS, matching
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import regex_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionaries, shown
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import (
    OBJECTIVES,
    POSITIVE,
    THRESHOLDS,
    number_problems,
    unreachable,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import nearest

_VARIABLE = "llmmon_threshold_overrides"
_EXAMPLE = '[{gateway: litellm, model: "gpt-4o.*", latency_p95_seconds: 12}]'
_RANGES = {name: THRESHOLDS.get(name, POSITIVE) for name in (*OF_MODELS, *OF_GATEWAYS)}
_KEYS = ("gateway", "model", *OF_MODELS, *OF_GATEWAYS, "slo")
# A name that is nothing but itself as a regular expression, but for the dots, which model names have.
_PLAIN = re.compile(r"[\w./:@-]*")


def override_problems(
    overrides: list[dict[str, Any]], gateways: list[dict[str, Any]], defaults: Mapping[str, Any]
) -> list[str]:
    """What is wrong with llmmon_threshold_overrides.

    ``gateways`` is llmmon_gateways; ``defaults`` is what holds for the whole stack, thresholds and objectives in one.
    """
    usable, found = dictionaries(_VARIABLE, overrides, _EXAMPLE)
    if found:
        return found
    known = [str(gateway.get("name")) for gateway in dictionaries("llmmon_gateways", gateways, "")[0]]
    for number, entry in enumerate(usable, start=1):
        found += _entry_problems(f"{_VARIABLE}, entry {number}", entry, known, defaults)
    return found or list(_without_effect(usable, known))


def _entry_problems(
    subject: str, given: Mapping[str, Any], known: Sequence[str], defaults: Mapping[str, Any]
) -> Iterator[str]:
    entry = {key: value for key, value in given.items() if value is not None}
    for key in entry:
        if key not in _KEYS:
            near = nearest(str(key), _KEYS)
            yield f"{subject} has the key {key}, which is unknown; " + (
                f"did you mean {near}?" if near else f"known are {', '.join(_KEYS)}"
            )
    for key in ("gateway", "model"):
        if key in entry:
            yield from _pattern_problems(f"{subject}: the {key} {shown(entry[key])}", key, entry[key], known)
    numbers = {key: value for key, value in entry.items() if key in _RANGES}
    yield from number_problems(subject, numbers, _RANGES)
    slo = entry.get("slo", {})
    problems = number_problems(f"{subject}: slo", slo, OBJECTIVES)
    yield from problems or unreachable(f"{subject}: slo", slo, defaults)
    if not numbers and not slo:
        yield f"{subject} sets nothing; add a number such as latency_p95_seconds, or remove it"
    of_gateways = [key for key in OF_GATEWAYS if key in entry]
    if "model" in entry and of_gateways:
        yield (
            f"{subject} sets {', '.join(of_gateways)} for a model, but that is counted for a whole gateway; move it to"
            " an entry without model"
        )


def _pattern_problems(subject: str, key: str, pattern: Any, known: Sequence[str]) -> Iterator[str]:
    if not isinstance(pattern, str) or not pattern:
        yield f"{subject} must be a regular expression; leave it out for every {key}"
        return
    why = regex_problem(pattern)
    if key == "gateway" and not why:
        # Resolved here, and not by Prometheus, which would know more syntax.
        try:
            if not matching(pattern, known):
                yield f"{subject} matches no gateway in full; known are {', '.join(known) or 'none'}"
        except re.error as error:
            why = str(error)
    if why:
        yield f"{subject} does not compile: {why}"


def _jobs(pattern: str | None, known: Sequence[str]) -> set[str]:
    """The gateways that an entry is about."""
    return set(known) if pattern is None else set(matching(pattern, known))


def _without_effect(entries: Sequence[Mapping[str, Any]], known: Sequence[str]) -> Iterator[str]:
    """Entries that a later one overrules for all gateways and models that they are about."""
    for number, entry in enumerate(entries, start=1):
        for later_number, later in enumerate(entries[number:], start=number + 1):
            same = _numbers(entry) & _numbers(later)
            covers = _jobs(entry.get("gateway"), known) <= _jobs(later.get("gateway"), known)
            if same and covers and _covers_models(later.get("model"), entry.get("model")):
                yield (
                    f"{_VARIABLE}: {', '.join(sorted(same))} of entry {number} never counts, because entry"
                    f" {later_number} matches all that it matches, and the last match wins; put the more general entry"
                    " first, or remove one"
                )


def _numbers(entry: Mapping[str, Any]) -> set[str]:
    # What a gateway owes does not overrule what a model owes, nor the other way round.
    whose = "" if entry.get("model") is None else " of models"
    slo = {f"slo.{key}{whose}" for key, value in (entry.get("slo") or {}).items() if value is not None}
    return slo | {key for key, value in entry.items() if key in _RANGES and value is not None}


def _covers_models(later: str | None, earlier: str | None) -> bool:
    """Whether a pattern matches every model that another one does, as far as that can be told."""
    if later is None or later in (earlier, ".*"):
        return True
    if earlier is None or not _PLAIN.fullmatch(earlier):
        return False
    try:
        return bool(matching(later, [earlier]))
    except re.error:
        return False
