#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Give automation a service account of Grafana, and its token in a file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_service_account
short_description: Give automation a service account of Grafana, with its token in a file on the host
version_added: 0.1.0
description:
  - Creates a service account or puts its role right, and keeps a token of it in a file that only its owner, or a group,
    may read. Grafana shows a token once; it never leaves the host, and no output holds it.
  - The token in the file stays as long as Grafana takes it. A new one is made, written, tried and only then are the
    older ones deleted, so that there is no moment without a token that works.
  - Tokens of the account that other people made are left alone.
attributes:
  check_mode:
    support: full
    details: Looks at the account and tries the token; writes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  name:
    description: Name of the service account. In its organisation there is one of a name.
    type: str
    required: true
  role:
    description: Role of the account in its organisation. V(Editor) is enough for dashboards and folders.
    type: str
    choices: [Viewer, Editor, Admin]
    default: Editor
  state:
    description: Whether the account is there. With V(absent) its tokens and the file go too.
    type: str
    choices: [present, absent]
    default: present
  token_dest:
    description: File on the host for the token, in a directory that is there. Without it the account gets no token.
    type: path
  token_mode:
    description: Mode of the file.
    type: str
    choices: ["0400", "0440"]
    default: "0400"
  token_group:
    description: Group of the file, by name or number; as it comes when left out.
    type: str
  token_days:
    description: Days until a token expires; it never does when 0. One that has expired is replaced at the next run.
    type: int
    default: 0
  rotate_after_days:
    description: Age in days from which a token is replaced; it never is when 0.
    type: int
    default: 0
  rotate:
    description: Replace the token now. This changes something at every run.
    type: bool
    default: false
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Give the pipeline an account, with a new token every quarter
  llmmon.stack.grafana_service_account:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    name: pipeline
    role: Editor
    token_dest: /etc/pipeline/grafana_token
    token_mode: "0440"
    token_group: pipeline
    rotate_after_days: 90
"""

RETURN = r"""
account:
  description: What happened to the account, unchanged or create or update or delete.
  returned: success
  type: str
token:
  description: What happened to the token, none (not asked for) or unchanged or create or rotate or delete.
  returned: success
  type: str
reason:
  description: Why there is a new token, empty when there is none.
  returned: success
  type: str
"""

import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana_accounts import ServiceAccounts
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError, with_token
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.grafana.service_account import (
    DAY_SECONDS,
    new_token_name,
    own_tokens,
    plan_account,
    token_is_accepted,
)
from ansible_collections.llmmon.stack.plugins.module_utils.grafana.token_file import TokenError, TokenFile
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written

ARGUMENTS: dict[str, Any] = {
    **grafana_arguments(),
    "name": {"type": "str", "required": True},
    "role": {"type": "str", "choices": ["Viewer", "Editor", "Admin"], "default": "Editor"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "token_dest": {"type": "path", "no_log": False},
    "token_mode": {"type": "str", "choices": ["0400", "0440"], "default": "0400", "no_log": False},
    "token_group": {"type": "str", "no_log": False},
    "token_days": {"type": "int", "default": 0, "no_log": False},
    "rotate_after_days": {"type": "int", "default": 0},
    "rotate": {"type": "bool", "default": False},
}


class Account:
    """Looks, decides and acts."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.parameters = module.params
        self.client = http_client(module)
        self.accounts = ServiceAccounts(self.client)
        self.file = TokenFile(module.params) if module.params["token_dest"] else None

    def absent(self) -> dict[str, Any]:
        account = self.accounts.named(self.parameters["name"])
        there = bool(self.file and self.file.path.exists())
        if not self.module.check_mode:
            if account:
                self.accounts.delete(account["id"])
            if self.file and there:
                self.file.path.unlink()
        return {
            "changed": bool(account) or there,
            "account": "delete" if account else "unchanged",
            "token": "delete" if account or there else "none",
            "reason": "",
        }

    def present(self) -> dict[str, Any]:
        name = self.parameters["name"]
        account = self.accounts.named(name)
        tokens = own_tokens(self.accounts.tokens(account["id"]), name) if account and self.file else []
        now = datetime.datetime.now(datetime.timezone.utc)
        key = self.file.read() if self.file else None
        steps = plan_account(account, tokens, self._works(key) if key else None, self.parameters, now)
        access = bool(self.file and key and not steps.reason and not self.file.access_is_right())
        if self.file:
            self.file.check_place()
        if not self.module.check_mode:
            if not account:
                account = self.accounts.create(name, self.parameters["role"])
            elif steps.account == "update":
                self.accounts.update(account["id"], self.parameters["role"])
            if self.file and steps.reason:
                self._replace_token(self.file, account["id"], tokens, now)
            elif self.file and access:
                self.file.correct_access()
        token = "none" if not self.file else "unchanged" if not steps.reason else "rotate" if key else "create"
        changed = steps.account != "unchanged" or bool(steps.reason) or access
        return {"changed": changed, "account": steps.account, "token": token, "reason": steps.reason}

    def _works(self, key: str) -> bool:
        self.module.no_log_values.add(key)
        try:
            with_token(self.client, key).get("/api/org")
        except HttpError as error:
            return token_is_accepted(error)
        return token_is_accepted(None)

    def _replace_token(
        self, file: TokenFile, account_id: int, older: list[dict[str, Any]], now: datetime.datetime
    ) -> None:
        seconds = self.parameters["token_days"] * DAY_SECONDS
        made = self.accounts.create_token(account_id, new_token_name(self.parameters["name"], now), seconds)
        self.module.no_log_values.add(made["key"])
        try:
            if not self._works(made["key"]):
                raise TokenError("Grafana does not accept the token that it has just created")
            file.write(made["key"])
        except (OSError, StackError):
            # Nobody has it, so nobody would ever delete it.
            self.accounts.delete_token(account_id, made["id"])
            raise
        for token in older:
            self.accounts.delete_token(account_id, token["id"])


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    name = module.params["name"]
    try:
        account = Account(module)
        result = account.absent() if module.params["state"] == "absent" else account.present()
    except StackError as error:
        module.fail_json(msg=f"the service account {name} could not be configured: {error}")
    except OSError as error:
        reason = why_not_written(error, "the token file")
        module.fail_json(msg=f"the service account {name} could not be configured: {reason}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
