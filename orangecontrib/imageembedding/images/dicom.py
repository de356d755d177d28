"""DICOM, through the optional package pydicom."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from orangecontrib.imageembedding.errors import DecodeError
from orangecontrib.imageembedding.images.color import scaled_to_8_bits
from orangecontrib.imageembedding.images.limits import refuse_too_large
from orangecontrib.imageembedding.images.pillow import silence
from orangecontrib.imageembedding.images.reasons import reason_of


def read_dicom_size(data: bytes, location: str) -> tuple[int, int, int]:
    """Get (width, height, number of frames).

    Raises
    ------
    DecodeError
        If pydicom is not installed, or the file holds no picture.
    """
    dataset = _dataset(data, location)
    try:
        n_frames = max(1, int(dataset.get("NumberOfFrames") or 1))
        return int(dataset.get("Columns", 0)), int(dataset.get("Rows", 0)), n_frames
    except Exception as error:  # values are parsed as late as here
        raise DecodeError(location, reason_of(error, "DICOM")) from error


def decode_dicom(data: bytes, location: str) -> Image.Image:
    """Decode the first frame, scaled to 8 bits, as an image of mode L or RGB.

    Raises
    ------
    DecodeError
        If it cannot be decoded, or pydicom is not installed.
    """
    width, height, _ = read_dicom_size(data, location)
    refuse_too_large(width, height, location)
    from pydicom.pixels import convert_color_space, pixel_array

    try:
        values = pixel_array(io.BytesIO(data), index=0)
        kind = str(_dataset(data, location).get("PhotometricInterpretation", ""))
        if kind.startswith("YBR"):
            values = convert_color_space(values, kind, "RGB")
    except Exception as error:  # a broken file breaks pydicom anywhere
        raise DecodeError(location, _reason(error)) from error
    pixels = scaled_to_8_bits(values)
    return Image.fromarray(np.ascontiguousarray(255 - pixels if kind == "MONOCHROME1" else pixels))


def _reason(error: Exception) -> str:
    if "missing dependencies" in str(error) or "Unable to decompress" in str(error):
        packages = "pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"
        return f"this compression of DICOM needs more packages: pip install {packages}"
    return reason_of(error, "DICOM")


def _dataset(data: bytes, location: str) -> Any:
    try:
        import pydicom
    except ImportError as error:
        reason = "DICOM needs the package pydicom: pip install pydicom"
        raise DecodeError(location, reason) from error
    silence("pydicom")
    try:
        return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)
    except Exception as error:  # a broken file breaks pydicom anywhere
        raise DecodeError(location, reason_of(error, "DICOM")) from error
