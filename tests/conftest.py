"""What holds for all tests."""

from __future__ import annotations

import tests.support.collection  # noqa: F401
