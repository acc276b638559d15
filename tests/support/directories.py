"""Where a host keeps what llmmon has on it, in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def deep(top: Path, levels: int) -> Iterator[None]:
    """A tower of directories, each with an empty file in it; gone afterwards: pytest could not remove it."""
    top.mkdir()
    try:
        directory = os.open(top, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir("d", dir_fd=directory)
            below = os.open("d", os.O_RDONLY, dir_fd=directory)
            os.close(directory)
            directory = below
            os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=directory))
        os.close(directory)
        yield
    finally:
        subprocess.run(["rm", "--recursive", "--force", top], check=True)
