# SPDX-License-Identifier: Apache-2.0
"""Cheap looks at what services keep: enough to see what a service would not start with, little enough for every night.

Blocks of Prometheus by the formats of https://github.com/prometheus/prometheus/tree/main/tsdb/docs/format; what
Alertmanager keeps as messages one after the other, each after its length.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import BinaryIO, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.rules import is_block_name

_META = "meta.json"
_INDEX, _CHUNKS, _TOMBSTONES = b"\xba\xaa\xd7\x00", b"\x85\xbd\x40\xdd", b"\x01\x30\xba\x30"
# Of the index; whatever else has a version has 1.
_INDEX_VERSIONS = (1, 2, 3)
# The end of an index: where its six parts begin, and a checksum of that.
_TABLE = struct.Struct(">6Q")
_CHECKSUM = struct.Struct(">I")
_META_BYTES = 16 * 1024 * 1024
# The lengths before messages have this many bytes at most.
_LENGTH_BYTES = 10


def damaged_block(block: Path) -> Optional[str]:
    """What is wrong with a block of Prometheus as far as a look can tell, None when nothing is."""
    try:
        return _meta(block) or _index(block / "index") or _chunks(block / "chunks") or _tombstones(block)
    except FileNotFoundError as error:
        return f"its {Path(error.filename).name} is missing"
    except OSError as error:
        return f"its {Path(error.filename or block).name} cannot be read ({error.strerror})"


def damaged_messages(handle: BinaryIO, size: int) -> Optional[str]:
    """What is wrong with a file of messages, open at its beginning; None when nothing is."""
    position = 0
    while position < size:
        handle.seek(position)
        length, used = _length(handle.read(_LENGTH_BYTES))
        if not used or position + used + length > size:
            return f"the message at byte {position} has no end"
        position += used + length
    handle.seek(0)
    return None


def _meta(block: Path) -> Optional[str]:
    if not is_block_name(block.name):
        return "its name is not that of a block"
    with (block / _META).open("rb") as handle:
        text = handle.read(_META_BYTES)
    try:
        found = json.loads(text)
        named, begin, end = found["ulid"], int(found["minTime"]), int(found["maxTime"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"its {_META} does not say what it holds"
    if named != block.name:
        return f"its {_META} is that of the block {str(named)[:40]!r}"
    return None if begin <= end else f"its {_META} says that it ends before it begins"


def _index(path: Path) -> Optional[str]:
    with path.open("rb") as handle:
        start = handle.read(5)
        size = os.fstat(handle.fileno()).st_size
        if start[:4] != _INDEX or start[4] not in _INDEX_VERSIONS:
            return "its index does not begin as one"
        handle.seek(max(size - _TABLE.size - _CHECKSUM.size, 0))
        table, checksum = handle.read(_TABLE.size), handle.read(_CHECKSUM.size)
    if len(checksum) < _CHECKSUM.size or _CHECKSUM.unpack(checksum)[0] != crc32c(table):
        return "its index does not end as one"
    return None if max(_TABLE.unpack(table)) < size else "its index is shorter than it says"


def _chunks(directory: Path) -> Optional[str]:
    for number, path in enumerate(sorted(directory.iterdir()), 1):
        if path.name != f"{number:06}":
            return f"its chunks/{number:06} is missing"
        if not _begins(path, _CHUNKS):
            return f"its chunks/{path.name} does not begin as one"
    return None


def _tombstones(block: Path) -> Optional[str]:
    path = block / "tombstones"
    # Prometheus takes a block without one.
    return "its tombstones do not begin as such" if path.exists() and not _begins(path, _TOMBSTONES) else None


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as handle:
        return handle.read(5) == magic + b"\x01"


def _length(text: bytes) -> tuple[int, int]:
    """A length as it is written before a message, and in how many bytes; 0 bytes when it is none."""
    value = 0
    for index, byte in enumerate(text):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, index + 1
    return 0, 0


def crc32c(text: bytes) -> int:
    """Castagnoli's checksum of a few bytes, which Python's libraries do not have."""
    value = 0xFFFFFFFF
    for byte in text:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
