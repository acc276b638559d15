# SPDX-License-Identifier: Apache-2.0
"""The proof of a host on which nothing has to be done, in the same run as the look that finds this."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.look.settled import RECORD
from ansible_collections.llmmon.stack.plugins.module_utils.proof.asked import proof_arguments, prove


def proved_at_once(
    module: AnsibleModule, asked: dict[str, Any], settled: Sequence[str], began: float
) -> dict[str, Any]:
    """What ``stack_verify`` would find, and nothing where it would have to wait, or something is wrong.

    That is for the step of the proof, which waits, and says what it is. Nothing is asked of a stack to be changed.
    ``began`` is when the module did, by the monotonic clock: the controller's time is of then.
    """
    if not asked or RECORD not in settled:
        return {}
    checked = ArgumentSpecValidator(proof_arguments()).validate(asked)
    if checked.error_messages:
        module.fail_json(msg="proof: " + " | ".join(checked.error_messages))
    parameters = {**checked.validated_parameters, "timeout": 0.0}
    if parameters["controller_time"] is not None:
        parameters["controller_time"] += time.monotonic() - began
    try:
        found = prove(module, parameters)
    except StackError:
        return {}
    # A rule that has not been evaluated yet is waited for, and may fail.
    return {} if found.get("rules", {}).get("pending") else found
