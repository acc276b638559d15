"""Gateways as templates, rules and checks read them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import gateways, kind_of


def test_what_is_left_out_is_filled_in() -> None:
    assert gateways([{"name": "a", "targets": ["h:1"]}], 50000) == [
        {
            "name": "a",
            "kind": "canonical",
            "targets": ["h:1"],
            "scheme": "http",
            "metrics_path": "/metrics",
            "follow_redirects": False,
            "sample_limit": 50000,
            "signs_in": False,
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
        "follow_redirects": True,
        "sample_limit": 0,
        "labels": {"team": "search"},
    }
    assert gateways([said], 50000) == [{**said, "urls": ["https://h:1/m"], "signs_in": False}]


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


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({"metrics_path": "/mätrics"}, "http://h:1/m%C3%A4trics"),
        ({"metrics_path": "/a;b=c@d:e,f+g$h&i/(j)!"}, "http://h:1/a;b=c@d:e,f+g$h&i/%28j%29%21"),
        ({"params": {"b": ["x y", "ü"], "a": 1, "c": True}}, "http://h:1/metrics?a=1&b=x+y&b=%C3%BC&c=true"),
    ],
)
def test_urls_are_written_as_prometheus_writes_them(said: dict[str, Any], url: str) -> None:
    """test_gateway_access.py lets Prometheus itself say so."""
    assert gateways([{"name": "a", "targets": ["h:1"], **said}], 0)[0]["urls"] == [url]


def test_a_kind_may_have_its_page_elsewhere() -> None:
    presets = {"litellm": {"metrics_path": "/metrics/"}, "vllm": {}}
    given = [
        {"name": "a", "kind": "litellm", "targets": []},
        {"name": "b", "kind": "litellm", "targets": [], "metrics_path": "/own"},
        {"name": "c", "kind": "vllm", "targets": []},
    ]
    assert [gateway["metrics_path"] for gateway in gateways(given, 0, presets)] == ["/metrics/", "/own", "/metrics"]


@pytest.mark.parametrize(
    "said",
    [
        {"bearer_token": "a"},
        {"bearer_token_file": "a"},
        {"bearer_token_host_file": "a"},
        {"basic_auth": {"username": "a", "password": "b"}},
    ],
)
def test_who_signs_in_is_known(said: dict[str, Any]) -> None:
    assert gateways([{"name": "a", "targets": [], **said}], 0)[0]["signs_in"]
