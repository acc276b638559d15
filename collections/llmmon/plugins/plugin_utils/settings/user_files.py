# SPDX-License-Identifier: Apache-2.0
"""Lists of the user's own files on the controller, each of which is shipped under its own name into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import repeated, texts
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import (
    FileUnreadableError,
    found_file,
    text_of,
)


def user_file_problems(paths: list[str], variable: str, places: Sequence[str] | None = None) -> list[str]:
    """What is wrong with a list of files: two of one name, or one that cannot be read."""
    usable, found = texts(variable, paths, "[files/mine.yml]")
    found += [
        f"{variable}: two files are called {name}; they would be one on the host, so rename one"
        for name in repeated(Path(path).name for path in usable)
    ]
    for path in usable:
        try:
            text_of(path, places)
        except FileUnreadableError as error:
            found.append(
                f"{variable}: the file {path} cannot be read here: {error}; a relative path is looked for beside the"
                " inventory, and then beside the playbook"
            )
    return found


def placed_files(paths: list[str], folder: str, places: Sequence[str] | None = None) -> dict[str, str]:
    """Path in a release to path on the controller."""
    return {f"{folder}/{Path(path).name}": str(found_file(path, places)) for path in paths}


def scrape_jobs(paths: list[str], places: Sequence[str] | None = None) -> list[str]:
    """Names of the jobs in files with scrape_configs; promtool says what is wrong with such a file."""
    found = []
    for path in paths:
        try:
            jobs = yaml.safe_load(text_of(path, places))["scrape_configs"]
            found += [str(job["job_name"]) for job in jobs]
        except (FileUnreadableError, yaml.YAMLError, TypeError, KeyError):
            continue
    return found
