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

import dataclasses
import hashlib
import hmac
import json
import re
import secrets
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    GRAFANA_CREDENTIALS,
    grafana_token_arguments,
    http_client,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import Grafana
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import same

_UID = re.compile(r"[A-Za-z0-9_]{1,40}")
_KEPT = "llmmonSecrets"
_MASKED = "********"


class NotPossible(Exception):
    """The data source cannot be what is asked for; the message says why."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done, and what the difference consists of."""

    action: str
    differing: tuple[str, ...] = ()


def fingerprint(secret_data: dict[str, str], salt: str) -> str:
    """Slow on purpose: who may query the data source can read it, and weak passwords can be tried out."""
    text = json.dumps(secret_data, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=24).hex()


def kept_of(secret_data: dict[str, str], version: int, secrets_version: Optional[str]) -> dict[str, Any]:
    """What is left in jsonData about the secrets: the data source's version they were sent with, and what they were."""
    if secrets_version is not None:
        return {"sentWith": version, "version": secrets_version}
    salt = secrets.token_hex(16)
    return {"sentWith": version, "salt": salt, "fingerprint": fingerprint(secret_data, salt)}


def secrets_differ(served: dict[str, Any], secret_data: dict[str, str], secrets_version: Optional[str]) -> bool:
    """Whether the secrets have to be sent (again)."""
    known = {name for name, is_set in (served.get("secureJsonFields") or {}).items() if is_set}
    if known != secret_data.keys():
        return True
    if not secret_data:
        return False
    kept = (served.get("jsonData") or {}).get(_KEPT)
    if not isinstance(kept, dict) or kept.get("sentWith") != served.get("version"):
        return True
    if secrets_version is not None:
        return bool(kept.get("version") != secrets_version)
    salt, print_ = kept.get("salt"), kept.get("fingerprint")
    if not isinstance(salt, str) or not re.fullmatch(r"[0-9a-f]{32}", salt) or not isinstance(print_, str):
        return True
    return not hmac.compare_digest(fingerprint(secret_data, salt), print_)


def wanted_of(parameters: dict[str, Any], served: Optional[dict[str, Any]]) -> dict[str, Any]:
    """The data source as Grafana's API has it, without secrets and without what is kept about them."""
    is_default = parameters["is_default"]
    if is_default is None:
        # Left out it would be taken away.
        is_default = bool((served or {}).get("isDefault"))
    return {
        "uid": parameters["uid"],
        "name": parameters["name"],
        "type": parameters["type"],
        "access": parameters["access"],
        "url": parameters["data_source_url"],
        "database": parameters["database"],
        "basicAuth": bool(parameters["basic_auth_user"]),
        "basicAuthUser": parameters["basic_auth_user"],
        "isDefault": is_default,
        "jsonData": parameters["json_data"],
    }


def without_kept(json_data: Any) -> dict[str, Any]:
    """Settings of a plugin without what this module keeps there."""
    return {key: value for key, value in (json_data or {}).items() if key != _KEPT}


