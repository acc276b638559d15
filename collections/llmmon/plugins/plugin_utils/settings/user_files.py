# SPDX-License-Identifier: Apache-2.0
"""Files of the user's own on the controller: where they are looked for, the same for every variable that names some."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

# By where a file goes in a release: the variables that name such files.
_VARIABLES = {
    "rules.d": "llmmon_prometheus_rule_files",
    "scrape.d": "llmmon_prometheus_scrape_config_files",
    "templates.d": "llmmon_alertmanager_template_files",
    "dashboards": "llmmon_grafana_dashboard_files or llmmon_grafana_folders",
    "ldap.toml": "llmmon_grafana_ldap_file",
}


def found_file(path: str, places: Sequence[str]) -> Path | None:
    """The file that a path means: itself when it is absolute, or else in the first of the places that has it."""
    wanted = Path(path).expanduser()
    candidates = [wanted] if wanted.is_absolute() else [Path(place) / wanted for place in places if place]
    return next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)


def user_files(files: Mapping[str, str], places: Sequence[str]) -> dict[str, str]:
    """The files by where they go, each with its whole path; one that is nowhere keeps the path it has."""
    return {goes_to: str(found_file(path, places) or path) for goes_to, path in files.items()}


def user_file_problems(files: Mapping[str, str], places: Sequence[str]) -> list[str]:
    """A sentence for each file that is nowhere, is no text, or is named a dashboard and is none."""
    found = []
    for goes_to, path in files.items():
        variable = _VARIABLES.get(goes_to.partition("/")[0], f"the file for {goes_to}")
        source = found_file(path, places)
        if source is None:
            looked_in = "" if Path(path).expanduser().is_absolute() else f" in {', '.join(dict.fromkeys(places))}"
            found.append(f"{variable}: there is no file {path}{looked_in}; correct the path")
            continue
        try:
            text = source.read_text(encoding="utf-8-sig")
            if goes_to.endswith(".json"):
                json.loads(text)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            found.append(f"{variable}: {source} is not valid JSON: {where}: {error.msg}")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
            found.append(f"{variable}: the file {source} cannot be read: {reason}")
    return found
