"""Another process that holds something until it ends, such as a lock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPOSITORY

_WAIT = 'import sys; print("held", flush=True); sys.stdin.read()'


@contextmanager
def holding(take: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run Python that takes something with the lines ``take``, which find ``path`` in ``sys.argv[1]``.

    The process holds it until it is killed, at the latest with the end of the ``with`` block.
    """
    with subprocess.Popen(
        [sys.executable, "-S", "-c", f"{take}\n{_WAIT}", path],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "collections")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
