# SPDX-License-Identifier: Apache-2.0
"""Have a thread make chunks of bytes while those before them are worked on, a few at most."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Union


@contextlib.contextmanager
def read_ahead(produce: Callable[[], bytes], chunks: int) -> Iterator[Callable[[], bytes]]:
    """Give a function that returns what ``produce`` returned, or raises what it raised; no bytes are the end.

    At most so many chunks wait at a time. The thread has ended when this does, read to the end or not.
    """
    made: queue.SimpleQueue[Union[bytes, Exception]] = queue.SimpleQueue()
    room = threading.Semaphore(chunks)
    unwanted = threading.Event()

    def work() -> None:
        try:
            while True:
                room.acquire()
                if unwanted.is_set():
                    return
                chunk = produce()
                made.put(chunk)
                if not chunk:
                    return
        except Exception as error:
            made.put(error)

    ended = False

    def take() -> bytes:
        nonlocal ended
        if ended:
            return b""
        chunk = made.get()
        room.release()
        ended = not chunk
        if isinstance(chunk, Exception):
            ended = True
            raise chunk
        return chunk

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield take
    finally:
        unwanted.set()
        room.release()
        thread.join()
