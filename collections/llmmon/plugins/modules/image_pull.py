#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Pull an image, or say why the registry does not give it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_pull
short_description: Pull an image, or say why the registry does not give it
version_added: 1.0.0
description:
  - Pulls an image unless the host has it. A registry that says nothing for two minutes ends it; a download that moves
    may take as long as it likes.
  - What goes wrong is one sentence that tells a rate limit, a refusal, a registry that is silent or not there, an image
    that it has not and a download that broke off apart, and names the variable to change.
attributes:
  check_mode:
    support: full
    details: Pulls nothing, and tells whether it would.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  image:
    description: The image, with its tag or digest.
    type: str
    required: true
  image_variable:
    description: Name of the variable which sets the image, for error messages.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Pull the image of Prometheus
  llmmon.stack.image_pull:
    image: docker.io/prom/prometheus:v3.13.2
    image_variable: llmmon_prometheus_image
"""

RETURN = r"""
image_id:
  description: Identity of the image on the host; empty in check mode while it is not there.
  returned: success
  type: str
  sample: "sha256:0f1d5a"
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "image": {"type": "str", "required": True},
            "image_variable": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    image = module.params["image"]
    try:
        engine = Engine()
        missing = not engine.has_image(image)
        if missing and not module.check_mode:
            engine.pull(image)
        image_id = engine.image_id(image)
    except EngineError as error:
        module.fail_json(msg=f"{error} (the image is set by {module.params['image_variable']})")
    module.exit_json(changed=missing, image_id=image_id)


if __name__ == "__main__":
    main()
