# SPDX-License-Identifier: Apache-2.0
"""Fail with what is wrong with settings."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Documented in the module of the same name."""

    _VALID_ARGS = frozenset(("problems",))
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        done: dict[str, Any] = super().run(tmp, task_vars)
        problems = self._task.args.get("problems")
        if not isinstance(problems, list):
            # Anything else that is empty would pass for settings that are all right.
            raise AnsibleActionFail("settings_check needs problems, a list of sentences")
        if problems:
            raise AnsibleActionFail(" | ".join(map(str, problems)))
        return done
