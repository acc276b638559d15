# SPDX-License-Identifier: Apache-2.0
"""Read an archive back while it is written, by the rules of restore.yml; encrypted, nobody on the host could later."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from typing import Optional, Union

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import ANY_SIZE, Contents, read_source
from ansible_collections.llmmon.stack.plugins.module_utils.archive.source import decompressed

# So many chunks may wait to be read, so that whoever writes seldom waits.
_CHUNKS_AHEAD = 4
_NICENESS = 10


class Witness:
    """A thread that reads what it is shown, and then says what it has read."""

    def __init__(self) -> None:
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS_AHEAD)
        self._ended = False
        self._found: Union[Contents, Exception, None] = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def show(self, chunk: bytes) -> None:
        """The next bytes of the archive, as gzip made them."""
        self._chunks.put(chunk)

    def end(self) -> None:
        """There is no more; returns when all of it was read."""
        self._chunks.put(b"")
        self._thread.join()

    def contents(self) -> Contents:
        """What the archive holds, after its end; ArchiveError when it would be refused."""
        if isinstance(self._found, Exception):
            raise self._found
        if self._found is None:
            raise ArchiveError("it was not read to its end")
        return self._found

    def _work(self) -> None:
        # Of this thread alone: the services come first.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        try:
            self._found = read_source(decompressed(self._next), ANY_SIZE)
        except Exception as error:
            self._found = error
        # Whoever writes does not wait for one that has seen enough.
        while self._next(0):
            continue

    def _next(self, _most: int) -> bytes:
        chunk = b"" if self._ended else self._chunks.get()
        self._ended = self._ended or not chunk
        return chunk


def difference(read: Contents, written: Contents) -> Optional[str]:
    """How what was read differs from what was to be written, None when it does not."""
    if read.header != written.header:
        return "its backup.json is another"
    other = sorted(path for path in {**read.files, **written.files} if read.files.get(path) != written.files.get(path))
    return f"{other[0]} is another" if other else None
