# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_grafana_data_sources; Grafana does not start on some of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.grafana.data_source import UID
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionaries, repeated, shown

_VARIABLE = "llmmon_grafana_data_sources"


def data_source_problems(
    data_sources: list[dict[str, Any]], own_uid: str, own_is_default: bool, own_name: str = "Prometheus"
) -> list[str]:
    """What is wrong with llmmon_grafana_data_sources.

    ``own_uid``, ``own_is_default`` and ``own_name`` are those of llmmon's own data source.
    """
    usable, found = dictionaries(_VARIABLE, data_sources, "[{name: Loki, uid: loki, type: loki}]")
    defaults = ["llmmon's own (llmmon_grafana_prometheus_is_default)"] if own_is_default else []
    defaults += [str(source.get("name")) for source in usable if source.get("isDefault")]
    if len(defaults) > 1:
        found.append(
            f"{_VARIABLE}: more than one data source is the default: {', '.join(defaults)};"
            " Grafana does not start with two, so set isDefault on one of them only"
        )
    for attribute in ("name", "uid"):
        given = [source[attribute] for source in usable if source.get(attribute)]
        found += [f"{_VARIABLE}: the {attribute} {value} appears twice" for value in repeated(given)]
    for source in usable:
        uid = source.get("uid")
        if source.get("name") == own_name:
            found.append(f"{_VARIABLE}: {own_name} is the name of llmmon's own data source; choose another")
        if uid is None or not UID.fullmatch(str(uid)) or uid == own_uid:
            found.append(
                f"{_VARIABLE}: {source.get('name')} needs a uid of its own, of 1 to 40 letters, digits or '_', but has"
                f" {shown(uid)}"
            )
    return found
