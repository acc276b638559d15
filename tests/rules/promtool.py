"""Runs promtool, of each version that the rules are tested with, on a workspace of rendered rules and test cases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.versions import SHIPPED, SIGNAL
from tests.testbed.tools import tool

VERSIONS = SIGNAL["prometheus"]
# For what need not be tried on each.
VERSION = SHIPPED["prometheus"]
CASES = Path(__file__).parent / "cases"


def run(version: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("promtool", version), *arguments],
        # A fifth of its time would go into collecting memory; what most cases need is far below the limit.
        env={**os.environ, "GOGC": "off", "GOMEMLIMIT": "1GiB"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def check_rules(version: str, files: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    return run(version, "check", "rules", "--lint=all", "--lint-fatal", *files)


def test_rules(version: str, cases: Sequence[Path], only: str = "") -> subprocess.CompletedProcess[str]:
    """Run case files, or only those of their tests whose name matches."""
    return run(version, "test", "rules", *([f"--run={only}"] if only else []), *cases)


def explain(result: subprocess.CompletedProcess[str]) -> str:
    return f"{result.stdout}\n{result.stderr}".strip()


def write_workspace(folder: Path, variants: Mapping[str, Mapping[str, str]]) -> Path:
    """Lay out `rules/<variant>/<file>` beside `cases/`, where the case files look for their rules."""
    for variant, files in variants.items():
        place = folder / "rules" / variant
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_text(content, encoding="utf-8")
    (folder / "cases").symlink_to(CASES)
    return folder


def case_files(workspace: Path) -> list[Path]:
    return sorted((workspace / "cases").glob("*.yml"))
