"""What the modules say of themselves is what they take."""

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
ONLY_FOR_THE_ACTION = {"config_tree": {"src", "extra_files", "secrets"}}
ONLY_FROM_THE_ACTION = {"config_tree": {"files", "secrets"}}


@cache
def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"ansible_collections.llmmon.stack.plugins.modules.{name}")


def documentation(name: str) -> dict[str, Any]:
    """DOCUMENTATION with the options of its fragments."""
    found: dict[str, Any] = yaml.safe_load(module_of(name).DOCUMENTATION)
    fragments = found.get("extends_documentation_fragment", [])
    for fragment in [fragments] if isinstance(fragments, str) else fragments:
        path = f"ansible_collections.llmmon.stack.plugins.doc_fragments.{fragment.rpartition('.')[2]}"
        shared = yaml.safe_load(importlib.import_module(path).ModuleDocFragment.DOCUMENTATION)
        found.setdefault("options", {}).update(shared.get("options", {}))
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


def differences(documented: dict[str, Any], spec: dict[str, Any], prefix: str = "") -> list[str]:
    """Where options and argument specification do not say the same."""
    found = [f"{prefix}{name} is only documented" for name in documented.keys() - spec.keys()]
    found += [f"{prefix}{name} is not documented" for name in spec.keys() - documented.keys()]
    for name in documented.keys() & spec.keys():
        said, taken = documented[name], spec[name]
        if not said.get("description"):
            found.append(f"{prefix}{name} has no description")
        for key, default in (("type", "str"), ("required", False), ("default", None), ("elements", None)):
            if said.get(key, default) != taken.get(key, default):
                found.append(f"{prefix}{name}.{key}: {said.get(key)!r} is documented, {taken.get(key)!r} is taken")
        if sorted(said.get("choices") or []) != sorted(taken.get("choices") or []):
            found.append(f"{prefix}{name}.choices")
        found += differences(said.get("suboptions") or {}, taken.get("options") or {}, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_documented_options_are_the_ones_taken(name: str, arguments: Any) -> None:
    documented, spec = documentation(name)["options"], arguments(name)["argument_spec"]
    shared_documented = {k: v for k, v in documented.items() if k not in ONLY_FOR_THE_ACTION.get(name, ())}
    shared_spec = {k: v for k, v in spec.items() if k not in ONLY_FROM_THE_ACTION.get(name, ())}
    assert differences(shared_documented, shared_spec) == []


def test_the_action_takes_what_its_module_documents() -> None:
    assert set(documentation("config_tree")["options"]) == config_tree_action.ActionModule._VALID_ARGS


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_does_in_check_mode(name: str, arguments: Any) -> None:
    found = documentation(name)
    assert found["module"] == name
    assert {"check_mode", "diff_mode", "idempotent"} <= found["attributes"].keys()
    assert all(attribute["support"] in {"full", "partial", "none"} for attribute in found["attributes"].values())
    assert arguments(name).get("supports_check_mode", False) == (found["attributes"]["check_mode"]["support"] != "none")
    assert found["short_description"]
    assert found["author"]
    assert found["version_added"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_shows_differences_says_so(name: str) -> None:
    shows = "_diff" in (PLUGINS / "modules" / f"{name}.py").read_text() or name == "host_directories"
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
        options.update({option: [] for option in ONLY_FROM_THE_ACTION.get(name, ())})
        checks = {key: given.get(key) for key in ("required_one_of", "mutually_exclusive", "required_if")}
        assert ArgumentSpecValidator(spec, **checks).validate(options).error_messages == []
        assert task["name"][0].isupper()


@pytest.mark.parametrize("name", MODULES)
def test_return_values_have_types_and_reasons(name: str) -> None:
    def check(values: dict[str, Any]) -> None:
        for key, value in values.items():
            assert value["description"], key
            assert value["type"] in {"str", "int", "float", "bool", "list", "dict"}, key
            assert ("elements" in value) == (value["type"] == "list"), key
            check(value.get("contains", {}))

    values = yaml.safe_load(module_of(name).RETURN)
    assert all(value["returned"] for value in values.values())
    check(values)


# -- filters


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


# -- the Python of the hosts

# Names and uses that Python 3.9 does not know, of those that are easily written here, where a newer one runs.
NEWER_NAMES = {
    "UTC",
    "pairwise",
    "hardlink_to",
    "TypeAlias",
    "ParamSpec",
    "ExceptionGroup",
    "StrEnum",
    "tomllib",
    "Self",
}


def newer_than_python_3_9(source: str) -> list[str]:
    """What a host's Python would stumble over, as far as reading can tell."""
    tree = ast.parse(source, feature_version=(3, 9))
    found = []
    imports_annotations = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.names[0].name == "annotations"
        for node in tree.body
    )
    if not imports_annotations:
        found.append("annotations are evaluated")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in NEWER_NAMES:
            found.append(f"line {node.lineno}: {node.attr}")
        ours = isinstance(node, ast.ImportFrom) and str(node.module).startswith("ansible_collections.")
        if isinstance(node, ast.ImportFrom) and not ours and NEWER_NAMES & {name.name for name in node.names}:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "parents"
            and isinstance(node.slice, ast.Slice | ast.UnaryOp)
        ):
            found.append(f"line {node.lineno}: parents cannot be sliced or counted from the end")
        if isinstance(node, ast.Call) and {"strict", "kw_only", "slots"} & {word.arg for word in node.keywords}:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", ON_THE_HOST, ids=lambda path: path.stem)
def test_what_runs_on_hosts_is_python_3_9(path: Path) -> None:
    assert newer_than_python_3_9(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "import datetime; datetime.datetime.now(datetime.UTC)",
        "from datetime import UTC",
        "from pathlib import Path; Path('a').parents[:-1]",
        "zip([], [], strict=True)",
    ],
)
def test_what_is_newer_is_found(line: str) -> None:
    assert len(newer_than_python_3_9(f"from __future__ import annotations\n{line}")) == 1


def test_newer_syntax_is_found() -> None:
    with pytest.raises(SyntaxError):
        newer_than_python_3_9("match 1:\n  case 1: pass")
    assert newer_than_python_3_9("x: int | None = 1") == ["annotations are evaluated"]
