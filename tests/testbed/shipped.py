"""Which versions llmmon ships: read where its roles say it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import yaml

from tests.testbed import state

_DEFAULTS = state.REPOSITORY / "collections" / "llmmon" / "roles" / "common" / "defaults" / "main"
_FILES = {
    "prometheus": "prometheus.yml",
    "prober": "prometheus.yml",
    "alertmanager": "alertmanager.yml",
    "grafana": "grafana.yml",
    "thanos": "thanos.yml",
}


@functools.cache
def version(component: str) -> str | None:
    """Such as "3.13.2" of "prometheus"; nothing for what llmmon does not deploy."""
    if component not in _FILES:
        return None
    settings = yaml.safe_load((_DEFAULTS / _FILES[component]).read_text())
    return str(settings[f"llmmon_{component}_version"])


def choice(component: str, there: Sequence[str]) -> str:
    """Of the versions that there are, the oldest first: the one that llmmon ships, or else the newest."""
    wanted = version(component)
    return wanted if wanted is not None and wanted in there else there[-1]
