"""What Prometheus writes to an engine (remote write 1.0), with the time stamps that a clock which is off would give.

Just as much of snappy and of protobuf as that takes: what is read is written again as it was, but for the stamps.
"""

from __future__ import annotations

from collections.abc import Iterator

# WriteRequest.timeseries; TimeSeries.samples and .histograms; Sample.timestamp and Histogram.timestamp.
_SERIES, _SAMPLES, _HISTOGRAMS = 1, 2, 4
_STAMPS = {_SAMPLES: 2, _HISTOGRAMS: 15}
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_MILLISECONDS = 1000


def shifted(body: bytes, seconds: int) -> bytes:
    """The body of a request, of a host whose clock is so many seconds ahead."""
    ahead = seconds * _MILLISECONDS
    request = b"".join(
        _field(number, kind, _series(value, ahead) if number == _SERIES else value)
        for number, kind, value in _fields(_decompressed(body))
    )
    return _compressed(request)


def _series(message: bytes, ahead: int) -> bytes:
    return b"".join(
        _field(number, kind, _sample(value, _STAMPS[number], ahead) if number in _STAMPS else value)
        for number, kind, value in _fields(message)
    )


def _sample(message: bytes, stamp: int, ahead: int) -> bytes:
    return b"".join(
        _field(number, kind, _varint(_read_varint(value, 0)[0] + ahead) if number == stamp else value)
        for number, kind, value in _fields(message)
    )


# -- protobuf: each field's number, kind, and value without its length


def _fields(message: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            end = _read_varint(message, at)[1]
        elif kind == _BYTES:
            length, at = _read_varint(message, at)
            end = at + length
        else:
            end = at + {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}[kind]
        yield key >> 3, kind, message[at:end]
        at = end


def _field(number: int, kind: int, value: bytes) -> bytes:
    length = _varint(len(value)) if kind == _BYTES else b""
    return _varint(number << 3 | kind) + length + value


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """A number, and where what follows it begins."""
    number = shift = 0
    while True:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return number, at


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


# -- snappy's blocks: pieces that stand there, and pieces that are copied from what came before


def _decompressed(block: bytes) -> bytes:
    length, at = _read_varint(block, 0)
    found = bytearray()
    while at < len(block):
        tag, kind = block[at] >> 2, block[at] & 3
        at += 1
        if kind == 0:
            more = max(0, tag - 59)
            size = int.from_bytes(block[at : at + more], "little") + 1 if more else tag + 1
            found += block[at + more : at + more + size]
            at += more + size
            continue
        wide = {1: 1, 2: 2, 3: 4}[kind]
        offset = int.from_bytes(block[at : at + wide], "little")
        size = tag + 1
        if kind == 1:
            size, offset = (tag & 7) + 4, offset | tag >> 3 << 8
        at += wide
        # What is copied may overlap with what comes of it.
        for _ in range(size):
            found.append(found[-offset])
    assert len(found) == length
    return bytes(found)


def _compressed(content: bytes) -> bytes:
    """One piece that stands there; its length takes four bytes."""
    return _varint(len(content)) + bytes([63 << 2]) + (len(content) - 1).to_bytes(4, "little") + content
