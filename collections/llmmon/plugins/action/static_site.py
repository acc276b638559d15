# SPDX-License-Identifier: Apache-2.0
"""Controller side of static_site: ask what the host has, and send the files it lacks as one archive."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.llmmon.stack.plugins.module_utils.documentation.site import digest_of, files_of


class ActionModule(ActionBase):
    """Documented in the module of the same name."""

    TRANSFERS_FILES = True
    _VALID_ARGS = frozenset(("src", "dest", "group", "keep"))
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            source = Path(str(self._task.args["src"]))
            arguments = {**self._task.args, "digest": digest_of(source)}
            if not any(files_of(source)):
                raise AnsibleActionFail(f"static_site needs src, a folder with files: {source} has none")
            result = self._install(arguments, task_vars)
            if result.get("changed") and not self._task.check_mode:
                result = self._install({**arguments, "archive": self._sent(source)}, task_vars)
            return result
        except KeyError:
            raise AnsibleActionFail("static_site needs src, a folder on the controller") from None
        except OSError as error:
            raise AnsibleActionFail(f"static_site cannot read {error.filename}: {error.strerror}") from error
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _install(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name="llmmon.stack.static_site", module_args=arguments, task_vars=task_vars
        )
        return result

    def _sent(self, source: Path) -> str:
        """The path on the host of an archive with all files."""
        shell = self._connection._shell
        there = str(shell.join_path(shell.tmpdir, "site.tar.gz"))
        with tempfile.NamedTemporaryFile(suffix=".tar.gz") as local:
            with tarfile.open(fileobj=local, mode="w:gz", compresslevel=6) as packed:
                for path in files_of(source):
                    packed.add(path, str(path.relative_to(source)), recursive=False)
            local.flush()
            self._transfer_file(local.name, there)
        self._fixup_perms2((shell.tmpdir, there))
        return there
