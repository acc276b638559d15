# SPDX-License-Identifier: Apache-2.0
"""Controller side of config_tree: render the tree here, send it to the host in one module run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import SECRETS
from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.tree import render_tree, work_out_once

# What decides which files a release holds and what is in them; the rest decides how they get there.
_DECIDING = ("files", "secrets", "generate", "stamp_secrets")
# The digest may show in logs, and a short secret must not be guessed from it: each guess takes so many rounds.
_ROUNDS = 100_000


def asked(arguments: dict[str, Any]) -> str:
    """Digest of what the module is asked for: the same as of the last release, and there is nothing to do."""
    deciding = json.dumps({name: arguments.get(name) for name in _DECIDING}, sort_keys=True, default=str)
    return hashlib.pbkdf2_hmac("sha256", deciding.encode(), str(arguments["dest"]).encode(), _ROUNDS).hex()


class ActionModule(ActionBase):
    """Documented in the module of the same name."""

    _VALID_ARGS = frozenset(
        (
            "src",
            "dest",
            "secrets",
            "generate",
            "extra_files",
            "once",
            "brief",
            "group",
            "validate",
            "validate_user",
            "stamp_secrets",
            "revalidate",
            "reloaded",
            "keep",
            "only_describe",
        )
    )
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        try:
            source = Path(self._find_needle("templates", arguments.pop("src")))
        except (AnsibleError, KeyError) as error:
            raise AnsibleActionFail(f"config_tree needs src, a folder of templates: {to_native(error)}") from error
        if not source.is_dir():
            # An empty tree would be installed: no file is found below a file.
            raise AnsibleActionFail(f"config_tree needs src, a folder of templates: {source} is a file")
        variables = work_out_once(self._templar, task_vars or {}, arguments.pop("once", None) or [])
        files = render_tree(self._templar, source, variables)
        files.update(self._extra_files(arguments.pop("extra_files", None) or {}))
        secrets = arguments.pop("secrets", None) or {}
        files.update({f"{SECRETS}/{name}": str(content) for name, content in secrets.items()})
        # Whatever lies among the secrets is one, a key out of extra_files too: its content must not show.
        for kind, secret in (("files", False), ("secrets", True)):
            arguments[kind] = [
                {"path": path, "content": content}
                for path, content in files.items()
                if path.startswith(f"{SECRETS}/") == secret
            ]
        arguments["asked"] = asked(arguments)
        if boolean(arguments.pop("only_describe", False)):
            return {"changed": False, "asked": arguments["asked"]}
        result: dict[str, Any] = self._execute_module(
            module_name="llmmon.stack.config_tree", module_args=arguments, task_vars=task_vars
        )
        return result

    def _extra_files(self, wanted: dict[str, str]) -> dict[str, str]:
        """Files of the user's own, taken from the controller as they are."""
        contents = {}
        for path, source in wanted.items():
            try:
                contents[path] = Path(self._find_needle("files", source)).read_bytes().decode()
            except (AnsibleError, OSError, UnicodeDecodeError) as error:
                raise AnsibleActionFail(
                    f"the file {source} (for {path} on the host) cannot be read on the controller: {to_native(error)}"
                ) from error
        return contents
