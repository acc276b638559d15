# SPDX-License-Identifier: Apache-2.0
"""The packages that the timer's program is made of, whole, and their text, to be copied to where the timer runs it.

Ansible ships to a host what a module imports and nothing else, so every file of these packages is imported here; the
unit test of this file compares the list with the packages and with what they import.
"""

# Most of what is imported is never named again: _MODULES finds it.
# ruff: noqa: F401

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Union

from ansible_collections.llmmon.stack.plugins.module_utils import difference, errors, versions
from ansible_collections.llmmon.stack.plugins.module_utils.archive import (
    encryption,
    extraction,
    names,
    new_files,
    read_ahead,
    reading,
    rules,
    source,
    tar_members,
    witness,
    writing,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive import (
    format as archive_format,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup import (
    copies,
    grafana_database,
    lending,
    metric,
    offsite,
    records,
    retention,
    room,
    run,
    settings,
    soundness,
    sources,
    timer,
    workplace,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients import (
    engine,
    engine_socket,
    grafana,
    grafana_accounts,
    http,
    image_pull,
    metrics,
    page_kinds,
    readiness,
    redirects,
    scrape_causes,
    service_api,
    silences,
    thanos_bucket,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration import (
    leaving_data_sources,
    plan,
    releases,
    reload,
    tree,
    validation,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host import (
    clock,
    disk,
    files,
    jobs,
    operation,
    parallel,
    places,
    timers,
    tools,
    waiting,
)

# The program that the timer runs.
PROGRAM = timer.__name__

# Whatever is imported above, and this file: its own name is not among its variables.
_PREFIX = __name__.rpartition(".backup.")[0] + "."
_MODULES = (
    *(value for value in globals().values() if isinstance(value, ModuleType) and value.__name__.startswith(_PREFIX)),
    sys.modules[__name__],
)


def contents() -> dict[str, str]:
    """The text of every file by its path below the directory that Python is to look in."""
    found: dict[str, str] = {}
    for module in _MODULES:
        *packages, name = module.__name__.split(".")
        for depth in range(1, len(packages) + 1):
            # Regular packages: else another collection on the host could hide ours.
            found["/".join([*packages[:depth], "__init__.py"])] = ""
        found["/".join([*packages, f"{name}.py"])] = _text(module)
    return found


def _text(module: ModuleType) -> str:
    loader: Any = module.__loader__
    text: Union[str, bytes] = loader.get_source(module.__name__)
    # Ansible's own loader on the controller gives bytes, the one of a shipped module text.
    return text.decode() if isinstance(text, bytes) else text
