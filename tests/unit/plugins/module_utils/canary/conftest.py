"""A model to ask, and a canary that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.exposition import Record
from ansible_collections.llmmon.stack.plugins.module_utils.canary.ledger import Ledger
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import Canary, canary_of
from ansible_collections.llmmon.stack.plugins.module_utils.canary.trying import Try
from ansible_collections.llmmon.stack.plugins.module_utils.canary.watch import Watch

from tests.support.model import MODEL, Model, answering

QUESTION = {"prompt": "Which city is the capital of Korea?", "regex": "Seoul"}
SETTINGS: dict[str, Any] = {
    "name": "chat",
    "gateway": "gateway",
    "url": "http://gateway.example/v1",
    "model": MODEL,
    "questions": [QUESTION],
    "requests_per_hour": 1000,
    "dollars_per_day": 1.0,
    "input_price": 0.000001,
    "output_price": 0.000002,
    "connect_timeout": 30.0,
    "first_timeout": 60.0,
    "stall_timeout": 60.0,
    "total_timeout": 120.0,
}
MakeCanary = Callable[..., Canary]
MakeTry = Callable[..., Try]


@pytest.fixture
def model() -> Iterator[Model]:
    """Give the test a model on loopback that answers what the test tells it."""
    with answering() as running:
        yield running


@pytest.fixture
def make_canary() -> MakeCanary:
    """Make a canary that differs from SETTINGS."""
    return lambda **settings: canary_of({**SETTINGS, **settings})


@pytest.fixture
def make_try(tmp_path: Path, model: Model) -> Iterator[MakeTry]:
    """Make what asks the model, with a ledger of its own."""
    ledgers: list[Ledger] = []

    def make(**settings: Any) -> Try:
        watch = Watch(canary_of({**SETTINGS, "url": model.url, **settings}))
        folder = tmp_path / str(len(ledgers))
        folder.mkdir()
        ledgers.append(Ledger(folder / "ledger.json", lambda: 1_800_000_000.0))
        return Try(watch, Record(watch), ledgers[-1], "the-key")

    yield make
    for ledger in ledgers:
        ledger.close()
