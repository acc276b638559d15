"""Requests to the server behind a data source."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
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


def _tls(options: dict[str, object], secrets: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if options.get("tlsAuthWithCACert") and secrets.get("tlsCACert"):
        context = ssl.create_default_context(cadata=secrets["tlsCACert"])
    if options.get("tlsSkipVerify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


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


def send(app: App, row: Row, method: str, target: str, body: bytes = b"", content_type: str | None = None) -> Upstream:
    """Send a request to a data source with its own credentials, never with the caller's."""
    secrets = secrets_of(app, app.store.reading(), row)
    options: dict[str, object] = json.loads(row["json_data"])
    text = row["url"] if "://" in row["url"] else f"http://{row['url']}"
    connection: http.client.HTTPConnection | None = None
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
        if url.scheme == "https":
            context = _tls(options, secrets)
            connection = http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        headers = _credentials(row, options, secrets)
        if content_type:
            headers["Content-Type"] = content_type
        connection.request(method, f"{url.path.rstrip('/')}/{target}", body or None, headers)
        response = connection.getresponse()
        return Upstream(response.status, response.getheader("Content-Type"), response.read())
    except (OSError, ValueError, http.client.HTTPException) as reason:
        raise UnreachableError(str(reason)) from None
    finally:
        if connection is not None:
            connection.close()
