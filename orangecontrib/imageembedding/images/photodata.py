"""What a camera notes in a photo: when and where it was taken, and by which camera."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from orangecontrib.imageembedding.images.exif import exif_of_file
from orangecontrib.imageembedding.images.pillow import DAMAGE

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
TAKEN, DIGITIZED, WRITTEN = 0x9003, 0x9004, 0x0132
MAKE, MODEL = 0x010F, 0x0110
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4
MAX_NAME = 100
_DATE = re.compile(r"(\d{4})\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)\D(\d\d)")

PhotoData = tuple[float, str, float, float]
"""Seconds from 1970 on by the camera's clock, camera, degrees of latitude north and longitude
east; NaN or "" where the file does not tell."""

NOTHING: PhotoData = (math.nan, "", math.nan, math.nan)


def photo_data_of(path: str) -> PhotoData:
    """Read what the EXIF data of a file tell; no pixel is decoded.

    The time is that of exposure, else of digitization, else of the last change that the camera
    or a program has noted. A place without hemispheres, at 0° 0°, or beyond the poles is none.
    """
    exif = exif_of_file(path)
    inner, gps = _ifd(exif, EXIF_IFD), _ifd(exif, GPS_IFD)
    dates = (inner.get(TAKEN), exif.get(TAKEN), inner.get(DIGITIZED), exif.get(WRITTEN))
    taken = next((found for found in map(_seconds, dates) if not math.isnan(found)), math.nan)
    latitude = _degrees(gps.get(LATITUDE), gps.get(LATITUDE_REF), "NS", 90)
    longitude = _degrees(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "EW", 180)
    if math.isnan(latitude + longitude) or latitude == longitude == 0:
        latitude = longitude = math.nan
    return taken, _camera(_text(exif.get(MAKE)), _text(exif.get(MODEL))), latitude, longitude


def _ifd(exif: Any, tag: int) -> Mapping[int, Any]:
    try:
        found = exif.get_ifd(tag)
    except DAMAGE:
        return {}
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        return ""
    return " ".join(value.partition("\0")[0].split())[:MAX_NAME]


def _seconds(value: object) -> float:
    """Get the time of a text; NaN where there is none, as of cameras whose clock was not set."""
    match = _DATE.match(_text(value))
    try:
        return datetime(*map(int, match.groups()), tzinfo=timezone.utc).timestamp()  # type: ignore
    except (AttributeError, ValueError):
        return math.nan


def _camera(make: str, model: str) -> str:
    """Get maker and model, the maker once: many models begin with it."""
    first = make.split(" ")[0].casefold()
    return model if model.casefold().startswith(first) and model else f"{make} {model}".strip()


def _degrees(value: Any, hemisphere: object, letters: str, largest: float) -> float:
    """Get signed degrees of degrees, minutes and seconds; NaN where they say no place."""
    letter = _text(hemisphere)[:1].upper()
    parts = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError, ZeroDivisionError):
        return math.nan
    degrees = sum((number / 60.0**power for power, number in enumerate(numbers[:3])), 0.0)
    is_place = all(number >= 0 for number in numbers) and degrees <= largest
    if not letter or letter not in letters or not numbers or not is_place:
        return math.nan
    return -degrees if letter == letters[1] else degrees
