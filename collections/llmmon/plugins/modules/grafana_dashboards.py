#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Push a set of dashboards into a folder of Grafana."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_dashboards
short_description: Push a set of dashboards into a folder of Grafana in one run
version_added: 0.1.0
description:
  - Reads every C(*.json) of a directory on the machine it runs on, compares each with what Grafana has under the same
    uid, and creates, updates or moves only what differs.
  - Dashboards are saved with C(folderUid), never C(folderId), which Grafana 13 ignores. A dashboard that somebody
    edited in the browser is reported as drift and put right.
  - A dashboard that Grafana provisions from a file of its own is refused, because Grafana would not keep the change.
attributes:
  check_mode:
    support: full
    description: Compares; sends no writing request.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  src:
    description: Directory with the dashboards, one JSON file each, in the classic schema.
    type: path
    required: true
  folder_uid:
    description: Uid of the folder, created when missing.
    type: str
    required: true
  folder_title:
    description: Title of the folder, put right when it differs.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.http
  - llmmon.stack.grafana
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Push the dashboards
  llmmon.stack.grafana_dashboards:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    src: /etc/llmmon/grafana/current/dashboards
    folder_uid: llmmon
    folder_title: LLM monitoring
"""

RETURN = r"""
dashboards:
  description: What happened to each dashboard.
  returned: always
  type: list
  elements: dict
  contains:
    uid: {description: Its uid., type: str}
    file: {description: The file it comes from., type: str}
    action: {description: unchanged or create or update or move., type: str}
    done: {description: Whether Grafana has it as wanted now., type: bool}
folder:
  description: What happened to the folder, unchanged or create or rename.
  returned: success
  type: str
requests:
  description: How many HTTP requests were sent.
  returned: success
  type: int
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.grafana import Grafana
from ansible_collections.llmmon.stack.plugins.module_utils.http import HttpError

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MESSAGE = "Pushed by llmmon"


class BadDashboard(Exception):
    """A file is no dashboard that can be pushed; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Dashboard:
    """A dashboard as a file holds it; ``model`` is without id and version, which belong to the server."""

    file: str
    uid: str
    title: str
    model: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Step:
    """What one dashboard needs. ``version`` is the server's, sent back so that no edit in between is overwritten."""

    dashboard: Dashboard
    action: str
    version: Optional[int] = None
    before: Optional[dict[str, Any]] = None


