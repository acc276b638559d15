"""Panels that break a rule and are still to be mended, in known.yml.

Nothing may come to it, and what is mended must leave it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from tests.rules.boards.judging import Fault

FILE = Path(__file__).with_name("known.yml")


def read() -> dict[str, set[str]]:
    """Places by rule."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {rule: set(places) for rule, places in found.items()}


def left(places: Mapping[str, set[str]], faults: Iterable[Fault]) -> dict[str, set[str]]:
    """Those that still break the rule that they are known for."""
    broken = {(fault.rule, fault.place) for fault in faults}
    return {rule: {place for place in found if (rule, place) in broken} for rule, found in places.items()}


def write(places: Mapping[str, set[str]]) -> None:
    """In order, without rules that nothing breaks."""
    lines = ["---"]
    for rule, found in places.items():
        if found:
            lines += [f"{json.dumps(rule)}:", *(f"  - {json.dumps(place)}" for place in sorted(found))]
    FILE.write_text("\n".join([*(lines if len(lines) > 1 else ["--- {}"]), ""]), encoding="utf-8")
