#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Make a data source of Grafana what it should be, secrets included, and prove that it answers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_datasource
short_description: Make a data source of Grafana what it should be, secrets included, and prove that it answers
version_added: 0.1.0
description:
  - Creates, updates or deletes a data source under a uid of your choice, by which dashboards refer to it. The uid of a
    data source is never changed.
  - Grafana never shows a secret again, so whether one differs cannot be seen. The module leaves a salted fingerprint
    of what it sent, and the version of the data source that it made, in the key C(llmmonSecrets) of C(jsonData). It
    sends the secrets again when they do not fit the fingerprint, when somebody else has saved the data source since,
    or when O(secrets_version) is another. So a second run with the same secrets changes nothing, and a run with other
    ones does.
  - Asks Grafana at the end whether the data source answers, by its health check. Where the plugin has none, as
    Prometheus's in Grafana 9.4, a query goes to Prometheus through Grafana's proxy.
  - A data source that Grafana provisions from a file is refused, because Grafana would not take the change.
attributes:
  check_mode:
    support: full
    details: Compares; sends no writing request.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  uid:
    description: Uid of the data source; 1 to 40 letters, digits or V(_). The proxy of Grafana 9.4 cuts a hyphen.
    type: str
    required: true
  state:
    description: Whether the data source is there.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the data source, needed unless it is to be absent.
    type: str
  type:
    description: Id of its plugin.
    type: str
    default: prometheus
  data_source_url:
    description: Address of the data source as Grafana sees it, needed unless it is to be absent.
    type: str
  access:
    description: Who asks it, Grafana or the browser.
    type: str
    choices: [proxy, direct]
    default: proxy
  is_default:
    description: Whether it is the default data source, which takes that from another. As it is when left out.
    type: bool
  basic_auth_user:
    description: User for basic authentication against the data source, whose password is C(basicAuthPassword).
    type: str
    default: ""
  database:
    description: Name of the database, for the plugins that know one.
    type: str
    default: ""
  json_data:
    description: Settings of the plugin, replaced as a whole.
    type: dict
    default: {}
  secure_json_data:
    description: Secrets of the plugin, such as C(basicAuthPassword). One that is left out is taken away.
    type: dict
  secrets_version:
    description:
      - A text of yours that changes whenever the secrets do. With it no fingerprint of them is kept in Grafana, where
        everybody who may query the data source can read it.
    type: str
  check_health:
    description: Whether the data source has to answer.
    type: bool
    default: true
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
  - llmmon.stack.grafana_token
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show a second Prometheus in Grafana
  llmmon.stack.grafana_datasource:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    uid: prometheus_b
    name: Prometheus B
    data_source_url: https://prometheus-b.example
    basic_auth_user: grafana
    secure_json_data:
      basicAuthPassword: "{{ prometheus_b_password }}"
    json_data:
      httpMethod: POST
"""

RETURN = r"""
action:
  description: What happened, unchanged or create or update or delete.
  returned: success
  type: str
differing:
  description: Names of what was different, C(secureJsonData) for the secrets.
  returned: success
  type: list
  elements: str
health:
  description: ok, unknown (the plugin has no health check, and it is no Prometheus), or unchecked.
  returned: success
  type: str
"""

from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    GRAFANA_CREDENTIALS,
    grafana_token_arguments,
    http_client,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.grafana.data_source import (
    UID,
    BadDataSource,
    DataSourcePlan,
    body_to_save,
    data_source_difference,
    plan_data_source,
    wanted_data_source,
)

ARGUMENTS: dict[str, Any] = {
    **grafana_token_arguments(),
    "uid": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str"},
    "type": {"type": "str", "default": "prometheus"},
    "data_source_url": {"type": "str"},
    "access": {"type": "str", "choices": ["proxy", "direct"], "default": "proxy"},
    "is_default": {"type": "bool"},
    "basic_auth_user": {"type": "str", "default": ""},
    "database": {"type": "str", "default": ""},
    "json_data": {"type": "dict", "default": {}},
    "secure_json_data": {"type": "dict", "no_log": True},
    "secrets_version": {"type": "str", "no_log": False},
    "check_health": {"type": "bool", "default": True},
}


class DataSource:
    """Looks, decides and acts."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.parameters = module.params
        self.uid: str = module.params["uid"]
        self.grafana = GrafanaApi(http_client(module))

    def run(self) -> dict[str, Any]:
        if not UID.fullmatch(self.uid):
            raise BadDataSource("its uid needs 1 to 40 letters, digits or '_'")
        served = self.grafana.data_source(self.uid)
        if self.parameters["state"] == "absent":
            return self._absent(served)
        wanted = wanted_data_source(self.parameters, served)
        steps = plan_data_source(served, wanted, self.parameters)
        if served is None or "name" in steps.differing:
            self._check_name(wanted["name"])
        if steps.action != "unchanged" and not self.module.check_mode:
            self.grafana.save_data_source(body_to_save(wanted, served, steps, self.parameters), served is None)
        result: dict[str, Any] = {
            "changed": steps.action != "unchanged",
            "action": steps.action,
            "differing": list(steps.differing),
            "health": "unchecked",
        }
        if self.module._diff and steps.action != "unchanged":
            result["diff"] = data_source_difference(served, wanted, steps)
        # In check mode there is nothing to ask before it is there as it should be.
        if self.parameters["check_health"] and not (self.module.check_mode and result["changed"]):
            result["health"] = self._health()
        return result

    def _absent(self, served: Optional[dict[str, Any]]) -> dict[str, Any]:
        steps = DataSourcePlan("delete" if served else "unchanged")
        if served and served.get("readOnly"):
            raise BadDataSource("Grafana provisions it from a file: remove it there (llmmon_grafana_data_sources)")
        if served and not self.module.check_mode:
            self.grafana.delete_data_source(self.uid)
        result = {"changed": bool(served), "action": steps.action, "differing": [], "health": "unchecked"}
        if self.module._diff and served:
            result["diff"] = data_source_difference(
                {key: served.get(key) for key in ("uid", "name", "type", "url")}, None, steps
            )
        return result

    def _check_name(self, name: str) -> None:
        there = self.grafana.data_source_named(name)
        if there and there.get("uid") != self.uid:
            raise BadDataSource(
                f"its name {name!r} is taken by the data source with the uid {there.get('uid')}: use that uid, or"
                " another name (Grafana would give the name a new uid, and dashboards would lose the old one)"
            )

    def _health(self) -> str:
        try:
            answer = self.grafana.data_source_health(self.uid)
            if answer is None:
                # The plugin has no health check in this release.
                if self.parameters["type"] != "prometheus":
                    return "unknown"
                answer = self.grafana.query(self.uid, "vector(1)")
        except HttpError as error:
            raise BadDataSource(
                f"it does not answer through Grafana: {error}; check data_source_url, an address as Grafana sees it,"
                " and the credentials for it"
            ) from error
        if not isinstance(answer, dict) or str(answer.get("status")).lower() not in ("ok", "success"):
            raise BadDataSource(f"its answer is not the expected one: {str(answer)[:200]}")
        return "ok"


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[GRAFANA_CREDENTIALS],
        mutually_exclusive=[GRAFANA_CREDENTIALS],
        required_if=[("state", "present", ("name", "data_source_url"))],
        supports_check_mode=True,
    )
    try:
        result = DataSource(module).run()
    except StackError as error:
        module.fail_json(msg=f"the data source {module.params['uid']} could not be configured: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
