# SPDX-License-Identifier: Apache-2.0
"""Rules as the YAML that operators read on the host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group


class _Dumper(yaml.SafeDumper):
    """Indents lists, writes each rule out, and keeps the lines of an expression."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Put a list's hyphens below its key, not beside it."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write what appears twice twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # str(): Ansible's own strings carry tags.
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|" if "\n" in text else None)


# Ansible hands its own kinds of strings, dictionaries and lists from one filter to the next.
_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)
_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
_Dumper.add_multi_representer(list, yaml.SafeDumper.represent_list)


def rule_file(groups: Iterable[Group]) -> str:
    """The content of a rule file, without a line break at its end."""
    written: str = yaml.dump(
        {"groups": list(groups)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return written.rstrip("\n")
