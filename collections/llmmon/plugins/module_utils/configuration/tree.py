# SPDX-License-Identifier: Apache-2.0
"""A configuration tree on a host: rehearsed in a scratch directory, or installed as the current release."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.plan import TreePlan
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    File,
    Releases,
    new_name,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.validation import Validation


class ConfigTree:
    """The releases of one service, whose group may read them; the last ``keep`` stay."""

    def __init__(self, releases: Releases, group: int, keep: int, validation: Validation) -> None:
        self._releases = releases
        self._group = group
        self._keep = keep
        self._validation = validation

    def rehearse(self, files: list[File]) -> bool:
        """Validate the files without a trace on the host; False without validators, TreeRefused when one refuses."""
        with tempfile.TemporaryDirectory(prefix="llmmon-") as scratch:
            return self._validate(Releases(Path(scratch)).write(new_name(), files, self._group))

    def install(self, files: list[File], steps: TreePlan, asked: str) -> dict[str, Any]:
        """Carry a plan out; returns ``release`` and ``validated`` of a new release. A refused one leaves no trace."""
        result: dict[str, Any] = {}
        with self._releases.locked():
            # What was refused before is not a release to go back to.
            self._remove_stale()
            if steps.write_needed:
                name = new_name()
                try:
                    result["validated"] = self._validate(self._releases.write(name, files, self._group, asked))
                except Exception:
                    self._releases.remove(name)
                    raise
                self._releases.point(CURRENT, name)
                result["release"] = name
            self._remove_stale()
        return result

    def _validate(self, release: Path) -> bool:
        return self._validation.run(release, self._releases.root / release.name)

    def _remove_stale(self) -> None:
        for stale in self._releases.stale(self._keep):
            self._releases.remove(stale)
