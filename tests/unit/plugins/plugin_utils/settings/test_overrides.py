"""What is wrong with the thresholds of single gateways and models."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.overrides import override_problems

from tests.unit.plugins.plugin_utils.settings.test_thresholds import DEFAULTS

GATEWAYS = [{"name": "litellm"}, {"name": "proxy.eu"}]


def problems(*entries: Any) -> list[str]:
    return override_problems(list(entries), GATEWAYS, DEFAULTS)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"gateway": "litellm", "model": "gpt-4o.*", "latency_p95_seconds": 12, "failure_ratio": "0.1"}],
        [{"gateway": "lite.*|proxy\\.eu", "request_surge_ratio": 5, "slo": {"availability": 0.95}}],
        # A key without a value is as if left out.
        [{"gateway": None, "model": None, "minimum_requests": 5, "slo": None}],
        # The more general one first, and what does not overlap.
        [{"latency_p95_seconds": 5}, {"model": "gpt.*", "latency_p95_seconds": 6}],
        [{"model": "a", "latency_p95_seconds": 5}, {"model": "b.*", "latency_p95_seconds": 6}],
        [{"model": "a", "latency_p95_seconds": 5}, {"failure_ratio": 0.3}],
        [{"model": "a", "failure_ratio": 0.3}, {"gateway": "litellm", "failure_ratio": 0.4}],
        # Whether these overlap only Prometheus knows.
        [{"model": "gpt-[0-9]+", "failure_ratio": 0.3}, {"model": "gpt.*", "failure_ratio": 0.4}],
        [{"model": "(?P<n>a)\\pN", "failure_ratio": 0.3}, {"model": "(?U)a", "failure_ratio": 0.3}],
    ],
)
def test_overrides_that_make_sense_pass(entries: list[dict[str, Any]]) -> None:
    assert problems(*entries) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"gateway": "litelm", "failure_ratio": 0.1}, "the gateway 'litelm' matches no gateway in full; known are"),
        ({"gateway": "lite", "failure_ratio": 0.1}, "the gateway 'lite' matches no gateway in full"),
        ({"gateway": "lite(", "failure_ratio": 0.1}, "the gateway 'lite(' does not compile: missing )"),
        ({"gateway": r"\pL+", "failure_ratio": 0.1}, r"the gateway '\\pL+' does not compile: bad escape"),
        ({"model": "*", "failure_ratio": 0.1}, "the model '*' does not compile: nothing to repeat"),
        ({"model": "(?!gpt).*", "failure_ratio": 0.1}, "the model '(?!gpt).*' does not compile: Prometheus does not"),
        ({"model": "", "failure_ratio": 0.1}, "the model '' must be a regular expression; leave it out for"),
        ({"model": 4, "failure_ratio": 0.1}, "the model 4 must be a regular expression"),
        ({"failure_rate": 0.1, "minimum_requests": 1}, "has the key failure_rate, which is unknown; did you mean"),
        ({"zzz": 0.1, "minimum_requests": 1}, "has the key zzz, which is unknown; known are gateway, model, "),
        ({"failure_ratio": 20}, ".failure_ratio is 20, but must be above 0 and at most 1"),
        ({"latency_p95_seconds": "12s"}, ".latency_p95_seconds is '12s', which is not a number"),
        ({"slo": {"availability": 99}}, ": slo.availability is 99, but must be between 0 and 1"),
        ({"slo": {"uptime": 0.9}}, ": slo: uptime is unknown; known are availability, latency, minimum_requests"),
        ({"slo": {"availability": 0.9}}, ": slo.availability is 0.9 and llmmon_thresholds.burn_rate_1h is 14.4"),
        ({"gateway": "litellm"}, " sets nothing; add a number such as latency_p95_seconds, or remove it"),
        ({"model": "a", "request_surge_ratio": 4}, " sets request_surge_ratio for a model, but that is counted for"),
        ({"model": "a", "slo": {"availability": 0.9}}, ": slo.availability is 0.9 and llmmon_thresholds.burn_rate_1h"),
    ],
)  # fmt: skip
def test_an_override_that_makes_no_sense_is_named(entry: dict[str, Any], words: str) -> None:
    (problem,) = problems({"model": "fine", "waiting_requests": 1}, entry)
    assert problem.startswith("llmmon_threshold_overrides, entry 2")
    assert words in problem


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"model": "gpt-4o"}, {}),
        ({"model": "gpt-4o"}, {"model": "gpt.*"}),
        ({"model": "gpt-[0-9]"}, {"model": "gpt-[0-9]"}),
        ({"model": "gpt-[0-9]"}, {"model": ".*"}),
        ({"gateway": "litellm"}, {"gateway": "litellm|proxy.*"}),
        ({"gateway": "litellm", "model": "a"}, {"gateway": ".*", "model": "a|b"}),
        ({}, {}),
    ],
)
def test_an_override_that_never_counts_is_refused(earlier: dict[str, str], later: dict[str, str]) -> None:
    assert problems({**earlier, "failure_ratio": 0.1}, {**later, "failure_ratio": 0.3, "minimum_requests": 1}) == [
        "llmmon_threshold_overrides: failure_ratio of entry 1 never counts, because entry 2 matches all that it"
        " matches, and the last match wins; put the more general entry first, or remove one"
    ]


def test_objectives_that_never_count_are_refused_too() -> None:
    (problem,) = problems({"gateway": "litellm", "slo": {"availability": 0.95}}, {"slo": {"availability": 0.97}})
    assert "slo.availability of entry 1 never counts" in problem
    # What a gateway owes and what its models owe are two things.
    assert problems({"model": "a", "slo": {"availability": 0.95}}, {"slo": {"availability": 0.97}}) == []


def test_without_gateways_no_name_is_known() -> None:
    assert override_problems([{"gateway": "a", "failure_ratio": 0.1}], [], DEFAULTS) == [
        "llmmon_threshold_overrides, entry 1: the gateway 'a' matches no gateway in full; known are none"
    ]
