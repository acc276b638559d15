"""Run a module the way a host does, in this process: arguments in, JSON out."""

from __future__ import annotations

import contextlib
import io
import json
from types import ModuleType
from typing import Any
from unittest import mock

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args


def run_module(
    module: ModuleType, parameters: dict[str, Any], *, check_mode: bool = False, diff: bool = False
) -> dict[str, Any]:
    """Everything that the module answers; ``failed`` and ``warnings`` are always there."""
    arguments = {**parameters, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
    output = io.StringIO()
    warnings: list[str] = []
    with (
        patch_module_args(arguments),
        # Parts of the controller may be imported here, and then warnings would go to its display.
        mock.patch.object(AnsibleModule, "warn", lambda _, warning: warnings.append(warning)),
        contextlib.redirect_stdout(output),
        contextlib.suppress(SystemExit),
    ):
        module.main()
    answer: dict[str, Any] = json.loads(output.getvalue())
    answer.setdefault("failed", False)
    return {**answer, "warnings": warnings}
