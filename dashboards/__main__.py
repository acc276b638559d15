"""Writes every dashboard to the grafana role, in each language."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from dashboards import cost, engines, frame, hosts, operations, overview, stack
from dashboards.translating import Language, codes, translated

_FILES = Path(__file__).resolve().parents[1] / "roles" / "grafana" / "files"
FOLDER = _FILES / "dashboards"
DASHBOARDS = (overview, operations, cost, engines, hosts, stack)

# What the SDK writes for every variable and panel although nobody set it; Grafana drops it again.
UNSET_OF_VARIABLES = ("auto", "auto_count", "auto_min", "id")
UNSET_OF_PANELS = ("repeatDirection",)
# As Grafana numbers it.
HIDDEN = models.VariableHide.HIDE_VARIABLE.value


def documents(language: Language | None = None) -> dict[str, str]:
    """File name to content, of all dashboards; in English, if no language is named."""
    boards = [_plain(dashboard.build()) for dashboard in DASHBOARDS]
    if language:
        boards = [translated(board, language) for board in boards]
    return {
        f"{board['uid']}.json": json.dumps(board, indent=2, sort_keys=True, ensure_ascii=not language) + "\n"
        for board in boards
    }


def folder_of(code: str) -> Path:
    """Where the dashboards of a language lie."""
    return _FILES / "languages" / code


def _plain(board: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(board, cls=JSONEncoder))
    for variable in plain["templating"]["list"]:
        for key in UNSET_OF_VARIABLES:
            variable.pop(key, None)
        if variable.get("hide") == HIDDEN:
            # What nobody chooses, no link has to say either; the other board finds out by itself.
            variable["skipUrlSync"] = True
    for panel in [*plain["panels"], *(inner for row in plain["panels"] for inner in row.get("panels", ()))]:
        for key in UNSET_OF_PANELS:
            panel.pop(key, None)
    for annotation in plain["annotations"]["list"]:
        # What Grafana's Prometheus reads and the SDK does not know.
        annotation |= frame.ANNOTATION_TEXTS[annotation["name"]]
    return plain


def main() -> int:
    _write(FOLDER, documents())
    for code in codes():
        language = Language.of(code)
        _write(folder_of(code), documents(language))
        for text in dict.fromkeys(language.missing):
            print(f"dashboards/languages/{code}.yml has no translation of: {text}", file=sys.stderr)
    return 0


def _write(folder: Path, wanted: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.json")) - {folder / name for name in wanted}:
        stale.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
