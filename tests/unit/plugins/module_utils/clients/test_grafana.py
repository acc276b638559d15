"""What Grafana's API gives page by page."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import paged


@pytest.mark.parametrize(("there", "asked"), [(0, 1), (2, 1), (3, 2), (7, 3)])
def test_pages_are_asked_for_until_one_is_not_full(there: int, asked: int) -> None:
    everything = [{"id": number} for number in range(there)]
    pages: list[int] = []

    def ask(page: int) -> list[dict[str, Any]]:
        pages.append(page)
        return everything[3 * (page - 1) : 3 * page]

    assert list(paged(ask, 3)) == everything
    assert pages == list(range(1, asked + 1))


def test_a_page_is_asked_for_only_when_it_is_needed() -> None:
    pages: list[int] = []

    def ask(page: int) -> list[dict[str, Any]]:
        pages.append(page)
        return [{"id": page}]

    assert next(paged(ask, 1)) == {"id": 1}
    assert pages == [1]
