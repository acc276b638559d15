# SPDX-License-Identifier: Apache-2.0
"""Service accounts of Grafana and their tokens; one method a call."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import paged
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient

_PAGE = 1000


class ServiceAccounts:
    """``/api/serviceaccounts``, which needs an administrator."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

    def named(self, name: str) -> Optional[dict[str, Any]]:
        """The account of exactly this name, None when missing; the search itself also finds parts of names."""

        def ask(page: int) -> list[dict[str, Any]]:
            answer = self.client.get("/api/serviceaccounts/search", query=name, perpage=_PAGE, page=page)
            accounts: list[dict[str, Any]] = answer["serviceAccounts"]
            return accounts

        return next((account for account in paged(ask, _PAGE) if account["name"] == name), None)

    def create(self, name: str, role: str) -> dict[str, Any]:
        """``POST /api/serviceaccounts``; a name that is taken is a 400."""
        account: dict[str, Any] = self.client.send("POST", "/api/serviceaccounts", {"name": name, "role": role})
        return account

    def update(self, account_id: int, role: str) -> None:
        """``PATCH /api/serviceaccounts/:id``; its tokens may do what they could for some seconds more."""
        self.client.send("PATCH", f"/api/serviceaccounts/{account_id}", {"role": role, "isDisabled": False})

    def delete(self, account_id: int) -> None:
        """``DELETE /api/serviceaccounts/:id``, with all its tokens."""
        self.client.send("DELETE", f"/api/serviceaccounts/{account_id}")

    def tokens(self, account_id: int) -> list[dict[str, Any]]:
        """``GET /api/serviceaccounts/:id/tokens``: names and times, never the keys."""
        found: list[dict[str, Any]] = self.client.get(f"/api/serviceaccounts/{account_id}/tokens")
        return found

    def create_token(self, account_id: int, name: str, seconds: int) -> dict[str, Any]:
        """``POST /api/serviceaccounts/:id/tokens``; the only answer that ever holds the key."""
        body = {"name": name, **({"secondsToLive": seconds} if seconds else {})}
        token: dict[str, Any] = self.client.send("POST", f"/api/serviceaccounts/{account_id}/tokens", body)
        return token

    def delete_token(self, account_id: int, token_id: int) -> None:
        """``DELETE /api/serviceaccounts/:id/tokens/:id``; one that is missing is a 500."""
        self.client.send("DELETE", f"/api/serviceaccounts/{account_id}/tokens/{token_id}")
