# SPDX-License-Identifier: Apache-2.0
"""Addresses as users write them: ``host:port`` and URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

# Matched in full: "$" would let a line break at the end through.
LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0", re.IGNORECASE)
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:@]+):([0-9]{1,5})")


def host_and_port(address: Any) -> tuple[str, int] | None:
    """The parts of ``host:port``, None when it is something else."""
    match = _ADDRESS.fullmatch(str(address))
    return (match[1], int(match[2])) if match and 0 < int(match[2]) < 65536 else None


def url_problem(variable: str, url: Any) -> list[str]:
    """What is wrong with a URL of http or https."""
    # The value may be a secret (a webhook's URL is one), so it is not repeated.
    text = str(url or "")
    if not text:
        return [f"{variable} is empty; give it a URL, or leave the receiver out"]
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s<>\"{}|\\^`]", text):
        return [f"{variable} is not a URL that begins with http:// or https:// and names a host"]
    return []


def link_hints(links: Mapping[str, Any]) -> list[str]:
    """Which of these addresses, by their variables' names, open on the machine itself at most."""
    useless = [variable for variable, url in links.items() if not _opens_elsewhere(str(url))]
    if not useless:
        return []
    return [
        "Links in messages open on no other machine, since they lead to localhost or are not URLs: set"
        f" {_listed(useless)} to addresses that your people can open"
    ]


def _opens_elsewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and not LOOPBACK.fullmatch(host)


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
