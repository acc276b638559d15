# SPDX-License-Identifier: Apache-2.0
"""What several filters take alike."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by ``extends_documentation_fragment: llmmon.stack.inputs.rules``, and so on."""

    # The user's gateways, as they are written.
    WRITTEN_GATEWAYS = r"""
options:
  _input:
    description: The gateways, as in llmmon_gateways.
    type: list
    elements: dict
    required: true
"""

    GATEWAYS = r"""
options:
  _input:
    description: The gateways with all defaults filled in, as P(llmmon.stack.gateways#filter) returns them.
    type: list
    elements: dict
    required: true
"""

    # Where the user's files are looked for.
    FILE_PLACES = r"""
options:
  places:
    description:
      - Folders on the controller in which relative paths are looked for, in this order.
      - What none of them has is looked for from where Ansible was started.
    type: list
    elements: path
    default: null
"""

    # What recording rules and alerts are computed from, beside the gateways.
    RULES = r"""
options:
  presets:
    description: The presets of their kinds, as P(llmmon.stack.gateway_presets#filter) returns them.
    type: dict
    required: true
  settings:
    description:
      - What rules depend on besides gateways and presets.
      - The role prometheus keeps it in the variable C(__llmmon_rule_settings).
    type: dict
    required: true
seealso:
  - plugin: llmmon.stack.rule_file
    plugin_type: filter
"""

    PRESETS = r"""
options:
  _input:
    description: The gateways; what counts of each is its C(kind).
    type: list
    elements: dict
    required: true
  directory:
    description: The folder on the controller that holds the presets, one file for each kind.
    type: path
    required: true
  own:
    description:
      - The folder on the controller with presets of the user's own; its files count before those of O(directory).
      - None when empty.
    type: path
    default: ""
"""

    # The user's receivers, as they are written.
    WRITTEN_RECEIVERS = r"""
options:
  _input:
    description: The receivers by name, as in llmmon_receivers.
    type: dict
    required: true
"""

    RECEIVERS = r"""
options:
  _input:
    description: The receivers by name, as in llmmon_receivers, with the heartbeat's.
    type: dict
    required: true
"""

    INTERVALS = r"""
options:
  _input:
    description: The time intervals by name, as in llmmon_mute_time_intervals.
    type: dict
    required: true
"""
