# SPDX-License-Identifier: Apache-2.0
"""Say what to ask Prometheus about settings that may fit nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: advice_checks
short_description: Say what to ask Prometheus about settings that may fit nothing
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Entries of llmmon_threshold_overrides for models that there are not, gateways that expose far more series than
    any rule reads, prices of models that nobody uses, and budgets of whoever spends nothing.
extends_documentation_fragment:
  - llmmon.stack.inputs.gateways
options:
  overrides:
    description: The thresholds of some gateways and models, as in llmmon_threshold_overrides.
    type: list
    elements: dict
    required: true
  budgets:
    description: US dollars that may be spent, as in llmmon_budgets.
    type: dict
    required: true
  prices:
    description: Models and patterns of models that have a price in llmmon_token_prices.
    type: list
    elements: str
    required: true
seealso:
  - plugin: llmmon.stack.prometheus_advice
    plugin_type: module
"""

EXAMPLES = r"""
- name: Ask whether settings fit
  llmmon.stack.prometheus_advice:
    url: http://127.0.0.1:9090
    checks: >-
      {{ __llmmon_gateways | llmmon.stack.advice_checks(
           llmmon_threshold_overrides, llmmon_budgets, llmmon_token_prices | list) }}
"""

RETURN = r"""
_value:
  description: Checks for P(llmmon.stack.prometheus_advice#module).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.advice import advice_checks


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"advice_checks": advice_checks}
