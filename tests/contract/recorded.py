"""The recorded exchanges, and which of them are replayed."""

from __future__ import annotations

import fnmatch
import functools
import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

Row = dict[str, Any]


@functools.cache
def rows() -> tuple[Row, ...]:
    """Give the rows to replay, in recorded order."""
    lines = (_HERE / "exchanges.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@functools.cache
def recording() -> dict[str, tuple[str, str] | None]:
    """Give method and path of all rows of the recording by id, in recorded order; None for an event."""
    lines = (_HERE / "recording.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, tuple[str, str] | None] = {}
    for line in lines:
        row_id, method, *path = line.split(" ")
        found[row_id] = (method, path[0]) if path else None
    return found


@functools.cache
def out_of_scope() -> dict[str, str]:
    """Give the patterns of the rows that are not replayed although they are asked, with the reason for each."""
    patterns = {}
    for line in (_HERE / "out_of_scope.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition(" ")
            patterns[pattern] = reason.strip()
    return patterns


def is_out_of_scope(row_id: str) -> bool:
    return any(fnmatch.fnmatchcase(row_id, pattern) for pattern in out_of_scope())
