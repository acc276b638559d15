# SPDX-License-Identifier: Apache-2.0
"""Whether this host's clock is right, as far as the machine that runs Ansible can tell."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

# The way from the one to the other takes seconds, and a clock that is so little off harms nothing.
_MOST_SECONDS = 120


def verify_clock(ahead: float) -> dict[str, Any]:
    """Raise NotProved if this host is too many seconds ahead of the machine that runs Ansible, or behind it."""
    facts = {"ahead_seconds": round(ahead)}
    if abs(ahead) > _MOST_SECONDS:
        raise NotProved(
            f"this host's clock is {abs(ahead) / 60:.0f} minutes {'ahead of' if ahead > 0 else 'behind'} that of the"
            " machine that runs Ansible: set the wrong one by NTP (timedatectl and chronyc tracking show whether a host"
            " does), since buckets and engines refuse what comes from another time",
            facts,
        )
    return facts
