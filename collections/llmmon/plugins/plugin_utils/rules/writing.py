# SPDX-License-Identifier: Apache-2.0
"""Rules as the YAML that operators read on the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group

# The one in C, where there is one, is seven times as quick. It cannot put a list's hyphens below its key, so lists are
# written here.
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# What YAML takes for the end of a line, too, so that they would not be read back from a text with lines of its own.
_OTHER_LINE_ENDS = frozenset("\x85\u2028\u2029")
# More than any line has.
_WIDTH = 2**30


class _Dumper(_SafeDumper):
    """Writes each rule out, and keeps the lines of an expression."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write what appears twice twice."""
        return True


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text and not _OTHER_LINE_ENDS & set(text) else None
    # str(): Ansible's own strings carry tags.
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


# Ansible hands its own kinds of strings and dictionaries from one filter to the next.
_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)
_Dumper.add_multi_representer(dict, _SafeDumper.represent_dict)


def rule_file(groups: Iterable[Group]) -> str:
    """The content of a rule file, without a line break at its end."""
    return "\n".join(_lines(groups))


def _lines(groups: Iterable[Group]) -> Iterator[str]:
    yield "groups:"
    for group in groups:
        yield from _item({key: value for key, value in group.items() if key != "rules"}, "  ")
        yield "    rules:" if group["rules"] else "    rules: []"
        for rule in group["rules"]:
            yield from _item(rule, "      ")


def _item(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    """One entry of a list of dictionaries. A line without a word stays as it is."""
    written = yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    if written.endswith("\n...\n"):
        # The end of a document, where the last text ends with empty lines. All other lines are a key's, or indented.
        written = written.removesuffix("...\n")
    first, *others = written.removesuffix("\n").split("\n")
    yield f"{indent}- {first}"
    for line in others:
        yield f"{indent}  {line}" if line else line
