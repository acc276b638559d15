"""Write docs/variables.md from the roles' specifications, and the pages that tests write: `python -m docs.generate`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs import grafana_versions, vmalert

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "docs" / "variables.md"
# In the order in which a reader meets them.
ROLES = (
    *("common", "engine", "container", "prometheus", "alertmanager", "thanos", "grafana", "docs", "canary"),
    *("verify", "fire_drill", "calibrate", "status", "backup", "restore", "upgrade", "uninstall"),
)
PREFIX = "llmmon_"

INTRODUCTION = """\
# Variables

Written by `make docs` from `roles/*/meta/argument_specs.yml`; change it there.
Set them in `group_vars/llmmon/` of your inventory. Every playbook and every role checks them before it touches a host:
a name that starts with `llmmon_` and is not listed here is refused, and so is a value of another type
or form, such as a duration without a unit.
"""


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    """The entry points of a role's argument_specs, by name."""
    path = REPOSITORY / "roles" / role / "meta" / "argument_specs.yml"
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    return found


def options(role: str) -> dict[str, Any]:
    """The options of all entry points of a role, by name."""
    return {name: option for entry in entry_points(role).values() for name, option in entry["options"].items()}


def public(role: str) -> dict[str, Any]:
    """The options that a user sets."""
    return {name: option for name, option in options(role).items() if name.startswith(PREFIX)}


def sentences(description: str | list[str]) -> str:
    """A description as one paragraph of Markdown, without Ansible's own markup."""
    text = " ".join([description] if isinstance(description, str) else description)
    for mark in ("C(", "V(", "O(", "M("):
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
    # In a table an upright line ends the cell, within code as well.
    return "`" + (shown.removesuffix("\n...") or '""').replace("|", "\\|") + "`"


def rows(listed: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in listed.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if "choices" in option else ""
        yield f"| `{prefix}{name}` | {kind} | {default(option)} | {sentences(option['description'])}{choices} |"
        nested = prefix + name + ("[]." if option.get("elements") == "dict" else ".")
        yield from rows(option.get("options", {}), nested)


def section(role: str) -> str:
    """What a role is, and its options."""
    described = sentences(next(iter(entry_points(role).values()))["description"])
    table = "\n".join(rows(public(role)))
    if not table:
        return f"\n## {role}\n\n{described} It has no variables of its own.\n"
    return f"\n## {role}\n\n{described}\n\n| variable | type | default | meaning |\n|---|---|---|---|\n{table}\n"


def document() -> str:
    return INTRODUCTION + "".join(section(role) for role in ROLES)


if __name__ == "__main__":
    for target, text in (
        (TARGET, document()),
        (grafana_versions.TARGET, grafana_versions.document()),
        (vmalert.TARGET, vmalert.page()),
    ):
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.relative_to(REPOSITORY)}", file=sys.stderr)
