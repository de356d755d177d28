"""Messages of the Open Inference Protocol v2, with its extension for binary data.

A message is JSON that names tensors; their values stand in it, or behind it as bytes. The header
`LENGTH_HEADER` then tells where the JSON ends. The specification:
https://github.com/open-inference/open-inference-protocol and, of the extension,
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from orangecontrib.imageembedding.errors import WireError

LENGTH_HEADER = "Inference-Header-Content-Length"
BINARY_EXTENSION = "binary_tensor_data"
LENGTH = struct.Struct("<I")  # before each element of BYTES

Values = NDArray[np.float32] | list[bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A named array.

    Attributes
    ----------
    name : str
    shape : tuple of int
    values : ndarray of that shape and dtype float32, or list of bytes in C order
    """

    name: str
    shape: tuple[int, ...]
    values: Values

    @property
    def datatype(self) -> str:
        """``BYTES`` or ``FP32``."""
        return "BYTES" if isinstance(self.values, list) else "FP32"


def tensor_of(name: str, values: Values) -> Tensor:
    """Make a tensor of an array, or one of shape (n,) of files."""
    return Tensor(name, (len(values),) if isinstance(values, list) else values.shape, values)


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A request or reply.

    Attributes
    ----------
    head : dict
        The whole JSON.
    tensors : tuple of Tensor
    """

    head: dict[str, Any] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()


def pack(
    key: str, tensors: Sequence[Tensor], head: Mapping[str, object], is_binary: bool
) -> tuple[bytes, dict[str, str]]:
    """Write a message.

    Parameters
    ----------
    key : {"inputs", "outputs"}
        Of a request, or of a reply.
    tensors : sequence of Tensor
        At least one, or none at all.
    head : dict
        What else stands in the JSON.
    is_binary : bool
        Whether values follow as bytes. In JSON, elements of BYTES are written in base64.

    Returns
    -------
    body : bytes
    headers : dict of str to str
        That tell how to read it.
    """
    described: list[dict[str, object]] = []
    tail: list[bytes] = []
    for tensor in tensors:
        entry: dict[str, object] = {
            "name": tensor.name,
            "shape": tensor.shape,
            "datatype": tensor.datatype,
        }
        if is_binary:
            data = _to_bytes(tensor.values)
            entry["parameters"] = {"binary_data_size": len(data)}
            tail.append(data)
        elif isinstance(tensor.values, list):
            entry["parameters"] = {"content_type": "base64"}
            entry["data"] = [base64.b64encode(value).decode() for value in tensor.values]
        else:
            entry["data"] = np.ascontiguousarray(tensor.values).reshape(-1)
        described.append(entry)
    start = orjson.dumps({**head, key: described}, option=orjson.OPT_SERIALIZE_NUMPY)
    if not is_binary:
        return start, {"Content-Type": "application/json"}
    headers = {"Content-Type": "application/octet-stream", LENGTH_HEADER: str(len(start))}
    return b"".join((start, *tail)), headers


def unpack(key: str, body: bytes, length: str | None) -> Message:
    """Read a message.

    Parameters
    ----------
    key : {"inputs", "outputs"}
        Of a request, or of a reply.
    body : bytes
        From anywhere: it is trusted in nothing.
    length : str or None
        The header `LENGTH_HEADER`, if there was one.

    Raises
    ------
    WireError
        If it is not such a message, or has tensors that are neither BYTES nor FP32.
    """
    n_json = len(body) if length is None else _whole_number(length, LENGTH_HEADER, len(body))
    head = json_object(body[:n_json])
    entries = head.get(key, [])
    if not isinstance(entries, list):
        raise WireError(f"{key} must be a list of tensors.")
    rest = memoryview(body)[n_json:]
    tensors = []
    for entry in entries:
        tensor, n_used = _tensor(entry, rest)
        tensors.append(tensor)
        rest = rest[n_used:]
    if len(rest):
        raise WireError(f"{len(rest)} bytes follow the last tensor.")
    return Message(head, tuple(tensors))


def json_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    WireError
        If it is none.
    """
    try:
        head = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise WireError(f"Not valid JSON: {error}.") from error
    if not isinstance(head, dict):
        raise WireError("The JSON must be an object.")
    return head


def _whole_number(value: object, name: str, most: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise WireError(f"{name} must be a whole number from 0 to {most}; got {str(value)[:40]!r}.")
    return value


def _tensor(entry: object, rest: memoryview) -> tuple[Tensor, int]:
    """Read one tensor, and how many bytes of `rest` it takes."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise WireError("A tensor must be an object with a name.")
    name, shape = entry["name"], _shape(entry)
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict):
        raise WireError(f"The parameters of {name} must be an object.")
    n_elements = math.prod(shape)
    datatype = entry.get("datatype")
    if datatype not in ("BYTES", "FP32"):
        raise WireError(
            f"The datatype of {name} must be BYTES or FP32; got {str(datatype)[:40]!r}."
        )
    size = parameters.get("binary_data_size")
    values: Values
    if size is None:
        read = _bytes_of_json if datatype == "BYTES" else _floats_of_json
        values, n_used = read(entry.get("data"), name), 0
    else:
        n_used = _whole_number(size, f"binary_data_size of {name}", len(rest))
        data = rest[:n_used]
        values = _split(data, name) if datatype == "BYTES" else _floats(data, name)
    if len(values) != n_elements:
        raise WireError(f"{name} has {len(values)} elements; its shape {shape} wants {n_elements}.")
    if isinstance(values, np.ndarray):
        values = values.reshape(shape)
    return Tensor(name, shape, values), n_used


def _shape(entry: dict[str, Any]) -> tuple[int, ...]:
    shape = entry.get("shape")
    if not isinstance(shape, list) or len(shape) > 8:  # noqa: PLR2004 - far more than images need
        raise WireError(f"The shape of {entry['name']} must be a list of numbers.")
    return tuple(_whole_number(side, f"shape of {entry['name']}", 1 << 31) for side in shape)


def _bytes_of_json(data: object, name: str) -> list[bytes]:
    if not isinstance(data, list) or not all(isinstance(text, str) for text in data):
        raise WireError(f"The data of {name} must be a flat list of texts in base64.")
    try:
        return [base64.b64decode(text, validate=True) for text in data]
    except (binascii.Error, ValueError) as error:
        raise WireError(f"The data of {name} must be texts in base64: {error}.") from error


def _floats_of_json(data: object, name: str) -> NDArray[np.float32]:
    if not isinstance(data, list):
        raise WireError(f"{name} has no data.")
    try:
        values = np.array(data, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"The data of {name} must be numbers: {error}.") from error
    return values.reshape(-1)


def _floats(data: memoryview, name: str) -> NDArray[np.float32]:
    if len(data) % 4:
        raise WireError(f"{name} has {len(data)} bytes: these are no numbers of 4 bytes.")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _to_bytes(values: Values) -> bytes:
    if isinstance(values, list):
        return b"".join(part for value in values for part in (LENGTH.pack(len(value)), value))
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def _split(data: memoryview, name: str) -> list[bytes]:
    """Read elements that each stand behind their length."""
    values = []
    while len(data):
        if len(data) < LENGTH.size:
            raise WireError(f"{name} ends in the middle of a length.")
        (n_bytes,) = LENGTH.unpack_from(data)
        data = data[LENGTH.size :]
        if n_bytes > len(data):
            raise WireError(f"{name} ends in the middle of an element.")
        values.append(bytes(data[:n_bytes]))
        data = data[n_bytes:]
    return values
