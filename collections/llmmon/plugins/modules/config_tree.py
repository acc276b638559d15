#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Install a rendered configuration tree as one validated unit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: config_tree
short_description: Install a rendered configuration tree as one validated unit
version_added: 0.1.0
description:
  - Renders a whole folder of templates on the controller, sends it to the host in one module run, writes it to a new
    release directory, validates the B(whole tree) with the target image's own tool and then switches the relative
    link C(current) to it.
  - Files that left the templates leave the host. Files edited on the host are found by content, reported and corrected.
  - A release is named by UTC time. C(running), the other link, is kept by M(llmmon.stack.service_reload); while the two
    differ this module reports a change, so that a reload that was never proved is made up for.
attributes:
  check_mode:
    support: full
    details: Renders, compares and validates; nothing on the host changes. Validation is left out while the host has
      no engine or not the image yet.
  diff_mode:
    support: full
    details: One diff a file; contents of secrets are replaced by a digest-free marker.
  idempotent:
    support: full
    details: The same content makes no change and writes nothing.
options:
  src:
    description: Folder of templates on the controller, looked up as by M(ansible.builtin.template). Files that end in
      C(.j2) are rendered and lose the suffix; a file that renders to nothing is left out.
    type: path
    required: true
  dest:
    description: Directory on the host that holds the releases and links, for instance C(/etc/llmmon/prometheus).
    type: path
    required: true
  secrets:
    description: Name to content of files below C(secrets/) of the release, mode 0440. Their contents never show.
    type: dict
    default: {}
  generate:
    description: Names of further secrets that are generated on the host at the first run and carried over from
      release to release, unless O(secrets) gives them.
    type: list
    elements: str
    default: []
  extra_files:
    description: Path in the release to a file on the controller, shipped without rendering.
    type: dict
    default: {}
  once:
    description:
      - Names of variables that the templates read and that are worked out once, in this order, and not whenever one is
        asked for.
    type: list
    elements: str
    default: []
    version_added: 1.1.0
  brief:
    description:
      - Patterns, as of the shell, of files that no person writes. With C(--diff) a new one, or one that leaves, is
        shown by how many lines it has and no more. One that changes is shown like the others.
    type: list
    elements: str
    default: []
  group:
    description: Numeric group of the service, which may read the tree.
    type: int
    required: true
  validate:
    description: Commands of the image that must succeed over the tree; C(%s) is the release's directory.
    type: list
    elements: dict
    default: []
    suboptions:
      image:
        description: Image that holds the tool, pulled when missing.
        type: str
        required: true
      image_variable:
        description: Name of the variable which sets the image, for error messages.
        type: str
        default: image
      command:
        description: The tool and its arguments.
        type: list
        elements: str
        required: true
      network:
        description: Network of the engine in which the tool runs, where it has to reach something.
        type: str
        default: ""
      etc_hosts:
        description: Host names that it knows there beside DNS.
        type: dict
        default: {}
  validate_user:
    description: Numeric user and group for the tool, so that a secret the service could not read is found now.
    type: str
    default: "65534:65534"
  stamp_secrets:
    description:
      - Append the time of the last change to the names of the secrets, and use these names in the other files wherever
        they say C(secrets/NAME). For services that do not notice a new content under the same name.
    type: bool
    default: false
  revalidate:
    description:
      - Validate also a tree that is current already. For the preflight of an upgrade, in check mode, with the images of
        the next version.
    type: bool
    default: false
  keep:
    description: How many releases stay, the current one counted.
    type: int
    default: 2
  reloaded:
    description:
      - Whether M(llmmon.stack.service_reload) tells a service of a new release. If not, none is ever owed, such as
        where containers name the release that they read and are made anew.
    type: bool
    default: true
  only_describe:
    description:
      - Render the tree on the controller, return RV(asked), and touch no host; M(llmmon.stack.host_check) compares it.
    type: bool
    default: false
extends_documentation_fragment:
  - llmmon.stack.attributes
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Install the configuration of Prometheus
  llmmon.stack.config_tree:
    src: prometheus
    dest: /etc/llmmon/prometheus
    group: 65534
    secrets:
      gateway-demo.token: "{{ token }}"
    validate:
      - image: docker.io/prom/prometheus:v3.13.2
        command: [promtool, check, config, "%s/prometheus.yml"]
"""

RETURN = r"""
asked:
  description: Digest of everything that was asked for, secrets included.
  returned: when O(only_describe=true)
  type: str
release:
  description: Name of the release that C(current) points at (in check mode, the one that would stay).
  returned: success
  type: str
  sample: 20260102T030405.000000Z
previous_release:
  description: The release C(current) pointed at before.
  returned: success
  type: str
changed_files:
  description: Paths that were added, changed or removed.
  returned: success
  type: list
  elements: str
edited_by_hand:
  description: Paths that somebody changed on the host since llmmon wrote them.
  returned: success
  type: list
  elements: str
