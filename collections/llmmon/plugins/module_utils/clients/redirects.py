# SPDX-License-Identifier: Apache-2.0
"""Where a metrics page redirects to, and what its user has to write."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import (
    Connection,
    HttpClient,
    HttpError,
    without_credentials,
)

_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443}


def same_place(url: str) -> tuple[str, str, int, str, str]:
    """What two ways to write one URL have in common: Prometheus 2 adds the port that 3 leaves out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0), parts.path, parts.query


def leads_to(url: str) -> str:
    """Where a page redirects to, empty when this machine does not get to know. It is asked without any credential."""
    parts = urlsplit(url)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    # Nothing secret is sent, and nothing but the address is taken from the answer.
    connection = Connection(f"{parts.scheme}://{parts.netloc}", timeout=_SECONDS, validate_certs=False)
    try:
        HttpClient(connection).text(page)
    except HttpError as error:
        return urljoin(url, error.location) if error.location else ""
    return ""


def redirect_hint(url: str, leads: str, variable: str) -> str:
    """What to write for a page that redirects."""
    before, after = same_place(url), same_place(leads)
    if before[:3] == after[:3]:
        query = " (and what follows the '?' into params)" if after[4] and after[4] != before[4] else ""
        return f"the gateway redirects to {after[3]}: write metrics_path: {after[3]} in {variable}{query}"
    address = without_credentials(leads.partition("?")[0])
    return (
        f"the gateway redirects to {address}, which is another address than its own"
        f" and gets no token: if it is the gateway's, too, write it into targets, scheme and metrics_path in {variable}"
    )
