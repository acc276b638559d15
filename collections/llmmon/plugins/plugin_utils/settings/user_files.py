# SPDX-License-Identifier: Apache-2.0
"""Files of the user's own on the controller, each of which is shipped under its own name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import repeated, texts
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import (
    FileUnreadableError,
    found_file,
    text_of,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml


def user_files(files: Mapping[str, str], places: Sequence[str]) -> dict[str, str]:
    """The files by where they go, each with its whole path; one that is nowhere keeps the path it has."""
    return {goes_to: str(found_file(path, places)) for goes_to, path in files.items()}


def user_file_problems(
    paths: list[str], variable: str, one_folder: bool = True, places: Sequence[str] | None = None
) -> list[str]:
    """What is wrong with a list of files: two of one name in one folder, an unreadable one, JSON that is none."""
    usable, found = texts(variable, paths, "[files/mine.yml]")
    if one_folder:
        found += [
            f"{variable}: two files are called {name}; they would be one on the host, so rename one"
            for name in repeated(Path(path).name for path in usable)
        ]
    for path in usable:
        try:
            text = text_of(path, places)
            if path.endswith(".json"):
                json.loads(text)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            found.append(f"{variable}: {found_file(path, places)} is not valid JSON: {where}: {error.msg}")
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
            jobs = from_yaml(text_of(path, places))["scrape_configs"]
            found += [str(job["job_name"]) for job in jobs]
        except (FileUnreadableError, yaml.YAMLError, TypeError, KeyError):
            continue
    return found
