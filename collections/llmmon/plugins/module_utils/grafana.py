# SPDX-License-Identifier: Apache-2.0
"""Grafana's HTTP API as far as llmmon uses it (classic API, versions 9.4 to 13)."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.http import HttpClient, HttpError


class Grafana:
    """One method a call; what the answers mean is decided by the callers."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

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
        """``GET /api/folders/:uid``, None when missing."""
        return self._get_or_none(f"/api/folders/{uid}")

    def create_folder(self, uid: str, title: str) -> None:
        """``POST /api/folders``."""
        self.client.send("POST", "/api/folders", {"uid": uid, "title": title})

    def rename_folder(self, uid: str, title: str, version: Optional[int]) -> None:
        """``PUT /api/folders/:uid``; with the version, so that another folder of that title is never overwritten."""
        body: dict[str, Any] = {"title": title}
        # Grafana 12.0.0 answers folders without a version.
        body.update({"overwrite": True} if version is None else {"version": version})
        self.client.send("PUT", f"/api/folders/{uid}", body)

    def dashboard(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/dashboards/uid/:uid`` with ``meta`` and ``dashboard``, None when missing."""
        return self._get_or_none(f"/api/dashboards/uid/{uid}")

    def save_dashboard(self, dashboard: dict[str, Any], folder_uid: str, message: str) -> dict[str, Any]:
        """``POST /api/dashboards/db``; ``folderUid`` always goes along, without it Grafana moves it to General."""
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": False}
        answer: dict[str, Any] = self.client.send("POST", "/api/dashboards/db", body)
        return answer

    def data_source(self, uid: str) -> Optional[dict[str, Any]]:
        """``GET /api/datasources/uid/:uid``, None when missing."""
        return self._get_or_none(f"/api/datasources/uid/{uid}")

    def query(self, data_source_uid: str, expression: str) -> Any:
        """An instant query of Prometheus's API through Grafana's data source proxy."""
        path = f"/api/datasources/proxy/uid/{data_source_uid}/api/v1/query"
        return self.client.get(path, query=expression)
