"""A list of prices that came from somewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.llmmon.stack.plugins.plugin_utils import price_file

# As LiteLLM writes them, but for the figures.
LIST: dict[str, Any] = {
    "sample_spec": {"input_cost_per_token": "dollars", "mode": "one of: chat, embedding"},
    "gpt-4o": {
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1e-06,
        "litellm_provider": "openai",
        "max_tokens": 16384,
    },
    "gpt-4o-mini": {"input_cost_per_token": 1e-07, "output_cost_per_token": 4e-07, "supports_vision": True},
    "text-embedding": {"input_cost_per_token": 1e-08, "output_cost_per_token": 0},
    "dall-e": {"input_cost_per_pixel": 1e-08, "mode": "image_generation"},
    "bedrock/*/month": {"input_cost_per_token": 0.5},
    "negative": {"input_cost_per_token": -1},
    "words": {"input_cost_per_token": 1, "output_cost_per_token": "1e-6"},
    "true": {"input_cost_per_token": True},
    "list": [],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path, json.dumps(LIST))


def written(folder: Path, text: str | bytes) -> Path:
    place = folder / "prices.json"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


def problems(path: Path, *models: str) -> list[str]:
    found = price_file.price_file_problems(str(path), list(models))
    return [problem.replace(str(path), "FILE") for problem in found]


def test_only_the_chosen_models_are_taken(path: Path) -> None:
    assert problems(path, "gpt-4o*", "text-embedding") == []
    assert price_file.token_prices({}, str(path), ["gpt-4o*", "text-embedding"]) == {
        "gpt-4o": {"input": 2e-06, "output": 1e-05, "cached_input": 1e-06},
        "gpt-4o-mini": {"input": 1e-07, "output": 4e-07},
        "text-embedding": {"input": 1e-08, "output": 0},
    }


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o*", "gpt*o", "*"])
def test_a_price_of_the_users_own_wins(path: Path, name: str) -> None:
    prices = price_file.token_prices({name: {"input": 5}}, str(path), ["gpt-4o"])
    assert prices == {name: {"input": 5}}


def test_other_models_are_still_taken(path: Path) -> None:
    assert set(price_file.token_prices({"gpt-4o": {"input": 5}}, str(path), ["gpt*"])) == {"gpt-4o", "gpt-4o-mini"}


def test_without_a_list_there_are_the_users_own(path: Path) -> None:
    assert price_file.token_prices({"m": {"input": 1}}, "", []) == {"m": {"input": 1}}
    assert price_file.price_file_problems("", []) == []
    assert price_file.price_file_date("") == 0
    os.utime(path, (1, 1764000000.9))
    assert price_file.price_file_date(str(path)) == 1764000000


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("gpt-5", "llmmon_token_price_models: gpt-5 is no model with a price per token in FILE"),
        ("dall-e", "llmmon_token_price_models: dall-e is no model with a price per token in FILE"),
        # A name with a star would be a pattern of ours.
        ("bedrock/*", "llmmon_token_price_models: bedrock/* is no model with a price per token in FILE"),
        (
            "negative",
            "llmmon_token_price_file: FILE gives 'negative' the input_cost_per_token -1, which is not a number of US"
            " dollars between 0 and 1",
        ),
        (
            "words",
            "llmmon_token_price_file: FILE gives 'words' the input_cost_per_token 1, which is not a number of US"
            " dollars between 0 and 1",
        ),
        (
            "true",
            "llmmon_token_price_file: FILE gives 'true' the input_cost_per_token True, which is not a number of US"
            " dollars between 0 and 1",
        ),
        ("list", "llmmon_token_price_file: FILE says of 'list' something else than a dictionary"),
    ],
)
def test_what_is_no_price_is_said(path: Path, model: str, problem: str) -> None:
    assert problems(path, "gpt-4o", model)[0] == problem


def test_what_was_not_chosen_is_not_looked_at(path: Path) -> None:
    assert problems(path, "gpt-4o") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is not valid JSON"),
        (b"prices", "is not valid JSON"),
        (b"\xff\xfe\xfd", "is not valid JSON"),
        (b'{"gpt-4o": {"input_cost_per_token": NaN}}', "is not valid JSON"),
        (b'{"gpt-4o": {"input_cost_per_token": Infinity}}', "is not valid JSON"),
        (b'{"gpt-4o": {"input_cost_per_token": ' + b"1" * 10000 + b"}}", "is not valid JSON"),
        (b"[" * 200000, "is not a list of prices: it is nested too deeply"),
        (b"[]", "is not a list of prices: it must be an object of models"),
    ],
)
@pytest.mark.usefixtures("no_collection")
def test_what_is_no_list_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    path = written(tmp_path, text)
    assert problems(path, "gpt-4o") == [f"llmmon_token_price_file: FILE {words}"]
    with pytest.raises(AnsibleFilterError, match="llmmon_token_price_file"):
        price_file.token_prices({}, str(path), ["gpt-4o"])


def test_a_number_beyond_all_is_no_price(tmp_path: Path) -> None:
    path = written(tmp_path, '{"m\\u001b\\n": {"input_cost_per_token": 1e999}}')
    (problem,) = problems(path, "m*")
    assert "gives 'm\\x1b\\n' the input_cost_per_token inf, which is not a number" in problem


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    assert problems(missing, "m") == [
        "llmmon_token_price_file: FILE cannot be read: No such file or directory; a relative name is looked for beside"
        " the inventory"
    ]
    assert problems(tmp_path, "m") == ["llmmon_token_price_file: FILE is not a file"]
    large = written(tmp_path, "")
    os.truncate(large, price_file.LARGEST + 1)
    assert problems(large, "m") == ["llmmon_token_price_file: FILE is larger than 20 MB: it cannot be a list of prices"]


def test_too_many_models_are_refused(tmp_path: Path) -> None:
    entries = {f"m-{number}": {"input_cost_per_token": 1e-06} for number in range(price_file.MOST + 1)}
    path = written(tmp_path, json.dumps(entries))
    (problem,) = problems(path, "*")
    assert problem.startswith("llmmon_token_price_models chooses 301 models, ")
    assert problem.endswith("choose 300 at most")
    assert problems(path, "m-1*") == []


def test_a_list_full_of_mistakes_is_told_in_a_few_sentences(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({f"m-{number}": {"input_cost_per_token": -1} for number in range(100)}))
    found = problems(path, "*")
    assert len(found) == 6
    assert found[-1] == "llmmon_token_price_file: FILE has 95 more such prices"


@pytest.mark.parametrize("models", ["gpt-4o", [5], [""], None])
def test_models_are_a_list_of_names(path: Path, models: Any) -> None:
    assert price_file.price_file_problems(str(path), models) == [
        "llmmon_token_price_models must be a list of models or patterns, such as [gpt-4o*]"
    ]


def test_one_needs_the_other(path: Path) -> None:
    assert problems(path) == [
        "llmmon_token_price_file is set, but llmmon_token_price_models names no model whose price to take; list names"
        " or patterns"
    ]
    assert price_file.price_file_problems("", ["m"]) == [
        "llmmon_token_price_models names models, but llmmon_token_price_file no file to take their prices from"
    ]
