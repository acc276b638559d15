# SPDX-License-Identifier: Apache-2.0
"""Whether a label's value is what a matcher asks for, as Prometheus and Alertmanager take it."""

from __future__ import annotations

import re


def matches(operator: str, wanted: str, value: str) -> bool:
    """Compare by ``=``, ``!=``, ``=~`` or ``!~``; of a regular expression that Python cannot read, anything is."""
    if operator in {"=", "!="}:
        return (wanted == value) == (operator == "=")
    try:
        found = re.fullmatch(wanted, value, re.DOTALL) is not None
    except re.error:
        return True
    return found == (operator == "=~")