def comparable(served: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What Grafana has, of what we want."""
    found = {key: served.get(key) for key in wanted}
    found["jsonData"] = without_kept(found["jsonData"])
    if not wanted["basicAuth"]:
        # 9.4 cannot empty it, and nobody asks for it.
        found["basicAuthUser"] = wanted["basicAuthUser"]
    return found


def plan(served: Optional[dict[str, Any]], wanted: dict[str, Any], parameters: dict[str, Any]) -> Plan:
    """Compare a data source with the answer to ``GET /api/datasources/uid/:uid``."""
    if served is None:
        return Plan("create")
    if served.get("readOnly"):
        raise NotPossible(
            "Grafana provisions it from a file: change it there (llmmon_grafana_data_sources), or take another uid"
        )
    found = comparable(served, wanted)
    differing = [key for key in wanted if not same(found[key], wanted[key])]
    if secrets_differ(served, parameters["secure_json_data"] or {}, parameters["secrets_version"]):
        differing.append("secureJsonData")
    return Plan("update" if differing else "unchanged", tuple(differing))


def body_of(
    wanted: dict[str, Any], served: Optional[dict[str, Any]], steps: Plan, parameters: dict[str, Any]
) -> dict[str, Any]:
    """What is sent. With the version, so that Grafana refuses it when somebody has saved in between."""
    given: dict[str, str] = parameters["secure_json_data"] or {}
    version = int((served or {}).get("version") or 0)
    body = {**wanted, "jsonData": dict(wanted["jsonData"])}
    if served is not None:
        body["version"] = version
    # The answer to a save has the next version; a new data source has the first.
    next_version = version + 1
    if given and (served is None or "secureJsonData" in steps.differing):
        gone = set((served or {}).get("secureJsonFields") or {}) - given.keys()
        body["secureJsonData"] = {**given, **dict.fromkeys(gone, "")}
        body["jsonData"][_KEPT] = kept_of(given, next_version, parameters["secrets_version"])
    elif given:
        body["jsonData"][_KEPT] = {**(served or {})["jsonData"][_KEPT], "sentWith": next_version}
    else:
        body["secureJsonData"] = dict.fromkeys((served or {}).get("secureJsonFields") or {}, "")
    return body


def difference(served: Optional[dict[str, Any]], wanted: Optional[dict[str, Any]], steps: Plan) -> dict[str, str]:
    """A diff in which secrets are masked, and one that changes is seen to."""

    def shown(side: Optional[dict[str, Any]], secret_state: str) -> str:
        if side is None:
            return ""
        marked = {"secureJsonData": f"{_MASKED} ({secret_state})"} if "secureJsonData" in steps.differing else {}
        return json.dumps({**side, **marked}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    before = comparable(served, wanted or dict(served)) if served else None
    return {"before": shown(before, "before"), "after": shown(wanted, "after")}


class DataSource:
    """Looks, decides and acts."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.parameters = module.params
        self.uid: str = module.params["uid"]
        self.grafana = Grafana(http_client(module))

    def run(self) -> dict[str, Any]:
        if not _UID.fullmatch(self.uid):
            raise NotPossible("its uid needs 1 to 40 letters, digits or '_'")
        served = self.grafana.data_source(self.uid)
        if self.parameters["state"] == "absent":
            return self._absent(served)
        wanted = wanted_of(self.parameters, served)
        steps = plan(served, wanted, self.parameters)
        if served is None or "name" in steps.differing:
            self._check_name(wanted["name"])
        if steps.action != "unchanged" and not self.module.check_mode:
            self.grafana.save_data_source(body_of(wanted, served, steps, self.parameters), served is None)
        result: dict[str, Any] = {
            "changed": steps.action != "unchanged",
            "action": steps.action,
            "differing": list(steps.differing),
            "health": "unchecked",
        }
        if self.module._diff and steps.action != "unchanged":
            result["diff"] = difference(served, wanted, steps)
        # In check mode there is nothing to ask before it is there as it should be.
        if self.parameters["check_health"] and not (self.module.check_mode and result["changed"]):
            result["health"] = self._health()
        return result

    def _absent(self, served: Optional[dict[str, Any]]) -> dict[str, Any]:
        steps = Plan("delete" if served else "unchanged")
        if served and served.get("readOnly"):
            raise NotPossible("Grafana provisions it from a file: take it out there (llmmon_grafana_data_sources)")
        if served and not self.module.check_mode:
            self.grafana.delete_data_source(self.uid)
        result = {"changed": bool(served), "action": steps.action, "differing": [], "health": "unchecked"}
        if self.module._diff and served:
            result["diff"] = difference({key: served.get(key) for key in ("uid", "name", "type", "url")}, None, steps)
        return result

    def _check_name(self, name: str) -> None:
        there = self.grafana.data_source_named(name)
        if there and there.get("uid") != self.uid:
            raise NotPossible(
                f"its name {name!r} is taken by the data source with the uid {there.get('uid')}: take that uid, or"
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
            raise NotPossible(
                f"it does not answer through Grafana: {error}; check data_source_url, an address as Grafana sees it,"
                " and the credentials for it"
            ) from error
        if not isinstance(answer, dict) or str(answer.get("status")).lower() not in ("ok", "success"):
            raise NotPossible(f"it does not answer as it should: {str(answer)[:200]}")
        return "ok"


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
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
        },
        required_one_of=[GRAFANA_CREDENTIALS],
        mutually_exclusive=[GRAFANA_CREDENTIALS],
        required_if=[("state", "present", ("name", "data_source_url"))],
        supports_check_mode=True,
    )
    try:
        result = DataSource(module).run()
    except (NotPossible, HttpError) as error:
        module.fail_json(msg=f"the data source {module.params['uid']} could not be put right: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
