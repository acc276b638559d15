# SPDX-License-Identifier: Apache-2.0
"""Why a notification failed, in the words of Alertmanager's log. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import Key

_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_GIVEN_UP = re.compile(r"(?P<receiver>[^\s/]+)/(?P<integration>\w+)\[\d+\]: .*?attempts?: (?P<reason>.*)", re.DOTALL)


def log_fields(line: str) -> dict[str, str]:
    """The fields of a line of Alertmanager's log, in logfmt or JSON."""
    if line.lstrip().startswith("{"):
        try:
            return {str(key): str(value) for key, value in json.loads(line).items()}
        except ValueError:
            return {}
    return {match[1]: _unquoted(match[2]) for match in _PAIR.finditer(line)}


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        # Go escapes what JSON does not know.
        return value.strip('"')


def failure_reasons(lines: Iterable[str]) -> dict[Key, str]:
    """Why notifications failed, by integration and receiver; the last word counts."""
    found: dict[Key, str] = {}
    for line in lines:
        said = log_fields(line)
        error = said.get("err", "")
        final = _GIVEN_UP.match(error)
        if final:
            found[final["integration"], final["receiver"]] = final["reason"]
        elif error and said.get("receiver") and said.get("integration"):
            # An attempt that will be made again. What is said in the end may be less: that time is over.
            found.setdefault((said["integration"].partition("[")[0], said["receiver"]), error)
    return found


def explained(reason: str, given_up: bool) -> str:
    """Alertmanager's words, where they need it with ours."""
    if not reason:
        return (
            "Alertmanager's log does not say why" if given_up else "Alertmanager was still trying when the time was up"
        )
    if "context deadline exceeded" in reason:
        return f"no answer in time ({reason})"
    return reason
