"""House rules for what modules say of themselves, beside what `ansible-test sanity` checks (tests/published)."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.llmmon.stack.plugins.action import config_tree as config_tree_action

from tests.conftest import REPOSITORY

PLUGINS = REPOSITORY / "collections" / "llmmon" / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
ON_THE_HOST = sorted([*(PLUGINS / "modules").glob("*.py"), *(PLUGINS / "module_utils").rglob("[!_]*.py")])

# The action of the same name takes these and gives the module what it made of them.
ONLY_FOR_THE_ACTION = {"config_tree": {"src", "extra_files", "secrets", "once", "only_describe"}}
ONLY_FROM_THE_ACTION = {"config_tree": {"files", "secrets", "asked"}}


@cache
def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"ansible_collections.llmmon.stack.plugins.modules.{name}")


def documentation(name: str) -> dict[str, Any]:
    """DOCUMENTATION as it stands in the module, without its fragments."""
    found: dict[str, Any] = yaml.safe_load(module_of(name).DOCUMENTATION)
    return found


class Seen(Exception):
    """The module has said what it takes."""


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a module gives AnsibleModule, by the module's name."""
    given: dict[str, Any] = {}

    def catch(_: basic.AnsibleModule, **options: Any) -> None:
        given.update(options)
        raise Seen

    monkeypatch.setattr(basic.AnsibleModule, "__init__", catch)

    def look(name: str) -> dict[str, Any]:
        with pytest.raises(Seen):
            module_of(name).main()
        return given

    return look


# -- config_tree, whose action and module take different options, so that the field's checker has to look away


def test_the_action_takes_what_its_module_documents() -> None:
    assert set(documentation("config_tree")["options"]) == config_tree_action.ActionModule._VALID_ARGS


def test_the_module_takes_the_documented_options_that_the_action_hands_on(arguments: Any) -> None:
    documented, spec = documentation("config_tree")["options"], arguments("config_tree")["argument_spec"]
    handed_on = documented.keys() - ONLY_FOR_THE_ACTION["config_tree"]
    assert handed_on == spec.keys() - ONLY_FROM_THE_ACTION["config_tree"]
    for name in handed_on:
        for key, otherwise in (("type", "str"), ("required", False), ("default", None), ("elements", None)):
            assert documented[name].get(key, otherwise) == spec[name].get(key, otherwise), (name, key)
        assert documented[name].get("suboptions", {}).keys() == spec[name].get("options", {}).keys(), name


# -- all modules


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_how_it_supports_check_mode_differences_and_second_runs(name: str) -> None:
    assert {"check_mode", "diff_mode", "idempotent"} <= documentation(name)["attributes"].keys()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_shows_differences_says_so(name: str) -> None:
    action = PLUGINS / "action" / f"{name}.py"
    texts = [path.read_text() for path in (PLUGINS / "modules" / f"{name}.py", action) if path.exists()]
    shows = any("_diff" in text or "_task.diff" in text for text in texts) or name == "host_directories"
    assert (documentation(name)["attributes"]["diff_mode"]["support"] == "full") == shows


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_tasks_that_the_module_takes(name: str, arguments: Any) -> None:
    tasks = yaml.safe_load(module_of(name).EXAMPLES)
    assert tasks
    given = arguments(name)
    spec = given["argument_spec"]
    for task in tasks:
        options = task[f"llmmon.stack.{name}"]
        for option in ONLY_FOR_THE_ACTION.get(name, ()):
            options.pop(option, None)
        options.update({option: [] for option in ONLY_FROM_THE_ACTION.get(name, set()) - {"asked"}})
        checks = {key: given.get(key) for key in ("required_one_of", "mutually_exclusive", "required_if")}
        assert ArgumentSpecValidator(spec, **checks).validate(options).error_messages == []
        assert task["name"][0].isupper()


@pytest.mark.parametrize("name", MODULES)
def test_lists_among_return_values_say_what_they_hold(name: str) -> None:
    def check(values: dict[str, Any]) -> None:
        for key, value in values.items():
            assert ("elements" in value) == (value["type"] == "list"), key
            check(value.get("contains", {}))

    check(yaml.safe_load(module_of(name).RETURN))


# -- filters


@pytest.mark.parametrize("name", MODULES)
def test_a_playbook_can_read_every_return_value_by_its_name(name: str) -> None:
    """After a dot Jinja finds what a dictionary itself is able to do first, such as ``copy``."""
    assert set(yaml.safe_load(module_of(name).RETURN)) & set(dir(dict)) == set()


def test_filters_go_by_the_names_of_their_functions_and_roles_find_them() -> None:
    given: dict[str, Any] = {}
    for path in (PLUGINS / "filter").glob("*.py"):
        plugin = importlib.import_module(f"ansible_collections.llmmon.stack.plugins.filter.{path.stem}")
        given.update(plugin.FilterModule().filters())
    assert all(function.__name__ == name for name, function in given.items())
    used = {
        name
        for folder in ("roles", "playbooks")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and path.suffix in {".yml", ".j2"}
        for name in re.findall(r"\|\s*llmmon\.stack\.(\w+)", path.read_text())
    }
    assert used
    assert used <= given.keys()


# -- the Python of the hosts, where vermin sees nothing


def parents_from_the_end(source: str) -> list[int]:
    """Lines that slice `Path.parents` or count from its end, which Python 3.9 cannot."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "parents"
        and isinstance(node.slice, ast.Slice | ast.UnaryOp)
    ]


@pytest.mark.parametrize("path", ON_THE_HOST, ids=lambda path: path.stem)
def test_what_runs_on_hosts_takes_parents_as_python_3_9_gives_them(path: Path) -> None:
    assert parents_from_the_end(path.read_text()) == []


@pytest.mark.parametrize("line", ["Path('a').parents[:-1]", "Path('a').parents[-1]"])
def test_parents_from_the_end_are_found(line: str) -> None:
    assert parents_from_the_end(line) == [1]
