"""Which versions of the services tests run on.

- ``EVERYWHERE``: the oldest that llmmon supports and the one that it ships.
- ``SIGNAL``: for rules and routing, where what is asked of a version differs most, the newest as well.
- With ``LLMMON_VERSIONS=all`` (``make test-all``) both are all versions that the testbed has, with
  ``LLMMON_VERSIONS=shipped`` (``make check``) the one that it ships.
"""

from __future__ import annotations

import os
from itertools import product

from tests.testbed import shipped
from tests.testbed.catalogue import TOOLS

# Oldest first.
ALL = {name: tuple(tool.version for tool in TOOLS if tool.name == name) for name in ("prometheus", "alertmanager")}
SHIPPED = {name: str(shipped.version(name)) for name in ALL}


EVERY = os.environ.get("LLMMON_VERSIONS") == "all"
SHIPPED_ALONE = os.environ.get("LLMMON_VERSIONS") == "shipped"


def _some(*, newest: bool) -> dict[str, tuple[str, ...]]:
    if EVERY:
        return ALL
    if SHIPPED_ALONE:
        return {name: (version,) for name, version in SHIPPED.items()}
    wanted = {name: {versions[0], SHIPPED[name], *versions[-1:][: int(newest)]} for name, versions in ALL.items()}
    return {name: tuple(version for version in ALL[name] if version in some) for name, some in wanted.items()}


EVERYWHERE = _some(newest=False)
SIGNAL = _some(newest=True)


def together() -> list[tuple[str, str]]:
    """Which Prometheus is tried with which Alertmanager: each with one of its time, or all with all."""
    prometheus, alertmanager = SIGNAL["prometheus"], SIGNAL["alertmanager"]
    if EVERY:
        return list(product(prometheus, alertmanager))
    return [(version, alertmanager[min(number, len(alertmanager) - 1)]) for number, version in enumerate(prometheus)]
