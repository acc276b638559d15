#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Install a folder of static files as one unit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: static_site
short_description: Install a folder of static files as one unit
version_added: 1.0.0
description:
  - Sends a folder of the controller's, such as a built documentation site, to the host as one archive, writes it to a
    new release directory and then switches the relative link C(current) to it.
  - Files that left the folder leave the host, and files that were edited on the host are corrected. What is hidden
    (its name begins with a dot) is left out.
  - While the host has the same files already, nothing is sent.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  src:
    description: Folder on the controller.
    type: path
    required: true
  dest:
    description: Directory on the host that holds the releases and the link, for instance C(/etc/llmmon/docs).
    type: path
    required: true
  group:
    description: Numeric group that may read the files.
    type: int
    required: true
  keep:
    description: How many releases stay, the current one counted.
    type: int
    default: 2
  digest:
    description: What the files of O(src) are known by. The action finds it out.
    type: str
  archive:
    description: Where the files of O(src) are on the host. The action puts them there.
    type: path
extends_documentation_fragment:
  - llmmon.stack.attributes
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Install the documentation site
  llmmon.stack.static_site:
    src: dist/site
    dest: /etc/llmmon/docs
    group: 65534
"""

RETURN = r"""
release:
  description: Name of the release that C(current) points at (in check mode, the one that would be replaced).
  returned: success
  type: str
  sample: 20260102T030405.000000Z
"""

import tarfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import Releases
from ansible_collections.llmmon.stack.plugins.module_utils.documentation.site import Site
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written


def main() -> None:
    """Module entry point. Without an archive it only says whether one is needed."""
    module = AnsibleModule(
        argument_spec={
            "src": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
            "group": {"type": "int", "required": True},
            "keep": {"type": "int", "default": 2},
            "digest": {"type": "str"},
            "archive": {"type": "path"},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    site = Site(Releases(Path(parameters["dest"])), parameters["group"], parameters["keep"])
    try:
        changed = not site.is_there(parameters["digest"])
        release = site.current
        if changed and parameters["archive"] and not module.check_mode:
            release = site.install(Path(parameters["archive"]), parameters["digest"])
        module.exit_json(changed=changed, release=release)
    except (StackError, tarfile.TarError) as error:
        module.fail_json(msg=f"the site below {parameters['dest']} cannot be installed: {error}")
    except OSError as error:
        reason = why_not_written(error, parameters["dest"])
        module.fail_json(msg=f"the site below {parameters['dest']} cannot be installed: {reason}")


if __name__ == "__main__":
    main()
