"""What any translation has to keep: where values stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

# Go templates, our own places for values, variables of Grafana, and formats.
_PLACES = re.compile(r"\{\{.*?\}\}|\[\[ \w+ \]\]|\$\{?\w+\}?|%\(\w+\)s")
# Of which nobody needs a translation: it has no word.
_HANGUL = re.compile("[가-힣]")


def places(text: str) -> Counter[str]:
    return Counter(_PLACES.findall(text))


def faults(sentences: Mapping[str, str]) -> list[str]:
    """Sentences whose translation leaves a value out, adds one, or is none."""
    return [
        english
        for english, translated in sentences.items()
        if places(english) != places(translated) or not _HANGUL.search(translated)
    ]
