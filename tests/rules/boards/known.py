"""Panels that break a rule and are still to be mended, in known.yml.

Nothing may come to it, and what is mended must leave it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("known.yml")


def read() -> dict[str, set[str]]:
    """Places by rule."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {rule: set(places) for rule, places in found.items()}


def write(places: Mapping[str, set[str]]) -> None:
    """In order, without rules that nothing breaks."""
    lines = ["---"]
    for rule, found in places.items():
        if found:
            lines += [f"{json.dumps(rule)}:", *(f"  - {json.dumps(place)}" for place in sorted(found))]
    FILE.write_text("\n".join([*(lines if len(lines) > 1 else ["--- {}"]), ""]), encoding="utf-8")
