"""What the filters say of themselves is what they take."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from tests.conftest import REPOSITORY

PLUGINS = "ansible_collections.llmmon.stack.plugins"
FOLDER = REPOSITORY / "collections" / "llmmon" / "plugins" / "filter"

FUNCTIONS: dict[str, Callable[..., Any]] = (
    importlib.import_module(f"{PLUGINS}.filter.all_filters").FilterModule().filters()
)
FILTERS = sorted(FUNCTIONS)


def written(name: str) -> dict[str, Any]:
    """What the file of a filter says."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return found


def documentation(name: str) -> dict[str, Any]:
    """What ansible-doc shows: what the file says, and the fragments that it shares with others."""
    path = str(FOLDER / f"{name}.yml")
    found: dict[str, Any] = get_docstring(path, fragment_loader, collection_name="llmmon.stack", plugin_type="filter")[
        0
    ]
    return found


def test_each_filter_has_a_file_that_documents_it_and_no_file_is_left_over() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yml")) == FILTERS
    # Ansible looks into each of them for any filter.
    assert [path.name for path in FOLDER.glob("*.py")] == ["all_filters.py"]


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_only_registers_what_is_written_elsewhere(name: str) -> None:
    assert FUNCTIONS[name].__module__.startswith(f"{PLUGINS}.plugin_utils.")


@pytest.mark.parametrize("name", FILTERS)
def test_the_documented_options_are_the_ones_taken(name: str) -> None:
    documented = documentation(name)
    assert documented["name"] == name
    assert all(documented[key] for key in ("short_description", "description", "version_added", "author"))
    options = documented["options"]
    first, *more = inspect.signature(FUNCTIONS[name]).parameters.values()
    # A fragment's options come after those of the file.
    assert sorted(options, key="_input".__ne__) == ["_input", *(parameter.name for parameter in more)]
    parameters = {"_input": first, **{parameter.name: parameter for parameter in more}}
    for key, option in options.items():
        parameter = parameters[key]
        assert option["description"]
        assert option["type"]
        assert option.get("required", False) == (parameter.default is inspect.Parameter.empty)
        assert option.get("default", inspect.Parameter.empty) == parameter.default


@pytest.mark.parametrize("name", FILTERS)
def test_examples_and_return_values_are_there(name: str) -> None:
    examples = written(name)["EXAMPLES"]
    (task, *_) = yaml.safe_load(examples)
    assert task["name"][0].isupper()
    assert f"llmmon.stack.{name}" in examples
    value = written(name)["RETURN"]["_value"]
    assert value["description"]
    assert ("elements" in value) == (value["type"] == "list")