reload_owed:
  description: True when C(current) had not been proved to run yet before this module ran.
  returned: success
  type: bool
validated:
  description: Whether the tree went through its validators in this run.
  returned: success
  type: bool
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.plan import (
    TreePlan,
    files_to_install,
    generated_secrets,
    plan_tree,
    tree_differences,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    Releases,
    new_name,
    stamp_secrets,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.tree import ConfigTree
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.validation import (
    TreeRefused,
    Validation,
    Validator,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written

ARGUMENTS: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
        },
    },
    "secrets": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True, "no_log": True},
        },
    },
    "generate": {"type": "list", "elements": "str", "default": []},
    "brief": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "int", "required": True},
    "validate": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "image": {"type": "str", "required": True},
            "image_variable": {"type": "str", "default": "image"},
            "command": {"type": "list", "elements": "str", "required": True},
            "network": {"type": "str", "default": ""},
            "etc_hosts": {"type": "dict", "default": {}},
        },
    },
    "validate_user": {"type": "str", "default": "65534:65534"},
    "stamp_secrets": {"type": "bool", "default": False, "no_log": False},
    "revalidate": {"type": "bool", "default": False},
    "reloaded": {"type": "bool", "default": True},
    "keep": {"type": "int", "default": 2},
    "asked": {"type": "str", "no_log": True},
}


class Installation:
    """Compares, shows and installs, as far as the module was asked to."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        parameters = module.params
        self.group: int = parameters["group"]
        self.keep: int = parameters["keep"]
        self.asked: str = parameters["asked"] or ""
        self.releases = Releases(Path(parameters["dest"]))
        self.files = files_to_install(parameters["files"], parameters["secrets"])
        validators = [Validator(**validator) for validator in parameters["validate"]]
        self.validation = Validation(validators, parameters["validate_user"])
        self.tree = ConfigTree(self.releases, self.group, self.keep, self.validation)

    def run(self) -> dict[str, Any]:
        current = self.releases.target(CURRENT)
        actual = self.releases.read(current) if current else {}
        self._complete(actual)
        steps = plan_tree(self.files, self.releases, self.group, self.keep, self.module.params["reloaded"])
        result: dict[str, Any] = {
            "changed": steps.changed,
            "release": current,
            "previous_release": current,
            "changed_files": steps.changed_files,
            "edited_by_hand": steps.edited_by_hand,
            "reload_owed": steps.reload_owed,
            "validated": False,
        }
        if self.module._diff and steps.changed_files:
            brief = self.module.params["brief"]
            result["diff"] = tree_differences(self.files, actual, steps.changed_files, brief)
        if steps.edited_by_hand:
            self.module.warn(
                f"Changed by hand below {self.releases.root}/{CURRENT}: {', '.join(steps.edited_by_hand)}. llmmon"
                " overwrites this; make changes in the inventory instead."
            )
        # What is written is validated on its way.
        is_written = steps.write_needed and not self.module.check_mode
        if not is_written and (steps.write_needed or self.module.params["revalidate"]):
            result["validated"] = self._rehearse()
        if steps.changed and not self.module.check_mode:
            result.update(self._install(steps))
        elif current and self.asked != self.releases.asked(current) and not self.module.check_mode:
            # It holds what is asked for now, if in other words; the next look knows it by these.
            self.releases.note(current, self.files, self.asked)
        return result

    def _complete(self, actual: dict[str, bytes]) -> None:
        """Add generated secrets, keep all secrets out of every output, and stamp their names if that is asked for."""
        self.files += generated_secrets(self.files, self.module.params["generate"], actual)
        for content in (file.content for file in self.files if file.secret):
            # Without the line break at its end a secret shows in one line; an empty one stands between any characters.
            self.module.no_log_values.update(text for text in (content, content.strip()) if text)
        if self.module.params["stamp_secrets"]:
            self.files = stamp_secrets(self.files, actual, new_name())

    def _rehearse(self) -> bool:
        hindrance = self.validation.hindrance()
        if hindrance:
            self.module.warn(f"The tree was not validated: {hindrance}")
            return False
        return self.tree.rehearse(self.files)

    def _install(self, steps: TreePlan) -> dict[str, Any]:
        root = self.releases.root
        root.mkdir(parents=True, exist_ok=True)
        self.module.set_mode_if_different(str(root), 0o750, False)
        self.module.set_group_if_different(str(root), self.group, False)
        return self.tree.install(self.files, steps, self.asked)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if DOCKER_IMPORT_ERROR and module.params["validate"] and not module.check_mode:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        module.exit_json(**Installation(module).run())
    except TreeRefused as error:
        module.fail_json(msg=str(error), tool_output=error.words)
    except StackError as error:
        module.fail_json(msg=f"the configuration below {module.params['dest']} cannot be installed: {error}")
    except OSError as error:
        reason = why_not_written(error, module.params["dest"])
        module.fail_json(msg=f"the configuration below {module.params['dest']} cannot be installed: {reason}")


if __name__ == "__main__":
    main()
