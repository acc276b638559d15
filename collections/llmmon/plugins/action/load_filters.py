# SPDX-License-Identifier: Apache-2.0
"""Load the collection's filters in Ansible's own process."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader, lookup_loader, test_loader
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import options_of_roles

# Those that the roles use, and with them most of what users do.
LOOKUPS = (
    *(f"ansible.builtin.{name}" for name in ("config", "env", "file", "fileglob", "template", "vars", "varnames")),
    *(f"llmmon.stack.{name}" for name in ("dotenv", "extra_variable")),
)


class ActionModule(ActionBase):
    """Documented in the module of the same name."""

    _VALID_ARGS: frozenset[str] = frozenset()
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        done: dict[str, Any] = super().run(tmp, task_vars)
        return done


# Ansible imports an action in its own process and runs every task in a process of its own, which has what was imported
# until then and loses what it imports itself. Looking for one filter loads the file in which all are, and looking for
# one test all of Ansible's. Of a lookup Ansible reads the documentation, too.
#
# What is there by now, playbooks and roles, stays till the end. Without this the search for garbage would look through
# it during these imports, and in the process of each task, which would get a copy of its own of all that it looks at.
gc.freeze()
filter_loader.get("llmmon.stack.gateways")
test_loader.get("ansible.builtin.version")
for lookup in LOOKUPS:
    lookup_loader.get(lookup)
# What each host's settings are compared with.
options_of_roles(str(Path(__file__).parents[2] / "roles"))
gc.freeze()
