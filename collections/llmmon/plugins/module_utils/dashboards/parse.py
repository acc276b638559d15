# SPDX-License-Identifier: Apache-2.0
"""From the text of a file to a dashboard: what is refused and unwrapped, and how inputs are filled in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    UID,
    BadDashboard,
    Dashboard,
    DashboardOwner,
    own_model,
)

_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")
# Grafana's export of a dashboard for others lists here what the importing side has to fill in.
_FOR_THE_IMPORT = ("__inputs", "__requires", "__elements")
_SCHEMA_V2 = "{} is in Grafana's schema v2: export it again as a classic dashboard (schema v1)"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


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
        if "/v2" in content["apiVersion"]:
            raise BadDashboard(_SCHEMA_V2.format(file))
        model = {"uid": (content.get("metadata") or {}).get("name"), **content["spec"]}
    elif isinstance(content.get("dashboard"), dict) and "panels" not in content:
        model = content["dashboard"]
    else:
        model = content
    # What Grafana 13.0.2 calls a classic export is the bare spec of that schema.
    if "panels" not in model and ("elements" in model or "layout" in model):
        raise BadDashboard(_SCHEMA_V2.format(file))
    return model


def _names(items: Any) -> set[str]:
    return {item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}


def _placeholders(value: Any) -> set[str]:
    names: set[str] = set()
    # A call for each of its thousands of values would take longer than all else that is done with a dashboard.
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "${" in one:
                names.update(_PLACEHOLDER.findall(one))
        elif isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return names


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
        raise BadDashboard(f"{file} holds library panels, which only Grafana's own import creates: unlink them first")
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
        raise BadDashboard(f"{file} has no value for its input {missing[0]}: set {missing[0]} in inputs")
    return _filled_in(model, known) if wanted & known.keys() else model


def dashboard_of(
    file: str, content: Any, owner: DashboardOwner, folder_uid: str = "", inputs: Optional[Mapping[str, str]] = None
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
