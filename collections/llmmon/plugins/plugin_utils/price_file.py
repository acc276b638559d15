# SPDX-License-Identifier: Apache-2.0
"""Prices out of a list that others maintain: LiteLLM's model_prices_and_context_window.json.

Only the models that the user names are taken: there are thousands in it, and each becomes rules. The file came from
somewhere, so nothing in it is believed that cannot be a price.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleFilterError
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import (
    CACHED_INPUT,
    INPUT,
    OUTPUT,
    counting,
    is_pattern,
    regex_of,
)

# What the list calls each price.
KEYS = {INPUT: "input_cost_per_token", OUTPUT: "output_cost_per_token", CACHED_INPUT: "cache_read_input_token_cost"}
# Of bytes, and of models that become rules.
LARGEST, MOST = 20_000_000, 300
# US dollars per token: nobody charges that much.
DEAREST = 1
_VARIABLE = "llmmon_token_price_file"
_MODELS = "llmmon_token_price_models"
# How many sentences say that a list is bad.
_ENOUGH = 5


def token_prices(own: Mapping[str, Any], path: str, models: Sequence[str]) -> dict[str, Any]:
    """The user's own prices, and those of the chosen models out of the list that the user has no price for.

    An empty path is no list. Raises AnsibleFilterError for a list that is not as it should be.
    """
    problems = price_file_problems(path, models)
    if problems:
        raise AnsibleFilterError(" | ".join(problems))
    listed = _chosen(_entries(Path(path)), models) if path else {}
    prices = {name: _prices(entry) for name, entry in listed.items()}
    return {**{name: price for name, price in prices.items() if price and not counting(own, name)}, **own}


def price_file_date(path: str) -> int:
    """When the list was last changed, in seconds since 1970; 0 where there is none."""
    return int(Path(path).stat().st_mtime) if path else 0


def price_file_problems(path: str, models: Any) -> list[str]:
    """What is wrong with llmmon_token_price_file and llmmon_token_price_models, as sentences."""
    if not isinstance(models, list) or not all(isinstance(model, str) and model for model in models):
        return [f"{_MODELS} must be a list of models or patterns, such as [gpt-4o*]"]
    if not path:
        return [f"{_MODELS} names models, but {_VARIABLE} no file to take their prices from"] if models else []
    if not models:
        return [f"{_VARIABLE} is set, but {_MODELS} names no model whose price to take; list names or patterns"]
    try:
        entries = _entries(Path(path))
    except ValueError as error:
        return [f"{_VARIABLE}: {path} {error}"]
    found = [
        f"{_MODELS}: {model} is no model with a price per token in {path}"
        for model in models
        if not any(_prices(entry) or [*_wrong(name, entry)] for name, entry in _chosen(entries, [model]).items())
    ]
    chosen = _chosen(entries, models)
    priced = [name for name, entry in chosen.items() if _prices(entry)]
    if len(priced) > MOST:
        found.append(
            f"{_MODELS} chooses {len(priced)} models, but each becomes rules that Prometheus evaluates all the time;"
            f" choose {MOST} at most"
        )
    wrong = [f"{_VARIABLE}: {path} {problem}" for name, entry in chosen.items() for problem in _wrong(name, entry)]
    more = [f"{_VARIABLE}: {path} has {len(wrong) - _ENOUGH} more such prices"] if len(wrong) > _ENOUGH else []
    return found + wrong[:_ENOUGH] + more


def _entries(path: Path) -> dict[str, Any]:
    """The list: model to what is said of it.

    Raises ValueError, which says what is wrong with it.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("is not a file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"is larger than {LARGEST // 1_000_000} MB: it cannot be a list of prices")
        written = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it is not there"
        raise ValueError(f"cannot be read: {reason}; a relative name is looked for beside the inventory") from error
    try:
        content = json.loads(written, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("is not a list of prices: it is nested too deeply") from error
    except ValueError as error:
        raise ValueError("is not valid JSON") from error
    if not isinstance(content, dict):
        raise ValueError("is not a list of prices: it must be an object of models")
    return content


def _refuse(constant: str) -> NoReturn:
    """JSON knows no NaN and no Infinity, Python's reader does."""
    raise ValueError(constant)


def _chosen(entries: Mapping[str, Any], models: Sequence[str]) -> dict[str, Any]:
    """Entries by the names and patterns of models. A name with a star would be a pattern of ours."""
    pattern = re.compile("|".join(map(regex_of, models)), re.DOTALL)
    return {name: entry for name, entry in sorted(entries.items()) if not is_pattern(name) and pattern.fullmatch(name)}


def _prices(entry: Any) -> dict[str, float]:
    """The prices of a model; empty for one that is not paid by the token."""
    if not isinstance(entry, dict) or entry.get(KEYS[INPUT]) is None:
        return {}
    found = {kind: entry[key] for kind, key in KEYS.items() if entry.get(key) is not None}
    return {kind: price for kind, price in found.items() if _is_price(price)}


def _wrong(name: str, entry: Any) -> Iterator[str]:
    """Prices of a model that cannot be any."""
    if not isinstance(entry, dict):
        yield f"says of {_shown(name)} something else than a dictionary"
        return
    for key in KEYS.values():
        if entry.get(key) is not None and not _is_price(entry[key]):
            yield (
                f"gives {_shown(name)} the {key} {_shown(entry[key])}, which is not a number of US dollars between 0"
                f" and {DEAREST}"
            )


def _is_price(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < DEAREST


def _shown(value: Any) -> str:
    """In one line, cut to a readable length; the list is not ours."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
