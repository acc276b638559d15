"""Service accounts, their tokens and the admin, as newer releases are documented to answer about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.modules import grafana_service_account
from ansible_collections.llmmon.stack.plugins.modules.grafana_admin import reset_command

from tests.support.loopback import Answer, Request, as_json
from tests.support.modules import run_module

from .conftest import Scripted

SEARCH = "GET /api/serviceaccounts/search?query=grafana&perpage=1000&page=1"
# The example of the document.
ACCOUNT: dict[str, Any] = {
    "id": 1,
    "name": "grafana",
    "login": "sa-grafana",
    "orgId": 1,
    "isDisabled": False,
    "role": "Viewer",
    "tokens": 0,
    "avatarUrl": "/avatar/85ec38023d90823d3e5b43ef35646af9",
    "accessControl": {"serviceaccounts:delete": True, "serviceaccounts:read": True, "serviceaccounts:write": True},
}
KEY = "glsa_made-up-for-this-test"


def put_right(grafana: Scripted, token: Path, **more: Any) -> dict[str, Any]:
    wanted = {**grafana.credentials, "name": "grafana", "role": "Viewer", "token_dest": str(token), **more}
    answer = run_module(grafana_service_account, wanted)
    assert not answer["failed"], answer["msg"]
    return answer


def found(*accounts: dict[str, Any]) -> dict[str, Any]:
    return {"totalCount": len(accounts), "serviceAccounts": list(accounts), "page": 1, "perPage": 1000}


def takes(grafana: Scripted, *keys: str, refusal: str = "Invalid API key") -> None:
    """Let these tokens be taken, and all others be refused."""

    def org(request: Request) -> Answer:
        taken = request.headers["Authorization"].removeprefix("Bearer ") in keys
        return as_json({"id": 1, "name": "Main Org."}) if taken else as_json({"message": refusal}, 401)

    grafana.answers["GET /api/org"] = org


@pytest.mark.documented("service-accounts", majors=(13,))
def test_an_account_and_its_token_are_made_and_changed(grafana: Scripted, tmp_path: Path) -> None:
    """An account is found by its exact name, known by its number, and gets a token whose key is in one answer only.

    Source: Service account HTTP API 13 (grafana/grafana docs/sources at 0c43951).
    """
    token = tmp_path / "token"
    grafana.says(SEARCH, found({**ACCOUNT, "id": 9, "name": "grafana-2"}))
    made = {"id": 1, "name": "grafana", "login": "sa-grafana", "orgId": 1, "isDisabled": False, "role": "Viewer"}
    grafana.says("POST /api/serviceaccounts", {**made, "teams": []}, 201)
    grafana.says("POST /api/serviceaccounts/1/tokens", {"id": 7, "name": "grafana", "key": KEY})
    takes(grafana, KEY)
    answer = put_right(grafana, token)
    assert (answer["account"], answer["token"], token.read_text()) == ("create", "create", f"{KEY}\n")
    assert KEY not in str(answer)

    (body,) = grafana.sent("POST", "/api/serviceaccounts/1/tokens")
    listed = {"id": 7, "name": body["name"], "role": "Viewer", "created": "2022-03-23T10:31:02Z", "expiration": None}
    grafana.says(SEARCH, found({**ACCOUNT, "id": 9, "name": "grafana-2"}, ACCOUNT))
    grafana.says("GET /api/serviceaccounts/1/tokens", [{**listed, "secondsUntilExpiration": 0, "hasExpired": False}])
    assert not put_right(grafana, token)["changed"]
    grafana.says("PATCH /api/serviceaccounts/1", {**made, "role": "Editor"})
    assert put_right(grafana, token, role="Editor")["account"] == "update"
    grafana.says("DELETE /api/serviceaccounts/1", {"message": "Service account deleted"})
    assert put_right(grafana, token, state="absent")["account"] == "delete"


@pytest.mark.documented("refused-token", majors=(11,))
@pytest.mark.parametrize("refusal", ["Invalid API key", "Expired API key", "Revoked API key"])
def test_a_token_that_is_refused_is_replaced(grafana: Scripted, tmp_path: Path, refusal: str) -> None:
    """Each way of not being valid is a 401; the token is made anew and the old one deleted.

    Source: grafana/grafana pkg/services/authn/clients/api_key.go at 04725f2, of the time of 11; no document has it.

    Left out: the answer to a token that was deleted, which 9.4 answers with a 500.
    """
    token = tmp_path / "token"
    token.write_text("glsa_old\n")
    name = "grafana-llmmon-20220323T103102Z-abcdef"
    grafana.says(SEARCH, found(ACCOUNT))
    grafana.says("GET /api/serviceaccounts/1/tokens", [{"id": 1, "name": name, "created": "2022-03-23T10:31:02Z"}])
    grafana.says("POST /api/serviceaccounts/1/tokens", {"id": 7, "name": "new", "key": KEY})
    grafana.says("DELETE /api/serviceaccounts/1/tokens/1", {"message": "API key deleted"})
    takes(grafana, KEY, refusal=refusal)
    answer = put_right(grafana, token)
    assert (answer["token"], answer["reason"]) == ("rotate", "Grafana did not accept the one in the file")
    assert token.read_text() == f"{KEY}\n"


@pytest.mark.documented("cli", majors=(10, 13))
def test_the_reset_is_a_command_of_grafana_itself() -> None:
    """``grafana-cli`` is deprecated since 10.0 and gone in 13.0.

    Source: "Upgrade to Grafana v13.0", Removal of grafana-cli and grafana-server commands.
    """
    assert reset_command([])[:2] == ["grafana", "cli"]


@pytest.mark.documented("health", majors=(13,))
def test_health_tells_version_and_database(grafana: Scripted) -> None:
    """What an upgrade and a start wait for.

    Source: Other HTTP API 13 (grafana/grafana docs/sources at 36e7c4d), "Health API".
    """
    told = {"commit": "087143285", "database": "ok", "version": "5.1.3"}
    grafana.says("GET /api/health", told)
    assert GrafanaApi(HttpClient(Connection(grafana.server.url))).health() == told
