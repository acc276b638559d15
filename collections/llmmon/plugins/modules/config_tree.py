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
  - Files that left the templates leave the host. Files edited on the host are found by content, reported and put right.
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
    description: Names of further secrets that are made up on the host at the first run and carried over from release to
      release, unless O(secrets) gives them.
    type: list
    elements: str
    default: []
  extra_files:
    description: Path in the release to a file on the controller, shipped without rendering.
    type: dict
    default: {}
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

import dataclasses
import secrets
import tempfile
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    SECRETS,
    File,
    ReleaseError,
    Releases,
    check_path,
    is_stamped,
    new_name,
    stamp_secrets,
)

HIDDEN = "<a secret, not shown>\n"
HIDDEN_NEW = "<a secret, changed, not shown>\n"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What has to happen to make the wanted files the current release."""

    changed_files: list[str]
    wrong_access: list[str]
    edited_by_hand: list[str]
    stale: list[str]
    reload_owed: bool

    @property
    def write_needed(self) -> bool:
        return bool(self.changed_files or self.wrong_access)

    @property
    def changed(self) -> bool:
        return self.write_needed or self.reload_owed or bool(self.stale)


def plan(wanted: list[File], releases: Releases, group: int, keep: int) -> Plan:
    """Compare the wanted files with the current release on the host; changes nothing."""
    current = releases.target(CURRENT)
    actual = releases.read(current) if current else {}
    desired = {file.path: file.content.encode() for file in wanted}
    changed = sorted(path for path in set(desired) | set(actual) if desired.get(path) != actual.get(path))
    return Plan(
        changed_files=changed,
        wrong_access=releases.wrong_access(current, group) if current else [],
        # Once the inventory says the same as the hand that edited, there is nothing to tell.
        edited_by_hand=[path for path in releases.edited_by_hand(current) if path in changed] if current else [],
        stale=releases.stale(keep),
        reload_owed=current is not None and current != releases.target(RUNNING),
    )


def differences(wanted: list[File], actual: dict[str, bytes], changed: list[str]) -> list[dict[str, str]]:
    """One diff a changed file, for ``--diff``; of a secret only that it changed."""
    desired = {file.path: file for file in wanted}
    secret_paths = {file.path for file in wanted if file.secret}
    found = []
    for path in changed:
        before = actual[path].decode(errors="replace") if path in actual else ""
        after = desired[path].content if path in desired else ""
        if path in secret_paths or path.startswith(f"{SECRETS}/"):
            before, after = (HIDDEN if before else ""), (HIDDEN_NEW if after else "")
        found.append({"before_header": path, "after_header": path, "before": before, "after": after})
    return found


def generated(files: list[File], names: list[str], actual: dict[str, bytes]) -> list[File]:
    """Secrets that nobody gave: as they are on the host, or made up."""
    given = {file.path for file in files}
    found = []
    for path in (f"{SECRETS}/{name}" for name in names):
        if path not in given:
            kept = [content for name, content in actual.items() if name == path or is_stamped(name, path)]
            found.append(File(path, kept[0].decode() if kept else secrets.token_urlsafe(32), secret=True))
    return found


class ConfigTree:
    """Applies a plan on the host."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.group: int = module.params["group"]
        self.keep: int = module.params["keep"]
        self.releases = Releases(Path(module.params["dest"]))
        self.files = [File(check_path(f["path"]), f["content"]) for f in module.params["files"]]
        self.files += [File(check_path(f["path"]), f["content"], secret=True) for f in module.params["secrets"]]
        if any(file.path.startswith(f"{SECRETS}/") and not file.secret for file in self.files):
            raise ReleaseError(f"files below {SECRETS}/ are secrets and must come as such")

    def run(self) -> dict[str, Any]:
        current = self.releases.target(CURRENT)
        actual = self.releases.read(current) if current else {}
        self.files += generated(self.files, self.module.params["generate"], actual)
        for content in (file.content for file in self.files if file.secret):
            # Without the line break at its end a secret shows in one line; an empty one stands between any characters.
            self.module.no_log_values.update(text for text in (content, content.strip()) if text)
        if self.module.params["stamp_secrets"]:
            self.files = stamp_secrets(self.files, actual, new_name())
        steps = plan(self.files, self.releases, self.group, self.keep)
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
            result["diff"] = differences(self.files, actual, steps.changed_files)
        if steps.edited_by_hand:
            self.module.warn(
                f"Changed by hand below {self.releases.root}/{CURRENT}: {', '.join(steps.edited_by_hand)}. llmmon puts"
                " this right; keep changes in the inventory instead."
            )
        if self.module.check_mode:
            if steps.write_needed or self.module.params["revalidate"]:
                result["validated"] = self._rehearse()
            return result
        if self.module.params["revalidate"] and not steps.write_needed:
            result["validated"] = self._rehearse()
        if steps.changed:
            result.update(self._apply(steps))
        return result

    def _rehearse(self) -> bool:
        """Validate the tree in a scratch directory; False when the host is not ready for that."""
        images = [validator["image"] for validator in self.module.params["validate"]]
        if not images:
            return False
        try:
            engine = Engine()
            missing = [image for image in images if not engine.has_image(image)]
        except EngineError as error:
            self.module.warn(f"The tree was not validated: {error}")
            return False
        if missing:
            self.module.warn(f"The tree was not validated: the host has no image {missing[0]} yet")
            return False
        with tempfile.TemporaryDirectory(prefix="llmmon-") as scratch:
            return self._validate(engine, Releases(Path(scratch)).write(new_name(), self.files, self.group))

    def _apply(self, steps: Plan) -> dict[str, Any]:
        result: dict[str, Any] = {}
        self.releases.root.mkdir(parents=True, exist_ok=True)
        self.module.set_mode_if_different(str(self.releases.root), 0o750, False)
        self.module.set_group_if_different(str(self.releases.root), self.group, False)
        with self.releases.locked():
            # What was refused before is no release to keep for going back to.
            for stale in self.releases.stale(self.keep):
                self.releases.remove(stale)
            if steps.write_needed:
                name = new_name()
                try:
                    result["validated"] = self._validate(None, self.releases.write(name, self.files, self.group))
                except Exception:
                    self.releases.remove(name)
                    raise
                self.releases.point(CURRENT, name)
                result["release"] = name
            for stale in self.releases.stale(self.keep):
                self.releases.remove(stale)
        return result

    def _validate(self, engine: Optional[Engine], path: Path) -> bool:
        """Run every validator over the release in ``path``; raises Refused with the tool's own words."""
        validators = self.module.params["validate"]
        if not validators:
            return False
        mounted_at = str(self.releases.root / path.name)
        for validator in validators:
            image = validator["image"]
            try:
                engine = engine or Engine()
                engine.pull(image)
                result = engine.run_tool(
                    image,
                    [part.replace("%s", mounted_at) for part in validator["command"]],
                    directory=str(path),
                    mounted_at=mounted_at,
                    user=self.module.params["validate_user"],
                )
            except EngineError as error:
                raise Refused(f"{error} (the image is set by {validator['image_variable']})", "") from error
            if result.exit_code != 0:
                words = result.output.replace(mounted_at + "/", "").strip()
                raise Refused(
                    f"{validator['command'][0]} of {image} refuses the new configuration, and what was running stays"
                    f" as it is: {_gist(words)}",
                    words,
                )
        return True


