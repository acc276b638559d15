# SPDX-License-Identifier: Apache-2.0
"""Dashboards as files hold them and as Grafana serves them: what is refused, what is the same, what has to be done.

Pure functions; nothing here talks to a server.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")
_MESSAGE = re.compile(r"Pushed by llmmon \((\S+) ([0-9a-f]{16})\)")
# Grafana's export of a dashboard for others lists here what the importing side has to fill in.
_FOR_THE_IMPORT = ("__inputs", "__requires", "__elements")


class BadDashboard(StackError):
    """A set of dashboards cannot be pushed as it is; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Dashboard:
    """A dashboard as a file holds it; ``model`` is without what belongs to the server."""

    file: str
    uid: str
    title: str
    model: dict[str, Any]
    folder_uid: str = ""

    @property
    def fingerprint(self) -> str:
        """Tells two contents apart; it goes into the message of the version that Grafana keeps."""
        return hashlib.sha256(canonical(self.model).encode()).hexdigest()[:16]


@dataclasses.dataclass(frozen=True)
class Owner:
    """Who a set of dashboards belongs to, and how that shows in Grafana: by a tag, and by the message of a version."""

    name: str

    @property
    def tag(self) -> str:
        return f"managed-by-{self.name}"

    def message(self, dashboard: Dashboard) -> str:
        return f"Pushed by llmmon ({self.name} {dashboard.fingerprint})"

    def pushed(self, message: str) -> Optional[str]:
        """The fingerprint of what this owner pushed, None when the message is not this owner's."""
        match = _MESSAGE.fullmatch(message)
        return match[2] if match and match[1] == self.name else None

    def untagged(self, model: dict[str, Any]) -> dict[str, Any]:
        """A dashboard's JSON without the owner's tag, and without a list of tags that is empty."""
        tags = model.get("tags")
        if not isinstance(tags, list):
            return model
        left = [tag for tag in tags if tag != self.tag]
        return {**model, "tags": left} if left else {key: value for key, value in model.items() if key != "tags"}

    def tagged(self, model: dict[str, Any]) -> dict[str, Any]:
        tags = model.get("tags")
        return {**model, "tags": [*(tags if isinstance(tags, list) else []), self.tag]}


@dataclasses.dataclass(frozen=True)
class Edit:
    """The version that somebody else has saved since our last push."""

    version: int
    by: str
    at: str
    message: str


@dataclasses.dataclass(frozen=True)
class Step:
    """What one dashboard needs. ``version`` is the server's, sent back so that no edit in between is overwritten."""

    dashboard: Dashboard
    action: str
    version: Optional[int] = None
    before: Optional[dict[str, Any]] = None
    folder_before: str = ""
    saved_by: str = ""
    tagged: bool = True
    edit: Optional[Edit] = None


