#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Make directories with their owners, all in one run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_directories
short_description: Make directories with the right owners, all in one run
version_added: 0.1.0
description:
  - Makes each directory, mode 0750. When the owner of one that exists is another (an image with another user was
    deployed before), everything in it changes hands too.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  directories:
    description: The directories.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Absolute path., type: path, required: true}
      owner: {description: Numeric user., type: int, required: true}
      group: {description: Numeric group., type: int, required: true}
      once:
        description: Leave a directory that exists as it is.
        type: bool
        default: false
extends_documentation_fragment:
  - llmmon.stack.attributes
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Make the data directories
  llmmon.stack.host_directories:
    directories:
      - {path: /var/lib/llmmon/prometheus, owner: 65534, group: 65534}
"""

RETURN = r"""
directories:
  description: Paths that were made or changed hands.
  returned: success
  type: list
  elements: str
"""

import contextlib
import os
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import directories_argument
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.look.directories import MODE, Access, access, plan


def apply(directory: dict[str, Any], others: set[Path]) -> None:
    """Make one directory, and let what lies in it change hands when its owner changes, but for ``others``."""
    path, owner, group = Path(directory["path"]), directory["owner"], directory["group"]
    before = access(path)
    path.mkdir(parents=True, exist_ok=True)
    if before is not None and before[:2] != (owner, group):
        for parent, directories, files in os.walk(path):
            directories[:] = [name for name in directories if Path(parent) / name not in others]
            for name in directories + files:
                # A service that still runs may remove a file meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    os.chown(Path(parent) / name, owner, group, follow_symlinks=False)
    os.chown(path, owner, group)
    path.chmod(MODE)


def shown(entries: dict[str, Optional[Access]]) -> str:
    """A directory a line, for ``--diff``."""
    return "".join(f"{path} {entry[0]}:{entry[1]} {entry[2]:04o}\n" for path, entry in entries.items() if entry)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={"directories": directories_argument()},
        supports_check_mode=True,
    )
    directories = module.params["directories"]
    actual = {directory["path"]: access(Path(directory["path"])) for directory in directories}
    steps = plan(directories, actual)
    wanted = {**actual, **{d["path"]: (d["owner"], d["group"], MODE) for d in steps}}
    if not module.check_mode:
        for step in steps:
            try:
                apply(step, {Path(directory["path"]) for directory in directories})
            except OSError as error:
                reason = why_not_written(error, step["path"])
                module.fail_json(msg=f"a directory cannot be made: {reason}")
    module.exit_json(
        changed=bool(steps),
        directories=[step["path"] for step in steps],
        diff={"before": shown(actual), "after": shown(wanted)},
    )


if __name__ == "__main__":
    main()
