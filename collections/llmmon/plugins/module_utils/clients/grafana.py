# SPDX-License-Identifier: Apache-2.0
"""Grafana's HTTP API as far as llmmon uses it (classic API, versions 9.4 to 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map

# The most that one page of a search may hold.
_PAGE = 5000


def paged(ask: Callable[[int], list[dict[str, Any]]], most: int) -> Iterator[dict[str, Any]]:
    """Everything that is asked for page by page, the first being 1; a page with fewer than ``most`` is the last."""
    number = 1
    while True:
        page = ask(number)
        yield from page
        if len(page) < most:
            return
        number += 1


class GrafanaApi:
    """One method a call; what the answers mean is decided by the callers."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

    def at_once(self, asked: Sequence[Callable[[], Any]], *, signed_in: bool = False) -> list[Any]:
        """The answers to many calls, which go out together, since a Grafana lets each wait whatever it has to do.

        Unless ``signed_in`` says that Grafana has taken it before, a password is shown by the first one alone: five
        wrong ones lock the user. Wrong tokens are not counted.
        """
        alone = 1 if self.client.signs_in and not signed_in else 0
        return [ask() for ask in asked[:alone]] + parallel_map(CONNECTIONS, lambda ask: ask(), asked[alone:])

    def _get_or_none(self, path: str) -> Optional[dict[str, Any]]:
        try:
            answer: dict[str, Any] = self.client.get(path)
        except HttpError as error:
            if error.status == 404:
                return None
            raise
        return answer

    def health(self) -> dict[str, Any]:
        """``GET /api/health``: version and database, open to all."""
        answer: dict[str, Any] = self.client.get("/api/health")
        return answer

    def signed_in(self) -> dict[str, Any]:
        """``GET /api/user``: who the credentials are; 401 raises HttpError."""
        answer: dict[str, Any] = self.client.get("/api/user")
        return answer

    def folder(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/folders/:uid``, None when missing.

        Who is no administrator gets a 403 of a folder that does not exist, and for a minute of one that is new. The
        list of all that they may see tells them apart; it has no version.
        """
        try:
            return self._get_or_none(f"/api/folders/{uid}")
        except HttpError as error:
            if error.status != 403:
                raise
            refusal = error
        try:
            listed = self.folders_found()
        except HttpError:
            raise refusal from None
        found = next((folder for folder in listed if folder.get("uid") == uid), None)
        return found and {"uid": uid, "title": found.get("title"), "parentUid": found.get("folderUid") or ""}

    def folders_in(self, parent_uid: str) -> list[dict[str, Any]]:
        """``GET /api/folders``: the folders in a folder, or at the top; all of them where folders do not nest."""
        parameters = {"parentUid": parent_uid} if parent_uid else {}
        answer: list[dict[str, Any]] = self.client.get("/api/folders", limit=1000, **parameters)
        return answer

    def dashboard(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/dashboards/uid/:uid`` with ``meta`` and ``dashboard``, None when missing."""
        return self._get_or_none(f"/api/dashboards/uid/{uid}")

    def version(self, uid: str, number: int) -> Any:
        """``GET /api/dashboards/uid/:uid/versions/:version``: who saved it, when, and with what message.

        The list of versions would not do: there the message of a first version is always "Initial save".
        """
        return self.client.get(f"/api/dashboards/uid/{uid}/versions/{number}")

    def dashboards_found(self, tag: str = "") -> list[dict[str, Any]]:
        """``GET /api/search``: dashboards with a tag, or all. Not by folder: 9.4 ignores ``folderUIDs``."""
        return self._search("dash-db", **({"tag": tag} if tag else {}))

    def folders_found(self) -> list[dict[str, Any]]:
        """``GET /api/search``: all folders, those in folders too."""
        return self._search("dash-folder")

    def _search(self, kind: str, **parameters: str) -> list[dict[str, Any]]:
        def ask(page: int) -> list[dict[str, Any]]:
            hits: list[dict[str, Any]] = self.client.get("/api/search", type=kind, limit=_PAGE, page=page, **parameters)
            return hits

        return list(paged(ask, _PAGE))

    def data_sources(self) -> list[dict[str, Any]]:
        """``GET /api/datasources``: all of the organisation, without what is secret of them."""
        answer: list[dict[str, Any]] = self.client.get("/api/datasources")
        return answer

    def data_source(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/datasources/uid/:uid``, None when missing."""
        return self._get_or_none(f"/api/datasources/uid/{uid}")

    def data_source_named(self, name: str) -> Optional[dict[str, Any]]:
        """``GET /api/datasources/name/:name``, None when missing."""
        return self._get_or_none(f"/api/datasources/name/{quote(name, safe='')}")

    def save_data_source(self, body: dict[str, Any], is_new: bool) -> None:
        """``POST /api/datasources``, or ``PUT`` to its uid; jsonData is replaced, secureJsonData merged."""
        if is_new:
            self.client.send("POST", "/api/datasources", body)
        else:
            self.client.send("PUT", f"/api/datasources/uid/{body['uid']}", body)

    def delete_data_source(self, uid: str) -> None:
        """``DELETE /api/datasources/uid/:uid``."""
        self.client.send("DELETE", f"/api/datasources/uid/{uid}")

    def data_source_health(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/datasources/uid/:uid/health``, None when its plugin has no health check."""
        return self._get_or_none(f"/api/datasources/uid/{uid}/health")

    def query(self, data_source_uid: str, expression: str) -> Any:
        """An instant query of Prometheus's API through Grafana's data source proxy."""
        path = f"/api/datasources/proxy/uid/{data_source_uid}/api/v1/query"
        return self.client.get(path, query=expression)


class ClassicWriter:
    """All that writes folders and dashboards, by the classic API; for another API, another class like it."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

    def create_folder(self, uid: str, title: str, parent_uid: str) -> None:
        """``POST /api/folders``; 9.4 ignores the parent without a word."""
        body = {"uid": uid, "title": title, **({"parentUid": parent_uid} if parent_uid else {})}
        self.client.send("POST", "/api/folders", body)

    def rename_folder(self, uid: str, title: str, version: Optional[int]) -> None:
        """``PUT /api/folders/:uid``; with the version, so that another folder of that title is never overwritten."""
        body: dict[str, Any] = {"title": title}
        # The first builds of Grafana 12.0 answer folders without a version.
        body.update({"overwrite": True} if version is None else {"version": version})
        self.client.send("PUT", f"/api/folders/{uid}", body)

    def move_folder(self, uid: str, parent_uid: str) -> None:
        """``POST /api/folders/:uid/move``, to the top when there is no parent."""
        self.client.send("POST", f"/api/folders/{uid}/move", {"parentUid": parent_uid})

    def save_dashboard(
        self, dashboard: dict[str, Any], folder_uid: str, message: str, version: Optional[int]
    ) -> dict[str, Any]:
        """``POST /api/dashboards/db``; ``folderUid`` always goes along, without it Grafana moves it to General."""
        model = dashboard if version is None else {**dashboard, "version": version}
        body = {"dashboard": model, "folderUid": folder_uid, "message": message, "overwrite": False}
        answer: dict[str, Any] = self.client.send("POST", "/api/dashboards/db", body)
        return answer

    def delete_dashboard(self, uid: str) -> None:
        """``DELETE /api/dashboards/uid/:uid``."""
        self.client.send("DELETE", f"/api/dashboards/uid/{uid}")
