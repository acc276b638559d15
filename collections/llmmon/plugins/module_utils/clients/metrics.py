# SPDX-License-Identifier: Apache-2.0
"""Read samples from a metrics page (Prometheus text format)."""

from __future__ import annotations

import re
from typing import Optional

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = {"n": "\n"}


def sample(page: str, name: str) -> Optional[float]:
    """Value of the first sample of ``name``, or None when the page has none."""
    for line in page.splitlines():
        metric, _, rest = line.partition(" ")
        if metric == name or metric.startswith(name + "{"):
            return float(rest.rsplit("} ", 1)[-1].split()[0])
    return None


def samples(page: str, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and values of all samples of ``name``."""
    found = []
    for line in page.splitlines():
        if line.startswith(name + "{"):
            labels, _, rest = line[len(name) + 1 :].rpartition("} ")
            found.append(
                ({match[1]: _unescaped(match[2]) for match in _LABEL.finditer(labels)}, float(rest.split()[0]))
            )
        elif line.startswith(name + " "):
            found.append(({}, float(line.split()[1])))
    return found


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPED.get(match[1], match[1]), value)
