# SPDX-License-Identifier: Apache-2.0
"""Compare the user's variables with the specifications of the roles, and say what differs, one sentence each.

Ansible checks the same specifications when a role starts, but prints all of them for one wrong value, takes a text for
a list, and knows nothing of a variable whose name is misspelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SERVICES
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.formats import format_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.placeholders import (
    example_host_problems,
    placeholder_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import (
    PREFIX,
    misspelt_prefix_problems,
    nearest,
    unknown_variable_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml

_YES_AND_NO = ("yes", "no", "on", "off", "true", "false", "y", "n", "t", "f", "1", "0")

Option = Mapping[str, Any]


def _is_number(value: Any, kind: type[int] | type[float]) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float) and kind is int:
        return value.is_integer()
    if isinstance(value, str):
        try:
            kind(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float))


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in _YES_AND_NO


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


# What a value of a type is called, and whether a value is one. A number is a text, too: YAML takes 3.13 for one.
TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", _is_text),
    "path": ("a path", _is_text),
    "int": ("a whole number", lambda value: _is_number(value, int)),
    "float": ("a number", lambda value: _is_number(value, float)),
    "bool": ("true or false", _is_bool),
    "list": ("a list", _is_list),
    "dict": ("a dictionary", lambda value: isinstance(value, Mapping)),
    "raw": ("a value", lambda _: True),
}


def options_of_roles(roles_directory: str) -> Mapping[str, dict[str, Option]]:
    """The options of each role, of all its entry points, by role and name. Read once in a run."""
    return _options_of_roles(Path(roles_directory).resolve())


@cache
def _options_of_roles(roles: Path) -> Mapping[str, dict[str, Option]]:
    found = {}
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        entry_points = from_yaml(path.read_text(encoding="utf-8"))["argument_specs"].values()
        found[path.parent.parent.name] = {
            name: option for entry_point in entry_points for name, option in entry_point.get("options", {}).items()
        }
    return found


def setting_problems(
    values: Mapping[str, Any],
    roles_directory: str,
    roles_in_play: Sequence[str],
    other_names: Sequence[str],
    host: str = "",
) -> list[str]:
    """What is wrong with the variables that start with llmmon_: unknown names, wrong types, missing values.

    ``other_names`` are those of all variables, of which some may be meant to start so; ``host`` is the host's address.
    """
    by_role = options_of_roles(roles_directory)
    known = {name: option for options in by_role.values() for name, option in options.items()}
    found = unknown_variable_problems(values, known) + misspelt_prefix_problems(other_names, known)
    for name in sorted(set(values) & set(known)):
        if values[name] is None:
            found.append(f"{name} is empty; give it a value, or remove it to keep the default")
        else:
            found += value_problems(name, name, known[name], values[name], hidden=False)
    found += placeholder_problems(values) + example_host_problems(host)
    services = values.get("llmmon_services")
    for role in roles_in_play:
        # A play names the roles of all services, and runs those of the services that are wanted.
        if role in SERVICES and _is_list(services) and role not in (services or ()):
            continue
        found += [
            f"{name} is missing: {description_of(option)}"
            for name, option in by_role.get(role, {}).items()
            if option.get("required") and name.startswith(PREFIX) and name not in values
        ]
    return found


def description_of(option: Option) -> str:
    """What an option means, as one paragraph."""
    description = option.get("description", "")
    return description if isinstance(description, str) else " ".join(description)


def value_problems(path: str, place: str, option: Option, value: Any, *, hidden: bool) -> Iterator[str]:
    """What is wrong with one value.

    ``path`` says in which entry of which list it is, ``place`` only that it is in a list, and ``hidden`` that it is
    part of a secret.
    """
    hidden = hidden or bool(option.get("no_log"))
    words, is_of_type = TYPES[option.get("type", "str")]
    if not is_of_type(value):
        yield f"{path} {shown(value, hidden)}, but must be {words}{advice(option, value, hidden)}"
    elif option.get("type") == "list":
        # The choices of a list are those of its elements.
        for number, element in enumerate(value):
            item = {key: option[key] for key in ("choices", "options") if key in option}
            item["type"] = option.get("elements", "raw")
            yield from value_problems(f"{path}[{name_of(element, number)}]", f"{place}[]", item, element, hidden=hidden)
    elif "choices" in option and value not in option["choices"]:
        yield f"{path} {shown(value, hidden)}, but must be {one_of(option['choices'])}"
    elif option.get("type") == "dict" and "options" in option:
        yield from key_problems(path, place, option["options"], value, hidden=hidden)
    elif option.get("type") == "dict":
        for key, inner in value.items():
            yield from format_problems(f"{path}.{key}", f"{place}.*", inner, hidden)
    else:
        yield from format_problems(path, place, value, hidden)


def format_problems(path: str, place: str, value: Any, hidden: bool) -> Iterator[str]:
    """What is wrong with the format of a text or a number."""
    form = format_of(place)
    if form and not (_is_text(value) and form.takes(value)):
        yield f"{path} {shown(value, hidden)}, but must be {form.words}"


def key_problems(
    path: str, place: str, options: Mapping[str, Option], value: Mapping[str, Any], *, hidden: bool
) -> Iterator[str]:
    """What is wrong with the keys of a dictionary, and with their values."""
    for key in value:
        if key not in options:
            near = nearest(str(key), options)
            hint = f"; did you mean {near}?" if near else f"; it may have {', '.join(options)}"
            yield f"{path} has the key {key}, which llmmon does not know{hint}"
        elif value[key] is not None:
            yield from value_problems(f"{path}.{key}", f"{place}.{key}", options[key], value[key], hidden=hidden)
    for key, option in options.items():
        if option.get("required") and value.get(key) is None:
            yield f"{path} lacks {key}: {description_of(option)}"


def name_of(element: Any, number: int) -> str:
    """How an element of a list is called: by its name when it has one."""
    name = element.get("name") if isinstance(element, Mapping) else None
    return name if isinstance(name, str) and name else str(number)


def shown(value: Any, hidden: bool) -> str:
    """A value in a sentence, but not a secret."""
    if value is None:
        return "is empty"
    kind = next(
        words for words, is_of_type in (TYPES["dict"], TYPES["list"], TYPES["str"], TYPES["raw"]) if is_of_type(value)
    )
    if isinstance(value, (bool, int, float)):
        kind = "true or false" if isinstance(value, bool) else "a number"
    if hidden or isinstance(value, Mapping) or _is_list(value):
        return f"is {kind}"
    text = repr(str(value)) if isinstance(value, str) else str(value).lower()
    return f"is {text if len(text) <= 60 else text[:56] + '...'}"


def advice(option: Option, value: Any, hidden: bool) -> str:
    """How a text becomes the list that it was meant to be."""
    if option.get("type") == "list" and isinstance(value, str) and not hidden and len(value) <= 60:
        return f": write [{value}]"
    return ""


def one_of(choices: Sequence[Any]) -> str:
    """Choices as words of a sentence."""
    words = ["empty" if choice == "" else str(choice) for choice in choices]
    return f"one of {', '.join(words)}"
