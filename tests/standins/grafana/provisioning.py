"""Provisioning: files that say which data sources and dashboards there are.

The standard library reads no YAML, and JSON is a subset of it: the files carry JSON under a .yaml or .yml name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .app import log
from .settings import SettingsError, expand

_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<expander>__(?:file|env)\{[^}]*\})|\{(?P<braced>\w+)\}|(?P<bare>\w+))")


class ProvisioningError(Exception):
    """A provisioning file cannot be used; the text is one sentence for the log."""


def interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    """Replace $VAR, ${VAR}, $__file{} and $$ in all texts; an unset variable becomes nothing."""

    def one(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if match["expander"]:
            try:
                return expand("value", match[0], environ)
            except SettingsError as reason:
                raise ProvisioningError(f"failed to interpolate value '{match[0]}': {reason}") from None
        return environ.get(match["braced"] or match["bare"], "")

    if isinstance(value, str):
        return _REFERENCE.sub(one, value)
    if isinstance(value, dict):
        return {key: interpolate(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, environ) for item in value]
    return value


def read_folder(folder: Path, environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """Read all provisioning files of a folder by name; a missing folder and empty files are fine."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError as reason:
        log("error", f"can't read provisioning files from directory {folder}: {reason.strerror}")
        return []
    files = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as reason:
            raise ProvisioningError(f"{path.name} cannot be read: {reason}.") from None
        if not text:
            continue
        try:
            content = json.loads(text)
        except ValueError as reason:
            raise ProvisioningError(
                f"{path.name} is not JSON, and the stand-in reads provisioning files written as JSON only: {reason}."
            ) from None
        if not isinstance(content, dict):
            raise ProvisioningError(f"{path.name} holds no object.")
        files.append((path.name, interpolate(content, environ)))
    return files


def text_of(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise ProvisioningError(f"{name} is not text.")
    return str(value)


def flag_of(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name)
    if value is None or value == "":
        return False
    text = str(value).lower()
    if text not in ("true", "false", "t", "f", "1", "0"):
        raise ProvisioningError(f'strconv.ParseBool: parsing "{value}": invalid syntax ({name}).')
    return text in ("true", "t", "1")


def number_of(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    if value is None or value == "":
        return 0
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ProvisioningError(f'strconv.Atoi: parsing "{value}": invalid syntax ({name}).') from None


def entries_of(content: Mapping[str, Any], name: str, file: str) -> list[dict[str, Any]]:
    value = content.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ProvisioningError(f"{name} of {file} is not a list of objects.")
    return value


def object_of(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProvisioningError(f"{name} is not an object.")
    return value
