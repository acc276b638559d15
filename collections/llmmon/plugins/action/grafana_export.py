# SPDX-License-Identifier: Apache-2.0
"""Controller side of grafana_export: the host says what was edited, here it becomes files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard, DashboardOwner
from ansible_collections.llmmon.stack.plugins.plugin_utils.exported import Homecoming


class ActionModule(ActionBase):
    """Documented in the module of the same name."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(
            module_name="llmmon.stack.grafana_export", module_args=dict(self._task.args), task_vars=task_vars
        )
        if result.get("failed") or result.get("skipped"):
            return result
        arguments = self._task.args
        home = Homecoming(
            DashboardOwner(str(arguments["owner"])),
            Path(str(arguments["dest"])).expanduser(),
            [Path(str(file)).expanduser() for file in arguments.get("files") or []],
        )
        try:
            home.plan(result["dashboards"])
            if not self._task.check_mode:
                home.write()
        except (BadDashboard, OSError) as error:
            return {**result, "failed": True, "dashboards": [], "msg": f"the dashboards could not be exported: {error}"}
        result.update(changed=home.changed, dashboards=home.report)
        if self._task.diff:
            result["diff"] = home.differences
        return result
