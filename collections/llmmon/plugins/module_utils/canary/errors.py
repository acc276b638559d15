# SPDX-License-Identifier: Apache-2.0
"""What every error of the canary's program is; its container has nothing of the collection beside this package."""

from __future__ import annotations


class CanaryError(Exception):
    """Something that the program meets on purpose; the text says what, in one sentence."""
