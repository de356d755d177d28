"""What a library says of a file → the reason that a user reads."""

from __future__ import annotations

from orangecontrib.imageembedding.images.sniff import FORMAT_NAMES

CUT = ("truncated", "end of file", "eof", "too short", "not enough", "incomplete", "premature",
       "broken data stream", "insufficient", "buffer is too small", "cut")  # fmt: skip
UNSUPPORTED = ("unsupported", "not supported", "not implemented", "unimplemented", "cannot handle",
               "not yet")  # fmt: skip


def reason_of(error: BaseException, kind: str | None) -> str:
    """Say why an image cannot be read, without the words of a library.

    Parameters
    ----------
    error : exception
        What a library raised; its words distinguish a cut file from other damage.
    kind : str or None
        The format, as `sniff` or Pillow calls it.
    """
    name = FORMAT_NAMES.get(kind or "", kind or "image")
    words = str(error).lower()
    if isinstance(error, MemoryError):
        return "too large for the memory of this computer"
    if isinstance(error, NotImplementedError) or any(word in words for word in UNSUPPORTED):
        return f"this kind of {name} is not supported, or the file is damaged; export it as PNG"
    if any(word in words for word in CUT):
        return f"damaged image: the {name} file is cut"
    return f"damaged image: broken {name} data"