class Refused(Exception):
    """The new tree is not fit to run. ``words`` is the whole output of the tool."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


def _gist(words: str) -> str:
    """What is wrong, without the tool's progress messages."""
    telling = []
    for line in (line.strip() for line in words.splitlines()):
        # amtool says it in the line that begins with "Checking", promtool in lines of their own.
        _, failed, reason = line.partition("FAILED:")
        if failed:
            telling.append(reason.strip())
        elif "SUCCESS" not in line and not line.startswith(("Checking", "Found:", "- ")):
            telling.append(line)
    return ("; ".join(line for line in telling if line) or words)[:2000]


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
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
            "group": {"type": "int", "required": True},
            "validate": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "image": {"type": "str", "required": True},
                    "image_variable": {"type": "str", "default": "image"},
                    "command": {"type": "list", "elements": "str", "required": True},
                },
            },
            "validate_user": {"type": "str", "default": "65534:65534"},
            "stamp_secrets": {"type": "bool", "default": False, "no_log": False},
            "revalidate": {"type": "bool", "default": False},
            "keep": {"type": "int", "default": 2},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR and module.params["validate"] and not module.check_mode:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        module.exit_json(**ConfigTree(module).run())
    except Refused as error:
        module.fail_json(msg=str(error), tool_output=error.words)
    except (ReleaseError, EngineError, OSError) as error:
        module.fail_json(msg=f"the configuration below {module.params['dest']} cannot be installed: {error}")


if __name__ == "__main__":
    main()
