# SPDX-License-Identifier: Apache-2.0
"""Variables of the command line alone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: extra_variable
short_description: A variable that was given on the command line
version_added: 0.1.0
description:
  - Returns the value that C(-e NAME=VALUE) (or AWX's extra variables) gives a variable, or else the default. What an
    inventory or a play says of a variable of that name does not count.
  - For short names on the command line, such as C(confirm), which an inventory may use for something else.
options:
  _terms:
    description: Names of variables.
    required: true
  default:
    description: Value when the command line does not have the variable.
    type: raw
    default: ""
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ lookup('llmmon.stack.extra_variable', 'confirm', default='no') }}"
"""

RETURN = r"""
_raw:
  description: One value for each name.
  type: list
  elements: raw
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = load_extra_vars(self._loader)
        return [self._templar.template(given.get(name, self.get_option("default"))) for name in terms]
