# SPDX-License-Identifier: Apache-2.0
"""Options that every module which talks to Grafana shares."""


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.grafana``."""

    DOCUMENTATION = r"""
options:
  user:
    description: Login name for basic authentication.
    type: str
    default: admin
  password:
    description: Password of O(user).
    type: str
  password_file:
    description: File on the machine this module runs on that holds the password of O(user), instead of O(password).
    type: path
"""
