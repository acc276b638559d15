# SPDX-License-Identifier: Apache-2.0
"""The program of the timer on a host, which needs no Ansible there.

``python3 -m ansible_collections.llmmon.stack.plugins.module_utils.backup.timer SETTINGS.json``, with the options of the
module ``stack_backup`` in the file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.backup.settings import BackupSettings

# So long another operation may take before a run is given up, and a backup itself, which makes 20 GB in 10 minutes.
PATIENCE_SECONDS = 3600
_WORK_SECONDS = 12 * 3600


def most_seconds(copy_timeout: int) -> int:
    """After how many seconds systemd is to end a run, whatever it does."""
    return PATIENCE_SECONDS + _WORK_SECONDS + copy_timeout


def main() -> int:
    """Entry point of the timer's service; what it prints goes to the journal."""
    try:
        settings = BackupSettings.from_dict(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        outcome = back_up(settings, patience=PATIENCE_SECONDS)
    except BackupError as error:
        print(f"the backup failed: {error}", file=sys.stderr)
        return 1
    print(f"{outcome.archive}: {outcome.bytes} bytes, {outcome.files} files, {outcome.seconds:.1f} s")
    for note in outcome.notes:
        print(note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
