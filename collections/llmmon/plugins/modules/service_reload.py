#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Make a service run its current configuration release, prove it, or put the previous one back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_reload
short_description: Reload a service and prove that it runs the new configuration, or put the previous one back
version_added: 0.1.0
description:
  - Tells a service to read the release that C(current) points at and waits for proof that it did. Prometheus and
    Alertmanager get SIGHUP; the proof is their own metrics (time of the last successful load, and Alertmanager's
    configuration hash). Grafana reloads its data sources through its API when nothing else changed, is left alone when
    only dashboards did, and is restarted otherwise. A data source that is in the file of the release before and in the
    new one no more is deleted; Grafana itself would keep it.
  - The proved release is remembered by the link C(running).
  - When the service refuses, C(current) goes back to the release that ran before, the service reloads that, and the
    module fails with the service's own words.
attributes:
  check_mode:
    support: full
    details: Tells whether a reload is owed; sends nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: Does nothing when C(running) already is C(current), unless O(force=true).
options:
  service:
    description: Which service it is, hence how it reloads and what proves it.
    type: str
    required: true
    choices: [prometheus, alertmanager, grafana]
  container:
    description: Name of the service's container on this host.
    type: str
    required: true
  config_root:
    description: Directory with the releases and links.
    type: path
    required: true
  prober:
    description:
      - Name of the container of Prometheus's prober (blackbox_exporter), which reads the same release. It gets SIGHUP
        first; the proof is its log. When it refuses the release, both go back.
      - For Prometheus only.
    type: str
  timeout:
    description: Seconds to wait for the proof.
    type: float
    default: 60.0
  force:
    description: Reload although C(running) already is C(current).
    type: bool
    default: false
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Reload Prometheus and prove the new configuration
  llmmon.stack.service_reload:
    service: prometheus
    container: llmmon-prometheus
    config_root: /etc/llmmon/prometheus
    url: http://127.0.0.1:9090
"""

RETURN = r"""
release:
  description: The release that the service has proved to run.
  returned: always
  type: str
refused_release:
  description: The release that the service refused.
  returned: when the service refused it
  type: str
proof:
  description: What showed that the release runs.
  returned: when a reload took place
  type: dict
  sample: {"reloaded_at": 1767225600.1, "config_hash": 1.2e14}
"""

from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.reload import (
    RELOADERS,
    Refusal,
    Reloader,
    WithProber,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError


class Rejected(StackError):
    """The service refused a release; ``running`` is what it runs now, if anything is known to run."""

    def __init__(self, message: str, refused: str, running: Optional[str]) -> None:
        super().__init__(message)
        self.refused = refused
        self.running = running


def reload_or_put_back(service: str, releases: Releases, reloader: Reloader) -> dict[str, Any]:
    """Reload ``current``; after a refusal point it back at ``running``, reload that and raise Rejected."""
    current, running = releases.target(CURRENT), releases.target(RUNNING)
    if current is None:
        raise Rejected(f"there is no configuration release below {releases.root} to reload", "", running)
    try:
        proof = reloader.reload()
    except Refusal as refusal:
        message = f"{service} refused the configuration release {current}: {refusal}"
    else:
        releases.point(RUNNING, current)
        return {"release": current, "proof": proof}
    if running is None or running == current:
        raise Rejected(f"{message}. There is no earlier release to go back to", current, running)
    releases.point(CURRENT, running)
    try:
        reloader.reload()
    except StackError as second:
        raise Rejected(f"{message}. Going back to {running} failed too: {second}", current, None) from second
    raise Rejected(f"{message}. The release {running} is in force again", current, running)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **grafana_arguments(),
            "service": {"type": "str", "required": True, "choices": sorted(RELOADERS)},
            "container": {"type": "str", "required": True},
            "config_root": {"type": "path", "required": True},
            "prober": {"type": "str"},
            "timeout": {"type": "float", "default": 60.0},
            "force": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    parameters = module.params
    service = parameters["service"]
    releases = Releases(Path(parameters["config_root"]))
    current, running = releases.target(CURRENT), releases.target(RUNNING)
    owed = parameters["force"] or current is None or current != running
    if module.check_mode or not owed:
        module.exit_json(changed=owed, release=running)
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        engine = Engine()
        reloader: Reloader = RELOADERS[service](
            engine=engine,
            client=http_client(module),
            container=parameters["container"],
            root=releases.root,
            timeout=parameters["timeout"],
        )
        if parameters["prober"]:
            reloader = WithProber(reloader, engine, parameters["prober"], parameters["timeout"])
        module.exit_json(changed=True, **reload_or_put_back(service, releases, reloader))
    except Rejected as error:
        module.fail_json(msg=str(error), release=error.running, refused_release=error.refused)
    except StackError as error:
        module.fail_json(msg=f"{service} could not be reloaded: {error}", release=running)


if __name__ == "__main__":
    main()
