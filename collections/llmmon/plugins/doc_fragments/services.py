# SPDX-License-Identifier: Apache-2.0
"""The option ``services``: what a module needs to know of each service of a host."""

from __future__ import annotations

from textwrap import indent

OF_EVERY_SERVICE = r"""
name:
  description: Which service it is.
  type: str
  required: true
  choices: [alertmanager, grafana, prometheus]
container:
  description: Name of its container.
  type: str
  required: true
url:
  description: Its base URL as seen from the host.
  type: str
  required: true
version:
  description: The version that it should have. A service that reports a build suffix after it has the same version.
  type: str
  required: true
config_root:
  description: Directory of its configuration releases.
  type: path
  required: true
data_directory:
  description: Directory of its data.
  type: path
  required: true
"""

OWNER_OF_DATA = r"""
uid:
  description: Numeric user that owns its data.
  type: int
  required: true
gid:
  description: Numeric group that owns its data.
  type: int
  required: true
other_containers:
  description: Names of other containers that use its data or configuration.
  type: list
  elements: str
  default: []
"""

IMAGES = r"""
image:
  description: The image that it should have.
  type: str
  required: true
companions:
  description: Containers that belong to the service and read the same configuration.
  type: list
  elements: dict
  default: []
  suboptions:
    container:
      description: Name of the container.
      type: str
      required: true
    image:
      description: The image that it should have.
      type: str
      required: true
    image_variable:
      description: Name of the variable which sets the image.
      type: str
      required: true
"""


def services(*suboptions: str) -> str:
    """The option in YAML. Fragments cannot add to the suboptions of one another, so it is put together here."""
    return (
        "services:\n  description: The services of the host.\n  type: list\n  elements: dict\n  required: true\n"
        f"  suboptions:{indent(''.join(suboptions), '    ')}"
    )


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.services``, or ``....services.owner`` for more of each."""

    # With their type: ansible-test reads assignments without one, as the text that is in the file.
    DOCUMENTATION: str = "options:\n" + indent(services(OF_EVERY_SERVICE), "  ")

    OWNER: str = "options:\n" + indent(services(OF_EVERY_SERVICE, OWNER_OF_DATA), "  ")

    IMAGE: str = "options:\n" + indent(services(OF_EVERY_SERVICE, IMAGES), "  ")
