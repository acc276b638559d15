"""Values of JSON that are the same, and values that only look so."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.json_values import same


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ([1], [True]), ({"a": 0}, {"a": False}), (1, "1")])
def test_true_is_not_one(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, one)
