#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Let the user who signed in fetch an archive."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_backup_lend
short_description: Let the user who signed in fetch an archive, which belongs to root
version_added: 1.0.0
description:
  - Copies an archive and its checksum for another user than root into a directory below O(data_root), when there is
    room for them. Whoever called this deletes the directory; if not, M(llmmon.stack.stack_backup) does.
  - For root nothing is copied.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each run makes a copy.
options:
  archive:
    description: Path of the archive.
    type: path
    required: true
  user:
    description: Number of the user who fetches it.
    type: int
    required: true
  data_root:
    description: Directory that holds the services' data and the lock of operations.
    type: path
    required: true
extends_documentation_fragment:
  - llmmon.stack.attributes
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Let the user fetch it
  llmmon.stack.stack_backup_lend:
    archive: /var/backups/llmmon/llm_monitoring_backup_20260102_030405_full.tar.gz
    user: 1000
    data_root: /var/lib/llmmon
"""

RETURN = r"""
files:
  description: Paths of the checksum and of the archive, which the user may read.
  returned: success
  type: list
  elements: str
directory:
  description: What is to be deleted after that, empty when nothing was copied.
  returned: success
  type: str
  sample: /var/lib/llmmon/backup.fetch
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.backup.lending import lend
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path", "required": True},
            "user": {"type": "int", "required": True},
            "data_root": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    user, archive = module.params["user"], Path(module.params["archive"])
    if module.check_mode:
        module.exit_json(changed=user != 0, files=[], directory="")
    try:
        files = lend(archive, user, Path(module.params["data_root"]))
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        reason = why_not_written(error, module.params["data_root"])
        module.fail_json(msg=f"{archive} cannot be fetched: {reason}")
    copied = files[0].parent != archive.parent
    module.exit_json(changed=copied, files=list(map(str, files)), directory=str(files[0].parent) if copied else "")


if __name__ == "__main__":
    main()
