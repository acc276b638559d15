# SPDX-License-Identifier: Apache-2.0
"""One page of the stack's own, read by HTTP: Prometheus's answer, or the canary's own metrics."""

from __future__ import annotations

import http.client
from contextlib import closing
from urllib.parse import urlsplit

from .errors import CanaryError

_MOST_BYTES = 16 * 1024 * 1024


class PageUnavailable(CanaryError):
    """The page cannot be read; the text says why, in a few words."""


def page_of(url: str, timeout: float) -> bytes:
    """What is at an address that begins with http.

    Raises PageUnavailable.
    """
    parts = urlsplit(url)
    try:
        with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)) as connection:
            connection.request("GET", f"{parts.path or '/'}?{parts.query}")
            answer = connection.getresponse()
            if answer.status != 200:
                raise PageUnavailable(f"answers {answer.status}")
            return answer.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise PageUnavailable("cannot be reached") from error
