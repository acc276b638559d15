# SPDX-License-Identifier: Apache-2.0
"""Render a role's whole template tree on the controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_native, to_text
from ansible.template import trust_as_template

TEMPLATE_SUFFIX = ".j2"


def work_out_once(templar: Any, variables: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The variables with those of these names worked out, one after the other.

    Otherwise Ansible works a variable out anew whenever a template asks for it, or for another that needs it.
    """
    known = dict(variables)
    for name in names:
        known[name] = templar.copy_with_new_env(available_variables=known).template(
            trust_as_template(f"{{{{ {name} }}}}")
        )
    return known


def render_tree(templar: Any, source: Path, variables: Mapping[str, Any]) -> dict[str, str]:
    """Render every file below ``source``: relative path (without ``.j2``) to content.

    Files without the suffix are taken as they are. A file that renders to nothing is left out, so that a template
    can decide that it is not wanted.
    """
    environment = templar.copy_with_new_env(searchpath=[str(source)], available_variables=variables)
    rendered: dict[str, str] = {}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        relative = str(path.relative_to(source))
        try:
            # Not read_text(): it would change line ends.
            content = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise AnsibleError(f"the file {path} cannot be read as text: {to_native(error)}") from error
        if relative.endswith(TEMPLATE_SUFFIX):
            relative = relative.removesuffix(TEMPLATE_SUFFIX)
            try:
                content = to_text(environment.template(trust_as_template(content), escape_backslashes=False) or "")
            except AnsibleError as error:
                raise AnsibleError(f"the template {path} cannot be rendered: {to_native(error)}") from error
        if content.strip():
            rendered[relative] = content
    return rendered
