# SPDX-License-Identifier: Apache-2.0
"""Settings from the environment or a .env file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dotenv
short_description: A setting from the environment, or else from a .env file
version_added: 0.1.0
description:
  - Returns the environment variable of that name on the controller when it is set, or else the value that a C(.env)
    file gives it. When that is empty or missing, returns the default. So an empty environment variable takes back what
    the file says.
  - The file is the first C(.env) found in the inventory's directory, the playbook's directory, or a directory above it,
    up to the project's root (the first one with an C(ansible.cfg) and C(roles/)).
  - For a playbook of an installed collection, such as C(llmmon.stack.site), the directory that Ansible is run in counts
    instead of the playbook's.
options:
  _terms:
    description: Names of settings.
    required: true
  default:
    description: Value when neither has the setting.
    type: str
    default: ""
requirements:
  - python-dotenv
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ lookup('llmmon.stack.dotenv', 'PROMETHEUS_BEARER_TOKEN') }}"
"""

RETURN = r"""
_raw:
  description: One value for each name.
  type: list
  elements: str
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

FILE_NAME = ".env"

_STARTS = ("inventory_dir", "playbook_dir")


def find_file(variables: dict[str, Any]) -> Path | None:
    """The .env file that belongs to the inventory or the playbook."""
    inventory, playbook = (Path(variables[name]) if variables.get(name) else None for name in _STARTS)
    if playbook is not None and "ansible_collections" in playbook.parts:
        places = [inventory, Path.cwd()]
    else:
        last = playbook or inventory
        places = [inventory, playbook, *(above(last) if last is not None else ())]
    for directory in filter(None, places):
        candidate = directory / FILE_NAME
        if candidate.is_file():
            return candidate
    return None


def above(directory: Path) -> Iterator[Path]:
    """The directories above, up to a project's root: a .env further up belongs to something else."""
    while directory != directory.parent and not (
        (directory / "ansible.cfg").is_file() and (directory / "roles").is_dir()
    ):
        directory = directory.parent
        yield directory


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        values = self._file_values(variables or {})
        return [os.environ.get(name, values.get(name)) or self.get_option("default") for name in terms]

    @staticmethod
    def _file_values(variables: dict[str, Any]) -> dict[str, str | None]:
        path = find_file(variables)
        if path is None:
            return {}
        try:
            from dotenv import dotenv_values
        except ImportError as error:
            raise AnsibleError(f"reading {path} needs python-dotenv on the controller") from error
        try:
            return dotenv_values(path, interpolate=False)
        except OSError as error:
            raise AnsibleError(f"the settings file {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise AnsibleError(f"the settings file {path} cannot be read: it is not text in UTF-8") from error
