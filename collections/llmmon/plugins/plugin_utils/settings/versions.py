# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the version of a service, in sentences."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.versions import unsupported


def version_problems(version: str, service: str) -> list[str]:
    """Why llmmon does not deploy a version of a service: one sentence at most."""
    problem = unsupported(service, version)
    return [problem] if problem else []
