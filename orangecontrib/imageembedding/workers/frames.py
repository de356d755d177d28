"""Objects ↔ bytes in a pipe between two processes that trust each other."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Sequence
from io import RawIOBase

Parts = Sequence[bytes | memoryview]


def packed(frame: object) -> Parts:
    """Get what is to be written for an object, large arrays as they lie in memory.

    Raises
    ------
    pickle.PicklingError, TypeError, AttributeError
        If it cannot be pickled.
    """
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(frame, protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    sizes = [len(data), *(array.nbytes for array in arrays)]
    return [struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes), data, *arrays]


def send(stream: RawIOBase, parts: Parts) -> None:
    """Write what `packed` gave.

    Raises
    ------
    OSError
        If the other side is gone.
    """
    for part in parts:
        rest = memoryview(part)
        while rest:
            rest = rest[stream.write(rest) or 0 :]


def receive(stream: RawIOBase) -> object:
    """Wait for the next object.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    (n_parts,) = struct.unpack("<I", _read(stream, 4))
    sizes = struct.unpack(f"<{n_parts}Q", _read(stream, 8 * n_parts))
    data, *arrays = [_read(stream, size) for size in sizes]
    return pickle.loads(data, buffers=arrays)


def _read(stream: RawIOBase, n_bytes: int) -> bytearray:
    content = bytearray(n_bytes)
    rest = memoryview(content)
    while rest:
        n_read = stream.readinto(rest)
        if not n_read:
            raise EOFError
        rest = rest[n_read:]
    return content
