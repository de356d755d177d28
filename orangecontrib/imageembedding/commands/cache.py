"""``image-embedding cache``: the cache of vectors on disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import FAILED, FINE, size_text, tell
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
MOST_BYTES = 10**18  # SQLite's numbers end soon after


def run_cache(options: argparse.Namespace) -> int:
    """Show the contents of the cache, clear it, or set its limit."""
    from orangecontrib.imageembedding.embeddings.cache import Cache

    size = " ".join(options.size)
    if options.what == "limit":
        n_bytes = _n_bytes(size)
    elif size:
        raise InputError(
            f"cache {options.what} takes no other argument: {size!r} would have no effect."
        )
    kept = Cache()
    if options.what == "clear":
        kept.clear()
    elif options.what == "limit":
        kept.set_limit(n_bytes)
    tell(f"{kept.path}: {size_text(kept.n_bytes())} of at most {size_text(kept.limit_bytes())}")
    for embedder in kept.embedders():
        tell(
            f"    {embedder.embedder_id}, {embedder.precision}: {embedder.n_vectors:,} vectors, "
            f"{size_text(embedder.n_bytes)}"
        )
    code = FINE if kept.problem is None else FAILED
    kept.close()
    return code


def _n_bytes(size: str) -> int:
    """Read ``500MB`` or ``1.5 GB``."""
    if not size:
        raise InputError("Name the limit, for instance: image-embedding cache limit 5GB")
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", size.strip(), re.IGNORECASE)
    if match is None:
        raise InputError(f"{size!r} is not a size. Write it like 500MB or 5GB.")
    n_bytes = int(float(match[1]) * UNITS[match[2].upper()])
    if n_bytes > MOST_BYTES:
        raise InputError(f"{size} is more than any disk has. Write it like 500MB or 5GB.")
    return n_bytes
