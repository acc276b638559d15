# SPDX-License-Identifier: Apache-2.0
"""Options that every module which talks HTTP shares."""


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.http``."""

    DOCUMENTATION = r"""
options:
  url:
    description: Base URL of the server as seen from the machine this module runs on; may hold a sub-path.
    type: str
    required: true
  request_timeout:
    description: Seconds one request may take.
    type: float
    default: 10.0
  validate_certs:
    description: Whether the server's certificate is checked.
    type: bool
    default: true
  ca_path:
    description: File of certificate authorities to trust instead of the system's.
    type: path
  client_cert:
    description: File with the certificate, in PEM, to show to a server that asks for one; it may hold the key as well.
    type: path
  client_key:
    description: File with the key of O(client_cert), in PEM and not encrypted.
    type: path
requirements:
  - requests
"""
