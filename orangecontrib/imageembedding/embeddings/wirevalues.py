"""Values of a tensor ↔ bytes or JSON, as the Open Inference Protocol v2 has them."""

from __future__ import annotations

import base64
import math
import struct

import numpy as np
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import WireError

LENGTH = struct.Struct("<I")  # before each element of BYTES
BASE64 = bytes.maketrans(b"-_", b"+/")  # both alphabets are read
SPACE = b" \t\r\n"

Values = NDArray[np.float32] | list[bytes]


def base64_bytes(text: str) -> bytes:
    """Read base64 in either alphabet, in lines or not, or a ``data:`` URL of it.

    Raises
    ------
    ValueError
        If it is none.
    """
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith(";base64"):
            raise ValueError("a data: URL must be in base64")
    data = text.encode("ascii").translate(BASE64, SPACE)
    return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)


def bytes_of_json(data: object, name: str, shape: tuple[int, ...]) -> list[bytes]:
    """Read texts in base64: a flat list, or lists in lists as the shape has it."""
    for _ in shape[1:]:
        if isinstance(data, list) and data and all(isinstance(part, list) for part in data):
            data = [value for part in data for value in part]
    if not isinstance(data, list) or not all(isinstance(text, str) for text in data):
        raise WireError(f"The data of {name} must be a list of texts in base64.")
    if len(data) != math.prod(shape):
        raise wrong_number(name, len(data), shape)
    try:
        return [base64_bytes(text) for text in data]
    except ValueError as error:  # also binascii.Error
        raise WireError(f"The data of {name} must be texts in base64: {error}.") from error


def floats_of_json(data: object, name: str) -> NDArray[np.float32]:
    """Read numbers, however they are nested: shape (n,), dtype float32."""
    if not isinstance(data, list):
        raise WireError(f"{name} has no data.")
    try:
        values = np.array(data, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"The data of {name} must be numbers: {error}.") from error
    return values.reshape(-1)


def floats(data: memoryview, name: str) -> NDArray[np.float32]:
    """Read numbers of 4 bytes each: shape (n,), dtype float32."""
    if len(data) % 4:
        raise WireError(f"{name} has {len(data)} bytes, which is not a multiple of 4.")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def to_bytes(values: Values) -> bytes:
    """Write numbers of 4 bytes each, or elements that each follow their length.

    Parameters
    ----------
    values : ndarray of any shape (row by row), dtype float32, or list of bytes
        What to write.
    """
    if isinstance(values, list):
        return b"".join(part for value in values for part in (LENGTH.pack(len(value)), value))
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def split(data: memoryview, name: str, n_elements: int) -> list[bytes]:
    """Read elements that each stand behind their length, no more than the shape says."""
    values: list[bytes] = []
    while len(data):
        if len(values) == n_elements:
            raise WireError(f"{len(data)} bytes of {name} follow its last element.")
        if len(data) < LENGTH.size:
            raise WireError(f"{name} ends in the middle of a length.")
        (n_bytes,) = LENGTH.unpack_from(data)
        data = data[LENGTH.size :]
        if n_bytes > len(data):
            raise WireError(f"{name} ends in the middle of an element.")
        values.append(bytes(data[:n_bytes]))
        data = data[n_bytes:]
    return values


def wrong_number(name: str, n_elements: int, shape: tuple[int, ...]) -> WireError:
    """Make the error of a tensor whose shape and values do not agree."""
    return WireError(
        f"{name} has {n_elements} elements; its shape {shape} needs a different number."
    )
