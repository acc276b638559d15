# SPDX-License-Identifier: Apache-2.0
"""Whether the site with the documentation is served."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

# The page that every site has, and that the links in messages lead to the neighbours of.
PAGE = "/runbooks/index.html"


def verify_documentation(site: HttpClient, timeout: float) -> dict[str, Any]:
    """Wait for the site's list of runbooks, for ``timeout`` seconds, or raise NotProved."""
    faults: list[HttpError] = []

    def served() -> Optional[bool]:
        try:
            site.text(PAGE)
        except HttpError as error:
            faults.append(error)
            return None
        return True

    if not wait_for(served, timeout, interval=1.0):
        raise NotProved(
            f"the documentation is not served: {faults[-1]}; run site.yml --tags docs, or set llmmon_docs to false"
        )
    return {"page": PAGE}
