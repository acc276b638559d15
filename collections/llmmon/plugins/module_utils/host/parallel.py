# SPDX-License-Identifier: Apache-2.0
"""Do the same for many things in parallel."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(workers: int, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The result of ``function`` for every item, in their order, by this many threads; the first exception ends it."""
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise
