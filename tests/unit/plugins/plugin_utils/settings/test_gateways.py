"""What templates are given to know of gateways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.filter.gateways import (
    gateway_presets,
    gateway_scrape_urls,
    gateway_secrets,
    preset_kinds,
    token_file_name,
)


@pytest.fixture
def presets(tmp_path: Path) -> str:
    """A directory with two presets."""
    (tmp_path / "canonical.yml").write_text("requests: [{metrics: [llm_requests_total]}]\n")
    (tmp_path / "litellm.yml").write_text("requests: [{metrics: [litellm_requests_total]}]\n")
    (tmp_path / "notes.txt").touch()
    return str(tmp_path)


def test_there_is_one_kind_a_file(presets: str) -> None:
    assert preset_kinds(presets) == ["canonical", "litellm"]
    assert preset_kinds(f"{presets}/nothing") == []


@pytest.mark.parametrize(
    ("gateways", "kinds"),
    [
        ([], []),
        ([{"name": "a"}], ["canonical"]),
        (
            [{"name": "a"}, {"name": "b", "kind": "litellm"}, {"name": "c", "kind": "canonical"}],
            ["canonical", "litellm"],
        ),
        ([{"name": "a", "kind": "unknown"}], []),
    ],
)
def test_presets_in_use(gateways: list[dict[str, Any]], kinds: list[str], presets: str) -> None:
    found = gateway_presets(gateways, presets)
    assert list(found) == kinds
    assert all(preset["requests"][0]["metrics"][0].endswith("_requests_total") for preset in found.values())


def test_tokens_become_files_without_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" from-file\n\n")
    gateways = [
        {"name": "a", "bearer_token": " given\n"},
        {"name": "b", "bearer_token_file": str(tmp_path / "token")},
        {"name": "c"},
    ]
    assert gateway_secrets(gateways) == {"gateway-a.token": "given", "gateway-b.token": "from-file"}
    assert token_file_name("a") == "gateway-a.token"


def test_urls_are_those_that_the_configuration_leads_to() -> None:
    gateways = [
        {"name": "a", "targets": ["h:1", "h:2"]},
        {"name": "b", "targets": ["h"], "scheme": "https", "metrics_path": "/v1/metrics"},
    ]
    assert gateway_scrape_urls(gateways) == {
        "a": ["http://h:1/metrics", "http://h:2/metrics"],
        "b": ["https://h/v1/metrics"],
    }
