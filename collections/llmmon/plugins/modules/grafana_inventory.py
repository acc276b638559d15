#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Tell what Grafana holds, and whether anything of it has gone or changed since."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_inventory
short_description: Count and hash what Grafana holds, and compare it with what it held before
version_added: 0.1.0
description:
  - Reads every folder, dashboard and data source of the organisation that the user is in, and returns a fingerprint of
    each. With O(before) it fails when anything has gone, or is not what it was.
  - A newer Grafana may write a dashboard in its own newer form. Where it did (C(schemaVersion) moved on), the dashboard
    is compared by title, folder, tags, variables, and by what its panels are and ask for.
  - Of a data source that was provisioned from a file only its being there counts, since its content is the file's.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  before:
    description: The RV(inventory) of an earlier run to compare with.
    type: dict
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Look at what Grafana holds
  llmmon.stack.grafana_inventory:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password

- name: Check that nothing of it has gone
  llmmon.stack.grafana_inventory:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    before: {folders: {}, dashboards: {}, data_sources: {}}
"""

RETURN = r"""
inventory:
  description: Kind to uid to fingerprint, for another run's O(before).
  returned: always
  type: dict
counts:
  description: How many there are of each kind.
  returned: always
  type: dict
  sample: {"folders": 2, "dashboards": 14, "data_sources": 1}
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError

KINDS = {"folders": "folder", "dashboards": "dashboard", "data_sources": "data source"}

Inventory = dict[str, dict[str, dict[str, Any]]]


def digest(content: Any) -> str:
    """A short hash of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def panels(model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels of a dashboard, those in rows too, also in the form of before schema 16."""
    rows = [panel for row in model.get("rows") or [] for panel in row.get("panels") or []]
    for panel in [*(model.get("panels") or []), *rows]:
        yield panel
        yield from panel.get("panels") or []


def gist(model: dict[str, Any]) -> dict[str, Any]:
    """What people would miss of a dashboard, which no change of its form touches."""

    def asked(panel: dict[str, Any]) -> list[str]:
        targets = panel.get("targets") or []
        return sorted(str(target.get("expr") or target.get("query") or target.get("refId")) for target in targets)

    found = [[str(panel.get("title") or ""), asked(panel)] for panel in panels(model) if panel.get("type") != "row"]
    variables = (model.get("templating") or {}).get("list") or []
    return {
        "title": model.get("title"),
        "tags": sorted(model.get("tags") or []),
        "variables": sorted(str(variable.get("name")) for variable in variables),
        "panels": sorted(found),
    }


def dashboard_entry(answer: dict[str, Any]) -> dict[str, Any]:
    """Fingerprint of one answer to ``GET /api/dashboards/uid/:uid``."""
    model, folder = answer["dashboard"], answer["meta"].get("folderUid") or ""
    content = {key: value for key, value in model.items() if key not in {"id", "version"}}
    return {
        "title": model.get("title", ""),
        "whole": digest([folder, content]),
        "gist": digest([folder, gist(model)]),
        "form": model.get("schemaVersion") or 0,
        "version": model.get("version") or 0,
    }


def data_source_entry(source: dict[str, Any]) -> dict[str, Any]:
    """Fingerprint of one data source."""
    kept = ("name", "type", "access", "url", "user", "database", "basicAuth", "isDefault", "jsonData")
    content = [] if source.get("readOnly") else [source.get(key) for key in kept]
    return {"title": source["name"], "whole": digest(content)}


def take_stock(grafana: GrafanaApi) -> Inventory:
    """Everything there is, by kind and uid."""
    dashboards = {}
    for hit in grafana.dashboards_found():
        answer = grafana.dashboard(hit["uid"])
        if answer is not None:
            dashboards[hit["uid"]] = dashboard_entry(answer)
    return {
        "folders": {
            hit["uid"]: {"title": hit["title"], "whole": digest([hit["title"], hit.get("folderUid") or ""])}
            for hit in grafana.folders_found()
        },
        "dashboards": dashboards,
        "data_sources": {source["uid"]: data_source_entry(source) for source in grafana.data_sources()},
    }


def is_same(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two fingerprints of one thing have the same content."""
    # A save always counts up; a lower number is an older state that came back.
    if after.get("version", 0) < before.get("version", 0):
        return False
    if before["whole"] == after["whole"]:
        return True
    return "gist" in before and after["form"] > before["form"] and before["gist"] == after["gist"]


def losses(before: Inventory, after: Inventory) -> list[str]:
    """One phrase for each thing that has gone or changed; what is new is not a loss."""
    found = []
    for kind, word in KINDS.items():
        for uid, entry in before[kind].items():
            now = after[kind].get(uid)
            if now is None:
                found.append(f"the {word} {entry['title']!r} ({uid}) has gone")
            elif not is_same(entry, now):
                found.append(f"the {word} {entry['title']!r} ({uid}) is not what it was")
    return found


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={**grafana_arguments(), "before": {"type": "dict"}},
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    try:
        inventory = take_stock(GrafanaApi(http_client(module)))
    except HttpError as error:
        module.fail_json(msg=f"what Grafana holds cannot be read: {error}")
    facts = {"inventory": inventory, "counts": {kind: len(inventory[kind]) for kind in KINDS}}
    before = module.params["before"]
    missing = losses(before, inventory) if before else []
    if missing:
        module.fail_json(msg=f"Grafana does not hold what it held before: {'; '.join(missing)}", **facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
