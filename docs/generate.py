"""Write docs/variables.md from the roles' specifications: `python -m docs.generate`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "docs" / "variables.md"
ROLES = ("engine", "prometheus", "alertmanager", "grafana")

INTRODUCTION = """\
# Variables

Written by `make docs` from `roles/*/meta/argument_specs.yml`; change it there.
Set them in `group_vars/llmmon/` of your inventory. Every play checks them before it touches a host.
"""


def specification(role: str) -> dict[str, Any]:
    """The main entry point of a role's argument_specs."""
    path = REPOSITORY / "roles" / role / "meta" / "argument_specs.yml"
    main: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]
    return main


def sentences(description: str | list[str]) -> str:
    """A description as one paragraph of Markdown, without Ansible's own markup."""
    text = " ".join([description] if isinstance(description, str) else description)
    for mark in ("C(", "V(", "O("):
        while mark in text:
            before, rest = text.split(mark, 1)
            inside, after = rest.split(")", 1)
            text = f"{before}`{inside}`{after}"
    return text.replace("|", "\\|")


def default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    value = option.get("default")
    if value is None:
        return ""
    shown = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
    return "`" + (shown.removesuffix("\n...") or '""') + "`"


def rows(options: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if "choices" in option else ""
        yield f"| `{prefix}{name}` | {kind} | {default(option)} | {sentences(option['description'])}{choices} |"
        nested = prefix + name + ("[]." if option.get("elements") == "dict" else ".")
        yield from rows(option.get("options", {}), nested)


def document() -> str:
    parts = [INTRODUCTION]
    for role in ROLES:
        main = specification(role)
        parts.append(f"\n## {role}\n\n{sentences(main['description'])}\n\n")
        parts.append("| variable | type | default | meaning |\n|---|---|---|---|\n")
        parts.append("\n".join(rows(main["options"])) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(REPOSITORY)}", file=sys.stderr)
