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

import dataclasses
import datetime
import grp
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana_accounts import ServiceAccounts
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError, with_token

_DAY = 86400


class NotPossible(Exception):
    """The token cannot be kept as asked for; the message says why."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done. ``reason`` says why there will be a new token, empty when there will be none."""

    account: str = "unchanged"
    reason: str = ""


def token_prefix(name: str) -> str:
    """How the names of our tokens begin; within an organisation each has to be another."""
    return f"{name}-llmmon-"


def new_token_name(name: str, now: datetime.datetime) -> str:
    """A name that no token has."""
    return f"{token_prefix(name)}{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def own_tokens(tokens: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Those of an account's tokens that this module made, the newest first; names hold the time."""
    found = [token for token in tokens if str(token.get("name")).startswith(token_prefix(name))]
    return sorted(found, key=lambda token: str(token["name"]), reverse=True)


def age_days(token: dict[str, Any], now: datetime.datetime) -> float:
    """How old a token is, by Grafana's own word."""
    text = str(token.get("created"))[:19]
    created = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return (now - created).total_seconds() / _DAY


def plan(
    account: Optional[dict[str, Any]],
    tokens: list[dict[str, Any]],
    works: Optional[bool],
    parameters: dict[str, Any],
    now: datetime.datetime,
) -> Plan:
    """Decide from the account, its own tokens, and whether the file's token works (None: there is no file)."""
    action = "create"
    if account:
        right = account.get("role") == parameters["role"] and not account.get("isDisabled")
        action = "unchanged" if right else "update"
    reason = ""
    if parameters["token_dest"]:
        oldest_allowed = parameters["rotate_after_days"]
        if works is None:
            reason = "there was no token in the file"
        elif not works:
            reason = "Grafana did not take the one in the file"
        elif not tokens:
            # It works, so it is the token of another account.
            reason = "the one in the file was not the account's"
        elif parameters["rotate"]:
            reason = "asked for"
        elif oldest_allowed and age_days(tokens[0], now) >= oldest_allowed:
            reason = f"the last one was older than {oldest_allowed} days"
    return Plan(action, reason)


def takes(error: Optional[HttpError]) -> bool:
    """Whether Grafana takes a token, from its answer to it; raises what says nothing about the token."""
    if error is None:
        return True
    # Of a token that was deleted 9.4 says so with a 500.
    if error.status == 401 or (error.status == 500 and "invalid api key" in str(error).lower()):
        return False
    raise error


class TokenFile:
    """The file that holds the token."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.path = Path(parameters["token_dest"])
        self.mode = int(parameters["token_mode"], 8)
        self.group = self._group(parameters["token_group"])

    @staticmethod
    def _group(name: Optional[str]) -> int:
        if not name:
            return -1
        if name.isdigit():
            return int(name)
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            raise NotPossible(f"there is no group {name} on the host for token_group") from None

    def read(self) -> Optional[str]:
        """The token, None when there is none."""
        try:
            return self.path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise NotPossible(f"the token file {self.path} cannot be read: {error}") from error

    def check_place(self) -> None:
        """Before a token is made that would have no place."""
        if not self.path.parent.is_dir():
            raise NotPossible(f"there is no directory {self.path.parent} for the token file")

    def access_is_right(self) -> bool:
        found = self.path.stat()
        return found.st_mode & 0o7777 == self.mode and self.group in (-1, found.st_gid)

    def write(self, token: str) -> None:
        """Replace the file in one go; at no time may anybody else read it."""
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(token + "\n")
            os.chown(temporary, -1, self.group)
            Path(temporary).chmod(self.mode)
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink()
            raise

    def put_access_right(self) -> None:
        os.chown(self.path, -1, self.group)
        self.path.chmod(self.mode)


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
        steps = plan(account, tokens, self._works(key) if key else None, self.parameters, now)
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
                self.file.put_access_right()
        token = "none" if not self.file else "unchanged" if not steps.reason else "rotate" if key else "create"
        changed = steps.account != "unchanged" or bool(steps.reason) or access
        return {"changed": changed, "account": steps.account, "token": token, "reason": steps.reason}

    def _works(self, key: str) -> bool:
        self.module.no_log_values.add(key)
        try:
            with_token(self.client, key).get("/api/org")
        except HttpError as error:
            return takes(error)
        return takes(None)

    def _replace_token(
        self, file: TokenFile, account_id: int, older: list[dict[str, Any]], now: datetime.datetime
    ) -> None:
        seconds = self.parameters["token_days"] * _DAY
        made = self.accounts.create_token(account_id, new_token_name(self.parameters["name"], now), seconds)
        self.module.no_log_values.add(made["key"])
        try:
            if not self._works(made["key"]):
                raise NotPossible("Grafana does not take the token that it has just made")
            file.write(made["key"])
        except (OSError, HttpError, NotPossible):
            # Nobody has it, so nobody would ever delete it.
            self.accounts.delete_token(account_id, made["id"])
            raise
        for token in older:
            self.accounts.delete_token(account_id, token["id"])


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
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
        },
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    name = module.params["name"]
    try:
        account = Account(module)
        result = account.absent() if module.params["state"] == "absent" else account.present()
    except (NotPossible, HttpError, OSError) as error:
        module.fail_json(msg=f"the service account {name} could not be put right: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
