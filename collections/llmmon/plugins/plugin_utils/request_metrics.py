# SPDX-License-Identifier: Apache-2.0
"""By which metrics a page shows what kind of gateway it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import all_preset_files
from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml


def request_metrics(directory: str, own: str = "") -> dict[str, list[str]]:
    """Every kind that has a preset to the names of the metrics that count its requests.

    A preset of the user's own may count no requests; then it is all its metrics.
    """
    return {kind: _names_in(path) for kind, path in sorted(all_preset_files(directory, own).items())}


def _names_in(path: Path) -> list[str]:
    preset = from_yaml(path.read_text(encoding="utf-8"))
    return sorted(set(_names(preset.get("requests", preset))))


def _names(part: Any) -> Iterable[str]:
    """All names below ``metrics``, however deep."""
    if isinstance(part, Mapping):
        yield from part.get("metrics", [])
        for value in part.values():
            yield from _names(value)
    elif isinstance(part, list):
        for value in part:
            yield from _names(value)
