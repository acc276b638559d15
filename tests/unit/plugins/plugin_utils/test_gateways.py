"""Gateways as templates, rules and checks read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import gateway_secrets, gateways, kind_of


def test_what_is_left_out_is_filled_in() -> None:
    assert gateways([{"name": "a", "targets": ["h:1"]}], 50000) == [
        {
            "name": "a",
            "kind": "canonical",
            "targets": ["h:1"],
            "scheme": "http",
            "metrics_path": "/metrics",
            "sample_limit": 50000,
            "urls": ["http://h:1/metrics"],
        }
    ]


def test_what_is_said_stays() -> None:
    said: dict[str, Any] = {
        "name": "a",
        "kind": "litellm",
        "targets": ["h:1"],
        "scheme": "https",
        "metrics_path": "/m",
        "sample_limit": 0,
        "labels": {"team": "search"},
    }
    assert gateways([said], 50000) == [{**said, "urls": ["https://h:1/m"]}]


@pytest.mark.parametrize("key", ["kind", "scheme", "metrics_path", "sample_limit", "labels", "bearer_token"])
def test_a_key_without_a_value_is_as_if_left_out(key: str) -> None:
    plain = {"name": "a", "targets": ["h:1"]}
    assert gateways([{**plain, key: None}], 7) == gateways([plain], 7)


@pytest.mark.parametrize("limit", [700, "700"])
def test_a_limit_is_a_number_also_when_it_came_as_text(limit: int | str) -> None:
    assert gateways([{"name": "a", "targets": [], "sample_limit": limit}], 1)[0]["sample_limit"] == 700


def test_the_users_own_words_are_not_changed() -> None:
    given = {"name": "a", "targets": ["h:1"]}
    gateways([given], 1)
    assert given == {"name": "a", "targets": ["h:1"]}


def test_the_kind_is_known_before_anything_is_filled_in() -> None:
    assert [kind_of(gateway) for gateway in ({}, {"kind": None}, {"kind": "vllm"})] == [
        "canonical",
        "canonical",
        "vllm",
    ]


def test_tokens_become_files_without_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" from-file\n\n")
    known = gateways(
        [
            {"name": "a", "targets": [], "bearer_token": " given\n"},
            {"name": "b", "targets": [], "bearer_token_file": str(tmp_path / "token")},
            {"name": "c", "targets": []},
        ],
        0,
    )
    assert gateway_secrets(known) == {"gateway-a.token": "given", "gateway-b.token": "from-file"}
    assert [gateway.get("token_file") for gateway in known] == ["gateway-a.token", "gateway-b.token", None]


def test_urls_are_those_that_the_configuration_leads_to() -> None:
    known = gateways(
        [
            {"name": "a", "targets": ["h:1", "h:2"]},
            {"name": "b", "targets": ["h"], "scheme": "https", "metrics_path": "/v1/metrics"},
        ],
        0,
    )
    assert {gateway["name"]: gateway["urls"] for gateway in known} == {
        "a": ["http://h:1/metrics", "http://h:2/metrics"],
        "b": ["https://h/v1/metrics"],
    }
