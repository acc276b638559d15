"""The programs of one version of ansible-core, and what they need to find the collections."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Those with a lock file beside this one; `requires_ansible` in the collection's meta/runtime.yml names the oldest.
VERSIONS = ("2.19", "2.20", "2.21")
# The last that is refused; its lock file is there so that the refusal can be seen.
REFUSED = "2.18"


def ansible_playbook(version: str) -> Path:
    """The path of a version's ansible-playbook, such as `.venv/core-2.20/bin/ansible-playbook`; made when missing."""
    program = Path(".venv") / f"core-{version}" / "bin" / "ansible-playbook"
    subprocess.run(["make", "--no-print-directory", program], cwd=REPOSITORY, check=True)
    return REPOSITORY / program


def environment() -> dict[str, str]:
    """The environment to run it in: our collection, and beside it those of the ansible package."""
    collections = f"{REPOSITORY / 'collections'}:{sysconfig.get_path('purelib')}"
    return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": collections}
