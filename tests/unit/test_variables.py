"""The roles' specifications are the one source of truth: defaults and the documentation say the same."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import generate

REPOSITORY = Path(__file__).resolve().parents[2]


def defaults(role: str) -> dict[str, Any]:
    """The defaults that lie in a role."""
    found: dict[str, Any] = {}
    for path in sorted((REPOSITORY / "roles" / role / "defaults").rglob("*.yml")):
        found |= yaml.safe_load(path.read_text())
    return found


def test_every_role_is_documented() -> None:
    assert sorted(generate.ROLES) == sorted(path.name for path in (REPOSITORY / "roles").iterdir())


def test_defaults_and_specifications_are_equal() -> None:
    """Of all roles together: what several read has its default in the role common, and its owner specifies it."""
    actual = {name: value for role in generate.ROLES for name, value in defaults(role).items()}
    specified = {
        name: option["default"]
        for role in generate.ROLES
        for name, option in generate.options(role).items()
        if "default" in option
    }
    assert sorted(actual) == sorted(specified)
    differing = {name: (actual[name], specified[name]) for name in actual if actual[name] != specified[name]}
    assert differing == {}


@pytest.mark.parametrize("role", [role for role in generate.ROLES if role != "common"])
def test_a_role_specifies_the_defaults_that_lie_in_it(role: str) -> None:
    assert set(defaults(role)) <= set(generate.options(role))


def test_an_option_is_specified_once() -> None:
    """But for the confirmation, which two operations ask for."""
    names = Counter(name for role in generate.ROLES for name in generate.options(role))
    assert [name for name, count in names.items() if count > 1] == ["__llmmon_revalidate", "llmmon_confirm"]


def test_an_option_without_a_default_is_required_or_a_result() -> None:
    """Templates read options as they are; only results of steps that were left out may be missing."""
    missing = [
        name
        for role in generate.ROLES
        for name, option in generate.public(role).items()
        if "default" not in option and not option.get("required")
    ]
    assert missing == []


@pytest.mark.parametrize("role", generate.ROLES)
def test_every_option_says_what_it_means(role: str) -> None:
    def check(options: dict[str, Any], path: str) -> None:
        for name, option in options.items():
            assert option.get("description"), f"{path}.{name} has no description"
            assert option.get("type"), f"{path}.{name} has no type"
            assert name.startswith(("llmmon_", "__llmmon_")) or path != role, f"{name} lacks the prefix"
            check(option.get("options", {}), f"{path}.{name}")

    check(generate.options(role), role)


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

    assert [path for role in generate.ROLES for path in unmarked(generate.options(role), "")] == []


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


_FOLDERS = ("defaults", "vars", "tasks", "handlers", "templates")
_INTERNAL = re.compile(r"\b__llmmon_\w+")
_MADE = re.compile(r"^\s*(?:register|loop_var): (__llmmon_\w+)$|^\s*(__llmmon_\w+):(?:\s|$)", re.MULTILINE)


def texts(role: str, *folders: str) -> str:
    """All YAML and templates of some folders of a role."""
    paths = (path for folder in folders for path in sorted((REPOSITORY / "roles" / role / folder).rglob("*")))
    return "\n".join(path.read_text() for path in paths if path.suffix in (".yml", ".j2"))


def made(role: str) -> set[str]:
    """Internal variables that a role gives a value: its own, results of its tasks, and what it passes on."""
    return {first or second for first, second in _MADE.findall(texts(role, "defaults", "vars", "tasks", "handlers"))}


@pytest.mark.parametrize("role", generate.ROLES)
def test_internal_variables_of_other_roles_are_specified(role: str) -> None:
    """A role reads what it makes, what all share, and what its argument specification says that it is given."""
    read = set(_INTERNAL.findall(texts(role, *_FOLDERS)))
    assert sorted(read - made(role) - made("common") - set(generate.options(role))) == []


@pytest.mark.parametrize("role", generate.ROLES)
def test_settings_of_other_roles_have_their_default_in_the_common_role(role: str) -> None:
    """Each role works by itself, with the role common before it."""
    read = set(re.findall(r"(?<![\w.])llmmon_[a-z_]+\b", texts(role, *_FOLDERS)))
    settings = {name: option for owner in generate.ROLES for name, option in generate.public(owner).items()}
    with_default = {name for name, option in settings.items() if not option.get("required")}
    assert sorted((read & with_default) - set(defaults(role)) - set(defaults("common"))) == []
