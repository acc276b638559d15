# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the user's folders and dashboard files of Grafana, and with the names of its secrets."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import UID
from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.dashboard_files import placed_dashboards
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionaries,
    dictionary_problems,
    repeated,
    shown,
    texts,
)

_FILES, _FOLDERS, _SECRETS = "llmmon_grafana_dashboard_files", "llmmon_grafana_folders", "llmmon_grafana_secrets"
_SECRET_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_OWN_SECRETS = ("admin_password", "secret_key")


def grafana_problems(
    files: list[str], folders: list[dict[str, Any]], own_folder_uid: str, secrets: dict[str, Any]
) -> list[str]:
    """What is wrong with llmmon_grafana_folders, the names of dashboard files, and llmmon_grafana_secrets.

    ``files`` are llmmon's own dashboards and those of llmmon_grafana_dashboard_files.
    """
    usable_files, found = texts(_FILES, files, "[files/team.json]")
    usable_folders, problems = dictionaries(_FOLDERS, folders, "[{uid: team, title: Team}]")
    found += problems
    found += [f"{_FOLDERS}: the uid {uid} appears twice" for uid in repeated(one.get("uid") for one in usable_folders)]
    to_place = []
    for folder in usable_folders:
        uid, title, given = folder.get("uid"), folder.get("title"), folder.get("files")
        if not UID.fullmatch(str(uid or "")) or uid in ("general", own_folder_uid):
            found.append(
                f"{_FOLDERS}: {title} needs a uid of its own, of 1 to 40 letters, digits, '-' or '_', but has"
                f" {shown(uid)}"
            )
        of_folder, problems = texts(f"{_FOLDERS}: files of {title}", [] if given is None else given, "[team.json]")
        found += problems
        if uid:
            to_place.append({"uid": uid, "files": of_folder})
    return found + _file_problems(usable_files, to_place) + _secret_problems(secrets)


def _file_problems(files: list[str], folders: list[dict[str, Any]]) -> list[str]:
    placed = placed_dashboards(files, folders)
    found = [
        f"{_FILES}, {_FOLDERS}: two files would become {path} on the host; rename one"
        for path in repeated(path for path, _ in placed)
    ]
    return found + [
        f"{_FILES}, {_FOLDERS}: {source} does not end in .json" for _, source in placed if not source.endswith(".json")
    ]


def _secret_problems(secrets: dict[str, Any]) -> list[str]:
    return dictionary_problems(_SECRETS, secrets) or [
        f"{_SECRETS}: {shown(name)} needs a name of its own, of up to 64 letters, digits, '.', '-', '_'"
        for name in secrets
        if not _SECRET_NAME.fullmatch(str(name)) or name in _OWN_SECRETS
    ]
