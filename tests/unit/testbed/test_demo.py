"""What the demo finds out before it prepares anything."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.rendering import REPOSITORY


@pytest.mark.parametrize(
    ("name", "is_taken"), [("C", False), ("POSIX", False), ("no_SUCH.UTF-8", False), ("C.UTF-8", True)]
)
def test_a_locale_that_ansible_would_refuse_is_told_first(name: str, is_taken: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from tests.demo.__main__ import require_utf8; require_utf8()"],
        cwd=REPOSITORY,
        env={**os.environ, "LC_ALL": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == is_taken, done.stderr
    assert ("run 'sudo LC_ALL=C.UTF-8 make demo'" in done.stderr) != is_taken
