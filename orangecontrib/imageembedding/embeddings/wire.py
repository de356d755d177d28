"""Messages of the Open Inference Protocol v2, with its extension for binary data.

A message is JSON that names tensors; their values stand in it, or behind it as bytes. The header
`LENGTH_HEADER` then tells where the JSON ends. The specification:
https://github.com/open-inference/open-inference-protocol and, of the extension,
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import orjson

from orangecontrib.imageembedding.embeddings.wirevalues import (
    Values,
    bytes_of_json,
    floats,
    floats_of_json,
    split,
    to_bytes,
    wrong_number,
)
from orangecontrib.imageembedding.errors import WireError, WireSizeError

LENGTH_HEADER = "Inference-Header-Content-Length"
BINARY_EXTENSION = "binary_tensor_data"
MAX_TENSORS, MAX_DIMENSIONS, MAX_NAME_CHARACTERS = 64, 8, 200
SMALL = 64 << 10  # bytes: reading such a JSON takes no noticeable time
MAX_JSON_LISTS, MAX_JSON_VALUES = 200_000, 3_000_000  # read in a tenth of a second

T = TypeVar("T")
KINDS: dict[type, str] = {list: "a list", dict: "an object"}


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
    """Make a tensor.

    Parameters
    ----------
    name : str
        What the tensor is called.
    values : ndarray of any shape, dtype float32, or list of bytes
        Files become a tensor of shape (n,).
    """
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
    entries: list[dict[str, object]] = []
    tail: list[bytes] = []
    for tensor in tensors:
        entry: dict[str, object] = {
            "name": tensor.name,
            "shape": tensor.shape,
            "datatype": tensor.datatype,
        }
        if is_binary:
            data = to_bytes(tensor.values)
            entry["parameters"] = {"binary_data_size": len(data)}
            tail.append(data)
        elif isinstance(tensor.values, list):
            entry["parameters"] = {"content_type": "base64"}
            entry["data"] = [base64.b64encode(value).decode() for value in tensor.values]
        else:
            entry["data"] = np.ascontiguousarray(tensor.values).reshape(-1)
        entries.append(entry)
    start = orjson.dumps({**head, key: entries}, option=orjson.OPT_SERIALIZE_NUMPY)
    if not is_binary:
        return start, {"Content-Type": "application/json"}
    headers = {"Content-Type": "application/octet-stream", LENGTH_HEADER: str(len(start))}
    return b"".join((start, *tail)), headers


def unpack(
    key: str,
    body: bytes | bytearray,
    length: str | None,
    max_elements: int | None = None,
    max_json_bytes: int | None = None,
) -> Message:
    """Read a message.

    Parameters
    ----------
    key : {"inputs", "outputs"}
        Of a request, or of a reply.
    body : bytes or bytearray
        From anywhere: it is trusted in nothing.
    length : str or None
        The header `LENGTH_HEADER`, if there was one.
    max_elements : int, optional
        Most elements of BYTES. With it, JSON that takes long to read is refused, too.
    max_json_bytes : int, optional
        Most bytes of the JSON.

    Raises
    ------
    WireSizeError
        If there are more.
    WireError
        If it is not such a message, or has tensors that are neither BYTES nor FP32.
    """
    n_json = len(body) if length is None else _whole_number(length, LENGTH_HEADER, len(body))
    if max_json_bytes is not None and n_json > max_json_bytes:
        raise WireSizeError(f"The JSON is larger than {max_json_bytes / 1e6:g} MB.")
    start = body[:n_json]
    head = json_object(start) if max_elements is None else quick_json_object(start)
    entries = member(head, key, list)
    if len(entries) > MAX_TENSORS:
        raise WireError(f"{key} must be at most {MAX_TENSORS} tensors; got {len(entries)}.")
    rest = memoryview(body)[n_json:]
    tensors = []
    for entry in entries:
        tensor, n_used = _tensor(entry, rest, max_elements)
        tensors.append(tensor)
        rest = rest[n_used:]
    if len(rest):
        raise WireError(f"{len(rest)} bytes follow the last tensor.")
    return Message(head, tuple(tensors))


def json_object(data: bytes | bytearray) -> dict[str, Any]:
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


def member(parent: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Get an optional member of a JSON object; an empty one where it is absent or null.

    Raises
    ------
    WireError
        If it is of another kind.
    """
    value = parent.get(name)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise WireError(f"{name} must be {KINDS[kind]}.")
    return value


def quick_json_object(data: bytes | bytearray) -> dict[str, Any]:
    """Read a JSON object, unless it has so many values that building it would take long.

    Raises
    ------
    WireError
        If it is none, or has too many.
    """
    is_long = len(data) > SMALL  # in base64 there are none of these marks
    n_lists = data.count(b"[") + data.count(b"{") if is_long else 0
    if n_lists > MAX_JSON_LISTS or (is_long and data.count(b",") > MAX_JSON_VALUES):
        raise WireSizeError("The JSON holds too many values. Large arrays are sent as bytes.")
    return json_object(data)


def _whole_number(value: object, name: str, most: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise WireError(f"{name} must be a whole number from 0 to {most}; got {str(value)[:40]!r}.")
    return value


def _tensor(entry: object, rest: memoryview, max_elements: int | None) -> tuple[Tensor, int]:
    """Read one tensor, and how many bytes of `rest` it takes."""
    name, shape, is_bytes = _described(entry, max_elements)
    assert isinstance(entry, dict)  # noqa: S101 - for the type checker
    n_elements = math.prod(shape)
    size = member(entry, "parameters", dict).get("binary_data_size")
    n_used = 0 if size is None else _whole_number(size, f"binary_data_size of {name}", len(rest))
    values: Values
    if size is None and is_bytes:
        values = bytes_of_json(entry.get("data"), name, shape)
    elif size is None:
        values = floats_of_json(entry.get("data"), name)
    elif is_bytes:
        values = split(rest[:n_used], name, n_elements)
    else:
        values = floats(rest[:n_used], name)
    if len(values) != n_elements:
        raise wrong_number(name, len(values), shape)
    if isinstance(values, np.ndarray):
        values = values.reshape(shape)
    return Tensor(name, shape, values), n_used


def _described(entry: object, max_elements: int | None) -> tuple[str, tuple[int, ...], bool]:
    """Read name and shape of a tensor, and whether it is of BYTES."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise WireError("A tensor must be an object with a name.")
    name, datatype = entry["name"], entry.get("datatype")
    if len(name) > MAX_NAME_CHARACTERS:
        raise WireError(f"The name of a tensor is longer than {MAX_NAME_CHARACTERS} characters.")
    if datatype not in ("BYTES", "FP32"):
        raise WireError(
            f"The datatype of {name} must be BYTES or FP32; got {str(datatype)[:40]!r}."
        )
    shape, is_bytes = _shape(entry), datatype == "BYTES"
    n_elements = math.prod(shape)
    if is_bytes and max_elements is not None and n_elements > max_elements:
        raise WireSizeError(f"At most {max_elements} images a request; got {n_elements}.")
    return name, shape, is_bytes


def _shape(entry: dict[str, Any]) -> tuple[int, ...]:
    shape = entry.get("shape")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise WireError(f"The shape of {entry['name']} must be a list of numbers.")
    return tuple(_whole_number(side, f"shape of {entry['name']}", 1 << 31) for side in shape)
