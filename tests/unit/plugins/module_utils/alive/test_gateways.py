"""Which name on a page is the new one of another."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import (
    ALIKE,
    ALIKE_AT_ONCE,
    ALIKE_MISSED,
    new_name,
)


@pytest.mark.parametrize(
    ("missing", "now", "before", "least", "name"),
    [
        # As vLLM did, by an upgrade.
        ("vllm:gpu_cache_usage_perc", ["vllm:kv_cache_usage_perc"], ["vllm:gpu_cache_usage_perc"], ALIKE_AT_ONCE, True),
        ("vllm:num_requests_waiting", ["vllm_num_requests_waiting"], [], ALIKE, True),
        ("llm_requests_total", ["llm_gateway_requests_total"], [], ALIKE_MISSED, True),
        # Both were there before.
        ("a_failed_requests_total", ["a_failed_calls_total"], ["a_failed_calls_total"], ALIKE_AT_ONCE, False),
        # Its counterpart, of a gateway that has not failed yet.
        ("litellm_deployment_failure_responses", ["litellm_deployment_success_responses"], [], ALIKE, False),
        ("llm_requests_failed_total", ["llm_requests_in_flight", "go_gc_duration_seconds"], [], ALIKE, False),
    ],
)
def test_names_that_look_alike(missing: str, now: list[str], before: list[str], least: float, name: bool) -> None:
    assert bool(new_name([missing], ["llm_requests"] if "failed" in missing else [], now, before, least)) == name


def test_what_a_kind_knows_is_nobodys_new_name() -> None:
    assert new_name(["llm_requests_failed_total"], ["llm_requests"], ["llm_requests_total"], [], 0.1) == ""
