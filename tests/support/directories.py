"""Where a host keeps what llmmon has on it, in a temporary folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Directories:
    """The directories of one host."""

    root: Path

    @property
    def data_root(self) -> Path:
        return self.root / "lib"

    @property
    def config_root(self) -> Path:
        return self.root / "etc"