def own_model(model: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's JSON without what the server sets."""
    return {key: value for key, value in model.items() if key not in {"id", "version"}}


def parse(file: str, text: str) -> Dashboard:
    """Check one file's text; raises BadDashboard."""
    try:
        model = json.loads(text)
    except ValueError as error:
        raise BadDashboard(f"{file} is not valid JSON: {error}") from error
    if not isinstance(model, dict):
        raise BadDashboard(f"{file} does not hold a JSON object")
    uid, title = model.get("uid"), model.get("title")
    if not isinstance(title, str) or not title.strip():
        raise BadDashboard(f"{file} has no title")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise BadDashboard(f"{file} needs a uid of 1 to 40 letters, digits, '-' or '_', but has {uid!r}")
    # The server trims titles, so a title with blanks around it would differ for ever.
    return Dashboard(file, uid, title.strip(), own_model({**model, "title": title.strip()}))


def check_set(dashboards: list[Dashboard]) -> None:
    """Refuse a set in which one dashboard would replace another."""
    for attribute in ("uid", "title"):
        seen: dict[str, str] = {}
        for dashboard in dashboards:
            value = getattr(dashboard, attribute)
            # Within a folder Grafana holds titles for equal whatever their letter case.
            key = value.lower() if attribute == "title" else value
            if key in seen:
                raise BadDashboard(f"{dashboard.file} and {seen[key]} have the same {attribute} {value!r}")
            seen[key] = dashboard.file


def plan(dashboard: Dashboard, answer: Optional[dict[str, Any]], folder_uid: str) -> Step:
    """Compare a dashboard with the server's answer to ``GET /api/dashboards/uid/:uid``."""
    if answer is None:
        return Step(dashboard, "create")
    meta, served = answer["meta"], answer["dashboard"]
    if meta.get("isFolder"):
        raise BadDashboard(f"the uid {dashboard.uid} of {dashboard.file} belongs to a folder in Grafana")
    if meta.get("provisioned"):
        raise BadDashboard(
            f"the dashboard {dashboard.uid} of {dashboard.file} is provisioned from a file of Grafana's"
            f" ({meta.get('provisionedExternalId') or 'unknown'}): remove it there, or give this one another uid"
        )
    before = own_model(served)
    if before != dashboard.model:
        return Step(dashboard, "update", served.get("version"), before)
    if (meta.get("folderUid") or "") != folder_uid:
        return Step(dashboard, "move", served.get("version"), before)
    return Step(dashboard, "unchanged", before=before)


def difference(step: Step) -> dict[str, str]:
    """A diff of one dashboard for ``--diff``."""
    after = step.dashboard.model

    def shown(model: Optional[dict[str, Any]]) -> str:
        return "" if model is None else json.dumps(model, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    return {
        "before_header": f"{step.dashboard.uid} (Grafana)",
        "after_header": f"{step.dashboard.uid} ({step.dashboard.file})",
        "before": shown(step.before),
        "after": shown(after),
    }


class Push:
    """Applies the plan of a whole set."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.grafana = Grafana(http_client(module))
        self.folder_uid: str = module.params["folder_uid"]
        self.folder_title: str = module.params["folder_title"]
        self.steps: list[Step] = []
        self.done: set[str] = set()

    def run(self) -> dict[str, Any]:
        dashboards = self._read(Path(self.module.params["src"]))
        folder_action = self._folder()
        self.steps = [
            plan(dashboard, self.grafana.dashboard(dashboard.uid), self.folder_uid) for dashboard in dashboards
        ]
        todo = [step for step in self.steps if step.action != "unchanged"]
        self.done = {step.dashboard.uid for step in self.steps if step.action == "unchanged"}
        if not self.module.check_mode:
            for step in todo:
                self._save(step)
        drift = [step.dashboard.uid for step in todo if step.action != "create"]
        result: dict[str, Any] = {
            "changed": bool(todo) or folder_action != "unchanged",
            "folder": folder_action,
            "dashboards": self.report(),
            "drift": drift,
            "requests": self.grafana.client.requests_sent,
        }
        if self.module._diff and todo:
            result["diff"] = [difference(step) for step in todo]
        return result

    @staticmethod
    def _read(source: Path) -> list[Dashboard]:
        if not source.is_dir():
            raise BadDashboard(f"there is no directory {source} with dashboards")
        try:
            texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(source.glob("*.json"))}
        except (OSError, UnicodeDecodeError) as error:
            raise BadDashboard(f"a file below {source} cannot be read as text: {error}") from error
        dashboards = [parse(name, text) for name, text in texts.items()]
        check_set(dashboards)
        return dashboards

    def _folder(self) -> str:
        existing = self.grafana.folder(self.folder_uid)
        if existing is None:
            if not self.module.check_mode:
                self.grafana.create_folder(self.folder_uid, self.folder_title)
            return "create"
        if existing["title"] != self.folder_title:
            if not self.module.check_mode:
                self.grafana.rename_folder(self.folder_uid, self.folder_title, existing.get("version"))
            return "rename"
        return "unchanged"

    def _save(self, step: Step) -> None:
        body = dict(step.dashboard.model)
        if step.version is not None:
            body["version"] = step.version
        self.grafana.save_dashboard(body, self.folder_uid, _MESSAGE)
        self.done.add(step.dashboard.uid)

    def report(self) -> list[dict[str, Any]]:
        """One row a dashboard, also after a failure in the middle."""
        return [
            {
                "uid": step.dashboard.uid,
                "file": step.dashboard.file,
                "action": step.action,
                "done": step.dashboard.uid in self.done,
            }
            for step in self.steps
        ]


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **grafana_arguments(),
            "src": {"type": "path", "required": True},
            "folder_uid": {"type": "str", "required": True},
            "folder_title": {"type": "str", "required": True},
        },
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    push = Push(module)
    try:
        module.exit_json(**push.run())
    except (BadDashboard, HttpError) as error:
        report = push.report()
        left = [row["uid"] for row in report if not row["done"]]
        suffix = f"; not pushed: {', '.join(left)}" if left else ""
        module.fail_json(msg=f"the dashboards could not be pushed: {error}{suffix}", dashboards=report)


if __name__ == "__main__":
    main()
