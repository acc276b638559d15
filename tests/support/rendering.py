"""Renders the roles' own templates with their own defaults, the way a deployment does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering import tree

REPOSITORY = Path(__file__).resolve().parents[2]
ROLE = REPOSITORY / "roles" / "prometheus"
PRESETS = ROLE / "vars" / "presets"

# Ansible's templating is not made for threads.
_one_at_a_time = Lock()

# Two kinds, one of them twice, and one name that needs escaping. tests/rules/fixtures/ has gateways of every kind.
GATEWAYS: list[dict[str, Any]] = [
    {"name": "llm-auth-proxy", "targets": ["a:8000", "b:8000"]},
    {"name": "proxy.eu", "kind": "canonical", "targets": ["c:8000"]},
    {"name": "litellm", "kind": "litellm", "targets": ["d:4000"]},
]


def load(path: Path) -> dict[str, Any]:
    """Read a variables file as Ansible does: its strings are templates."""
    content = DataLoader().load_from_file(str(path), cache="none", trusted_as_template=True)
    return dict(content or {})


@cache
def presets() -> dict[str, dict[str, Any]]:
    return {path.stem: load(path) for path in sorted(PRESETS.glob("*.yml"))}


@cache
def role_variables(role: Path = ROLE) -> dict[str, Any]:
    """Defaults and variables of a role, and of the role common that it depends on."""
    # Which every playbook has.
    variables: dict[str, Any] = {"playbook_dir": str(REPOSITORY)}
    for folder in ("defaults", "vars"):
        for owner in (role.parent / "common", role):
            for path in sorted([*(owner / folder).glob("main.yml"), *(owner / folder / "main").glob("*.yml")]):
                variables |= load(path)
    return variables


def render_tree(role: Path = ROLE, folder: str = "", **extra: Any) -> dict[str, str]:
    """Everything the role ships for its service, or a folder of it, as config_tree renders it: path to content."""
    variables = role_variables(role) | {"llmmon_gateways": GATEWAYS, "role_path": str(role)} | extra
    with _one_at_a_time:
        templar = Templar(loader=DataLoader(), variables=variables)
        return tree.render_tree(templar, role / "templates" / role.name / folder, variables)


def value_of(name: str, variables: dict[str, Any]) -> Any:
    """What a variable is in the end."""
    with _one_at_a_time:
        return Templar(loader=DataLoader(), variables=variables).template(variables[name])


def render_rules(**extra: Any) -> dict[str, str]:
    """File name to content, of every rule file that is wanted with these variables."""
    return render_tree(folder="rules", **extra)
