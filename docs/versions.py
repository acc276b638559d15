"""Write docs/versions.json and docs/versions.md from what the last tests noted: `python -m docs.versions`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.tried import RECORD
from tests.testbed import state

FOLDER = Path(__file__).parent
FACTS, TARGET = FOLDER / "versions.json", FOLDER / "versions.md"
SUITES = {
    "rules": "every alert and recorded series: promtool's tests, and the rules in a running Prometheus",
    "routing": "routes, silences by other alerts, messages and deliveries, in a running Alertmanager",
    "e2e/deployment": "a deployment over SSH, with a real gateway, and what may go wrong with it",
    "e2e/operations": "backup, restore, uninstallation",
    "e2e/upgrade": "upgrades with traffic, each taken back once, without a notification lost or told twice",
}
INTRODUCTION = """\
# What was run with which versions

Written by the tests: `make versions` takes over what the last `make test` or `make test-all` on this machine noted.
Change nothing here by hand. Prometheus 2.53 and 3.5 and both versions of Alertmanager are Debian's builds, later
versions of Prometheus are built from their Go modules; where upstream's registry answers, images are pulled from it
instead. Grafana's stand-in stands for Grafana where no registry has it, and says nothing about Grafana's own versions:
see [grafana-versions.md](grafana-versions.md).
"""

Facts = dict[str, dict[str, dict[str, Any]]]


def facts() -> Facts:
    found: Facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return found


def merged(known: Facts, noted: Facts) -> Facts:
    """What was noted replaces what was known of the same versions, unless something failed."""
    result = {suite: dict(rows) for suite, rows in known.items()}
    for suite, rows in noted.items():
        passed = {subject: row for subject, row in rows.items() if not row["failed"]}
        good = {subject: {"tests": row["passed"], "on": row["on"]} for subject, row in passed.items()}
        result.setdefault(suite, {}).update(good)
    return result


def text(known: Facts) -> str:
    """The page."""
    lines = [INTRODUCTION, "| what | with | tests passed | on |", "|---|---|---|---|"]
    for suite, title in SUITES.items():
        for subject, row in sorted(known.get(suite, {}).items(), key=lambda entry: _in_order(entry[0])):
            lines.append(f"| `tests/{suite}`: {title} | {subject} | {row['tests']} | {row['on']} |")
    return "\n".join(lines) + "\n"


def _in_order(subject: str) -> list[tuple[int, str]]:
    words = subject.replace(".", " ").replace(",", " ").split()
    return [(int(word), "") if word.isdigit() else (-1, word) for word in words]


def main() -> int:
    noted: Facts = state.read(RECORD)
    known = merged(facts() if FACTS.exists() else {}, noted)
    FACTS.write_text(json.dumps(known, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    TARGET.write_text(text(known), encoding="utf-8")
    failed = [
        f"{suite} with {subject}" for suite, rows in noted.items() for subject, row in rows.items() if row["failed"]
    ]
    print(f"wrote {TARGET.name}" + (f"; not taken over, because tests failed: {', '.join(failed)}" if failed else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
