"""A list of new files and where each came from."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable

HEADER = ("file", "source", "reason")


def manifest_csv(folder: str, rows: Iterable[tuple[str, str, str]]) -> bytes:
    """Write a table of comma-separated values.

    Parameters
    ----------
    folder : str
        Where the new files are.
    rows : iterable of (str, str, str)
        Path of the new file ("" if there is none), what it was made of, and why not.

    Returns
    -------
    data : bytes
        In UTF-8, with the columns `HEADER`; paths are inside `folder`, with ``/``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for path, source, reason in rows:
        inside = os.path.relpath(path, folder).replace(os.sep, "/") if path else ""
        writer.writerow((inside, source, reason))
    return text.getvalue().encode(errors="surrogateescape")
