# SPDX-License-Identifier: Apache-2.0
"""A service account of Grafana: what it needs, and whether it gets a new token. Pure functions."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError

DAY_SECONDS = 86400


@dataclasses.dataclass(frozen=True)
class AccountPlan:
    """What is to be done. ``reason`` says why there will be a new token, empty when there will be none."""

    account: str = "unchanged"
    reason: str = ""


def token_prefix(name: str) -> str:
    """How the names of our tokens begin; within an organisation each has to be another."""
    return f"{name}-llmmon-"


def new_token_name(name: str, now: datetime.datetime) -> str:
    """A name that no token has."""
    return f"{token_prefix(name)}{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def own_tokens(tokens: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of an account's tokens that this module made, the newest first; names hold the time."""
    found = [token for token in tokens if str(token.get("name")).startswith(token_prefix(name))]
    return sorted(found, key=lambda token: str(token["name"]), reverse=True)


def age_days(token: dict[str, Any], now: datetime.datetime) -> float:
    """How old a token is, by Grafana's own word."""
    text = str(token.get("created"))[:19]
    created = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return (now - created).total_seconds() / DAY_SECONDS


def plan_account(
    account: Optional[dict[str, Any]],
    tokens: list[dict[str, Any]],
    works: Optional[bool],
    parameters: dict[str, Any],
    now: datetime.datetime,
) -> AccountPlan:
    """Decide from the account, its own tokens, and whether the file's token works (None: there is no file)."""
    action = "create"
    if account:
        right = account.get("role") == parameters["role"] and not account.get("isDisabled")
        action = "unchanged" if right else "update"
    reason = ""
    if parameters["token_dest"]:
        oldest_allowed = parameters["rotate_after_days"]
        if works is None:
            reason = "there was no token in the file"
        elif not works:
            reason = "Grafana did not accept the one in the file"
        elif not tokens:
            # It works, so it is the token of another account.
            reason = "the one in the file was not the account's"
        elif parameters["rotate"]:
            reason = "asked for"
        elif oldest_allowed and age_days(tokens[0], now) >= oldest_allowed:
            reason = f"the last one was older than {oldest_allowed} days"
    return AccountPlan(action, reason)


def token_is_accepted(error: Optional[HttpError]) -> bool:
    """Whether Grafana accepts a token, from its answer to it; raises an error that says nothing about the token."""
    if error is None:
        return True
    # Of a token that was deleted 9.4 says so with a 500.
    if error.status == 401 or (error.status == 500 and "invalid api key" in str(error).lower()):
        return False
    raise error
