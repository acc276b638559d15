"""Service accounts: when an account changes, when its token is replaced, and why. tests/contract asks a Grafana."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.grafana.service_account import (
    AccountPlan,
    new_token_name,
    own_tokens,
    plan_account,
    token_is_accepted,
)

NOW = datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC)
PARAMETERS: dict[str, Any] = {"role": "Editor", "token_dest": "/t", "rotate": False, "rotate_after_days": 0}
ACCOUNT = {"id": 4, "role": "Editor", "isDisabled": False}
TOKENS = [{"name": "pipeline-llmmon-20260101T000000Z-a", "created": "2026-01-01T00:00:00Z"}]


@pytest.mark.parametrize(
    ("account", "action"),
    [
        (None, "create"),
        (ACCOUNT, "unchanged"),
        ({**ACCOUNT, "role": "Viewer"}, "update"),
        ({**ACCOUNT, "isDisabled": True}, "update"),
    ],
)
def test_an_account_becomes_what_it_should_be(account: dict[str, Any] | None, action: str) -> None:
    assert plan_account(account, TOKENS, True, PARAMETERS, NOW) == AccountPlan(action)


@pytest.mark.parametrize(
    ("tokens", "works", "more", "reason"),
    [
        (TOKENS, True, {}, ""),
        (TOKENS, None, {}, "there was no token in the file"),
        (TOKENS, False, {}, "Grafana did not accept the one in the file"),
        ([], True, {}, "the one in the file was not the account's"),
        (TOKENS, True, {"rotate": True}, "asked for"),
        (TOKENS, True, {"rotate_after_days": 90}, "the last one was older than 90 days"),
        (TOKENS, True, {"rotate_after_days": 91}, ""),
        (TOKENS, None, {"token_dest": None}, ""),
    ],
)
def test_a_token_is_replaced_for_a_reason(
    tokens: list[dict[str, Any]], works: bool | None, more: dict[str, Any], reason: str
) -> None:
    assert plan_account(ACCOUNT, tokens, works, {**PARAMETERS, **more}, NOW).reason == reason


def test_own_tokens_are_known_by_their_names_newest_first() -> None:
    names = [new_token_name("pipeline", NOW + datetime.timedelta(days=days)) for days in (0, 2, 1)]
    others: list[dict[str, Any]] = [
        {"name": "by-hand"},
        {"name": "pipeline-2-llmmon-20270101T000000Z-a"},
        {"name": None},
    ]
    found = own_tokens([*({"name": name} for name in names), *others], "pipeline")
    assert [token["name"] for token in found] == [names[1], names[2], names[0]]


def test_an_answer_tells_whether_a_token_is_accepted() -> None:
    assert token_is_accepted(None)
    assert not token_is_accepted(HttpError("Unauthorized", status=401))
    # Of a token that was deleted 9.4 says so with a 500.
    assert not token_is_accepted(HttpError("answered 500: Invalid API key", status=500))
    with pytest.raises(HttpError):
        token_is_accepted(HttpError("answered 500: database is locked", status=500))
