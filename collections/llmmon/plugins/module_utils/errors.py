# SPDX-License-Identifier: Apache-2.0
"""The one kind of error that the collection reports on purpose."""

from __future__ import annotations

# Stands in a message where a secret was.
HIDDEN = "********"


class StackError(Exception):
    """Something cannot be done; the message is one sentence for the operator.

    Every domain derives its own error from this one, so that an entry point catches all of them by one name.
    """
