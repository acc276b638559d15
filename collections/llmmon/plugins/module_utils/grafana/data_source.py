# SPDX-License-Identifier: Apache-2.0
"""A data source of Grafana: what differs, whether its secrets have to be sent again, and what is sent. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
import secrets
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN, StackError
from ansible_collections.llmmon.stack.plugins.module_utils.json_values import readable, same

# Without a hyphen: the proxy of Grafana 9.4 stops at one.
UID = re.compile(r"[A-Za-z0-9_]{1,40}")
_KEPT = "llmmonSecrets"


class BadDataSource(StackError):
    """The data source cannot be what is asked for; the message says why."""


@dataclasses.dataclass(frozen=True)
class DataSourcePlan:
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


def wanted_data_source(parameters: dict[str, Any], served: Optional[dict[str, Any]]) -> dict[str, Any]:
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


def plan_data_source(
    served: Optional[dict[str, Any]], wanted: dict[str, Any], parameters: dict[str, Any]
) -> DataSourcePlan:
    """Compare a data source with the answer to ``GET /api/datasources/uid/:uid``."""
    if served is None:
        return DataSourcePlan("create")
    if served.get("readOnly"):
        raise BadDataSource(
            "Grafana provisions it from a file: change it there (llmmon_grafana_data_sources), or use another uid"
        )
    found = comparable(served, wanted)
    differing = [key for key in wanted if not same(found[key], wanted[key])]
    if secrets_differ(served, parameters["secure_json_data"] or {}, parameters["secrets_version"]):
        differing.append("secureJsonData")
    return DataSourcePlan("update" if differing else "unchanged", tuple(differing))


def body_to_save(
    wanted: dict[str, Any], served: Optional[dict[str, Any]], steps: DataSourcePlan, parameters: dict[str, Any]
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


def data_source_difference(
    served: Optional[dict[str, Any]], wanted: Optional[dict[str, Any]], steps: DataSourcePlan
) -> dict[str, str]:
    """A diff with masked secrets that still shows that one changes; ``wanted`` is None for one that is deleted."""

    def shown(side: Optional[dict[str, Any]], secret_state: str) -> str:
        if side is None:
            return ""
        marked = {"secureJsonData": f"{HIDDEN} ({secret_state})"} if "secureJsonData" in steps.differing else {}
        return readable({**side, **marked})

    before = comparable(served, wanted) if served and wanted else served
    return {"before": shown(before, "before"), "after": shown(wanted, "after")}
