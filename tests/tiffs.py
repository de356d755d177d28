"""TIFF files made in code, with any tags: no library writes strange ones."""

import struct
import zlib

import numpy as np

FORMATS = {"u": 1, "i": 2, "f": 3}
DEFLATE, LZW = 8, 5


def tiff(values, photometric, extras=None, **options):
    """Get a file of (height, width, n_bands) values; `None` leaves a tag out.

    Options: order ("<"), is_planar, compression, orientation, profile, tags (more of them, number
    -> values of 16 bits).
    """
    order = options.get("order", "<")
    height, width, n_bands = values.shape
    stored = np.moveaxis(values, -1, 0) if options.get("is_planar") else values[None]
    parts = [part.astype(values.dtype.newbyteorder(order)).tobytes() for part in stored]
    compression = options.get("compression", 1)
    compress = {1: bytes, DEFLATE: zlib.compress, LZW: lzw}[compression]
    parts = [compress(part) for part in parts]
    tags = {
        256: [width], 257: [height], 258: [8 * values.dtype.itemsize] * n_bands,
        259: [compression], 262: photometric, 274: options.get("orientation"), 277: [n_bands],
        278: [height], 284: [2 if options.get("is_planar") else 1], 338: extras,
        339: [FORMATS[values.dtype.kind]] * n_bands, 34675: options.get("profile"),
    } | options.get("tags", {})  # fmt: skip
    return written(order, tags, parts)


def written(order, tags, parts):
    """Get a file of such tags and strips."""
    tags = {tag: value for tag, value in tags.items() if value is not None} | {273: [], 279: []}
    at = 8 + 2 + 12 * len(tags) + 4
    fields, behind = {}, b""
    for tag, value in sorted(tags.items()):
        value = [value] if isinstance(value, int) else value
        if tag in (273, 279):
            value = [0] * len(parts)
        kind, code = (
            (7, "B") if isinstance(value, bytes) else (4, "I") if tag in (273, 279) else (3, "H")
        )
        body = struct.pack(f"{order}{len(value)}{code}", *value)
        fields[tag] = (kind, len(value), at + len(behind), body)
        behind += body if len(body) > 4 else b""
    starts = np.cumsum([at + len(behind), *map(len, parts)])[: len(parts)]
    for tag, numbers in ((273, starts), (279, [len(part) for part in parts])):
        kind, n, place, _ = fields[tag]
        body = struct.pack(f"{order}{n}I", *numbers)
        fields[tag] = (kind, n, place, body)
        behind = behind[: place - at] + body + behind[place - at + len(body) :] if n > 1 else behind
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, kind, n)
        + (body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(f"{order}I", place))
        for tag, (kind, n, place, body) in sorted(fields.items())
    )
    start = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, len(fields))
    return start + entries + bytes(4) + behind + b"".join(parts)


def lzw(content):
    """Compress in the way of TIFF; nothing gets smaller."""
    codes = []
    for start in range(0, len(content), 200):
        codes += [256, *content[start : start + 200]]
    bits = (np.array([*codes, 257])[:, None] >> np.arange(8, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()
