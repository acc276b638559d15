"""What any translation has to keep: where values stand in it, and names that are the same in every language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

# Go templates, our own places for values, and variables of Grafana.
_PLACES = re.compile(r"\{\{.*?\}\}|\[\[ \w+ \]\]|\$\{?\w+\}?")
# Alerts, variables, metrics, and files. Of ASCII: a Korean particle follows without a space.
_NAMES = re.compile(
    r"\b(?:(?:LLM|Prometheus|Alertmanager|Alert|Monitoring|Thanos|Host|GPU)[A-Z]\w+|Watchdog)\b|\b[a-z]+_\w+(?:\.\w+)?|\b\w+\.(?:yml|md)\b",
    re.ASCII,
)
_HANGUL = re.compile("[가-힣]")


def places(text: str) -> Counter[str]:
    return Counter(_PLACES.findall(text))


def faults(sentences: Mapping[str, str]) -> list[str]:
    """Sentences whose translation leaves a value or a name out, adds one, or is none."""
    return [
        english
        for english, translated in sentences.items()
        if places(english) != places(translated)
        or set(_NAMES.findall(english)) != set(_NAMES.findall(translated))
        or not _HANGUL.search(translated)
    ]
