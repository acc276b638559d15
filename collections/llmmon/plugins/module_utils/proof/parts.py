# SPDX-License-Identifier: Apache-2.0
"""Parts of a proof, waited for at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

# A part of the proof: returns what it found, or raises NotProved with that.
Part = Callable[[], dict[str, Any]]


def verify_parts(parts: Mapping[str, Part]) -> dict[str, Any]:
    """What all parts found, each under its name. All are waited for at once, and all faults are told together."""

    def verify(name: str) -> tuple[dict[str, Any], Optional[str]]:
        try:
            return {name: parts[name]()}, None
        except NotProved as error:
            return {name: error.facts}, str(error)
        except StackError as error:
            return {}, str(error)

    answers = parallel_map(len(parts), verify, parts) if parts else []
    facts = {name: found for answer, _ in answers for name, found in answer.items()}
    faults = [fault for _, fault in answers if fault]
    if faults:
        raise NotProved(" | ".join(faults), facts)
    return facts
