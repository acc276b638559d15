# SPDX-License-Identifier: Apache-2.0
"""Grafana's settings: where dashboards lie in a release, and what is wrong with folders, files and secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.llmmon.stack.plugins.filter.settings import duplicates

_FOLDER_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_OWN_SECRETS = ("admin_password", "secret_key")


def _placed(files: list[str], folders: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Path in the release and source of each dashboard; those of a folder lie in a directory of its uid's name."""
    found = [(f"dashboards/{PurePosixPath(source).name}", source) for source in files]
    for folder in folders:
        place = f"dashboards/{folder['uid']}"
        found += [(f"{place}/{PurePosixPath(source).name}", source) for source in folder.get("files") or []]
    return found


def grafana_dashboard_files(files: list[str], folders: list[dict[str, Any]]) -> dict[str, str]:
    """Path in the release to source on the controller."""
    return dict(_placed(files, folders))


def grafana_problems(
    files: list[str], folders: list[dict[str, Any]], own_folder_uid: str, secrets: dict[str, Any]
) -> list[str]:
    """What is wrong with llmmon_grafana_folders, the names of dashboard files, and llmmon_grafana_secrets."""
    found = []
    for folder in folders:
        uid = folder.get("uid")
        if not _FOLDER_UID.fullmatch(str(uid or "")) or uid in ("general", own_folder_uid):
            found.append(
                f"llmmon_grafana_folders: {folder.get('title')} needs a uid of its own, of 1 to 40 letters, digits, '-'"
                f" or '_', but has {uid!r}"
            )
    found += [
        f"llmmon_grafana_folders: the uid {uid} stands there twice"
        for uid in duplicates([folder.get("uid") for folder in folders])
    ]
    placed = _placed(files, [folder for folder in folders if folder.get("uid")])
    found += [
        f"llmmon_grafana_dashboard_files, llmmon_grafana_folders: two files would become {path} on the host; rename one"
        for path in duplicates([path for path, _ in placed])
    ]
    found += [
        f"llmmon_grafana_dashboard_files, llmmon_grafana_folders: {source} does not end in .json"
        for _, source in placed
        if not source.endswith(".json")
    ]
    for name in secrets:
        if not _SECRET_NAME.fullmatch(str(name)) or name in _OWN_SECRETS:
            found.append(
                f"llmmon_grafana_secrets: {name!r} needs a name of its own, of up to 64 letters, digits, '.', '-', '_'"
            )
    return found


class FilterModule:
    """Filters of llmmon.stack."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"grafana_dashboard_files": grafana_dashboard_files, "grafana_problems": grafana_problems}
