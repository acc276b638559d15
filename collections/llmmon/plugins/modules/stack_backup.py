#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Back up the stack of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_backup
short_description: Back up the stack of a host into one archive, while it runs
version_added: 0.1.0
description:
  - Writes all releases of the configuration with their secrets, the blocks of a snapshot of Prometheus, the silences
    and data of Alertmanager, and the database and data of Grafana into one compressed archive with a manifest of
    checksums.
  - The services go on meanwhile. The archive appears under its name only when it is whole and on the disk. Whatever
    goes wrong, no fragment and no snapshot stays; what a killed run left is cleared away by the next one.
attributes:
  check_mode:
    support: full
    details: Reads only, and tells which archive would be made, at most how large, and what would be deleted.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each run makes an archive.
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.backup
requirements:
  - docker (SDK for Python)
  - requests
  - gzip
  - gpg or age, for O(settings.encryption)
  - restic, for O(settings.restic_repository)
  - pg_dump, for a Grafana with PostgreSQL
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Back up Prometheus
  llmmon.stack.stack_backup:
    settings:
      data_root: /var/lib/llmmon
      directory: /var/backups/llmmon
      services:
        - name: prometheus
          container: llmmon-prometheus
          url: http://127.0.0.1:9090
          version: 3.5.3
          config_root: /etc/llmmon/prometheus
          data_directory: /var/lib/llmmon/prometheus
"""

RETURN = r"""
archive:
  description: Path of the archive; its checksum lies beside it, with C(.sha256) after the name.
  returned: success
  type: str
  sample: /var/backups/llmmon/llm_monitoring_backup_20260102_030405_full.tar.gz
scope:
  description: What is in it.
  returned: success
  type: str
bytes:
  description: Size of the archive; in check mode the size of what would go into it.
  returned: success
  type: int
sha256:
  description: Checksum of the archive, empty in check mode.
  returned: success
  type: str
seconds:
  description: How long it took, without the copy off the host.
  returned: success
  type: float
files:
  description: How many files are in it.
  returned: success
  type: int
services:
  description: Names of the services in it.
  returned: success
  type: list
  elements: str
removed:
  description: Older archives that were deleted, because O(settings.keep) newer ones are there.
  returned: success
  type: list
  elements: str
cleared:
  description: Leftovers of killed runs that were deleted.
  returned: success
  type: list
  elements: str
notes:
  description: What did not go as it should and does no harm to the archive, one sentence each.
  returned: success
  type: list
  elements: str
"""

import dataclasses

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import backup_arguments
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.backup.settings import BackupSettings
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import REQUESTS_IMPORT_ERROR


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(argument_spec=backup_arguments(), supports_check_mode=True)
    if REQUESTS_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_IMPORT_ERROR)
    try:
        outcome = back_up(BackupSettings.from_dict(module.params["settings"]), plan_only=module.check_mode)
    except BackupError as error:
        module.fail_json(msg=str(error))
    for note in outcome.notes:
        module.warn(note)
    module.exit_json(changed=True, **dataclasses.asdict(outcome))


if __name__ == "__main__":
    main()
