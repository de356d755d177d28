"""``image-embedding cache``: the vectors that are kept on disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orangecontrib.imageembedding.commands.terminal import FAILED, FINE, tell
from orangecontrib.imageembedding.errors import InputError

if TYPE_CHECKING:
    import argparse

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def run_cache(options: argparse.Namespace) -> int:
    """Show what is kept, forget it, or set the limit."""
    from orangecontrib.imageembedding.embeddings.cache import Cache

    kept = Cache()
    if options.what == "clear":
        kept.clear()
    elif options.what == "limit":
        if options.size is None:
            raise InputError("Name the limit, for instance: image-embedding cache limit 5GB")
        kept.set_limit(_n_bytes(options.size))
    tell(
        f"{kept.path}: {kept.n_bytes() / 1e6:,.1f} MB of at most {kept.limit_bytes() / 1e6:,.0f} MB"
    )
    for embedder in kept.embedders():
        tell(
            f"    {embedder.embedder_id}, {embedder.precision}: {embedder.n_vectors:,} vectors, "
            f"{embedder.n_bytes / 1e6:,.1f} MB"
        )
    code = FINE if kept.problem is None else FAILED
    kept.close()
    return code


def _n_bytes(size: str) -> int:
    """Read ``500MB`` or ``1.5 GB``."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", size.strip(), re.IGNORECASE)
    if match is None:
        raise InputError(f"{size!r} is no size. Write it like 500MB or 5GB.")
    return int(float(match[1]) * UNITS[match[2].upper()])
