"""Every test has a state directory of its own: none of them touches the real testbed."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "testbed"
    directory.mkdir()
    monkeypatch.setenv("LLMMON_TESTBED_DIR", str(directory))
    return directory
