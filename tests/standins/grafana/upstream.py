"""Requests to the server behind a data source."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from .app import App
from .datasources import secrets_of
from .store import Row

_TIMEOUT_SECONDS = 30


class UnreachableError(Exception):
    """The server behind a data source gives no answer."""


@dataclass(frozen=True)
class Upstream:
    status: int
    content_type: str | None
    body: bytes


def _credentials(row: Row, options: dict[str, object], secrets: dict[str, str]) -> dict[str, str]:
    headers = {}
    if row["basic_auth"]:
        pair = f"{row['basic_auth_user']}:{secrets.get('basicAuthPassword', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    for key, name in options.items():
        value = secrets.get(key.replace("httpHeaderName", "httpHeaderValue"))
        if key.startswith("httpHeaderName") and isinstance(name, str) and value is not None:
            headers[name] = value
    return headers


def send(app: App, row: Row, target: str) -> Upstream:
    """Send a GET to a data source with its own credentials, never with the caller's."""
    secrets = secrets_of(app, app.store.reading(), row)
    options: dict[str, object] = json.loads(row["json_data"])
    text = row["url"] if "://" in row["url"] else f"http://{row['url']}"
    try:
        url = urlsplit(text)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=_TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            path = f"{url.path.rstrip('/')}/{target}"
            connection.request("GET", path, headers=_credentials(row, options, secrets))
            response = connection.getresponse()
            return Upstream(response.status, response.getheader("Content-Type"), response.read())
    except (OSError, ValueError, http.client.HTTPException) as reason:
        raise UnreachableError(str(reason)) from None