def canonical(model: Any) -> str:
    """One text for one content, whatever the order of its keys."""
    return json.dumps(model, sort_keys=True, separators=(",", ":"))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(first, second) for first, second in zip(one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def own_model(model: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's JSON without what the server sets: numbers of its own, and the folder in exports of Grafana 13."""
    return {
        key: value
        for key, value in model.items()
        if key not in {"id", "version"} and not key.startswith("grafana.app/")
    }


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def load(file: str, text: str) -> Any:
    """Decode a file's text; raises BadDashboard with the line."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadDashboard(
            f"{file} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except ValueError as error:
        raise BadDashboard(f"{file} is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BadDashboard(f"{file} is nested too deeply to be a dashboard") from error


def unwrapped(file: str, content: Any) -> dict[str, Any]:
    """The dashboard in an answer of the API, or in a resource of Grafana 12 and later; as it is, most of the time."""
    if not isinstance(content, dict):
        raise BadDashboard(f"{file} does not hold a JSON object")
    if isinstance(content.get("apiVersion"), str) and isinstance(content.get("spec"), dict):
        # Its metadata carry the folder as grafana.app/folder, which is another Grafana's.
        spec: dict[str, Any] = content["spec"]
        if "elements" in spec or "/v2" in content["apiVersion"]:
            raise BadDashboard(f"{file} is in Grafana's schema v2: export it again as a classic dashboard (schema v1)")
        return {"uid": (content.get("metadata") or {}).get("name"), **spec}
    if isinstance(content.get("dashboard"), dict) and "panels" not in content:
        dashboard: dict[str, Any] = content["dashboard"]
        return dashboard
    return content


def _names(items: Any) -> set[str]:
    return {item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}


def _placeholders(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value))
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for child in children for name in _placeholders(child)}


def _filled_in(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {key: _filled_in(child, values) for key, child in value.items()}
    return [_filled_in(child, values) for child in value] if isinstance(value, list) else value


def resolve_inputs(file: str, model: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Replace ``${DS_...}``: by the value for its name, or for a data source of its kind; the server would keep it."""
    declared = [entry for entry in model.get("__inputs") or [] if isinstance(entry, dict)]
    if model.get("__elements"):
        raise BadDashboard(f"{file} holds library panels, which only Grafana's own import makes: unlink them first")
    model = {key: value for key, value in model.items() if key not in _FOR_THE_IMPORT}
    templating = model.get("templating")
    variables = _names((templating.get("list") if isinstance(templating, dict) else None) or [])
    known = {name: value for name, value in values.items() if name not in variables}
    for entry in declared:
        name, kind = entry.get("name"), entry.get("pluginId")
        if not isinstance(name, str) or name in known:
            continue
        if entry.get("type") == "datasource" and isinstance(kind, str) and kind in values:
            known[name] = values[kind]
        elif isinstance(entry.get("value"), str) and entry.get("type") != "datasource":
            known[name] = entry["value"]
    wanted = _placeholders(model)
    missing = sorted(
        name for name in wanted - variables - known.keys() if name in _names(declared) or name.startswith("DS_")
    )
    if missing:
        raise BadDashboard(f"{file} leaves its input {missing[0]} open: give the value of {missing[0]} in inputs")
    return _filled_in(model, known) if wanted & known.keys() else model


def dashboard_of(
    file: str, content: Any, owner: Owner, folder_uid: str = "", inputs: Optional[Mapping[str, str]] = None
) -> Dashboard:
    """Check one file's content; raises BadDashboard."""
    model = resolve_inputs(file, unwrapped(file, content), inputs or {})
    uid, title = model.get("uid"), model.get("title")
    if not isinstance(title, str) or not title.strip():
        raise BadDashboard(f"{file} has no title")
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise BadDashboard(f"{file} needs a uid of 1 to 40 letters, digits, '-' or '_', but has {uid!r}")
    # The server trims titles, so a title with blanks around it would differ for ever.
    model = owner.untagged(own_model({**model, "title": title.strip()}))
    return Dashboard(file, uid, title.strip(), model, folder_uid)


def check_set(dashboards: list[Dashboard]) -> None:
    """Refuse a set in which one dashboard would replace another."""
    for attribute in ("uid", "title"):
        seen: dict[tuple[str, str], str] = {}
        for dashboard in dashboards:
            value = getattr(dashboard, attribute)
            # Within a folder Grafana holds titles for equal whatever their letter case.
            key = (value, "") if attribute == "uid" else (value.lower(), dashboard.folder_uid)
            if key in seen:
                raise BadDashboard(f"{dashboard.file} and {seen[key]} have the same {attribute} {value!r}")
            seen[key] = dashboard.file


def is_provisioned(meta: Mapping[str, Any]) -> bool:
    """Whether a dashboard comes from a file of Grafana's; where the browser may edit it, only the file's name shows."""
    return bool(meta.get("provisioned") or meta.get("provisionedExternalId"))


def plan(dashboard: Dashboard, answer: Optional[dict[str, Any]], owner: Owner) -> Step:
    """Compare a dashboard with the server's answer to ``GET /api/dashboards/uid/:uid``."""
    if answer is None:
        return Step(dashboard, "create")
    meta, served = answer["meta"], answer["dashboard"]
    if meta.get("isFolder"):
        raise BadDashboard(f"the uid {dashboard.uid} of {dashboard.file} belongs to a folder in Grafana")
    if is_provisioned(meta):
        raise BadDashboard(
            f"the dashboard {dashboard.uid} of {dashboard.file} is provisioned from a file of Grafana's"
            f" ({meta.get('provisionedExternalId') or 'unknown'}): remove it there, or give this one another uid"
        )
    before = owner.untagged(own_model(served))
    folder_before = meta.get("folderUid") or ""
    action = "unchanged"
    # Python's own comparison, which takes true for 1, is forty times as fast as a walk that does not.
    if before != dashboard.model:
        action = "update"
    elif folder_before != dashboard.folder_uid:
        action = "move"
    tagged = owner.tag in (served.get("tags") or [])
    saved_by = str(meta.get("updatedBy") or "")
    return Step(dashboard, action, served.get("version"), before, folder_before, saved_by, tagged)


def edit_of(answer: Any) -> Optional[Edit]:
    """The answer to ``GET /api/dashboards/uid/:uid/versions/:version``, None when it is something else."""
    if not isinstance(answer, dict) or "version" not in answer:
        return None
    texts = {key: str(answer.get(key) or "") for key in ("createdBy", "created", "message")}
    return Edit(int(answer["version"] or 0), texts["createdBy"], texts["created"], texts["message"])


def judge(step: Step, last: Optional[Edit], owner: Owner, keep: bool) -> Step:
    """Tell a changed file from an edit in the browser, by who saved the dashboard's last version."""
    pushed = owner.pushed(last.message) if last else None
    if pushed is None:
        if step.action == "unchanged":
            # The edit has come home to the file: from here on the dashboard is as we pushed it. Where a server keeps
            # no versions nobody can tell, and nothing is gained by saying so.
            return dataclasses.replace(step, action="acknowledge") if last else step
        edit = last or Edit(step.version or 0, step.saved_by, "", "")
        return dataclasses.replace(step, action="keep" if keep else step.action, edit=edit)
    if step.action == "update" and pushed == step.dashboard.fingerprint:
        # It is what we pushed, as this server keeps it: some releases add defaults of their own.
        moved = step.folder_before != step.dashboard.folder_uid
        return dataclasses.replace(step, action="move" if moved else "unchanged")
    return step
