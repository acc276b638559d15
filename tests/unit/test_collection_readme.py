"""The collection's README lists what the collection holds."""

from __future__ import annotations

from docs import collection


def test_the_lists_are_what_make_docs_writes() -> None:
    written = collection.TARGET.read_text(encoding="utf-8")
    assert collection.BEGIN in written
    assert written == collection.document(written)
