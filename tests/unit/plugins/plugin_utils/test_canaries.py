"""What the canary's program is told, and what a person is told of canaries that are all right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import canary_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import (
    canary_notes,
    canary_relabel_configs,
    canary_secrets,
    canary_settings,
)

CANARY: dict[str, Any] = {
    "name": "chat",
    "gateway": "litellm",
    "url": "https://gateway.example/v1",
    "model": "gpt-x",
    "bearer_token": "its-own",
    "cap": {"dollars_per_day": 50},
}
PRICES = {"gpt-*": {"input": 1e-6, "output": 2e-6}}
GATEWAYS = [{"name": "litellm", "targets": ["litellm:4000"], "bearer_token": "the-users"}]


def test_the_defaults_are_filled_in() -> None:
    (settings,) = canary_settings([CANARY], PRICES)
    assert settings == {
        "name": "chat",
        "gateway": "litellm",
        "url": "https://gateway.example/v1",
        "model": "gpt-x",
        "interval": 60.0,
        "questions": [
            {
                "prompt": "Which city is the capital of South Korea? Answer with the name of the city alone.",
                "regex": "(?i)seoul|서울",
            }
        ],
        "requests_per_hour": 120,
        "dollars_per_day": 50.0,
        "input_price": 1e-6,
        "output_price": 2e-6,
        "key_file": "secrets/canary-chat.token",
    }
    # The program takes it as it is.
    assert canary_of(settings).price_known


def test_what_the_user_says_is_kept() -> None:
    golden = [{"prompt": "2+2?", "exact": "4", "regex": None}, {"prompt": "3+3?", "regex": "6"}]
    given = {**CANARY, "interval": "30s", "slow_seconds": "1m30s", "golden": golden, "kind": None}
    canary = canary_of(canary_settings([given], {})[0])
    assert (canary.interval, canary.slow_seconds, canary.golden_ratio, canary.kind) == (30.0, 90.0, 0.8, "chat")
    assert [question.exact for question in canary.questions] == ["4", None]
    assert not canary.price_known
    as_text = {**CANARY, "output_tokens": "9", "slow_factor": "3", "cap": {"requests_per_hour": "7"}}
    canary = canary_of(canary_settings([as_text], {})[0])
    assert (canary.output_tokens, canary.slow_factor, canary.requests_per_hour) == (9, 3.0, 7)


@pytest.mark.parametrize("check", [{"exact": "yes"}, {"prompt": "Say yes."}, {"prompt": "Say yes.", "regex": "y"}])
def test_the_default_answer_is_that_of_the_default_question_alone(check: dict[str, Any]) -> None:
    (question,) = canary_settings([{**CANARY, **check}], {})[0]["questions"]
    assert question.get("regex") == check.get("regex")


def test_secrets_are_files_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" filed \n")
    filed = {**CANARY, "name": "filed", "bearer_token": None, "bearer_token_file": "key"}
    secrets = canary_secrets([CANARY, filed], [str(tmp_path)])
    assert secrets == {"canary-chat.token": "its-own", "canary-filed.token": "filed"}
    assert "its-own" not in str(canary_settings([CANARY], {}))


@pytest.mark.parametrize(
    ("canary", "words"),
    [
        ({"bearer_token": "the-users\n"}, "asks with the token of llmmon_gateways, and not with a key of its own"),
        ({"bearer_token": None}, "the canary chat has no key (bearer_token)"),
        ({"model": "other", "cap": {"requests_per_hour": 9}}, "counts requests alone: 9 an hour"),
        ({"cap": {"dollars_per_day": 0.1}}, "is silent once its cap of $0.1 is used up"),
    ],
)
def test_a_person_is_told_what_may_be_meant_otherwise(canary: dict[str, Any], words: str) -> None:
    given = {key: value for key, value in {**CANARY, **canary}.items() if value is not None}
    (note,) = canary_notes([given], PRICES, GATEWAYS)
    assert words in note
    assert "the-users" not in note


def test_what_a_canary_asks_is_not_taken_from_gateways_that_say_whose_key_it_was() -> None:
    presets: dict[str, Any] = {"litellm": {"labels": {"key": ["api_key_alias"]}}, "vllm": {"labels": {}}}
    gateway = {"name": "litellm", "kind": "litellm"}
    several = [CANARY, {**CANARY, "name": "b", "key_alias": "other.key"}, {**CANARY, "name": "c", "gateway": "else"}]
    assert canary_relabel_configs(several, gateway, presets) == [
        {"source_labels": ["api_key_alias"], "regex": "llmmon-canary|other[.]key", "action": "drop"}
    ]
    assert canary_relabel_configs(several, {"name": "litellm", "kind": "vllm"}, presets) == []
    assert canary_relabel_configs(several, {"name": "third", "kind": "litellm"}, presets) == []


def test_there_is_nothing_to_say_of_most() -> None:
    assert canary_notes([CANARY], PRICES, GATEWAYS) == []
