# SPDX-License-Identifier: Apache-2.0
"""What the canary is told: the file canary.json, which the controller has checked before.

The program runs in a plain image of Python, so nothing in this package needs more than Python's own library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import CanaryError

CHAT, EMBEDDINGS, RESPONSES = KINDS = ("chat", "embeddings", "responses")


class SettingsUnusable(CanaryError):
    """The file cannot be read, or says something that the program does not know."""


@dataclass(frozen=True)
class Question:
    """A prompt, and what its answer has to be; at most one of the three checks is given."""

    prompt: str
    exact: str | None = None
    regex: str | None = None
    json_schema: Any = None

    @property
    def checked(self) -> bool:
        """Whether its answer is checked at all."""
        return self.exact is not None or self.regex is not None or self.json_schema is not None


@dataclass(frozen=True)
class Canary:
    """One model behind one gateway.

    Durations are in seconds, prices in US dollars for a token; a price of None is not known.
    """

    name: str
    gateway: str
    url: str
    model: str
    questions: tuple[Question, ...]
    requests_per_hour: int
    dollars_per_day: float | None = None
    kind: str = CHAT
    input_price: float | None = None
    output_price: float | None = None
    key_file: str = ""
    ca_file: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    output_tokens: int = 64
    output_tokens_field: str = ""
    interval: float = 60.0
    connect_timeout: float = 5.0
    first_timeout: float = 10.0
    stall_timeout: float = 10.0
    total_timeout: float = 30.0
    slow_factor: float = 2.0
    slow_seconds: float = 0.0
    golden_ratio: float = 0.0
    answered_by: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    dimensions: int = 0
    certificate_days: float = 7.0

    @property
    def price_known(self) -> bool:
        """Whether dollars can be counted. Embeddings have no tokens of an answer to pay for."""
        return self.input_price is not None and (self.output_price is not None or self.kind == EMBEDDINGS)

    @property
    def labels(self) -> dict[str, str]:
        """What every series of it has."""
        return {"canary": self.name, "gateway": self.gateway, "model": self.model}


@dataclass(frozen=True)
class Settings:
    """All that the program is told. ``prometheus`` is a URL, empty where no status page is wanted."""

    canaries: tuple[Canary, ...]
    prometheus: str = ""
    language: str = "en"


def load(path: Path) -> Settings:
    """The settings in a file.

    Raises SettingsUnusable.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        canaries = tuple(canary_of(_found(entry, path.parent)) for entry in given["canaries"])
        return Settings(canaries, str(given.get("prometheus", "")), str(given.get("language", "en")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsUnusable(f"{path} is not what the canary can use: {error}") from error


def _found(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An entry with whole paths of its files, which lie beside the settings."""
    return {**entry, **{name: str(folder / entry[name]) for name in ("key_file", "ca_file") if entry.get(name)}}


def canary_of(entry: dict[str, Any]) -> Canary:
    """One entry of the file.

    Raises TypeError for what it lacks or has too much, ValueError for a canary without a cap.
    """
    known = {known.name for known in fields(Canary)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise TypeError(f"{entry.get('name')} has {', '.join(unknown)}, which the program does not know")
    given = dict(entry, questions=tuple(Question(**question) for question in entry["questions"]))
    for name in ("answered_by", "deployments"):
        given[name] = tuple(entry.get(name, ()))
    canary = Canary(**given)
    if not canary.questions or canary.kind not in KINDS:
        raise ValueError(f"{canary.name} has nothing to ask, or is of a kind that the program does not know")
    if canary.requests_per_hour < 1 or (canary.price_known and canary.dollars_per_day is None):
        raise ValueError(f"{canary.name} has no cap")
    return canary
