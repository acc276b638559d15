"""The roles' specifications are the one source of truth: defaults and the documentation say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import generate

REPOSITORY = Path(__file__).resolve().parents[2]


def defaults(role: str) -> dict[str, Any]:
    """A role's own defaults; what the service roles share is specified by the engine role."""
    found: dict[str, Any] = {}
    for path in sorted((REPOSITORY / "roles" / role / "defaults" / "main").glob("*.yml")):
        if role == "engine" or not path.is_symlink():
            found |= yaml.safe_load(path.read_text())
    return found


@pytest.mark.parametrize("role", generate.ROLES)
def test_defaults_and_specification_are_equal(role: str) -> None:
    options = generate.specification(role)["options"]
    specified = {name: option["default"] for name, option in options.items() if not option.get("required")}
    actual = defaults(role)
    assert sorted(actual) == sorted(specified)
    differing = {
        name: (actual[name], specified[name])
        for name in actual
        # llmmon_receivers is put together from the guide's two names.
        if actual[name] != specified[name] and name != "llmmon_receivers"
    }
    assert differing == {}


@pytest.mark.parametrize("role", generate.ROLES)
def test_every_option_says_what_it_means(role: str) -> None:
    def check(options: dict[str, Any], path: str) -> None:
        for name, option in options.items():
            assert option.get("description"), f"{path}.{name} has no description"
            assert option.get("type"), f"{path}.{name} has no type"
            assert name.startswith("llmmon_") or path != role, f"{name} lacks the prefix"
            check(option.get("options", {}), f"{path}.{name}")

    check(generate.specification(role)["options"], role)


def test_secrets_are_marked_in_the_specifications() -> None:
    """A value that fails validation is shown, unless it is marked."""

    def unmarked(options: dict[str, Any], path: str) -> list[str]:
        found = []
        for name, option in options.items():
            secret = name.endswith(("token", "password", "webhook_url", "secret_key"))
            if secret and not option.get("no_log"):
                found.append(f"{path}{name}")
            found += unmarked(option.get("options", {}), f"{path}{name}.")
        return found

    assert [path for role in generate.ROLES for path in unmarked(generate.specification(role)["options"], "")] == []


def test_the_documentation_of_the_variables_is_current() -> None:
    assert generate.TARGET.read_text() == generate.document(), "run 'make docs'"


@pytest.mark.parametrize("role", generate.ROLES)
def test_tasks_start_with_a_verb_and_hold_no_jinja(role: str) -> None:
    """Task names are sentences for people; a template in one is not rendered in check mode's output."""
    for path in (REPOSITORY / "roles" / role / "tasks").glob("*.yml"):
        for task in yaml.safe_load(path.read_text()):
            assert "{{" not in task["name"], path
            assert task["name"][0].isupper(), path


def test_the_service_roles_share_their_steps() -> None:
    """Whoever knows one service role knows all of them."""
    steps = {}
    for role in ("prometheus", "alertmanager", "grafana"):
        tasks = yaml.safe_load((REPOSITORY / "roles" / role / "tasks" / "main.yml").read_text())
        steps[role] = [task["name"] for task in tasks]
    assert steps["prometheus"] == steps["alertmanager"]
    assert [name for name in steps["grafana"] if name != "Converge the API state"] == steps["prometheus"]
