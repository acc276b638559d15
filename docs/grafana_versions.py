"""Write docs/grafana-versions.md from the tests that say which Grafana they are held to: `python -m docs.generate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.contract.behaviours import BEHAVIOURS, READ, Marked, confirming, documented

TARGET = Path(__file__).resolve().parent / "grafana-versions.md"

INTRODUCTION = """\
# Which Grafana llmmon is tried with

Written by `make docs` from `tests/contract`; change it there.

The one Grafana that every test run is held to is **9.4**: its answers were recorded from a real server. No newer
one can be had where the tests run, so what llmmon expects of 10 to 13 comes from Grafana's documentation, its issues
and its sources.

- *recorded*: replayed from the recording of a real Grafana 9.4 ([tests/contract](../tests/contract/README.md)).
- *read*: a scripted server answers as the source says, and llmmon's own code runs against it. No real one was asked.
- An empty field: 9.4 has no such thing, or nothing was read about that version.

Whoever has a newer Grafana can change that with one command. It asks that server all that can be asked of one, in
folders and with dashboards, data sources and service accounts of its own, which it deletes in the end, and writes a
report, `grafana-contract-report.md`, without any address or secret in it. Please attach that to an issue:

```
make contract GRAFANA_URL=https://grafana.example GRAFANA_USER=admin GRAFANA_PASSWORD_FILE=password.txt
```
"""


def _row(name: str, tests: list[Marked]) -> str:
    behaviour = BEHAVIOURS[name]
    read = {major for test in tests for major in test.majors}
    cells = ["recorded" if behaviour.recorded else "", *("read" if major in read else "" for major in READ)]
    return f"| `{name}` | {behaviour.sentence} | {' | '.join(cells)} |"


def _sources(name: str, tests: list[Marked]) -> Iterator[str]:
    for test in tests:
        majors = ", ".join(str(major) for major in test.majors)
        shown = test.source.replace("``", "`").replace("|", "\\|")
        yield f"| `{name}` | {majors} | {shown} | `{test.name}` |"


def document() -> str:
    """The whole page."""
    tests = {name: [test for test in documented() if name in test.behaviours] for name in BEHAVIOURS}
    asked = {name: [test for test in confirming() if name in test.behaviours] for name in BEHAVIOURS}
    lines = [
        INTRODUCTION,
        "## What llmmon depends on\n",
        "| name | behaviour | 9.4 | " + " | ".join(str(major) for major in READ) + " |",
        "|---|---|" + "---|" * (len(READ) + 1),
        *(_row(name, found) for name, found in tests.items()),
        "\n## Where it was read, and the test that holds llmmon to it\n",
        "Tests are named as in `tests/contract`.\n",
        "| name | of | source | test |",
        "|---|---|---|---|",
        *(row for name, found in tests.items() for row in _sources(name, found)),
        "\n## What a server of yours is asked\n",
        "| name | tests |",
        "|---|---|",
        *(
            f"| `{name}` | {', '.join(f'`{test.name}`' for test in found) or f'none: {BEHAVIOURS[name].not_asked}'} |"
            for name, found in asked.items()
        ),
    ]
    return "\n".join(lines) + "\n"
