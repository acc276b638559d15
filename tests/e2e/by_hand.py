"""What people make by hand on a deployed stack, and expect to find again: silences and dashboards."""

from __future__ import annotations

import json
from typing import Any

from tests.support.stack import SECRETS, Stack

ADMIN = f"admin:{SECRETS['GRAFANA_ADMIN_PASSWORD']}"
DASHBOARD = {"uid": "by-hand", "title": "Made by hand", "panels": [], "schemaVersion": 37}


def silence(stack: Stack, comment: str) -> str:
    """Make a silence of a day which matches no alert; its ID."""
    now = stack.on_host("date -u +%Y-%m-%dT%H:%M:%SZ")
    later = stack.on_host("date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ")
    matchers = [{"name": "alertname", "value": "nothing", "isRegex": False, "isEqual": True}]
    body = {"matchers": matchers, "startsAt": now, "endsAt": later, "createdBy": "e2e", "comment": comment}
    answer = stack.on_host(
        "curl -sSf -X POST -H 'Content-Type: application/json' http://127.0.0.1:9093/api/v2/silences"
        f" --data '{json.dumps(body)}'"
    )
    return str(json.loads(answer)["silenceID"])


def grafana(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    """What Grafana's API answers to the admin, as parsed JSON; any status that is not 2xx fails."""
    data = f"-H 'Content-Type: application/json' --data '{json.dumps(body)}'" if body is not None else ""
    answer = stack.on_host(f"curl -sSf -u '{ADMIN}' -X {method} {data} 'http://127.0.0.1:3000{path}'")
    return json.loads(answer)
