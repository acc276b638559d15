# SPDX-License-Identifier: Apache-2.0
"""What the attributes of a module mean. Each module says how far it supports them."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.attributes``."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Whether the module can run in check mode, where it changes nothing and tells what it would change.
  diff_mode:
    description: Whether the module shows what differs when it runs in diff mode.
  idempotent:
    description: Whether a second run with the same options changes nothing, as long as nobody else changed anything.
"""
