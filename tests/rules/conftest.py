"""Fixtures of the rule tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules import promtool, variants


@pytest.fixture(scope="session")
def rendered() -> dict[str, dict[str, str]]:
    """Variant to file name to content; see variants.py."""
    return variants.variants()


@pytest.fixture(scope="session")
def workspace(rendered: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return promtool.write_workspace(tmp_path_factory.mktemp("rules"), rendered)
