# SPDX-License-Identifier: Apache-2.0
"""What an error of Grafana means for the rest of a push. Pure functions."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError


def is_conflict(error: HttpError) -> bool:
    """Whether somebody else has saved in between; 12 and later say it with another status."""
    return error.status in (409, 412) and not is_title_taken(error)


def is_title_taken(error: HttpError) -> bool:
    """Whether another dashboard of the folder has the title."""
    return error.status == 412 and isinstance(error.body, dict) and error.body.get("status") == "name-exists"


def said(error: HttpError, title: str) -> str:
    """For people. Of titles in another script Grafana 9.4 finds many the same, and does not say why."""
    if is_title_taken(error) and not title.isascii():
        return (
            f"{error}. Grafana 9.4 compares titles by their Latin letters and digits alone: "
            f"give {title!r} a word of its own in these"
        )
    return str(error)


def ends_all(error: HttpError) -> bool:
    """Whether the next dashboard would fail the same way: credentials, a proxy, a server that is gone."""
    return error.status in (None, 401, 403, 502, 503, 504) or error.reason == "not_json"
