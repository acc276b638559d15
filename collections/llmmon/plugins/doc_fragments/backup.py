# SPDX-License-Identifier: Apache-2.0
"""What a backup depends on, for the modules that make one and that let a timer make one."""

from __future__ import annotations

from textwrap import indent

from ansible_collections.llmmon.stack.plugins.doc_fragments.services import OF_EVERY_SERVICE, services


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.backup``."""

    # With its type: ansible-test reads an assignment without one, as the text that is in the file.
    DOCUMENTATION: str = r"""
options:
  settings:
    description: What to back up, from where to where.
    type: dict
    required: true
    suboptions:
      scope:
        description: V(full) for everything, V(config) for the configuration alone.
        type: str
        choices: [full, config]
        default: full
      data_root:
        description: Directory that holds the services' data, the state file and the lock of operations.
        type: path
        required: true
      directory:
        description: Directory for the archives; made when missing, with mode 0700.
        type: path
        required: true
      keep:
        description: How many archives of a scope stay, the new one counted.
        type: int
        default: 7
      keep_hours:
        description: Archives of so many hours before the new one stay, however many they are; V(0) for none.
        type: int
        default: 20
      compression_level:
        description: Level of gzip, V(1) to V(9).
        type: int
        default: 1
      encryption:
        description: Tool that encrypts the archive to O(settings.public_keys); V("") leaves it as it is.
        type: str
        choices: ["", gpg, age]
        default: ""
      public_keys:
        description: Armored blocks of OpenPGP for V(gpg), lines of age or SSH for V(age).
        type: list
        elements: str
        default: []
      restic_repository:
        description: Repository of restic to copy the archive to; V("") copies nothing.
        type: str
        default: ""
      restic_anew:
        description: Whether a repository may be made where this host has copied to one before, which is gone.
        type: bool
        default: false
      copy_timeout:
        description: After how many seconds the copy to the repository is given up.
        type: int
        default: 14400
      restic_password_file:
        description: File on the host with the repository's password.
        type: str
        default: ""
      grafana_database_host:
        description: Name or address of an external database's server as the host reaches it; V("") takes grafana.ini's.
        type: str
        default: ""
      inventory_host:
        description: The host's name in the inventory, which the archive records to be restored onto no other host.
        type: str
        default: ""
      names:
        description:
          - Variables and values that the configuration has written into it, such as names of containers; the archive
            records them, so that it is not restored where they differ.
        type: dict
        default: {}
""" + indent(services(OF_EVERY_SERVICE), "      ")
