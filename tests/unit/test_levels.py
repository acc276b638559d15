"""What is left out of a quick run is there to be left out."""

from __future__ import annotations

import pytest

from tests.support.collection import REPOSITORY
from tests.support.levels import THOROUGH


@pytest.mark.parametrize("name", THOROUGH)
def test_a_thorough_test_is_one_that_exists(name: str) -> None:
    file, _, test = name.partition("::")
    assert f"def {test or 'test_'}" in (REPOSITORY / file).read_text(encoding="utf-8")


def test_they_are_in_alphabetical_order() -> None:
    assert list(THOROUGH) == sorted(THOROUGH)
