"""Writes every dashboard to the grafana role."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import cost, engines, frame, operations, overview, stack

FOLDER = Path(__file__).resolve().parents[1] / "roles" / "grafana" / "files" / "dashboards"
DASHBOARDS = (overview, operations, cost, engines, stack)

# What the SDK writes for every variable and panel although nobody set it; Grafana drops it again.
UNSET_OF_VARIABLES = ("auto", "auto_count", "auto_min", "id")
UNSET_OF_PANELS = ("repeatDirection",)


def documents() -> dict[str, str]:
    """File name to content, of all dashboards."""
    boards = [_plain(dashboard.build()) for dashboard in DASHBOARDS]
    return {f"{board['uid']}.json": json.dumps(board, indent=2, sort_keys=True) + "\n" for board in boards}


def _plain(board: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(board, cls=JSONEncoder))
    for variable in plain["templating"]["list"]:
        for key in UNSET_OF_VARIABLES:
            variable.pop(key, None)
    for panel in [*plain["panels"], *(inner for row in plain["panels"] for inner in row.get("panels", ()))]:
        for key in UNSET_OF_PANELS:
            panel.pop(key, None)
    for annotation in plain["annotations"]["list"]:
        # What Grafana's Prometheus reads and the SDK does not know.
        annotation |= frame.ANNOTATION_TEXTS[annotation["name"]]
    return plain


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for stale in set(FOLDER.glob("*.json")) - {FOLDER / name for name in wanted}:
        stale.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
