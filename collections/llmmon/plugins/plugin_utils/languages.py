# SPDX-License-Identifier: Apache-2.0
"""What people read in another language than English.

English is written where it is meant; a file for each other language has its sentences by the English ones. A sentence
may have places for values, written ``[[ name ]]``, and Go templates for what Prometheus puts in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml

# Runbooks lie in a folder of this name, and those of a language in one beside it.
_RUNBOOKS = "docs/runbooks"
_PLACE = re.compile(r"\[\[ (\w+) \]\]")


@dataclass(frozen=True)
class Language:
    """Its code, and our sentences by the English ones. There is a runbook of every alert in it."""

    code: str = "en"
    sentences: Mapping[str, str] = field(default_factory=dict)

    def said(self, sentence: str, values: Mapping[str, object] | None = None) -> str:
        """Our own sentence in this language, with its values. One without translation stays English."""
        english = " ".join(sentence.split())
        given = values or {}
        return _PLACE.sub(lambda place: str(given[place[1]]), self.sentences.get(english, english))

    def place_of_runbooks(self, base: str, site: str = "") -> str:
        """Where those in this language are, if ``base`` is in a copy of our documentation, such as the one at ``site``.

        Whoever has runbooks of his own has all of them where he says.
        """
        if self.code != "en" and (base.endswith(_RUNBOOKS) or (site and base == f"{site}/runbooks")):
            return f"{base.removesuffix('runbooks')}{self.code}/runbooks"
        return base


@cache
def language(file: str) -> Language:
    """Of a file such as ``ko.yml``; of no file, English."""
    if not file:
        return Language()
    path = Path(file)
    content = from_yaml(path.read_text(encoding="utf-8"))
    sentences = {" ".join(entry["en"].split()): entry[path.stem].strip() for entry in content["sentences"]}
    return Language(path.stem, sentences)
