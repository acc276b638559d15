#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Make the configured admin password of Grafana true."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_admin
short_description: Make the configured admin password of Grafana true, also on an existing database
version_added: 0.1.0
description:
  - Grafana reads its admin password from the configuration at the first start only. This module signs in with the
    wanted password, once. Is it refused, the password is reset by the command of Grafana's own image inside the
    container, which needs no old password and counts at once, and signing in is tried again.
  - It never guesses. Five wrong passwords lock a user for five minutes, and then Grafana refuses the right one too.
attributes:
  check_mode:
    support: full
    details: Signs in to find out; resets nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  container:
    description: Name of Grafana's container on this host.
    type: str
    required: true
  timeout:
    description: Seconds to wait for Grafana to answer. A container that has ended is not waited for.
    type: float
    default: 60.0
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
- name: Set the admin password
  llmmon.stack.grafana_admin:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    container: llmmon-grafana
"""

RETURN = r"""
reset:
  description: Whether the password in Grafana's database was another one and has been set.
  returned: always
  type: bool
"""

import time
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import (
    TIMEOUT_VARIABLE,
    NotRunning,
    last_words,
    refuse_ended,
    started_at,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# A database that another process holds locked makes Grafana answer 401 after many seconds: no word on the password.
_SLOW_ANSWER_SECONDS = 10.0

_RESET = ["admin", "reset-admin-password", "--password-from-stdin"]


def reset_command(environment: list[str]) -> list[str]:
    """The command that sets the password, read from standard input, for a container with this environment.

    Unlike the server, ``grafana cli`` does not read GF_PATHS_CONFIG: without the file it would open the database in its
    usual place, whichever one ``[database]`` names.
    """
    variables = dict(entry.partition("=")[::2] for entry in environment)
    configuration = variables.get("GF_PATHS_CONFIG", "")
    return ["grafana", "cli", *(["--config", configuration] if configuration else []), *_RESET]


class Undecided(StackError):
    """Whether the password is right cannot be told; the message says why."""


def judge(error: Optional[HttpError], seconds: float) -> bool:
    """Whether the wanted password is the true one, from the answer to one attempt and how long it took."""
    if error is None:
        return True
    if error.reason == "timeout" or (error.status == 401 and seconds > _SLOW_ANSWER_SECONDS):
        raise Undecided(
            f"Grafana took {seconds:.0f} s over the password, which it does when its database is locked by another"
            " process: look for one, then run again"
        )
    if error.status != 401:
        raise Undecided(f"signing in to Grafana failed: {error}")
    return False


class AdminPassword:
    """Finds out and puts right."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.grafana = GrafanaApi(http_client(module))

    def is_true(self) -> bool:
        started = time.monotonic()
        try:
            self.grafana.signed_in()
        except HttpError as error:
            return judge(error, time.monotonic() - started)
        return judge(None, 0)

    def reset(self, password: str) -> None:
        container = self.module.params["container"]
        engine = Engine()
        attributes = engine.inspect(container)
        if attributes is None:
            raise Undecided(f"there is no container {container} to reset the password in: run site.yml")
        result = engine.execute(container, reset_command(attributes["Config"].get("Env") or []), password + "\n")
        if result.exit_code != 0:
            # Should the password be among them, AnsibleModule masks it: it is one of its no_log values.
            words = result.output.strip().splitlines()
            raise Undecided(
                f"the reset command in the container {container} ended with {result.exit_code}:"
                f" {words[-1] if words else 'it said nothing'} (the password is set by llmmon_grafana_admin_password)"
            )

    def wait_until_ready(self) -> None:
        """Wait until Grafana answers that its database is all right; raises Undecided."""
        container, timeout = Container(self.module.params["container"]), self.module.params["timeout"]

        def healthy() -> Optional[bool]:
            try:
                return True if self.grafana.health().get("database") == "ok" else None
            except HttpError:
                container.refuse_ended()
                return None

        if wait_for(healthy, timeout) is None:
            raise Undecided(
                f"Grafana at {self.module.params['url']} is not healthy after {timeout:g} s ({TIMEOUT_VARIABLE})"
                f"{container.last_words()}"
            )


class Container:
    """Grafana's container while Grafana does not answer. An engine that does not answer either keeps nobody waiting."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._engine: Optional[Engine] = None
        self._restarts: Optional[int] = None

    def refuse_ended(self) -> None:
        """Raise Undecided, with its last words, if it has ended for good, or again and again since the first look."""
        try:
            found = self._found()
            if found is None:
                return
            engine, attributes = found
            if self._restarts is None:
                # What happened before is nothing that it does now: the engine counts since it was started by hand.
                self._restarts = int(attributes.get("RestartCount", 0))
            refuse_ended(engine, self.name, attributes, started_at(attributes), self._restarts)
        except EngineError:
            return
        except NotRunning as error:
            raise Undecided(f"{self.name} does not run: {error}") from error

    def last_words(self) -> str:
        """What it said last, to be appended to a sentence; nothing where it cannot be asked."""
        try:
            found = self._found()
        except EngineError:
            return ""
        return f": {last_words(found[0], self.name, started_at(found[1]))}" if found else ""

    def _found(self) -> Optional[tuple[Engine, dict[str, Any]]]:
        self._engine = self._engine or Engine()
        attributes = self._engine.inspect(self.name)
        return None if attributes is None else (self._engine, attributes)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **grafana_arguments(),
            "container": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 60.0},
        },
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    admin = AdminPassword(module)
    try:
        admin.wait_until_ready()
        if admin.is_true():
            module.exit_json(changed=False, reset=False)
        if module.check_mode:
            module.exit_json(changed=True, reset=False)
        admin.reset(str(admin.grafana.client.password))
        if not admin.is_true():
            module.fail_json(
                msg="Grafana still refuses the password after it was reset: five wrong attempts lock the user for five"
                " minutes, so wait that long and run again; should it persist, the login name in"
                " llmmon_grafana_admin_user is not the administrator's"
            )
        module.exit_json(changed=True, reset=True)
    except StackError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
