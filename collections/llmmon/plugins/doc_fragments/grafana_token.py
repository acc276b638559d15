# SPDX-License-Identifier: Apache-2.0
"""Options of the modules that work with a service account's token as well."""


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.grafana_token``, beside ``llmmon.stack.grafana``."""

    DOCUMENTATION = r"""
options:
  token:
    description: Token of a service account, instead of O(user) and O(password).
    type: str
  token_file:
    description: File on the machine this module runs on that holds the token, instead of O(token).
    type: path
  org_id:
    description:
      - Number of the organisation to work in; the credentials' own when left out. It goes along as a header, so the
        user's current organisation stays as it is.
    type: int
"""
