# SPDX-License-Identifier: Apache-2.0
"""The proof of a whole stack: services, scrape targets, rules and what Grafana shows, waited for at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import wait_until_ready
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.parts import Part, verify_parts
from ansible_collections.llmmon.stack.plugins.module_utils.proof.services import look_at


def verify_services(services: list[dict[str, Any]], engine: Engine, timeout: float) -> list[dict[str, Any]]:
    """Wait for all services to be as they should be; returns their records, or raises NotProved with them."""
    records: list[dict[str, Any]] = []

    def trouble() -> list[str]:
        records[:] = [look_at(service, engine) for service in services]
        return [problem for record in records for problem in record["problems"]]

    found = wait_until_ready(trouble, timeout, interval=1.0)
    if found:
        raise NotProved(" | ".join(found), {"services": records})
    return records


def verify_stack(
    services: list[dict[str, Any]], engine: Engine, parts: Mapping[str, Part], timeout: float
) -> dict[str, Any]:
    """Prove all of it; raises NotProved with what was found until then.

    The services come first, since what does not run can prove nothing, and once more in the end: what was proved
    meanwhile took its time, and a container that ends every half minute has ended by now.
    """
    verify_services(services, engine, timeout)
    facts = verify_parts(parts)
    try:
        return {**facts, "services": verify_services(services, engine, timeout)}
    except NotProved as error:
        raise NotProved(str(error), {**facts, **error.facts}) from error
