"""Chunks come in order, few wait, errors arrive where their chunk would have, and no thread outlives its reader."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.read_ahead import read_ahead

CHUNKS = 3


class Producer:
    """Makes a chunk at a time, and counts them."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.made = 0
        self.full = threading.Event()

    def read(self) -> bytes:
        if self.made == self.last:
            raise ValueError("damaged")
        self.made += 1
        if self.made == CHUNKS:
            self.full.set()
        return b"" if self.made == 10 else str(self.made).encode()


def test_everything_comes_in_order_and_then_nothing() -> None:
    with read_ahead(Producer(99).read, CHUNKS) as read:
        assert [read() for _ in range(12)] == [b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"", b"", b""]


def test_an_error_comes_after_what_was_made_before_it() -> None:
    with read_ahead(Producer(2).read, CHUNKS) as read:
        assert (read(), read()) == (b"1", b"2")
        with pytest.raises(ValueError, match="damaged"):
            read()


def test_no_more_are_made_than_may_wait_and_the_thread_ends_with_its_reader() -> None:
    before = set(threading.enumerate())
    producer = Producer(99)
    with pytest.raises(ZeroDivisionError), read_ahead(producer.read, CHUNKS) as read:
        assert read() == b"1"
        assert producer.full.wait(10)
        raise ZeroDivisionError
    assert producer.made <= CHUNKS + 1
    assert set(threading.enumerate()) <= before
