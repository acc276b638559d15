# SPDX-License-Identifier: Apache-2.0
"""Regular expressions of Prometheus's and Alertmanager's (RE2), judged by Python's as far as the two agree."""

from __future__ import annotations

import re
import warnings

# What Python complains about and Prometheus would, too. Of the rest of its syntax Python knows too little to judge.
_SAME_COMPLAINT = re.compile(r"unterminated|missing \)|unbalanced|nothing to repeat|bad character range|min repeat")
_LOOKAROUND = re.compile(r"\(\?(=|!|<=|<!)")


def regex_problem(expression: str) -> str | None:
    """Why a regular expression does not compile for Prometheus, as far as Python can tell."""
    if _LOOKAROUND.search(expression):
        return "Prometheus does not support look-ahead and look-behind"
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(expression)
    except re.error as error:
        return str(error) if _SAME_COMPLAINT.match(error.msg) else None
    return None
