# SPDX-License-Identifier: Apache-2.0
"""Who saved a dashboard last, as Grafana's list of versions tells."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import Edit, edit_of
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.refusals import ends_all


def saved_version(grafana: GrafanaApi, uid: str, number: Any) -> Optional[Edit]:
    """Who saved a version, None when that cannot be told."""
    if not isinstance(number, int):
        return None
    try:
        return edit_of(grafana.version(uid, number))
    except HttpError as error:
        if ends_all(error) and error.status != 403:
            raise
        return None
