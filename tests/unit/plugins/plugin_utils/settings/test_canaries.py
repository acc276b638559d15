"""What is refused of llmmon_canaries, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.canaries import canary_problems

GOOD: dict[str, Any] = {
    "name": "chat",
    "gateway": "litellm",
    "url": "https://gateway.example/v1",
    "model": "gpt-x",
    "bearer_token": "key",
    "price": {"input": 0.000001, "output": 0.000002},
    "cap": {"dollars_per_day": 1},
}
GOLDEN = [{"prompt": "2+2?", "exact": "4"}, {"prompt": "3+3?", "regex": "6"}]


def problems(prices: dict[str, Any] | None = None, **canary: Any) -> list[str]:
    given = {key: value for key, value in {**GOOD, **canary}.items() if value is not ...}
    return canary_problems([given], prices or {}, ["litellm"])


@pytest.mark.parametrize(
    "canary",
    [
        {},
        {"kind": "embeddings", "price": {"input": 0.000001}, "dimensions": 3},
        {"kind": "responses", "prompt": "Say yes.", "exact": "yes"},
        {"golden": GOLDEN, "golden_ratio": 0.5},
        {"prompt": "A city as JSON.", "json_schema": {"type": "object", "required": ["city"]}},
        {"price": ..., "cap": {"requests_per_hour": 10}},
        {
            "parameters": {"temperature": None, "reasoning_effort": "low"},
            "output_tokens_field": "max_completion_tokens",
        },
        {"output_tokens": "9", "slow_factor": "3", "cap": {"dollars_per_day": "1.5", "requests_per_hour": "9"}},
        {"headers": {"X-Team": "canary"}, "interval": "10s", "answered_by": ["other"], "bearer_token": ...},
    ],
)
def test_what_is_all_right_is_taken(canary: dict[str, Any]) -> None:
    assert problems(**canary) == []


@pytest.mark.parametrize(
    ("canary", "words"),
    [
        ({"cap": ...}, "chat has no cap, and would spend without end"),
        ({"cap": {}}, "chat has no cap"),
        ({"cap": {"dollars_per_day": None}}, "chat has no cap"),
        ({"cap": {"requests_per_hour": 5}}, "cap of chat has no dollars_per_day, and what gpt-x costs is known"),
        ({"cap": {"dollars_per_day": 0}}, "must be an amount above 0"),
        ({"cap": {"dollars_per_day": float("inf")}}, "must be an amount above 0"),
        ({"cap": {"dollars_per_day": 0.0000001}}, "so that it would never ask; raise cap.dollars_per_day"),
        ({"cap": {"dollars_per_day": 1, "requests_per_hour": 0}}, "but must be 1 or more"),
        ({"price": ...}, "the price of gpt-x is not known, so dollars cannot be counted; give chat cap.requests_per"),
        ({"price": {"input": 1e-6}}, "the price of gpt-x is not known"),
        ({"price": {"input": 3, "output": 1e-6}}, "price.input of chat is 3, but must be US dollars for one token"),
        ({"name": "a b"}, "the name 'a b' must consist of"),
        ({"gateway": "other"}, "gateway of chat is 'other', but must be the name of one in llmmon_gateways: litellm"),
        ({"model": ""}, "chat has no model"),
        ({"url": "gateway"}, "url of chat"),
        ({"url": "https://me@gateway.example/v1"}, "must have neither a user nor a query"),
        ({"url": "https://gateway.example/v1/chat/completions"}, "must end before what is asked for"),
        ({"prompt": " "}, "chat has an empty prompt"),
        ({"exact": "a", "regex": "b"}, "chat has both exact and regex; leave one out"),
        ({"exact": ""}, "exact is empty"),
        ({"regex": "("}, "is not a regular expression of Python"),
        ({"json_schema": "text"}, "json_schema is not a JSON Schema"),
        ({"json_schema": {"type": "strng"}}, "json_schema.type must be one of"),
        ({"golden": GOLDEN[:1]}, "golden of chat must be a list of two questions or more"),
        ({"golden": "2+2?"}, "golden of chat must be a list of two questions or more"),
        ({"golden": [*GOLDEN, {"prompt": "4?"}]}, "question 3 of chat has no answer"),
        ({"golden": [*GOLDEN, {"exact": "4"}]}, "question 3 of chat has no prompt"),
        ({"golden": GOLDEN, "prompt": "?"}, "has both golden and a question of its own"),
        ({"golden": GOLDEN, "golden_ratio": 80}, "golden_ratio of chat is 80, but must be above 0 and at most 1"),
        ({"kind": "embeddings", "regex": "a"}, "asks for embeddings, which have no text to check; use dimensions"),
        ({"dimensions": 3}, "has dimensions, which only kind: embeddings has"),
        ({"parameters": {"max_tokens": 9}}, "has max_tokens, which the cap is reckoned with; use output_tokens"),
        ({"parameters": {"n": 9}}, "has n, which the cap is reckoned with"),
        ({"headers": {"Authorization": "x"}}, "which is no header that a canary may set"),
        ({"headers": {"X-A": "a\nb"}}, "a value of one line"),
        ({"output_tokens": 0}, "but must be from 1 to 4096"),
        ({"kind": "responses", "output_tokens_field": "max_tokens"}, "which only kind: chat has"),
        ({"interval": "5s"}, "but must be 10s or more"),
        ({"slow_factor": 1}, "but must be from 1.2 to 100"),
        ({"total_timeout": "5s"}, "must not be shorter than first_timeout"),
        ({"bearer_token": ""}, "the bearer_token of chat is empty"),
        ({"bearer_token": "a b"}, "contains spaces"),
        ({"tls_config": {"insecure_skip_verify": True}}, "tls_config of chat has insecure_skip_verify; it may have ca"),
        ({"tls_config": {"ca": "x"}}, "is not a certificate in PEM form"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_change(canary: dict[str, Any], words: str) -> None:
    found = problems(**canary)
    assert len(found) == 1
    assert found[0].startswith("llmmon_canaries: ")
    assert words in found[0]


def test_a_key_is_not_in_any_sentence() -> None:
    assert "sk-se" not in "".join(problems(bearer_token="sk-se cret", cap=...))  # noqa: S106 - it is none


def test_a_key_is_read_where_the_inventory_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the-key\n")
    canary = {**GOOD, "bearer_token": None, "bearer_token_file": "key"}
    canary = {key: value for key, value in canary.items() if value is not None}
    assert canary_problems([canary], {}, ["litellm"], [str(tmp_path)]) == []
    assert "cannot be read here" in canary_problems([canary], {}, ["litellm"])[0]


def test_prices_of_the_rules_count_for_canaries() -> None:
    prices = {"gpt-*": {"input": 1e-6, "output": 2e-6}}
    assert problems(prices, price=...) == []
    assert "has no dollars_per_day" in problems(prices, price=..., cap={"requests_per_hour": 9})[0]
    # Half of a price is none.
    assert "is not known" in problems({"gpt-*": {"input": 1e-6}}, price=...)[0]


def test_names_are_unique_and_canaries_not_without_number() -> None:
    assert "the name chat appears twice" in canary_problems([GOOD, GOOD], {}, ["litellm"])[0]
    many = [{**GOOD, "name": f"chat-{number}"} for number in range(51)]
    assert canary_problems(many, {}, ["litellm"]) == [
        "llmmon_canaries has 51 canaries, but may have 50; spread them over more hosts"
    ]
    assert "entry 1 is text, but must be a dictionary" in canary_problems(["chat"], {}, [])[0]  # type: ignore[list-item]
