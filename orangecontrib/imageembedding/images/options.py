"""How the user wants images to be read: the limit of size, the colors of channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MEGAPIXELS, CHANNELS = "max_megapixels", "channels"  # attributes of an image column


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a file does not say itself.

    Attributes
    ----------
    max_megapixels : float or None
        Larger pictures are refused. None: the limit of `max_megapixels`.
    channels : tuple of 3 ints, or empty
        For pictures with several channels, the numbers (from 1) of those shown in red, green and
        blue; 0 for none. Empty: the colors that the file tells, else those of ImageJ.
    """

    max_megapixels: float | None = None
    channels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.max_megapixels is not None and not 0 < self.max_megapixels < float("inf"):
            raise ValueError(f"max_megapixels must be above 0; got {self.max_megapixels!r}")
        if self.channels and (len(self.channels) != 3 or min(self.channels) < 0):
            raise ValueError(f"channels must be 3 numbers from 0 on; got {self.channels!r}")
        if self.channels and not any(self.channels):
            raise ValueError("channels must not all be 0")

    def attributes(self) -> dict[str, str]:
        """Get them as attributes of an image column, which are saved with a table."""
        found = {}
        if self.max_megapixels is not None:
            found[MEGAPIXELS] = f"{self.max_megapixels:g}"
        if self.channels:
            found[CHANNELS] = " ".join(map(str, self.channels))
        return found


USUAL = ReadOptions()


def parsed_channels(text: str) -> tuple[int, ...]:
    """Get the channels that somebody wrote, as ``2,1,0``; none of an empty text.

    Raises
    ------
    ValueError
        If they are not three numbers from 0 on, not all of them 0.
    """
    numbers = tuple(int(part) for part in text.replace(",", " ").split())
    return ReadOptions(channels=numbers).channels


def options_from(attributes: Mapping[str, object]) -> ReadOptions:
    """Get the options of an image column; what cannot be read is as usual."""
    try:
        limit = attributes.get(MEGAPIXELS)
        channels = str(attributes.get(CHANNELS) or "").split()
        return ReadOptions(float(str(limit)) if limit else None, tuple(map(int, channels)))
    except ValueError:
        return USUAL


class Location(str):
    """A path or URL whose image is to be read in some way; else a text like any other."""

    options: ReadOptions = USUAL


def with_options(location: str, options: ReadOptions) -> str:
    """Get a location whose image is read with such options."""
    if options == USUAL or not location:
        return location
    found = Location(location)
    found.options = options
    return found


def options_of(location: str) -> ReadOptions:
    """Get the options that a location has."""
    return location.options if isinstance(location, Location) else USUAL


_current: ContextVar[ReadOptions] = ContextVar("read options", default=USUAL)


@contextmanager
def reading(options: ReadOptions) -> Iterator[None]:
    """Let everything that is read in this block, in this thread, be read with such options."""
    before = _current.set(options)
    try:
        yield
    finally:
        _current.reset(before)


def current() -> ReadOptions:
    """Get the options of the block that is running."""
    return _current.get()
