# SPDX-License-Identifier: Apache-2.0
"""What a surge is, to the alerts and to what proposes their thresholds."""

from __future__ import annotations

# A surge is none if there was almost as much at the same time yesterday or a week ago: so many times as much at most.
AS_BEFORE = 1.5
# Thresholds of surges, and the signal of each.
SURGES = {"request_surge_ratio": "llm_requests", "token_surge_ratio": "llm_tokens_used"}
