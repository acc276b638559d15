"""The report about a real Grafana: what llmmon depends on, and whether that server does it. Holds nothing secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, secrets_of
from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN

from .behaviours import BEHAVIOURS, RECORDED, Behaviour, documented

_MOST_LETTERS = 300
# Tokens that Grafana makes, and whatever follows a scheme of authentication.
_TOKENS = re.compile(r"\b(?:glsa|glc)_[\w-]+|\beyJ[\w.=/+-]{8,}|(?<=\bBearer )\S+|(?<=\bBasic )\S+")
# Where a test keeps its files, which holds the login name of whoever runs it.
_OWN_FILES = re.compile(r"[^\s'\"]*/pytest-of-[^\s'\"]*")


class Mask:
    """Takes out of a text what may not be in the report: where the server is, who signs in, and with what."""

    def __init__(self, url: str, user: str, password: str) -> None:
        parts = urlsplit(url)
        named = {url, url.rstrip("/"), parts.netloc, parts.hostname or ""}
        secret = {*secrets_of(Connection(url, user=user, password=password)), password}
        self._anywhere = sorted((text for text in named | secret if text), key=len, reverse=True)
        self._user = re.compile(rf"(?<![\w-]){re.escape(user)}(?![\w-])", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        text = _OWN_FILES.sub("<file>", text)
        for hidden in self._anywhere:
            text = re.sub(re.escape(hidden), HIDDEN, text, flags=re.IGNORECASE)
        return self._user.sub(HIDDEN, _TOKENS.sub(HIDDEN, text))

    def sentence(self, text: str) -> str:
        """The first line of a text, short enough for a table; masked before anything is cut in two."""
        lines = self(text).strip().splitlines() or ["no reason was given"]
        shown = " ".join(lines[0].split()).replace("|", "\\|")
        return shown if len(shown) <= _MOST_LETTERS else f"{shown[:_MOST_LETTERS]}..."


@dataclass
class Outcome:
    """What became of one test."""

    name: str
    behaviours: tuple[str, ...]
    word: str = "passed"
    reason: str = ""


@dataclass
class Outcomes:
    """Collects them, as a plugin of pytest."""

    by_test: dict[str, Outcome] = field(default_factory=dict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report: Any = yield
        marker = item.get_closest_marker("confirms")
        name = item.nodeid.removeprefix("tests/contract/")
        outcome = self.by_test.setdefault(item.nodeid, Outcome(name, marker.args if marker else ()))
        if call.excinfo:
            word, reason = "skipped" if report.skipped else "failed", str(call.excinfo.value) or call.excinfo.typename
            if call.when == "teardown":
                # What is left behind on the server says nothing about what was asked of it.
                self.by_test[f"{item.nodeid} (tidying up)"] = Outcome(f"{name} (tidying up)", (), word, reason)
            else:
                outcome.word, outcome.reason = word, reason
        return report  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Asked:
    """What a server says of itself, and when it was asked by which llmmon."""

    version: str
    edition: str
    database: str
    date: str
    llmmon: str

    @property
    def major(self) -> int:
        number = self.version.partition(".")[0]
        return int(number) if number.isdigit() else 0


def verdict(outcomes: list[Outcome], behaviour: Behaviour) -> tuple[str, str]:
    """A word for a behaviour, and the reason for it, from all tests that ask for it."""
    # One test that fails is enough, and one that passes makes up for those that could not be run.
    for word in ("failed", "passed", "skipped"):
        for one in outcomes:
            if one.word == word:
                return word, one.reason
    return "not asked", behaviour.not_asked or "no test that asks for it was run"


def held_to(name: str, major: int) -> str:
    """What a behaviour of a major version has been held to so far."""
    if major == RECORDED and BEHAVIOURS[name].recorded:
        return "recorded"
    return "read" if any(name in test.behaviours and major in test.majors for test in documented()) else "nothing"


def document(asked: Asked, outcomes: list[Outcome], mask: Mask) -> str:
    """The report. What others wrote goes through the mask; the rest is written here."""
    rows, confirmed = [], []
    for name, behaviour in BEHAVIOURS.items():
        word, reason = verdict([one for one in outcomes if name in one.behaviours], behaviour)
        so_far = held_to(name, asked.major)
        shown = reason if word == "not asked" else mask.sentence(reason) if reason else ""
        rows.append(f"| `{name}` | {behaviour.sentence} | {so_far} | **{word}** | {shown} |")
        if word == "passed" and so_far == "read":
            confirmed.append(f"- `{name}`: {behaviour.sentence}")
    others = [one for one in outcomes if one.word == "failed" and not one.behaviours]
    told = {
        "Grafana": mask.sentence(asked.version),
        "edition": mask.sentence(asked.edition),
        "database": mask.sentence(asked.database),
        "asked on": asked.date,
        "llmmon": asked.llmmon,
        "tests": ", ".join(
            f"{sum(one.word == word for one in outcomes)} {word}" for word in ("passed", "failed", "skipped")
        ),
    }
    lines = [
        "# Grafana contract report",
        "",
        "Written by `make contract GRAFANA_URL=...`. It holds no address, user, password or token, and can be attached"
        " to an issue.",
        "",
        "| what | as the server says |",
        "|---|---|",
        *(f"| {what} | {value} |" for what, value in told.items()),
        "",
        "## Read so far, and now confirmed by a real server",
        "",
        *(confirmed or ["Nothing."]),
        "",
        "## What llmmon depends on",
        "",
        f"*Held to so far* is what llmmon's tests know of Grafana {asked.major}, see docs/grafana-versions.md.",
        "",
        "| behaviour | what it is | held to so far | here | why |",
        "|---|---|---|---|---|",
        *rows,
        *(["", "## What else failed", "", "| test | why |", "|---|---|"] if others else []),
        *(f"| `{one.name}` | {mask.sentence(one.reason)} |" for one in others),
    ]
    return "\n".join(lines) + "\n"
